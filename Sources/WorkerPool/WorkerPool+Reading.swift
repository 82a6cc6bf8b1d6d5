import Dispatch
import Execution
import Jobs
import Kafka
import Store
import Synchronization

/// What others may know of a pool; from any thread.
extension WorkerPool {
    /// How long the poll loop may be at a turn beside giving partitions back: it waits for the
    /// database's and the brokers' answers, each for a bounded time.
    private static let turnTime = Duration.seconds(30)
    /// What may pass between a lane's work and the end of its transaction.
    private static let workTime = Duration.seconds(5)

    /// Whether the poll loop and the lanes make progress.
    ///
    /// It takes no lock under which anybody works: it answers whoever hangs.
    public func liveness() -> Liveness {
        let now = ContinuousClock.now
        let poll = pollSign.withLock { $0 }
        let transaction = settings.execution.transaction
        let turn = (poll.isStopping ? settings.grace : settings.revokeTimeout) + Self.turnTime
        return Liveness(
            pollFor: poll.turn.map { now - $0 }, isStopping: poll.isStopping,
            lanes: lanes.enumerated().map { $1.watch.pulse($0, at: now) },
            limits: Liveness.Limits(
                turn: turn,
                // The server ends a transaction that stands idle for longer.
                work: transaction.idleTimeout + Self.workTime,
                answer: max(
                    transaction.statementTimeout, .seconds(settings.connectTimeoutSeconds))
                    + Self.workTime))
    }

    public var stage: PoolStage {
        state.withLock { state in
            if state.isStopping { return .stopping }
            if state.rebalances == 0 { return .joining }
            return .member(partitions: state.ledger.assigned.count)
        }
    }

    public func reading() -> PoolReading {
        let now = ContinuousClock.now
        var counts = ownCounts.withLock { $0 }
        for lane in lanes { counts.add(lane.counts.withLock { $0 }) }
        let (partitions, inFlight, hands, isPaused, trouble, paused, aside) = state.withLock {
            state in
            let partitions = state.ledger.assigned.sorted().map { partition in
                PoolReading.Partition(
                    partition: partition, oldest: state.ledger.oldest(of: partition),
                    inFlight: state.ledger.hasOpen(partition),
                    committedAgo: state.committed[partition].map { now - $0 })
            }
            let troubles = [state.dispatcher.troubleSince, state.parts.troubleSince].compactMap(
                \.self)
            return (
                partitions, state.dispatcher.jobs, state.hands, state.isPaused, troubles.min(),
                state.pauses.obeyed, Set(state.aside.reasons.keys)
            )
        }
        let swept = sweeper.counts
        var inProgress: [Job.Kind: Int] = [:]
        for work in hands.values {
            for task in work.tasks {
                if let job = task.message.job { inProgress[job.kind, default: 0] += 1 }
            }
        }
        return PoolReading(
            counts: counts, inFlight: inFlight, inProgress: inProgress, partitions: partitions,
            isPaused: isPaused, paused: paused, aside: aside, lanes: laneReading(at: now),
            troubleFor: trouble.map { now - $0 },
            heartbeatAgo: heartbeat.lastBeat.map { now - $0 },
            swept: Dictionary(
                uniqueKeysWithValues: Sweep.Table.allCases.map {
                    ($0.rawValue, swept[$0] ?? 0)
                }))
    }

    private func laneReading(at now: ContinuousClock.Instant) -> PoolReading.Lanes {
        var reading = PoolReading.Lanes()
        for (number, lane) in lanes.enumerated() {
            let pulse = lane.watch.pulse(number, at: now)
            switch pulse.work {
            case .idle: reading.idle += 1
            case .batch: reading.batches += 1
            case .part: reading.parts += 1
            }
            if pulse.waitsFor != nil {
                reading.connectionsWaiting += 1
            } else if pulse.isConnected {
                reading.connectionsIdle += 1
            }
        }
        return reading
    }
}
