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

    /// The partition it is about, where it came in place of a record.
    public let partition: TopicPartition?

    /// Whether a consumer reads the partition no more until it is begun anew: librdkafka leaves one
    /// alone for which it could not fetch the committed offset (rdkafka_assignment.c).
    public var endsReading: Bool {
        partition != nil && KafkaError.offsetFetchErrors.contains(name)
    }

    private static let offsetFetchErrors: Set = [
        "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS",
        "GROUP_AUTHORIZATION_FAILED", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION",
        "UNSTABLE_OFFSET_COMMIT", "REQUEST_TIMED_OUT", "_TRANSPORT", "_TIMED_OUT", "_WAIT_COORD",
    ]

    /// Whether no client could be made because its properties are wrong.
    public var isOfProperties: Bool {
        doing == KafkaError.readingProperties || doing == KafkaError.makingClient
    }

    static let readingProperties = "reading the properties"
    static let makingClient = "making the client"

    /// Whether a broker has answered, with a refusal, rather than nobody.
    public var isFromBroker: Bool { code > 0 }

    public init(
        code: Int32, name: String, message: String, isRetriable: Bool, isFatal: Bool, doing: String,
        partition: TopicPartition? = nil
    ) {
        self.code = code
        self.name = name
        self.message = message
        self.isRetriable = isRetriable
        self.isFatal = isFatal
        self.doing = doing
        self.partition = partition
    }

    public var description: String {
        let failed = isFatal ? "Kafka failed for good" : "Kafka failed"
        return "\(failed): \(message) (\(name)) - while \(doing)"
    }
}
