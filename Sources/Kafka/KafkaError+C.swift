internal import CLibrdkafka

extension KafkaError {
    /// Makes an error of a plain C code.
    ///
    /// `message` is what the C side said beyond the code's text.
    init(
        _ code: rd_kafka_resp_err_t, _ message: String? = nil, doing: String,
        partition: TopicPartition? = nil
    ) {
        self.init(
            code: code.rawValue,
            name: String(cString: rd_kafka_err2name(code)),
            message: message ?? String(cString: rd_kafka_err2str(code)),
            isRetriable: KafkaError.retriable.contains(code.rawValue),
            isFatal: code == RD_KAFKA_RESP_ERR__FATAL,
            doing: doing, partition: partition)
    }

    /// Reads and frees a rich C error; this is the only place that does either.
    init(takingOver error: OpaquePointer, doing: String) {
        let code = rd_kafka_error_code(error)
        self.init(
            code: code.rawValue,
            name: String(cString: rd_kafka_err2name(code)),
            message: String(cString: rd_kafka_error_string(error)),
            isRetriable: rd_kafka_error_is_retriable(error) != 0
                || KafkaError.retriable.contains(code.rawValue),
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            doing: doing)
        rd_kafka_error_destroy(error)
    }

    /// Makes the error that `_FATAL` stands for: librdkafka keeps the cause apart from the code.
    ///
    /// The corresponding C function is `rd_kafka_fatal_error`.
    init(fatalOf client: OpaquePointer, doing: String) {
        let (code, text) = withErrorText { rd_kafka_fatal_error(client, $0, $1) }
        self.init(
            code: code.rawValue, name: String(cString: rd_kafka_err2name(code)), message: text,
            isRetriable: false, isFatal: true, doing: doing)
    }

    /// Throws what a plain C code stands for.
    static func check(
        _ code: rd_kafka_resp_err_t, doing: @autoclosure () -> String
    ) throws(KafkaError) {
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, doing: doing()) }
    }

    /// Throws what a rich C error stands for, and frees it.
    static func check(
        _ error: OpaquePointer?, doing: @autoclosure () -> String
    ) throws(KafkaError) {
        if let error { throw KafkaError(takingOver: error, doing: doing()) }
    }

    /// Only rich C errors say by themselves whether they are retriable; the others are listed.
    private static let retriable: Set<Int32> = Set(
        [
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL,
            RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__WAIT_COORD,
            RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__RETRY,
            RD_KAFKA_RESP_ERR__IN_PROGRESS, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
        ].map(\.rawValue))
}

/// Lends `body` a buffer for the text of an error, as many C functions want one.
func withErrorText<Result>(
    _ body: (UnsafeMutablePointer<CChar>, Int) -> Result
) -> (Result, String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        let text = buffer.baseAddress!
        // The C functions leave the buffer alone when there is nothing to say.
        text.initialize(repeating: 0, count: buffer.count)
        return (body(text, buffer.count), String(cString: text))
    }
}
