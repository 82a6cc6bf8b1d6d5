/// How a CloudEvent travels in a Kafka record.
public enum ContentMode: Sendable, CaseIterable {
    /// The whole event is the value, in JSON.
    case structured
    /// The attributes are headers, the value is the data.
    case binary
}
