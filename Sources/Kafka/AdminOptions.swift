internal import CLibrdkafka

/// Owns one `rd_kafka_AdminOptions_t`.
///
/// The corresponding C functions are `rd_kafka_AdminOptions_new` and
/// `rd_kafka_AdminOptions_destroy`.
struct AdminOptions: ~Copyable {
    let raw: OpaquePointer

    private init(takingOver raw: OpaquePointer) { self.raw = raw }

    deinit { rd_kafka_AdminOptions_destroy(raw) }

    init(
        _ client: borrowing ClientHandle, for operation: rd_kafka_admin_op_t,
        timeoutMilliseconds: Int32
    ) throws(KafkaError) {
        self.init(takingOver: rd_kafka_AdminOptions_new(client.raw, operation))
        let (code, text) = withErrorText {
            rd_kafka_AdminOptions_set_request_timeout(raw, timeoutMilliseconds, $0, $1)
        }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(code, text, doing: "setting the request timeout")
        }
    }
}
