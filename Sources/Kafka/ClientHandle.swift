internal import CLibrdkafka

/// Owns one `rd_kafka_t` and the context that its callbacks are given.
///
/// The corresponding C functions are `rd_kafka_new` and `rd_kafka_destroy_flags`.
// @unchecked because librdkafka promises it: "The API is completely thread-safe" (INTRODUCTION.md).
struct ClientHandle: ~Copyable, @unchecked Sendable {
    let raw: OpaquePointer

    init(takingOver raw: OpaquePointer) { self.raw = raw }

    deinit {
        let context = rd_kafka_opaque(raw)
        if ClientContext.of(raw)?.rebalance?.mustOutliveItsOwner == true {
            // Better a client that stays around idle than a process that aborts.
            if rd_kafka_consumer_closed(raw) == 0 { rd_kafka_unsubscribe(raw) }
            rd_kafka_set_log_level(raw, 0)
            return
        }
        // The context goes last: librdkafka's threads log until the client is destroyed.
        // Without this flag an unclosed consumer would run rebalance callbacks here.
        rd_kafka_destroy_flags(raw, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        if let context { Unmanaged<ClientContext>.fromOpaque(context).release() }
    }

    /// Ends the ownership, after something else has taken the client over.
    consuming func relinquish() { discard self }
}
