/// Where in Kafka a message stands, and when it was written there.
public struct Origin: Hashable, Sendable {
    public let topic: String
    public let partition: Int32
    public let offset: Int64
    /// The record's timestamp.
    public let timestamp: Timestamp

    public init(topic: String, partition: Int32, offset: Int64, timestamp: Timestamp) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
    }
}
