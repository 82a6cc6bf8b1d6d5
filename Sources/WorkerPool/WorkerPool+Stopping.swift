import Dispatch
import Execution
import Jobs
import Kafka
import Logging
import Synchronization

/// How a pool comes to an end, and what it says on its way.
extension WorkerPool {
    /// Finishes or rolls back what is open, commits what is done and leaves the group.
    func finish(_ consumer: Consumer) {
        let deadline = ContinuousClock.now + settings.grace
        // What follows needs some of the time too, most of all where nobody answers any more.
        drain(until: deadline - min(settings.grace / 4, .seconds(5)))
        commitFinally(consumer, until: deadline)
        consumer.close(timeoutMilliseconds: Self.milliseconds(until: deadline))
        // The last batches' letters; another worker publishes those that do not make it.
        deadLetters.stop(within: min(max(deadline - .now, .seconds(1)), .seconds(5)))
        for lane in state.withLock({ $0.idleLanes }) { lanes[lane].close() }
        heartbeat.retire()
        checkpoint.close(within: .seconds(2))
        let totals = state.withLock { $0.totals }
        logger.info(
            "worker stopped",
            metadata: ["jobs": "\(totals.jobs)", "items": "\(totals.items.total)"])
    }

    /// What is left of the time for a broker's answer, a second at the least.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = min(max(deadline - .now, .seconds(1)), .seconds(10))
        return Int32(left / .milliseconds(1))
    }

    /// Waits for the lanes, at most for the grace period, then cancels what they are doing.
    private func drain(until deadline: ContinuousClock.Instant) {
        state.withLock { state in
            state.isStopping = true
            state.dispatcher.drop(Set(state.ledger.assigned))
        }
        FailPoint.whileDraining.reach()
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

    /// With which a group refuses commits until its rebalance is over.
    private static let rebalanceErrors: Set = [
        "REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID",
    ]

    /// Commits what is done before the group is left.
    ///
    /// A group that is being rebalanced may refuse commits: polling goes on until it is done, and
    /// what comes meanwhile is left to the next owner. Trying again sooner would be taken for a
    /// member of an old generation, which loses its partitions. Where time runs out, or no broker
    /// answers, nothing is lost: the next owner reads again what has a receipt.
    private func commitFinally(_ consumer: Consumer, until deadline: ContinuousClock.Instant) {
        // A coordinator that moves is found again within a moment, or Kafka is away.
        let coordinatorDeadline = min(deadline, .now + .seconds(5))
        while true {
            let (offsets, rebalances) = state.withLock { state in
                // Answers to earlier commits may be lost or on their way.
                state.ledger.forgetCommits()
                return (state.ledger.takeWatermarks(for: .kafka), state.rebalances)
            }
            guard !offsets.isEmpty else { return }
            FailPoint.beforeOffsetCommit.reach()
            let error: KafkaError
            do throws(KafkaError) {
                return try consumer.commit(
                    offsets, timeoutMilliseconds: Self.milliseconds(until: deadline))
            } catch let refusal {
                error = refusal
                let end = error.name == "_WAIT_COORD" ? coordinatorDeadline : deadline
                guard error.isFromBroker || error.name == "_WAIT_COORD", !error.isFatal,
                    ContinuousClock.now < end
                else {
                    logger.info("offsets not committed", metadata: ["error": "\(error)"])
                    return
                }
            }
            var ignored: [Record] = []
            let isRebalancing = Self.rebalanceErrors.contains(error.name)
            let patience = isRebalancing ? deadline : min(deadline, .now + .milliseconds(200))
            while state.withLock({ $0.rebalances }) == rebalances, ContinuousClock.now < patience {
                ignored.removeAll(keepingCapacity: true)
                _ = consumer.poll(max: Self.pollMax, timeoutMilliseconds: 100, into: &ignored)
            }
        }
    }

    /// Waits for batches to end until the condition holds.
    ///
    /// - Returns: whether it does.
    func waitUntil(
        _ deadline: ContinuousClock.Instant, _ condition: (borrowing State) -> Bool
    ) -> Bool {
        while true {
            if state.withLock({ condition($0) }) { return true }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            _ = settled.wait(timeout: .now() + min(left, .milliseconds(100)).seconds)
        }
    }

    func log(_ news: News) {
        switch news {
        case .databaseAway(let error, let isSilent):
            logger.warning(
                isSilent
                    ? "database does not answer, waiting" : "database refuses the work, waiting",
                metadata: ["error": "\(error)"])
        case .databaseBack(let time):
            logger.notice("database answers again", metadata: ["after": "\(time)"])
        case .databaseChanged:
            logger.notice("database was restarted or replaced, asking what it remembers")
        case .relationWaits(let relation, let error):
            logger.warning(
                "relation waits, others go on",
                metadata: ["relation": "\(relation)", "error": "\(error)"])
        case .relationGoesOn(let relation, let time):
            logger.notice(
                "relation goes on", metadata: ["relation": "\(relation)", "after": "\(time)"])
        case .batchFailed(let error, let jobs):
            logger.info("batch failed", metadata: ["error": "\(error)", "jobs": "\(jobs)"])
        }
    }
}
