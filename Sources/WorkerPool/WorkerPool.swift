import Catalog
import Dispatch
import Execution
import Jobs
import Kafka
import Logging
import Postgres
import Store
import Synchronization

/// The pool: reads records, hands batches to lanes, commits offsets.
///
/// One queue polls Kafka and never waits for a transaction; each lane has a queue of its own. What
/// they share is one value behind one lock, entered for moments and left with what to do.
public final class WorkerPool: Sendable {
    private struct State {
        var dispatcher: Dispatcher
        var ledger = OffsetLedger()
        var idleLanes: [Int]
        var isStopping = false
        /// How often the group has been rebalanced.
        var rebalances = 0
        var totals = BatchResult()

        /// Batches for the lanes that have none.
        mutating func nextWork(
            at now: ContinuousClock.Instant
        ) -> [(lane: Int, work: Dispatcher.Assignment)] {
            var work: [(Int, Dispatcher.Assignment)] = []
            while !isStopping, let lane = idleLanes.last,
                let assignment = dispatcher.nextBatch(at: now)
            {
                idleLanes.removeLast()
                work.append((lane, assignment))
            }
            return work
        }
    }

    /// How many records are read before they are handed on together.
    private static let pollMax = 1_000

    private let settings: PoolSettings
    private let intake: Intake
    private let lanes: [Lane]
    private let heartbeat: Heartbeat
    private let state: Mutex<State>
    private let stopSignal: StopSignal
    private let abortSignal: StopSignal
    /// Signalled whenever a batch ends, for those who wait for batches to end.
    private let settled = DispatchSemaphore(value: 0)
    private let logger: Logger

    /// Prepares a pool; nothing runs yet.
    ///
    /// - Parameters:
    ///   - catalog: what jobs may write, with its compiled plans.
    public init(
        _ settings: PoolSettings, catalog: Catalog, plans: [String: RelationPlan], logger: Logger
    ) {
        self.settings = settings
        self.logger = logger
        let stopSignal = StopSignal()
        let abortSignal = StopSignal()
        self.stopSignal = stopSignal
        self.abortSignal = abortSignal
        intake = Intake(
            limits: Intake.Limits(
                messageBytes: settings.messageBytes, jobItems: settings.jobItems,
                jsonDepth: settings.jsonDepth),
            relations: catalog.relations)
        let receipts = Receipts(StatusSchema(name: settings.schema), worker: settings.workerID)
        let source = PlanSource(catalog, plans: plans)
        let watch = DatabaseWatch(logger: logger)
        lanes = (0..<settings.lanes).map { number in
            Lane(
                number: number, settings: settings, plans: source, receipts: receipts,
                watch: watch, stop: abortSignal, logger: logger)
        }
        state = Mutex(
            State(
                dispatcher: Dispatcher(
                    Dispatcher.Limits(
                        batchItems: settings.batchItems, batchJobs: settings.batchJobs,
                        window: settings.batchWindow, inFlightJobs: settings.inFlightJobs,
                        inFlightItems: settings.inFlightItems,
                        inFlightBytes: settings.inFlightBytes)),
                idleLanes: Array((0..<settings.lanes).reversed())))
        heartbeat = Heartbeat(settings: settings, receipts: receipts, stop: stopSignal)
    }

    /// Reads and executes until ``stop()``, then finishes or rolls back what is open.
    ///
    /// It blocks its thread. When it returns all lanes are still, the offsets of what is done are
    /// committed and the group is left.
    ///
    /// - Throws: `KafkaError` when the properties are wrong.
    public func run() throws {
        let logger = logger
        let consumer = try Consumer(
            settings.kafka, group: settings.group, listener: self,
            log: { line in
                // librdkafka repeats itself at every try: changes are reported by this pool.
                logger.debug("librdkafka", metadata: ["text": "\(line.message)"])
            })
        try consumer.subscribe(settings.topics)
        heartbeat.start {
            self.state.withLock { state in
                Heartbeat.Pulse(
                    state: state.isStopping ? "stopping" : "running",
                    inFlight: state.dispatcher.jobs, partitions: state.ledger.assigned.count)
            }
        }
        logger.info(
            "worker started",
            metadata: [
                "group": "\(settings.group)", "lanes": "\(settings.lanes)",
                "topics": "\(settings.topics.joined(separator: ","))",
            ])
        var loop = PollLoop(broker: BrokerWatch(logger: logger))
        while !stopSignal.isStopped { turn(&loop, consumer) }
        let deadline = ContinuousClock.now + settings.grace
        drain(until: deadline)
        commitFinally(consumer, until: deadline)
        consumer.close()
        for lane in state.withLock({ $0.idleLanes }) { lanes[lane].close() }
        heartbeat.retire()
        let totals = state.withLock { $0.totals }
        logger.info(
            "worker stopped",
            metadata: ["jobs": "\(totals.jobs)", "items": "\(totals.items.total)"])
    }

