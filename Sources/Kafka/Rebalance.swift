internal import CLibrdkafka
internal import Synchronization

/// Carries partition changes from librdkafka to the listener, and withdrawals to the poll.
final class Rebalance: Sendable {
    private enum Standing {
        /// Before the first subscription.
        ///
        /// Becomes `joining`.
        case outside
        /// Until the first assignment, which may be empty.
        ///
        /// Becomes `settled`.
        case joining
        /// For good: later rebalances keep what the first one has set up.
        case settled
    }

    private struct State {
        var listener: (any RebalanceListener)?
        weak var consumer: Consumer?
        var withdrawn: Set<TopicPartition> = []
        var standing = Standing.outside
    }

    private let state: Mutex<State>
    /// Asked once per record, hence beside the lock.
    private let hasWithdrawn = Atomic<Bool>(false)

    init(_ listener: any RebalanceListener) { state = Mutex(State(listener: listener)) }

    func attach(_ consumer: Consumer) { state.withLock { $0.consumer = consumer } }

    /// Lets the listener go, which often holds the consumer in turn.
    func detach() { state.withLock { $0.listener = nil } }

    /// Notes that the client may be joining its group from now on.
    func joining() {
        state.withLock { if $0.standing == .outside { $0.standing = .joining } }
    }

    /// Whether destroying the client could abort the process: before version 2.3 librdkafka fails
    /// an assertion if a cooperative-sticky member is destroyed between the first answers to its
    /// join and its sync (librdkafka issue 4312), and these states cannot be told from outside.
    var mustOutliveItsOwner: Bool {
        rd_kafka_version() < 0x0203_0000 && state.withLock { $0.standing == .joining }
    }

    /// The partitions that were taken away since the last call.
    func takeWithdrawn() -> Set<TopicPartition> {
        guard hasWithdrawn.load(ordering: .relaxed) else { return [] }
        hasWithdrawn.store(false, ordering: .relaxed)
        return state.withLock { state in
            let taken = state.withdrawn
            state.withdrawn = []
            return taken
        }
    }

    fileprivate func assigned(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        let (listener, consumer) = state.withLock { state in
            state.standing = .settled
            return (state.listener, state.consumer)
        }
        guard let listener, let consumer else { return }
        let starts = listener.assigned(PartitionList.partitions(of: list), consumer: consumer)
        for index in 0..<Int(list.pointee.cnt) {
            if let start = starts[TopicPartition(list.pointee.elems[index])] {
                list.pointee.elems[index].offset = start
            }
        }
    }

    fileprivate func revoked(_ partitions: [TopicPartition], isLost: Bool) {
        // Not under the lock: the listener may block for long and call the consumer.
        let (listener, consumer) = state.withLock { ($0.listener, $0.consumer) }
        if isLost {
            listener?.lost(partitions)
        } else if let consumer {
            listener?.revoked(partitions, consumer: consumer)
        }
        state.withLock { $0.withdrawn.formUnion(partitions) }
        hasWithdrawn.store(true, ordering: .relaxed)
    }
}

/// Called by librdkafka inside a poll or close.
///
/// It must end by telling librdkafka the new assignment, whatever the listener did: the group waits
/// for that.
func clientRebalanced(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let list, let context = ClientContext.of(client) else { return }
    let protocolName = rd_kafka_rebalance_protocol(client).map { String(cString: $0) }
    let isIncremental = protocolName == "COOPERATIVE"
    do throws(KafkaError) {
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            context.rebalance?.assigned(list)
            if isIncremental {
                try KafkaError.check(
                    rd_kafka_incremental_assign(client, list), doing: "taking partitions")
            } else {
                try KafkaError.check(rd_kafka_assign(client, list), doing: "taking partitions")
            }
            // What was paused when it was given back is paused still when it comes again.
            try KafkaError.check(
                rd_kafka_resume_partitions(client, list), doing: "taking partitions")
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            context.rebalance?.revoked(
                PartitionList.partitions(of: list), isLost: rd_kafka_assignment_lost(client) != 0)
            if isIncremental {
                try KafkaError.check(
                    rd_kafka_incremental_unassign(client, list), doing: "giving partitions back")
            } else {
                try KafkaError.check(rd_kafka_assign(client, nil), doing: "giving partitions back")
            }
        default:
            context.report(KafkaError(code, doing: "rebalancing"))
            try KafkaError.check(rd_kafka_assign(client, nil), doing: "giving partitions back")
        }
    } catch {
        context.report(error)
    }
}
