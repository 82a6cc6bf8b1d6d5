/// What became of one record that was sent.
public struct Delivery: Sendable {
    /// What the sender called the record.
    public let tag: Int
    /// Where the broker put it, or why it did not.
    public let result: Result<Placement, KafkaError>

    public init(tag: Int, result: Result<Placement, KafkaError>) {
        self.tag = tag
        self.result = result
    }
}
