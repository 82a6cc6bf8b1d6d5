import Jobs

/// A message that Kafka has: what is needed to find out what becomes of it.
public struct SentJob: Sendable, Hashable {
    /// The job's id; nil if the message is no job, which ends as a dead letter.
    public let id: JobID?
    public let topic: String
    public let partition: Int32
    /// Below zero if the broker did not say, as with `acks=0`.
    public let offset: Int64
    /// What the sender called it.
    public let tag: Int32
    /// It is one of several messages that are the job together: the status has the place of one.
    public var isPart = false

    public init(id: JobID?, topic: String, partition: Int32, offset: Int64, tag: Int32 = 0) {
        self.id = id
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.tag = tag
    }
}
