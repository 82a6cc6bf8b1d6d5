/// Is told which partitions a consumer has.
///
/// Every call comes on the thread that polls or closes the consumer, inside that call; the group
/// waits for it, so it must return well before the consumer's `max.poll.interval.ms`.
///
/// The consumer holds its listener until it is closed.
public protocol RebalanceListener: AnyObject, Sendable {
    /// Partitions were given to the consumer.
    ///
    /// `consumer.committed` may be asked here.
    ///
    /// - Returns: the offset of the first record wanted, for those partitions that must not start
    ///   at their committed offset.
    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64]

    /// Partitions are about to go to another member.
    ///
    /// It may block to finish their work, up to a deadline, and may call `consumer.commit`. Records
    /// of these partitions that a running poll has not returned yet are dropped; the next owner
    /// gets them.
    func revoked(_ partitions: [TopicPartition], consumer: Consumer)

    /// Partitions already belong to another member: nothing can be committed for them any more.
    func lost(_ partitions: [TopicPartition])
}
