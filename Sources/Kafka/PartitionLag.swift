/// How far a group is behind in one partition.
public struct PartitionLag: Hashable, Sendable {
    public let topicPartition: TopicPartition
    /// The next offset the group will read, or nil if it has committed nothing.
    public let committed: Int64?
    /// The offset of the oldest record the broker still has.
    public let low: Int64
    /// The offset the next record will get.
    public let high: Int64

    public init(topicPartition: TopicPartition, committed: Int64?, low: Int64, high: Int64) {
        self.topicPartition = topicPartition
        self.committed = committed
        self.low = low
        self.high = high
    }

    /// How many offsets are still to be read.
    ///
    /// What the broker has deleted meanwhile does not count.
    public var lag: Int64 { max(0, high - max(committed ?? low, low)) }
}
