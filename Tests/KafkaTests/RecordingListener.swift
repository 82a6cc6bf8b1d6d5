import Kafka
import Synchronization

/// Writes down what happens to a consumer, and does what the test wants meanwhile.
final class RecordingListener: RebalanceListener {
    enum Change: Equatable {
        case assigned([TopicPartition])
        case revoked([TopicPartition])
        case lost([TopicPartition])
    }

    private let happened = Mutex<[Change]>([])
    private let starts: [TopicPartition: Int64]
    private let onAssigned: @Sendable ([TopicPartition], Consumer) -> Void
    private let onRevoked: @Sendable ([TopicPartition], Consumer) -> Void

    init(
        starts: [TopicPartition: Int64] = [:],
        onAssigned: @escaping @Sendable ([TopicPartition], Consumer) -> Void = { _, _ in },
        onRevoked: @escaping @Sendable ([TopicPartition], Consumer) -> Void = { _, _ in }
    ) {
        self.starts = starts
        self.onAssigned = onAssigned
        self.onRevoked = onRevoked
    }

    var changes: [Change] { happened.withLock { $0 } }

    var revoked: [TopicPartition] {
        changes.flatMap { change -> [TopicPartition] in
            if case .revoked(let partitions) = change { partitions } else { [] }
        }
    }

    var lost: [TopicPartition] {
        changes.flatMap { change -> [TopicPartition] in
            if case .lost(let partitions) = change { partitions } else { [] }
        }
    }

    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] {
        happened.withLock { $0.append(.assigned(partitions.sorted())) }
        onAssigned(partitions, consumer)
        return starts
    }

    func revoked(_ partitions: [TopicPartition], consumer: Consumer) {
        happened.withLock { $0.append(.revoked(partitions.sorted())) }
        onRevoked(partitions, consumer)
    }

    func lost(_ partitions: [TopicPartition]) {
        happened.withLock { $0.append(.lost(partitions.sorted())) }
    }
}
