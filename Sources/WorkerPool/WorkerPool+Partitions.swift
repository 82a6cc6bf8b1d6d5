import Dispatch
import Execution
import Kafka
import Logging
import Store
import Synchronization

/// Partitions come and go, and the database says from where they are read.
extension WorkerPool: RebalanceListener {
    /// How long a rebalance waits for the database; the answer may come later, too.
    private static let answerTimeout = Duration.seconds(2)

    public func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] {
        state.withLock { state in
            state.rebalances += 1
            for partition in partitions { state.ledger.assign(partition) }
            state.aside.remove(partitions)
            state.custody.assign(partitions)
        }
        ownCounts.withLock { $0.rebalances[.assigned, default: 0] += 1 }
        report("partitions assigned", partitions)
        guard !partitions.isEmpty else { return [:] }
        FailPoint.afterAssignment.reach()
        askDatabase()
        let deadline = ContinuousClock.now + Self.answerTimeout
        var answer: Progress.Claim?
        while answer == nil, ContinuousClock.now < deadline {
            answer = state.withLock { $0.custody.takeAnswer() }
            if answer == nil { _ = settled.wait(timeout: .now() + 0.05) }
        }
        guard let answer else { return [:] }
        let moves = moves(answer, consumer).filter { $0.start != .unknown }
        // Only what is being assigned can be given a start here.
        let others = moves.map(\.partition).filter { !partitions.contains($0) }
        state.withLock { $0.custody.doubtAgain(others) }
        return moves.reduce(into: [:]) { $0[$1.partition] = $1.start.offset }
    }

    public func revoked(_ partitions: [TopicPartition], consumer: Consumer) {
        let isStopping = state.withLock { state in
            state.leaving.formUnion(partitions)
            state.dispatcher.drop(Set(partitions))
            return state.isStopping
        }
        let patience = isStopping ? .zero : settings.revokeTimeout
        let isDrained = waitUntil(.now + patience) { state in
            !state.dispatcher.isExecuting(partitions)
        }
        let (offsets, unsaved, database) = state.withLock { state in
            let offsets = state.ledger.takeWatermarks(for: .kafka, of: partitions)
            let unsaved = state.ledger.takeWatermarks(for: .database, of: partitions)
            forget(partitions, &state)
            return (offsets, unsaved, state.custody.database)
        }
        if let database {
            checkpoint.save(unsaved, released: isDrained ? partitions : [], to: database) { _ in }
        }
        do throws(KafkaError) {
            try consumer.commit(offsets)
        } catch {
            // The next owner reads again what is done; the receipts make that harmless.
            logger.info("committing on revoke failed", metadata: ["error": "\(error)"])
        }
        ownCounts.withLock { $0.rebalances[.revoked, default: 0] += 1 }
        report(
            isDrained ? "partitions revoked" : "partitions revoked before they were done",
            partitions)
    }

    public func lost(_ partitions: [TopicPartition]) {
        state.withLock { state in
            state.dispatcher.drop(Set(partitions))
            forget(partitions, &state)
        }
        ownCounts.withLock { $0.rebalances[.lost, default: 0] += 1 }
        report("partitions lost", partitions)
    }

    private func forget(_ partitions: [TopicPartition], _ state: inout State) {
        for partition in partitions { state.ledger.remove(partition) }
        state.custody.remove(partitions)
        state.aside.remove(partitions)
        for partition in partitions { state.committed[partition] = nil }
        state.leaving.subtract(partitions)
    }

    // MARK: What the database remembers

    /// Asks about the partitions that are in doubt; the answer is taken by a later turn.
    private func askDatabase() {
        let (partitions, isAnew) = state.withLock { state in
            let partitions = state.custody.takeUnasked()
            defer { if !partitions.isEmpty { state.mustReconnect = false } }
            return (partitions, state.mustReconnect)
        }
        guard !partitions.isEmpty else { return }
        checkpoint.claim(partitions, reconnecting: isAnew) { answer in
            self.state.withLock { $0.custody.note(answer) }
            self.settled.signal()
        }
    }

    /// Takes answers that came since the last turn, and reads anew what has to be.
    func takeAnswers(_ consumer: Consumer) {
        askDatabase()
        while let answer = state.withLock({ $0.custody.takeAnswer() }) {
            let moves = moves(answer, consumer).filter { $0.start != .unknown }
            guard !moves.isEmpty else { continue }
            state.withLock { state in
                state.dispatcher.drop(Set(moves.map(\.partition)))
                for move in moves { state.ledger.assign(move.partition) }
                state.aside.begunAnew(moves.map(\.partition))
            }
            let starts = moves.map { ($0.partition, $0.start.offset ?? 0) }
            do throws(KafkaError) {
                try consumer.restart(Dictionary(uniqueKeysWithValues: starts))
            } catch {
                logger.info("reading anew failed, trying again", metadata: ["error": "\(error)"])
                state.withLock { $0.custody.doubtAgain(moves.map(\.partition)) }
            }
        }
    }

    private func moves(_ answer: Progress.Claim, _ consumer: Consumer) -> [Custody.Move] {
        // Nobody waits for Kafka where only the database was in doubt.
        let asked = state.withLock { $0.custody.unbegun }
        let committed =
            asked.isEmpty ? [:] : try? consumer.committed(asked, timeoutMilliseconds: 5_000)
        let moves = state.withLock { state in
            state.custody.settle(answer, committed: committed, assigned: state.ledger.assigned)
        }
        let earlier = moves.filter { move in
            move.start != .unknown && move.start.offset != committed?[move.partition]
        }
        let places = earlier.map { move in
            "\(move.partition.topic)[\(move.partition.partition)]@\(move.start)"
        }
        if !places.isEmpty {
            logger.notice(
                "reading from where the database remembers, which is earlier",
                metadata: ["partitions": "\(places.joined(separator: " "))"])
        }
        return moves
    }

    /// Writes to the database up to where partitions are done.
    func save() {
        let (offsets, database) = state.withLock { state in
            state.custody.mayExecute
                ? (state.ledger.takeWatermarks(for: .database), state.custody.database) : ([:], nil)
        }
        guard !offsets.isEmpty, let database else { return }
        checkpoint.save(offsets, to: database) { isSaved in
            self.state.withLock { state in
                switch isSaved {
                case true?: state.custody.noteSaved(offsets)
                case false?:
                    state.ledger.restore(offsets, for: .database)
                    state.custody.doubt(Array(offsets.keys))
                case nil: state.ledger.restore(offsets, for: .database)
                }
            }
        }
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