    /// Asks the pool to stop; from any thread.
    public func stop() { stopSignal.stop() }

    // MARK: The poll loop

    private struct PollLoop {
        var broker: BrokerWatch
        var records: [Record] = []
        var isPaused = false
        var lastCommit = ContinuousClock.now
    }

    private func turn(_ loop: inout PollLoop, _ consumer: Consumer) {
        loop.records.removeAll(keepingCapacity: true)
        let errors = consumer.poll(
            max: Self.pollMax, timeoutMilliseconds: pollTimeout(), into: &loop.records)
        loop.broker.note(errors, received: loop.records.count)
        // One of them may be a commit that failed: what is done is committed again.
        if !errors.isEmpty { state.withLock { $0.ledger.forgetCommits() } }
        let isFull = admit(loop.records)
        pump()
        throttle(&loop, consumer, isFull: isFull)
        // With nothing in flight there is nothing to gather: lag shows the truth soon.
        let isIdle = state.withLock { $0.dispatcher.jobs == 0 }
        let interval = isIdle ? settings.commitInterval / 10 : settings.commitInterval
        if ContinuousClock.now - loop.lastCommit >= interval {
            loop.lastCommit = .now
            commit(consumer)
        }
    }

    /// Not longer than until the next batch is due.
    private func pollTimeout() -> Int32 {
        let due = state.withLock { state in
            state.idleLanes.isEmpty ? nil : state.dispatcher.nextDue
        }
        guard let due else { return 100 }
        let milliseconds = ((due - ContinuousClock.now).seconds * 1_000).rounded(.up)
        return Int32(min(max(milliseconds, 0), 100))
    }

    /// Decodes the records and takes them in; true if that was enough for now.
    private func admit(_ records: [Record]) -> Bool {
        let messages = records.map { record -> (Record, Message?, [UInt8]) in
            let message = intake.message(record)
            return (record, message, message.map(intake.orderingKey) ?? [])
        }
        let now = ContinuousClock.now
        return state.withLock { state in
            for (record, message, key) in messages {
                guard
                    let ticket = state.ledger.open(record.topicPartition, offset: record.offset)
                else { continue }
                if let message {
                    state.dispatcher.admit(message, key: key, ticket: ticket, at: now)
                } else {
                    state.ledger.close(ticket)
                }
            }
            return state.dispatcher.isFull
        }
    }

    /// Hands batches to lanes that have none.
    private func pump() {
        let work = state.withLock { $0.nextWork(at: .now) }
        for (lane, assignment) in work {
            lanes[lane].execute(assignment.batch) { ending in
                self.settle(assignment, lane: lane, ending)
            }
        }
    }

    private func settle(_ assignment: Dispatcher.Assignment, lane: Int, _ ending: Lane.Ending) {
        state.withLock { state in
            state.dispatcher.settle(assignment)
            state.idleLanes.append(lane)
            guard case .committed(let result) = ending else { return }
            for ticket in assignment.tickets { state.ledger.close(ticket) }
            state.totals.add(result)
        }
        settled.signal()
        pump()
    }

    private func throttle(_ loop: inout PollLoop, _ consumer: Consumer, isFull: Bool) {
        do throws(KafkaError) {
            if isFull, !loop.isPaused {
                try consumer.pause(consumer.assignment())
                loop.isPaused = true
                logger.debug("paused: enough in flight")
            } else if loop.isPaused {
                if state.withLock({ $0.dispatcher.hasRoom }) {
                    try consumer.resume(consumer.assignment())
                    loop.isPaused = false
                    logger.debug("resumed")
                } else {
                    // Partitions that came meanwhile are not paused yet.
                    try consumer.pause(consumer.assignment())
                }
            }
        } catch {
            logger.debug("pausing failed", metadata: ["error": "\(error)"])
        }
    }

