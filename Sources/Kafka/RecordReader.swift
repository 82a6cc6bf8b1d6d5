internal import CLibrdkafka

/// Reads single records where they stand, and joins no group.
///
/// Every call blocks for at most the time it is given, and belongs to one thread at a time.
public final class RecordReader: Sendable {
    /// Nothing is committed for its group: it is there because a consumer must have one.
    private let consumer: Consumer

    private final class NoRebalances: RebalanceListener {
        func assigned(
            _ partitions: [TopicPartition], consumer: Consumer
        ) -> [TopicPartition: Int64] { [:] }
        func revoked(_ partitions: [TopicPartition], consumer: Consumer) {}
        func lost(_ partitions: [TopicPartition]) {}
    }

    /// - Throws: `_INVALID_ARG` for a property that librdkafka does not know or accept.
    public init(
        _ properties: Properties, group: String, log: @escaping @Sendable (LogLine) -> Void
    ) throws(KafkaError) {
        // What lies at an offset is asked for, and not what comes after it.
        let own: Properties = ["enable.partition.eof": "true", "auto.offset.reset": "error"]
        consumer = try Consumer(
            properties.merging(own) { _, own in own }, group: group, listener: NoRebalances(),
            log: log)
    }

    /// The first record at or behind an offset of each partition; none where there is no more.
    ///
    /// The corresponding C functions are `rd_kafka_assign` and `rd_kafka_consumer_poll`.
    ///
    /// - Throws: what the brokers say, or `_TIMED_OUT`.
    public func first(
        at offsets: [TopicPartition: Int64], timeoutMilliseconds: Int32
    ) throws(KafkaError) -> [TopicPartition: Record] {
        guard !offsets.isEmpty else { return [:] }
        let doing = "reading \(offsets.count) records"
        let deadline = Deadline(milliseconds: timeoutMilliseconds)
        let list = PartitionList(offsets)
        try KafkaError.check(rd_kafka_assign(consumer.client.raw, list.raw), doing: doing)
        defer { rd_kafka_assign(consumer.client.raw, nil) }
        var found: [TopicPartition: Record] = [:]
        var open = Set(offsets.keys)
        var names = TopicNames()
        while !open.isEmpty {
            guard !deadline.hasPassed else {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, nil, doing: doing)
            }
            guard
                let message = MessageHandle(
                    pollingFor: consumer.client, timeoutMilliseconds: deadline.milliseconds)
            else { continue }
            if message.isEndOfPartition || message.isOffsetGone {
                if let place = message.topicPartition { open.remove(place) }
                continue
            }
            if let failure = message.error(of: consumer.client) { throw failure }
            let record = message.record(&names)
            if open.remove(record.topicPartition) != nil { found[record.topicPartition] = record }
        }
        return found
    }

    /// Reads what stands in partitions now, each in its order, until the body has what it wants.
    ///
    /// The corresponding C functions are `rd_kafka_assign` and `rd_kafka_consumer_poll`.
    ///
    /// - Parameters:
    ///   - offsets: from where each partition is read, up to its end.
    ///   - body: returns whether it wants more.
    /// - Returns: whether all was read, or the body had what it wanted; false if the time ran out
    ///   between two records.
    /// - Throws: what the brokers say, or `_TIMED_OUT` where none has given anything.
    public func forEach(
        from offsets: [TopicPartition: Int64], timeoutMilliseconds: Int32, _ body: (Record) -> Bool
    ) throws(KafkaError) -> Bool {
        guard !offsets.isEmpty else { return true }
        let doing = "reading \(offsets.count) partitions"
        let deadline = Deadline(milliseconds: timeoutMilliseconds)
        let list = PartitionList(offsets)
        try KafkaError.check(rd_kafka_assign(consumer.client.raw, list.raw), doing: doing)
        defer { rd_kafka_assign(consumer.client.raw, nil) }
        var open = Set(offsets.keys)
        var names = TopicNames()
        var hasRead = false
        while !open.isEmpty {
            guard !deadline.hasPassed else {
                if hasRead { return false }
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, nil, doing: doing)
            }
            guard
                let message = MessageHandle(
                    pollingFor: consumer.client, timeoutMilliseconds: deadline.milliseconds)
            else { continue }
            if message.isEndOfPartition || message.isOffsetGone {
                if let place = message.topicPartition { open.remove(place) }
                hasRead = true
                continue
            }
            if let failure = message.error(of: consumer.client) { throw failure }
            hasRead = true
            guard body(message.record(&names)) else { return true }
        }
        return true
    }
}
