/// A topic to create.
public struct NewTopic: Hashable, Sendable {
    public let name: String
    public let partitions: Int32
    /// How many brokers keep each partition; -1 for the broker's default.
    public let replication: Int32
    /// The topic's own configuration, such as `cleanup.policy`.
    public let configuration: [String: String]

    public init(
        name: String, partitions: Int32, replication: Int32 = -1,
        configuration: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replication = replication
        self.configuration = configuration
    }
}
