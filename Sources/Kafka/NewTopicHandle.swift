internal import CLibrdkafka

/// Owns one `rd_kafka_NewTopic_t`; a class, because the C function wants an array of them.
///
/// The corresponding C functions are `rd_kafka_NewTopic_new` and `rd_kafka_NewTopic_destroy`.
final class NewTopicHandle {
    let raw: OpaquePointer

    deinit { rd_kafka_NewTopic_destroy(raw) }

    init(_ topic: NewTopic) throws(KafkaError) {
        let doing = "describing topic \(topic.name)"
        let (raw, text) = withErrorText {
            rd_kafka_NewTopic_new(topic.name, topic.partitions, topic.replication, $0, $1)
        }
        guard let raw else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, text, doing: doing) }
        self.raw = raw
        for (name, value) in topic.configuration {
            try KafkaError.check(
                rd_kafka_NewTopic_set_config(raw, name, value), doing: doing)
        }
    }
}
