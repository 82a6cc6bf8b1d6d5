import Jobs
import Kafka

/// What people have paused is not begun, and takes no more than its share of the room.
extension Dispatcher {
    /// Begins nothing of these from now on; what was held and is not any more goes on.
    mutating func hold(_ holds: Holds) {
        guard holds != self.holds else { return }
        self.holds = holds
        lineUpAgain()
        forgetEmptyTroubles()
    }

    /// The messages that wait for nobody's leave.
    var activeJobs: Int { jobs - held.jobs }

    /// The partitions that are to be set aside so that others have room: those with the most held
    /// messages, while more than half of the room is theirs.
    var crowders: [TopicPartition] {
        guard held.isGreat(limits) else { return [] }
        var counts: [TopicPartition: HeldLine] = [:]
        held.keys.forEach { key in
            slots[key]?.waiting.forEach { task in
                counts[task.ticket.partition, default: HeldLine()].add(task.message)
            }
        }
        var rest = counts
        var crowders: [TopicPartition] = []
        for (partition, _) in counts.sorted(by: { $0.value.jobs > $1.value.jobs }) {
            guard rest.values.reduce(into: HeldLine(), { $0 += $1 }).isGreat(limits) else { break }
            rest[partition] = nil
            crowders.append(partition)
        }
        return crowders
    }

    /// Whether a partition has a message that is held.
    func holds(of partition: TopicPartition) -> Bool {
        var isHeld = false
        held.keys.forEach { key in
            slots[key]?.waiting.forEach { isHeld = isHeld || $0.ticket.partition == partition }
        }
        return isHeld
    }
}
