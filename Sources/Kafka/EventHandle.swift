internal import CLibrdkafka

/// Owns one `rd_kafka_event_t`.
///
/// The corresponding C functions are `rd_kafka_queue_poll` and `rd_kafka_event_destroy`.
struct EventHandle: ~Copyable {
    let raw: OpaquePointer

    init(takingOver raw: OpaquePointer) { self.raw = raw }

    deinit { rd_kafka_event_destroy(raw) }

    /// The corresponding C function is `rd_kafka_event_type`.
    var type: Int32 { rd_kafka_event_type(raw) }

    /// The event's own error.
    ///
    /// The corresponding C function is `rd_kafka_event_error`.
    func error(doing: @autoclosure () -> String) -> KafkaError? {
        let code = rd_kafka_event_error(raw)
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        let text = rd_kafka_event_error_string(raw).map { String(cString: $0) }
        return KafkaError(code, text, doing: doing())
    }
}
