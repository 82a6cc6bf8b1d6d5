/// One header of a record.
///
/// Names may repeat; the order is kept.
public struct Header: Hashable, Sendable {
    public let name: String
    /// The bytes, or nil for a null value, which Kafka tells apart from an empty one.
    public let value: [UInt8]?

    public init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }
}
