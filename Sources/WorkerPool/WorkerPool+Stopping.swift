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
        let time = GracePeriod(settings.grace)
        sweeper.stop(within: .zero)
        drain(time)
        commitFinally(consumer, until: .now + time.share())
        consumer.close(timeoutMilliseconds: Int32(time.share() / .milliseconds(1)))
        // The last batches' letters and events; another worker publishes those that do not make it.
        deadLetters.stop(within: time.share())
        jobEvents?.stop(within: time.share())
        for lane in state.withLock({ $0.idleLanes }) { lanes[lane].close() }
        heartbeat.retire(within: time.share())
        checkpoint.close(within: time.share())
        let totals = state.withLock { $0.totals }
        logger.info(
            "worker stopped",
            metadata: ["jobs": "\(totals.jobs)", "items": "\(totals.items.total)"])
    }

    /// Waits for the lanes as long as it may, then cancels what they are doing.
    private func drain(_ time: GracePeriod) {
        state.withLock { state in
            state.isStopping = true
            state.dispatcher.drop(Set(state.ledger.assigned))
        }
        FailPoint.whileDraining.reach()
        if !waitUntil(time.endOfWork, { $0.idleLanes.count == settings.lanes }) {
            logger.warning("grace period is over, rolling back open batches")
        }
        abortSignal.stop()
        guard !state.withLock({ $0.idleLanes.count == settings.lanes }) else { return }
        // A server that does not answer does not answer this either: nobody waits for it.
        DispatchQueue.global().async { [lanes] in
            for lane in lanes { lane.cancel() }
        }
        if !waitUntil(.now + time.share(), { $0.idleLanes.count == settings.lanes }) {
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
                let left = max(deadline - .now, .milliseconds(1))
                return try consumer.commit(
                    offsets, timeoutMilliseconds: Int32(left / .milliseconds(1)))
            } catch let refusal {
                error = refusal
                // A coordinator that moves is found again within a moment, or Kafka is away.
                guard error.isFromBroker || error.name == "_WAIT_COORD", !error.isFatal,
                    ContinuousClock.now < deadline
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

    /// The most dead letters of a batch that have a line each.
    private static let letterLinesMax = 10

    /// Says which messages were given up, and not why: reasons quote values of people.
    func log(_ letters: [DeadLetter]) {
        for letter in letters.prefix(Self.letterLinesMax) {
            var metadata: Logger.Metadata = [
                "topic": "\(letter.origin.topic)", "partition": "\(letter.origin.partition)",
                "offset": "\(letter.origin.offset)", "code": "\(letter.code)",
            ]
            if let job = letter.jobID { metadata["job"] = "\(job)" }
            if let trace = letter.traceID { metadata["trace_id"] = "\(trace)" }
            logger.info("message is a dead letter", metadata: metadata)
            logger.debug(
                "reason of a dead letter",
                metadata: metadata.merging(["reason": "\(letter.reason)"]) { $1 })
        }
        guard letters.count > Self.letterLinesMax else { return }
        logger.info(
            "more messages of the same batch are dead letters",
            metadata: ["count": "\(letters.count - Self.letterLinesMax)"])
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
