internal import CLibrdkafka

/// Owns one `rd_kafka_conf_t` until a client takes it over.
///
/// The corresponding C functions are `rd_kafka_conf_new` and `rd_kafka_conf_destroy`.
struct ConfigurationHandle: ~Copyable {
    private let raw: OpaquePointer

    private init() { raw = rd_kafka_conf_new() }

    deinit { rd_kafka_conf_destroy(raw) }

    /// Reads the properties.
    ///
    /// The corresponding C function is `rd_kafka_conf_set`.
    init(_ properties: Properties) throws(KafkaError) {
        self.init()
        // Sorted, so that of several faults it is always the same one that is reported.
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            try set(name, value)
        }
    }

    private func set(_ name: String, _ value: String) throws(KafkaError) {
        let (result, text) = withErrorText { rd_kafka_conf_set(raw, name, value, $0, $1) }
        if result == RD_KAFKA_CONF_OK { return }
        let why: String
        if result == RD_KAFKA_CONF_UNKNOWN {
            why = "expected a librdkafka property, got: \(name)"
        } else if Properties.isSecret(name) {
            // librdkafka's own text repeats the value.
            why = "the value of property \(name) was refused (it is secret and not shown)"
        } else {
            why = "the value \"\(value)\" of property \(name) was refused: \(text)"
        }
        throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, why, doing: KafkaError.readingProperties)
    }

    /// Asks for results as events on the client's main queue instead of through callbacks.
    ///
    /// The corresponding C function is `rd_kafka_conf_set_events`.
    func reportEvents(_ events: Int32) { rd_kafka_conf_set_events(raw, events) }

    /// Sends partition changes to `context` during polls.
    ///
    /// The corresponding C function is `rd_kafka_conf_set_rebalance_cb`.
    func reportRebalances() { rd_kafka_conf_set_rebalance_cb(raw, clientRebalanced) }

    /// Sends errors that belong to no call to `context` during polls.
    ///
    /// The corresponding C function is `rd_kafka_conf_set_error_cb`.
    func reportErrors() { rd_kafka_conf_set_error_cb(raw, clientFailed) }

    /// Makes the client, which takes the configuration over and keeps `context` alive.
    ///
    /// The corresponding C function is `rd_kafka_new`.
    consuming func makeClient(
        _ type: rd_kafka_type_t, _ context: ClientContext
    ) throws(KafkaError) -> ClientHandle {
        let opaque = Unmanaged.passRetained(context)
        rd_kafka_conf_set_opaque(raw, opaque.toOpaque())
        rd_kafka_conf_set_log_cb(raw, clientLogged)
        let (client, text) = withErrorText { rd_kafka_new(type, raw, $0, $1) }
        guard let client else {
            let code = rd_kafka_last_error()
            opaque.release()
            // librdkafka leaves the configuration to us when it fails.
            _ = consume self
            throw KafkaError(code, text, doing: KafkaError.makingClient)
        }
        discard self
        return ClientHandle(takingOver: client)
    }
}
