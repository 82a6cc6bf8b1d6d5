/// One consumed record.
///
/// Its bytes are copies: it outlives the client it came from.
public struct Record: Hashable, Sendable {
    public let topic: String
    public let partition: Int32
    public let offset: Int64
    /// Milliseconds since 1970 in UTC, or nil if the broker keeps no timestamp for it.
    public let timestamp: Int64?
    /// The key, or nil for none.
    ///
    /// An empty key is not the same as none.
    public let key: [UInt8]?
    /// The value, or nil for a tombstone.
    ///
    /// An empty value is not a tombstone.
    public let value: [UInt8]?
    public let headers: [Header]

    public init(
        topic: String, partition: Int32, offset: Int64, timestamp: Int64?, key: [UInt8]?,
        value: [UInt8]?, headers: [Header]
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// The partition the record came from.
    public var topicPartition: TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }
}
