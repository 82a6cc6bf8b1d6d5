import Jobs
import Kafka

/// What became of the sending of one job.
public struct JobDelivery: Sendable {
    /// The job's id; nil for an unchecked message that is no job.
    public let id: JobID?
    /// What the sender called it.
    public let tag: Int
    public let topic: String
    /// Where the broker put it, or why it did not.
    ///
    /// After a failure it may be there all the same; send it again under the same id.
    public let result: Result<Placement, KafkaError>

    /// What to wait for; nil if it was not delivered.
    public var sent: SentJob? {
        guard case .success(let place) = result else { return nil }
        return SentJob(
            id: id, topic: topic, partition: place.partition, offset: place.offset,
            tag: Int32(clamping: tag))
    }
}
