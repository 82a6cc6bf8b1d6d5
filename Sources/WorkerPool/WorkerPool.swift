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
    struct State {
        var dispatcher: Dispatcher
        var parts: PartDispatch
        var progress: ProgressLog
        var ledger = OffsetLedger()
        var custody: Custody
        var idleLanes: [Int]
        var isStopping = false
        /// Partitions that are being given back.
        var leaving: Set<TopicPartition> = []
        /// How often the group has been rebalanced.
        var rebalances = 0
        var totals = BatchResult()
        /// What the database remembers is asked over a new connection.
        var mustReconnect = false
        /// What lanes have in hand.
        var hands: [Int: Dispatcher.Assignment] = [:]
        /// When a broker took a commit of a partition.
        var committed: [TopicPartition: ContinuousClock.Instant] = [:]
        /// Nothing is read, because enough is in flight.
        var isPaused = false
        /// What people have paused, and what is not read because of it.
        var pauses = Pauses()
        var aside = SetAside()

        /// Batches for the lanes that have none.
        mutating func nextWork(
            at now: ContinuousClock.Instant
        ) -> [(lane: Int, database: String, work: Dispatcher.Assignment)] {
            var work: [(Int, String, Dispatcher.Assignment)] = []
            guard !isStopping, custody.mayExecute, pauses.latest != nil,
                let database = custody.database
            else { return [] }
            while let lane = idleLanes.last, let assignment = dispatcher.nextBatch(at: now) {
                idleLanes.removeLast()
                hands[lane] = assignment
                work.append((lane, database, assignment))
            }
            return work
        }

        /// Lanes that look for parts: those that no batch needs.
        mutating func nextTurns(at now: ContinuousClock.Instant) -> [Int] {
            var turns: [Int] = []
            while !isStopping, let lane = idleLanes.last, parts.begin(at: now) {
                idleLanes.removeLast()
                turns.append(lane)
            }
            return turns
        }

        /// A lane has given a batch back.
        mutating func end(
            _ work: Dispatcher.Assignment, _ ending: Lane.Ending, at now: ContinuousClock.Instant
        ) -> [News] {
            let (ledger, leaving) = (ledger, leaving)
            func isCurrent(_ ticket: OffsetLedger.Ticket) -> Bool {
                ledger.isCurrent(ticket) && !leaving.contains(ticket.partition)
            }
            switch ending {
            case .committed(let result, let time):
                for ticket in work.tickets { self.ledger.close(ticket) }
                totals.addCounts(of: result)
                return dispatcher.settle(work, took: time, at: now)
            case .failed(let failure, let isCounted):
                return dispatcher.fail(
                    isCounted.map(work.counted) ?? work, with: failure, at: now,
                    random: .random(in: 0...1), isCurrent: isCurrent)
            case .databaseChanged:
                dispatcher.abandon(work, isCurrent: isCurrent)
                custody.doubt(ledger.assigned)
                // The checkpoint's own connection may lead to the old one still.
                mustReconnect = true
                return [.databaseChanged]
            }
        }
    }

    /// How many records are read before they are handed on together.
    static let pollMax = 1_000

    let settings: PoolSettings
    let logger: Logger
    let state: Mutex<State>
    let lanes: [Lane]
    let heartbeat: Heartbeat
    let checkpoint: Checkpoint
    let deadLetters: OutboxPublisher
    let jobEvents: OutboxPublisher?
    let sweeper: Sweeper
    let abortSignal: StopSignal
    /// Signalled whenever a batch ends or the database has answered, for those who wait for it.
    let settled = DispatchSemaphore(value: 0)
    /// What the poll loop is at.
    struct PollSign {
        /// When its turn began; nil before the first one.
        var turn: ContinuousClock.Instant?
        var isStopping = false
    }

    let pollSign = Mutex(PollSign())
    /// What was counted outside of lanes.
    let ownCounts = Mutex(PoolCounts())
    private let intake: Intake
    private let policy: RetryPolicy
    private let stopSignal: StopSignal

    /// Prepares a pool; nothing runs yet.
    ///
    /// - Parameters:
    ///   - catalog: what jobs may write, with its compiled plans.
    public init(
        _ settings: PoolSettings, catalog: Catalog, plans: [String: RelationPlan],
        backfills: [String: BackfillPlan] = [:], rosters: [String: RosterPlan] = [:],
        logger: Logger
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
            relations: catalog.relations, rosters: catalog.rosters,
            backfills: catalog.backfills)
        let schema = StatusSchema(
            name: settings.schema, recordsEvents: settings.jobEvents != nil)
        let receipts = Receipts(schema, worker: settings.workerID)
        let progress = Progress(schema, group: settings.group, worker: settings.workerID)
        let source = PlanSource(
            catalog, plans: plans, backfills: backfills, rosters: rosters, schema: schema,
            logger: logger)
        let policy = RetryPolicy(
            firstDelay: settings.retryFirstDelay, maxDelay: settings.retryMaxDelay,
            attempts: settings.retryAttempts)
        self.policy = policy
        lanes = (0..<settings.lanes).map { number in
            Lane(
                number: number, settings: settings, plans: source, schema: schema,
                policy: policy, abort: abortSignal)
        }
        state = Mutex(
            State(
                dispatcher: Dispatcher(settings.dispatcherLimits, policy: policy),
                parts: PartDispatch(
                    lanes: backfills.isEmpty && rosters.isEmpty ? 0 : settings.backfillLanes,
                    pollInterval: settings.backfillPollInterval, policy: policy, at: .now),
                progress: ProgressLog(interval: settings.backfillProgressInterval),
                custody: Custody(inFlight: settings.inFlightJobs),
                idleLanes: Array((0..<settings.lanes).reversed())))
        heartbeat = Heartbeat(
            settings: settings, receipts: receipts, schema: schema, stop: stopSignal)
        checkpoint = Checkpoint(
            settings: settings, progress: progress, policy: policy, stop: abortSignal)
        deadLetters = OutboxPublisher(
            DeadLetterPages(schema, group: settings.group),
            OutboxPublisher.Settings(settings, topic: settings.deadLetterTopic), logger: logger)
        jobEvents = settings.jobEvents.map { events in
            OutboxPublisher(
                JobEventPages(schema, text: events.text),
                OutboxPublisher.Settings(settings, topic: events.topic), logger: logger)
        }
        sweeper = Sweeper(settings, receipts: receipts, schema: schema, logger: logger)
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
        heartbeat.start(
            {
                self.state.withLock { state in
                    Heartbeat.Pulse(
                        state: state.isStopping ? "stopping" : "running",
                        inFlight: state.dispatcher.jobs, partitions: state.ledger.assigned.count,
                        waitsFor: state.dispatcher.waitsFor ?? state.parts.waitsFor)
                }
            },
            onLook: { controls in self.state.withLock { $0.pauses.latest = controls } })
        deadLetters.start()
        jobEvents?.start()
        sweeper.start()
        logger.info(
            "worker started",
            metadata: [
                "group": "\(settings.group)", "lanes": "\(settings.lanes)",
                "topics": "\(settings.topics.joined(separator: ","))",
            ])
        var loop = PollLoop(broker: BrokerWatch(logger: logger))
        while !stopSignal.isStopped { turn(&loop, consumer) }
        pollSign.withLock { $0 = PollSign(turn: .now, isStopping: true) }
        finish(consumer)
    }

    /// Why it has stopped by itself: the schema is no longer one that it can work with.
    public var schemaMismatch: Migrator.State? { heartbeat.schemaMismatch }

    /// Asks the pool to stop; from any thread.
    public func stop() { stopSignal.stop() }

    // MARK: The poll loop

    private struct PollLoop {
        var broker: BrokerWatch
        var records: [Record] = []
        var isPaused = false
        var lastCommit = ContinuousClock.now
        var commits = 0
        var lastLook = ContinuousClock.now
    }

    private func turn(_ loop: inout PollLoop, _ consumer: Consumer) {
        pollSign.withLock { $0.turn = .now }
        takeAnswers(consumer)
        loop.records.removeAll(keepingCapacity: true)
        let errors = consumer.poll(
            max: Self.pollMax, timeoutMilliseconds: pollTimeout(), into: &loop.records)
        loop.broker.note(errors, received: loop.records.count)
        let committed = consumer.takeCommitted()
        if !committed.isEmpty {
            state.withLock { state in
                for partition in committed { state.committed[partition] = .now }
            }
        }
        // One of them may be a commit that failed: what is done is committed again.
        if !errors.isEmpty {
            let unread = errors.filter(\.endsReading).compactMap(\.partition)
            state.withLock { state in
                state.ledger.forgetCommits()
                state.custody.beginAnew(unread.filter(state.ledger.assigned.contains))
            }
        }
        obeyPauses(&loop.records, isPaused: loop.isPaused, consumer)
        admit(loop.records)
        pump()
        throttle(&loop, consumer)
        // With nothing in flight there is nothing to gather: lag shows the truth soon.
        let isIdle = state.withLock { $0.dispatcher.activeJobs == 0 }
        let interval = isIdle ? settings.commitInterval / 10 : settings.commitInterval
        if ContinuousClock.now - loop.lastCommit >= interval {
            loop.lastCommit = .now
            loop.commits += 1
            // A commit whose answer was lost with a coordinator is made good sooner or later.
            if loop.commits % 16 == 0 { state.withLock { $0.ledger.forgetCommits() } }
            commit(consumer)
        }
        // After the commit: while the database is in doubt nothing is saved in it.
        if isIdle, ContinuousClock.now - loop.lastLook >= settings.heartbeatInterval {
            // Lanes notice a database that was replaced; while they have nothing to do nobody would.
            loop.lastLook = .now
            state.withLock { $0.custody.doubt($0.ledger.assigned) }
        }
    }

    /// Not longer than until the next batch is due.
    private func pollTimeout() -> Int32 {
        let due = state.withLock { state in
            guard !state.idleLanes.isEmpty else { return nil as ContinuousClock.Instant? }
            let batch = state.custody.mayExecute ? state.dispatcher.nextDue : nil
            return [batch, state.parts.nextDue].compactMap { $0 }.min()
        }
        guard let due else { return 100 }
        let milliseconds = ((due - ContinuousClock.now).seconds * 1_000).rounded(.up)
        return Int32(min(max(milliseconds, 0), 100))
    }

    /// Decodes the records and takes them in.
    private func admit(_ records: [Record]) {
        guard !records.isEmpty else { return }
        let messages = records.map { record -> (Record, Message?, [UInt8]) in
            let message = intake.message(record)
            return (record, message, message.map(intake.orderingKey) ?? [])
        }
        ownCounts.withLock { counts in
            counts.note(messages.map { ($0.0.topic, $0.1?.fault) })
        }
        let now = ContinuousClock.now
        state.withLock { state in
            for (record, message, key) in messages {
                let partition = record.topicPartition
                let opened = state.ledger.open(
                    partition, offset: record.offset, timestamp: record.timestamp)
                guard let ticket = opened else { continue }
                if let message {
                    var caution: Dispatcher.Caution?
                    if let deaths = state.custody.deaths(at: record.offset, of: partition) {
                        caution = state.dispatcher.caution(deaths: deaths, at: now)
                    }
                    state.dispatcher.admit(
                        message, key: key, ticket: ticket, caution: caution, at: now)
                } else {
                    state.ledger.close(ticket)
                }
            }
        }
    }

    /// Hands batches to lanes that have none.
    func pump() {
        for (lane, database, work) in state.withLock({ $0.nextWork(at: .now) }) {
            if work.line != .ready {
                // It waits for a lock, if it does, for about as long.
                let wait = settings.execution.transaction.lockTimeout
                heartbeat.lookForBlockers(after: work.isImpatient ? wait / 16 : wait / 2)
            }
            lanes[lane].execute(work, in: database) { ending in
                let news = self.state.withLock { state in
                    state.idleLanes.append(lane)
                    state.hands[lane] = nil
                    return state.end(work, ending, at: .now)
                }
                for item in news { self.log(item) }
                if case .committed(let result, _) = ending {
                    if result.deadLetters > 0 { self.deadLetters.wake() }
                    self.jobEvents?.wake()
                    self.log(result.letters)
                    if result.backfills > 0 { self.state.withLock { $0.parts.wake(at: .now) } }
                }
                self.settled.signal()
                self.pump()
            }
        }
        for lane in state.withLock({ $0.nextTurns(at: .now) }) { takeTurn(lane) }
    }

    private func throttle(_ loop: inout PollLoop, _ consumer: Consumer) {
        let (isFull, hasRoom) = state.withLock { state in
            // What cannot be executed need not be read; what is there asks whether it can.
            let isHeldUp =
                state.dispatcher.outage != nil
                && state.dispatcher.waitingJobs > state.dispatcher.held.jobs
            // Behind a message that cannot go on the others do, but not for ever: what is done
            // there is kept in memory.
            let isLong = !state.ledger.longer(than: lengthMax).isEmpty
            return (
                state.dispatcher.isFull || isHeldUp || isLong,
                state.dispatcher.hasRoom && !isHeldUp && !isLong
            )
        }
        do throws(KafkaError) {
            if isFull, !loop.isPaused {
                try consumer.pause(consumer.assignment())
                loop.isPaused = true
                state.withLock { $0.isPaused = true }
                logger.debug("paused")
            } else if loop.isPaused, hasRoom {
                let aside = state.withLock { $0.aside }
                try consumer.resume(consumer.assignment().filter { !aside.contains($0) })
                loop.isPaused = false
                state.withLock { $0.isPaused = false }
                logger.debug("resumed")
            } else if loop.isPaused {
                // Partitions that came meanwhile are not paused yet.
                try consumer.pause(consumer.assignment())
            }
        } catch {
            logger.debug("pausing failed", metadata: ["error": "\(error)"])
        }
    }

    func commit(_ consumer: Consumer) {
        save()
        let offsets = state.withLock { $0.ledger.takeWatermarks(for: .kafka) }
        if !offsets.isEmpty { FailPoint.beforeOffsetCommit.reach() }
        do throws(KafkaError) {
            try consumer.commitAsync(offsets)
        } catch {
            state.withLock { $0.ledger.restore(offsets, for: .kafka) }
            logger.debug("committing offsets failed", metadata: ["error": "\(error)"])
        }
    }
}

extension PoolSettings {
    var dispatcherLimits: Dispatcher.Limits {
        Dispatcher.Limits(
            batchItems: batchItems, batchJobs: batchJobs, window: batchWindow,
            transactionTime: transactionTime, lanes: lanes, inFlightJobs: inFlightJobs,
            inFlightItems: inFlightItems, inFlightBytes: inFlightBytes)
    }
}
