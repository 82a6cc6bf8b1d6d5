internal import CLibrdkafka
internal import Synchronization

/// A member of a consumer group.
///
/// Every call blocks for at most the time it is given.
///
/// `poll` and `close` belong to one thread at a time; the other calls may come from any thread,
/// also while that one polls, and from within the listener.
public final class Consumer: Sendable {
    let client: ClientHandle
    let context: ClientContext
    private let rebalance: Rebalance
    private let isClosed = Atomic<Bool>(false)

    /// What the room sets unless the caller gives it.
    static let defaults: Properties = [
        "partition.assignment.strategy": "cooperative-sticky",
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "enable.partition.eof": "false",
    ]

    /// Makes the client; it connects by itself, in the background.
    ///
    /// The corresponding C function is `rd_kafka_new`.
    ///
    /// - Parameters:
    ///   - group: the consumer group (`group.id`).
    ///   - log: called on any thread, also while this initializer runs; must not call the consumer.
    /// - Throws: `_INVALID_ARG` for a property that librdkafka does not know or accept.
    public init(
        _ properties: Properties, group: String, listener: any RebalanceListener,
        log: @escaping @Sendable (LogLine) -> Void
    ) throws(KafkaError) {
        rebalance = Rebalance(listener)
        context = ClientContext(log: log, rebalance: rebalance)
        var all = properties.over(Consumer.defaults)
        all["group.id"] = group
        let configuration = try ConfigurationHandle(all)
        configuration.reportRebalances()
        configuration.reportErrors()
        client = try configuration.makeClient(RD_KAFKA_CONSUMER, context)
        // So that errors and commit results are served by `poll`, too.
        rd_kafka_poll_set_consumer(client.raw)
        rebalance.attach(self)
    }

    /// Joins the group for these topics, instead of those of an earlier call.
    ///
    /// The partitions come during later polls. A topic that starts with `^` is a regular
    /// expression.
    /// The corresponding C function is `rd_kafka_subscribe`.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(topics: topics)
        rebalance.joining()
        try KafkaError.check(
            rd_kafka_subscribe(client.raw, list.raw), doing: "subscribing to \(topics)")
    }

    /// Takes records.
    ///
    /// Waits for the first one, then takes what is already there.
    ///
    /// Rebalances happen inside this call, on the calling thread, and may make it longer. It must
    /// be called at least every `max.poll.interval.ms`, or the group takes the partitions away.
    /// The corresponding C function is `rd_kafka_consumer_poll`.
    ///
    /// - Parameters:
    ///   - max: how many records to take at most.
    ///   - timeoutMilliseconds: how long to wait for the first.
    ///   - records: where to append them, in offset order within a partition.
    /// - Returns: what went wrong since the last poll, failed asynchronous commits among it.
    ///   Unless an error is fatal the consumer recovers by itself; go on polling.
    public func poll(
        max: Int, timeoutMilliseconds: Int32, into records: inout [Record]
    ) -> [KafkaError] {
        let first = records.count
        var failures: [KafkaError] = []
        var names = TopicNames()
        var wait = timeoutMilliseconds
        while records.count - first < max,
            let message = MessageHandle(pollingFor: client, timeoutMilliseconds: wait)
        {
            wait = 0
            withdraw(from: first, &records)
            if message.isEndOfPartition { continue }
            if let failure = message.error(of: client) {
                failures.append(failure)
                // The caller decides about an error first; more of them could follow for ever.
                break
            }
            records.append(message.record(&names))
        }
        withdraw(from: first, &records)
        return context.takeErrors() + failures
    }

    /// Takes back what this poll has read from partitions that were taken away meanwhile: the
    /// listener has already settled them, and the next owner will read these records.
    private func withdraw(from first: Int, _ records: inout [Record]) {
        let gone = rebalance.takeWithdrawn()
        if gone.isEmpty || records.count == first { return }
        let kept = records[first...].filter { !gone.contains($0.topicPartition) }
        records.replaceSubrange(first..., with: kept)
    }

    /// The partitions the consumer has now.
    ///
    /// The corresponding C function is `rd_kafka_assignment`.
    public func assignment() -> [TopicPartition] {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(client.raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
            return []
        }
        return PartitionList(takingOver: list).partitions.sorted()
    }

    /// Leaves the group; the last `revoked` or `lost` runs through the listener, inside this call.
    ///
    /// Calling it again does nothing. A consumer that is dropped without it leaves its group only
    /// when the session times out.
    /// The corresponding C function is `rd_kafka_consumer_close_queue`.
    ///
    /// - Parameter timeoutMilliseconds: how long to wait for the broker, beside the listener.
    public func close(timeoutMilliseconds: Int32 = 10_000) {
        if isClosed.exchange(true, ordering: .relaxed) { return }
        defer { rebalance.detach() }
        let queue = QueueHandle(newFor: client)
        do throws(KafkaError) {
            try KafkaError.check(
                rd_kafka_consumer_close_queue(client.raw, queue.raw), doing: "leaving the group")
        } catch {
            context.log(LogLine(level: 4, facility: "CLOSE", message: "\(error)"))
            return
        }
        let deadline = Deadline(milliseconds: timeoutMilliseconds)
        while rd_kafka_consumer_closed(client.raw) == 0, !deadline.hasPassed {
            // Records that were already on their way come, too, and are thrown away.
            _ = MessageHandle(on: queue, timeoutMilliseconds: min(50, deadline.milliseconds))
        }
    }
}
