internal import CLibrdkafka

/// Owns one consumed `rd_kafka_message_t`.
///
/// The corresponding C function is `rd_kafka_message_destroy`.
struct MessageHandle: ~Copyable {
    private let raw: UnsafeMutablePointer<rd_kafka_message_t>

    deinit { rd_kafka_message_destroy(raw) }

    /// Waits for the next message, error or end of partition.
    ///
    /// The corresponding C function is `rd_kafka_consumer_poll`.
    init?(pollingFor client: borrowing ClientHandle, timeoutMilliseconds: Int32) {
        guard let raw = rd_kafka_consumer_poll(client.raw, timeoutMilliseconds) else { return nil }
        self.raw = raw
    }

    /// Waits for the next message on a queue of its own.
    ///
    /// The corresponding C function is `rd_kafka_consume_queue`.
    init?(on queue: borrowing QueueHandle, timeoutMilliseconds: Int32) {
        guard let raw = rd_kafka_consume_queue(queue.raw, timeoutMilliseconds) else { return nil }
        self.raw = raw
    }

    var isEndOfPartition: Bool { raw.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF }

    /// The offset that was asked for is not in the partition.
    var isOffsetGone: Bool {
        [RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE]
            .contains(raw.pointee.err)
    }

    /// Where the message stands; nil for an error of the client as a whole.
    var topicPartition: TopicPartition? {
        guard let topic = raw.pointee.rkt else { return nil }
        return TopicPartition(
            topic: String(cString: rd_kafka_topic_name(topic)), partition: raw.pointee.partition)
    }

    /// The error that stands in the place of a record.
    ///
    /// The corresponding C function is `rd_kafka_message_errstr`.
    func error(of client: borrowing ClientHandle) -> KafkaError? {
        let code = raw.pointee.err
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        if code == RD_KAFKA_RESP_ERR__FATAL {
            return KafkaError(fatalOf: client.raw, doing: "polling")
        }
        let text = rd_kafka_message_errstr(raw).map { String(cString: $0) }
        guard let topic = raw.pointee.rkt else { return KafkaError(code, text, doing: "polling") }
        let name = String(cString: rd_kafka_topic_name(topic))
        return KafkaError(
            code, text, doing: "polling \(name)",
            partition: TopicPartition(topic: name, partition: raw.pointee.partition))
    }

    /// Copies the message out.
    ///
    /// `names` saves a new string for every record's topic.
    func record(_ names: inout TopicNames) -> Record {
        let message = raw.pointee
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(raw, &kind)
        return Record(
            topic: names.name(of: message.rkt),
            partition: message.partition,
            offset: message.offset,
            timestamp: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp,
            key: bytes(message.key, message.key_len),
            value: bytes(message.payload, message.len),
            headers: headers())
    }

    /// The corresponding C functions are `rd_kafka_message_headers` and `rd_kafka_header_get_all`.
    private func headers() -> [Header] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
            return []
        }
        var headers: [Header] = []
        headers.reserveCapacity(rd_kafka_header_cnt(list))
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, headers.count, &name, &value, &size)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            headers.append(
                Header(name: name.map { String(cString: $0) } ?? "", value: bytes(value, size)))
        }
        return headers
    }

    private func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        // Null and empty differ: a null value is a tombstone.
        guard let start else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
