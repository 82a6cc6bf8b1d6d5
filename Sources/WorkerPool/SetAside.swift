import Kafka

/// The partitions that are not read, and of which nothing is in hand, because of what people have paused.
///
/// A value. They stay this worker's, and are read again from where they were done.
struct SetAside {
    enum Reason {
        /// Its topic is paused.
        case topic
        /// What is held of it would leave no room for others.
        case room
    }

    private(set) var reasons: [TopicPartition: Reason] = [:]
    /// Those that Kafka has not been told of, or may have forgotten.
    private(set) var untold: Set<TopicPartition> = []

    var isEmpty: Bool { reasons.isEmpty }

    func contains(_ partition: TopicPartition) -> Bool { reasons[partition] != nil }

    mutating func insert(_ partitions: some Sequence<TopicPartition>, because reason: Reason) {
        for partition in partitions {
            reasons[partition] = reason
            untold.insert(partition)
        }
    }

    /// They are another worker's.
    mutating func remove(_ partitions: [TopicPartition]) {
        for partition in partitions {
            reasons[partition] = nil
            untold.remove(partition)
        }
    }

    /// Reading of these has begun anew, as if nothing had been said.
    mutating func begunAnew(_ partitions: some Sequence<TopicPartition>) {
        untold.formUnion(partitions.filter(contains))
    }

    mutating func told() { untold = [] }

    /// What may be read again: of topics that are not paused any more, and, where something else is
    /// held than before, what was in its way.
    mutating func release(topics: Set<String>, holdsChanged: Bool) -> [TopicPartition] {
        let released = reasons.filter { partition, reason in
            switch reason {
            case .topic: !topics.contains(partition.topic)
            case .room: holdsChanged && !topics.contains(partition.topic)
            }
        }.keys.sorted()
        remove(released)
        return released
    }
}
