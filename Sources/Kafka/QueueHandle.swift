internal import CLibrdkafka

/// Owns one reference to a `rd_kafka_queue_t`; must not outlive its client.
///
/// The corresponding C functions are `rd_kafka_queue_new` and `rd_kafka_queue_destroy`.
struct QueueHandle: ~Copyable {
    let raw: OpaquePointer

    deinit { rd_kafka_queue_destroy(raw) }

    /// A new queue, for the answers to one call.
    init(newFor client: borrowing ClientHandle) { raw = rd_kafka_queue_new(client.raw) }

    /// The queue of everything that belongs to no call, such as delivery reports.
    ///
    /// The corresponding C function is `rd_kafka_queue_get_main`.
    init(mainOf client: borrowing ClientHandle) { raw = rd_kafka_queue_get_main(client.raw) }

    /// Waits for one event.
    ///
    /// The corresponding C function is `rd_kafka_queue_poll`.
    func poll(timeoutMilliseconds: Int32) -> EventHandle? {
        guard let event = rd_kafka_queue_poll(raw, timeoutMilliseconds) else { return nil }
        return EventHandle(takingOver: event)
    }

    /// Waits for the answer to a call, and throws the answer's own error.
    func answer(
        within timeoutMilliseconds: Int32, doing: @autoclosure () -> String
    ) throws(KafkaError) -> EventHandle {
        guard let event = poll(timeoutMilliseconds: timeoutMilliseconds) else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer within \(timeoutMilliseconds) ms",
                doing: doing())
        }
        if let error = event.error(doing: doing()) { throw error }
        return event
    }
}