    private func commit(_ consumer: Consumer) {
        let offsets = state.withLock { $0.ledger.takeWatermarks() }
        guard !offsets.isEmpty else { return }
        do throws(KafkaError) {
            try consumer.commitAsync(offsets)
        } catch {
            state.withLock { $0.ledger.restore(offsets) }
            logger.debug("committing offsets failed", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Stopping

    /// Waits for the lanes, at most for the grace period, then cancels what they are doing.
    private func drain(until deadline: ContinuousClock.Instant) {
        state.withLock { state in
            state.isStopping = true
            state.dispatcher.drop(Set(state.ledger.assigned))
        }
        if !waitUntil(deadline, { $0.idleLanes.count == settings.lanes }) {
            logger.warning("grace period is over, rolling back open batches")
        }
        abortSignal.stop()
        guard !state.withLock({ $0.idleLanes.count == settings.lanes }) else { return }
        // A server that does not answer does not answer this either: nobody waits for it.
        DispatchQueue.global().async { [lanes] in
            for lane in lanes { lane.cancel() }
        }
        if !waitUntil(.now + .seconds(5), { $0.idleLanes.count == settings.lanes }) {
            logger.warning("the database does not answer: open transactions end with this process")
        }
    }

    /// Commits what is done before the group is left.
    ///
    /// A group that is being rebalanced may refuse commits: polling goes on until it is done, and
    /// what comes meanwhile is left to the next owner. Trying again sooner would be taken for a
    /// member of an old generation, which loses its partitions. Where time runs out, or no broker
    /// answers, nothing is lost: the next owner reads again what has a receipt.
    private func commitFinally(_ consumer: Consumer, until deadline: ContinuousClock.Instant) {
        while true {
            let (offsets, rebalances) = state.withLock { state in
                (state.ledger.takeWatermarks(), state.rebalances)
            }
            guard !offsets.isEmpty else { return }
            do throws(KafkaError) {
                return try consumer.commit(offsets)
            } catch {
                state.withLock { $0.ledger.restore(offsets) }
                guard error.isFromBroker, !error.isFatal, ContinuousClock.now < deadline else {
                    logger.info("offsets not committed", metadata: ["error": "\(error)"])
                    return
                }
            }
            var ignored: [Record] = []
            while state.withLock({ $0.rebalances }) == rebalances, ContinuousClock.now < deadline {
                ignored.removeAll(keepingCapacity: true)
                _ = consumer.poll(max: Self.pollMax, timeoutMilliseconds: 100, into: &ignored)
            }
        }
    }

    /// Waits for batches to end until the condition holds.
    ///
    /// - Returns: whether it does.
    private func waitUntil(
        _ deadline: ContinuousClock.Instant, _ condition: (borrowing State) -> Bool
    ) -> Bool {
        while true {
            if state.withLock({ condition($0) }) { return true }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            _ = settled.wait(timeout: .now() + min(left, .milliseconds(100)).seconds)
        }
    }
}

extension WorkerPool: RebalanceListener {
    public func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] {
        state.withLock { state in
            state.rebalances += 1
            for partition in partitions { state.ledger.assign(partition) }
        }
        report("partitions assigned", partitions)
        return [:]
    }

    public func revoked(_ partitions: [TopicPartition], consumer: Consumer) {
        state.withLock { $0.dispatcher.drop(Set(partitions)) }
        let isDrained = waitUntil(.now + settings.revokeTimeout) { state in
            !state.dispatcher.isExecuting(partitions)
        }
        let offsets = state.withLock { state in
            let offsets = state.ledger.takeWatermarks(of: partitions)
            for partition in partitions { state.ledger.remove(partition) }
            return offsets
        }
        do throws(KafkaError) {
            if !offsets.isEmpty { try consumer.commit(offsets) }
        } catch {
            // The next owner reads again what is done; the receipts make that harmless.
            logger.info("committing on revoke failed", metadata: ["error": "\(error)"])
        }
        report(
            isDrained ? "partitions revoked" : "partitions revoked before they were done",
            partitions)
    }

    public func lost(_ partitions: [TopicPartition]) {
        state.withLock { state in
            state.dispatcher.drop(Set(partitions))
            for partition in partitions { state.ledger.remove(partition) }
        }
        report("partitions lost", partitions)
    }

    private func report(_ event: Logger.Message, _ partitions: [TopicPartition]) {
        guard !partitions.isEmpty else { return }
        let topics = Dictionary(grouping: partitions, by: \.topic).mapValues { list in
            list.map(\.partition).sorted().map(String.init).joined(separator: ",")
        }
        let text = topics.sorted { $0.key < $1.key }.map { "\($0.key)[\($0.value)]" }
        logger.info(
            event,
            metadata: [
                "count": "\(partitions.count)", "partitions": "\(text.joined(separator: " "))",
            ])
    }
}
