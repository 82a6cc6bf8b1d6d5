/// What went wrong in a call to Kafka: the code, what was being done, and the two facts that decide
/// what to do next.
///
/// The text never contains the value of a secret property.
public struct KafkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number: positive ones are the broker's, negative ones librdkafka's own.
    public let code: Int32
    /// The name of the code, such as `UNKNOWN_TOPIC_OR_PART` or `_TRANSPORT`.
    ///
    /// The corresponding C function is `rd_kafka_err2name`.
    public let name: String
    /// The reason, for people.
    public let message: String
    /// Whether the same call may succeed later without anyone changing anything.
    public let isRetriable: Bool
    /// Whether the client is of no more use and has to be made anew.
    public let isFatal: Bool
    /// What the room was doing, such as `polling`.
    public let doing: String

    /// Whether a broker has answered, with a refusal, rather than nobody.
    public var isFromBroker: Bool { code > 0 }

    public init(
        code: Int32, name: String, message: String, isRetriable: Bool, isFatal: Bool, doing: String
    ) {
        self.code = code
        self.name = name
        self.message = message
        self.isRetriable = isRetriable
        self.isFatal = isFatal
        self.doing = doing
    }

    public var description: String {
        let failed = isFatal ? "Kafka failed for good" : "Kafka failed"
        return "\(failed): \(message) (\(name)) - while \(doing)"
    }
}
