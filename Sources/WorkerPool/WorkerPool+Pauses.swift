import Jobs
import Kafka
import Logging
import Store
import Synchronization

/// How a pool obeys what people have paused.
extension WorkerPool {
    /// What is paused, as far as the database has said so.
    struct Pauses {
        /// As it was said last; nil before the first answer, when nothing is begun.
        var latest: Set<Control>?
        /// What the pool obeys.
        var obeyed: Set<Control> = []

        var topics: Set<String> {
            Set(obeyed.filter { $0.subject == .topic }.map(\.name))
        }
    }

    /// Takes what is paused from the last look, and keeps what was read of it from being begun.
    ///
    /// What is paused as a topic, or leaves no room for others, is given up here and read again later
    /// from where it is done; its partitions stay this worker's, and are paused.
    ///
    /// - Parameters:
    ///   - records: what was just read; what is set aside goes from it.
    ///   - isPaused: nothing is read for now.
    func obeyPauses(_ records: inout [Record], isPaused: Bool, _ consumer: Consumer) {
        let (changes, released) = takePauses()
        for (control, isNew) in changes {
            logger.notice(
                isNew ? "paused, nothing of it is begun" : "resumed",
                metadata: ["\(control.subject.rawValue)": "\(control.name)"])
        }
        let (crowd, isNeeded) = state.withLock { state in
            let new = newlyAside(state)
            return (new, !new.isEmpty || !state.aside.isEmpty)
        }
        do throws(KafkaError) {
            if !released.isEmpty, !isPaused { try consumer.resume(released) }
            guard isNeeded else { return }
            // What is done of them is not to be done again.
            if !crowd.isEmpty { commit(consumer) }
            try setAside(crowd, &records, consumer)
        } catch {
            logger.info("setting partitions aside failed", metadata: ["error": "\(error)"])
        }
    }

    private func takePauses() -> ([(Control, Bool)], [TopicPartition]) {
        state.withLock { state in
            guard let latest = state.pauses.latest, latest != state.pauses.obeyed else {
                return ([], [])
            }
            let old = state.pauses.obeyed
            state.pauses.obeyed = latest
            let before = state.dispatcher.holds
            state.dispatcher.hold(Holds(latest))
            let released = state.aside.release(
                topics: state.pauses.topics, holdsChanged: before != state.dispatcher.holds)
            let changes =
                latest.subtracting(old).sorted().map { ($0, true) }
                + old.subtracting(latest).sorted().map { ($0, false) }
            return (changes, released)
        }
    }

    /// The partitions that are to be set aside now, with why.
    private func newlyAside(_ state: borrowing State) -> [TopicPartition: SetAside.Reason] {
        var new: [TopicPartition: SetAside.Reason] = [:]
        if !state.dispatcher.holds.isEmpty {
            for partition in state.dispatcher.crowders { new[partition] = .room }
            // Behind a message that is held the others go on, but not for ever.
            for partition in state.ledger.longer(than: lengthMax)
            where state.dispatcher.holds(of: partition) {
                new[partition] = .room
            }
        }
        let topics = state.pauses.topics
        if !topics.isEmpty {
            for partition in state.ledger.assigned where topics.contains(partition.topic) {
                new[partition] = .topic
            }
        }
        let aside = state.aside
        return new.filter { !aside.contains($0.key) }
    }

    /// How many records of a partition are kept behind its first that is not done.
    var lengthMax: Int { settings.inFlightJobs * 20 }

    private func setAside(
        _ new: [TopicPartition: SetAside.Reason], _ records: inout [Record], _ consumer: Consumer
    ) throws(KafkaError) {
        var read: [TopicPartition: Int64] = [:]
        for record in records where read[record.topicPartition] == nil {
            read[record.topicPartition] = record.offset
        }
        let (starts, untold) = state.withLock { state in
            var starts: [TopicPartition: Int64] = [:]
            for (partition, reason) in new {
                starts[partition] = state.ledger.position(of: partition) ?? read[partition]
                state.ledger.assign(partition)
                state.aside.insert(CollectionOfOne(partition), because: reason)
            }
            state.dispatcher.drop(Set(new.keys))
            // What was read before Kafka was told.
            for (partition, offset) in read
            where new[partition] == nil && state.aside.contains(partition) {
                starts[partition] = offset
                state.aside.begunAnew(CollectionOfOne(partition))
            }
            return (starts, state.aside.untold.sorted())
        }
        guard !untold.isEmpty else { return }
        let aside = state.withLock { $0.aside }
        records.removeAll { aside.contains($0.topicPartition) }
        do throws(KafkaError) {
            try consumer.restart(starts)
        } catch {
            // The database says from where.
            state.withLock { $0.custody.doubtAgain(Array(starts.keys)) }
            throw error
        }
        let own = Set(consumer.assignment())
        try consumer.pause(untold.filter(own.contains))
        state.withLock { $0.aside.told() }
    }
}
