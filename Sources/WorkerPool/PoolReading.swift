import Jobs
import Kafka
import Store

/// What a pool has done and what it is at, as numbers.
public struct PoolReading: Sendable {
    /// A partition that this worker has.
    public struct Partition: Sendable {
        public let partition: TopicPartition
        /// When the oldest record in flight was written, in milliseconds since 1970; nil where none is,
        /// or nobody knows.
        public let oldest: Int64?
        public let inFlight: Bool
        /// How long ago a broker took a commit of it; nil if none has yet.
        public let committedAgo: Duration?
    }

    /// How many lanes are at what.
    public struct Lanes: Sendable {
        public var idle = 0
        public var batches = 0
        public var parts = 0
        /// Those with a connection that wait for no answer, and those that wait for one.
        public var connectionsIdle = 0
        public var connectionsWaiting = 0
    }

    public let counts: PoolCounts
    /// The messages read and not done yet.
    public let inFlight: Int
    /// The jobs that lanes have in hand.
    public let inProgress: [Job.Kind: Int]
    public let partitions: [Partition]
    /// All of them are paused, because more is in flight than the limits allow.
    public let isPaused: Bool
    /// What people have paused, as this worker obeys it.
    public let paused: Set<Control>
    /// The partitions that are not read because of it.
    public let aside: Set<TopicPartition>
    public let lanes: Lanes
    /// How long the database, or something in it, has kept work from going on; nil if nothing does.
    public let troubleFor: Duration?
    /// How long ago the worker said in the database that it is alive; nil if it has not yet.
    public let heartbeatAgo: Duration?
    /// The rows that were deleted because they had been kept for long enough, by table.
    public let swept: [String: Int]
}

/// Where a pool is in its life.
public enum PoolStage: Sendable, Equatable {
    /// It has no place in its group yet.
    case joining
    /// It has its place, with so many partitions.
    case member(partitions: Int)
    case stopping
}
