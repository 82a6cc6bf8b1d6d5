import Execution
import Kafka

/// What a worker pool needs to know, from the settings.
public struct PoolSettings: Sendable {
    /// This worker's name in receipts, the list of workers and `pg_stat_activity`.
    public var workerID: String
    public var host: String
    public var version: String
    /// A libpq connection string; empty leaves it to libpq's environment.
    public var conninfo: String
    public var connectTimeoutSeconds: Int
    /// The status schema's name.
    public var schema: String
    public var lanes: Int
    public var batchItems: Int
    public var batchJobs: Int
    public var batchWindow: Duration
    /// What a transaction should take; batches grow and shrink towards it.
    public var transactionTime: Duration
    public var inFlightJobs: Int
    public var inFlightItems: Int
    public var inFlightBytes: Int
    public var messageBytes: Int
    public var jobItems: Int
    public var jsonDepth: Int
    public var execution: ExecutionLimits
    /// The most lanes that are busy with parts of long work at the same time.
    public var backfillLanes: Int
    public var backfillPollInterval: Duration
    public var backfillProgressInterval: Duration
    public var rosters: RosterLimits
    public var retryFirstDelay: Duration
    public var retryMaxDelay: Duration
    public var retryAttempts: Int
    /// librdkafka's properties, brokers included.
    public var kafka: Properties
    public var group: String
    public var topics: [String]
    /// Where dead letters are published.
    public var deadLetterTopic: String
    /// Nil where nobody is told that a job has ended.
    public var jobEvents: JobEventTopic?
    public var retention: SweepSettings
    /// librdkafka's properties for a producer, brokers included.
    public var producer: Properties
    public var commitInterval: Duration
    public var revokeTimeout: Duration
    public var grace: Duration
    public var heartbeatInterval: Duration

    public init(
        workerID: String, host: String, version: String, conninfo: String,
        connectTimeoutSeconds: Int, schema: String, lanes: Int, batchItems: Int, batchJobs: Int,
        batchWindow: Duration, transactionTime: Duration, inFlightJobs: Int, inFlightItems: Int,
        inFlightBytes: Int,
        messageBytes: Int, jobItems: Int, jsonDepth: Int, execution: ExecutionLimits,
        backfillLanes: Int, backfillPollInterval: Duration, backfillProgressInterval: Duration,
        rosters: RosterLimits,
        retryFirstDelay: Duration, retryMaxDelay: Duration, retryAttempts: Int,
        kafka: Properties, group: String, topics: [String], deadLetterTopic: String,
        jobEvents: JobEventTopic?, retention: SweepSettings, producer: Properties,
        commitInterval: Duration,
        revokeTimeout: Duration, grace: Duration, heartbeatInterval: Duration
    ) {
        self.workerID = workerID
        self.host = host
        self.version = version
        self.conninfo = conninfo
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.schema = schema
        self.lanes = lanes
        self.batchItems = batchItems
        self.batchJobs = batchJobs
        self.batchWindow = batchWindow
        self.transactionTime = transactionTime
        self.inFlightJobs = inFlightJobs
        self.inFlightItems = inFlightItems
        self.inFlightBytes = inFlightBytes
        self.messageBytes = messageBytes
        self.jobItems = jobItems
        self.jsonDepth = jsonDepth
        self.execution = execution
        self.backfillLanes = backfillLanes
        self.backfillPollInterval = backfillPollInterval
        self.backfillProgressInterval = backfillProgressInterval
        self.rosters = rosters
        self.retryFirstDelay = retryFirstDelay
        self.retryMaxDelay = retryMaxDelay
        self.retryAttempts = retryAttempts
        self.kafka = kafka
        self.group = group
        self.topics = topics
        self.deadLetterTopic = deadLetterTopic
        self.jobEvents = jobEvents
        self.retention = retention
        self.producer = producer
        self.commitInterval = commitInterval
        self.revokeTimeout = revokeTimeout
        self.grace = grace
        self.heartbeatInterval = heartbeatInterval
    }
}
