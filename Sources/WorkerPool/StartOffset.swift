import Store

/// Where reading a partition begins: at the earlier of what Kafka and the database remember.
///
/// Kafka may remember more, because the database was restored from an older copy: what it has
/// forgotten is executed again. The database may remember more, because offsets are committed to
/// Kafka now and then: what is read again has a receipt.
enum StartOffset: Equatable, CustomStringConvertible {
    /// Where the consumer's own policy says: neither remembers one.
    case unknown
    /// The first record that is still there.
    case beginning
    case at(Int64)

    /// - Parameters:
    ///   - remembered: the next offset to read as the database has it; nil if it has none.
    ///   - committed: the same as Kafka has it.
    init(remembered: Int64?, committed: Int64?) {
        switch (remembered, committed) {
        case (nil, nil): self = .unknown
        // A group that Kafka has forgotten, or a topic that was made anew, has had work before: its
        // policy could skip some of what came since.
        case (_?, nil), (nil, _?): self = .beginning
        case (let remembered?, let committed?):
            // Said in so many words: a client that asks for it again may be refused the answer.
            self = .at(min(remembered, committed))
        }
    }

    /// The offset as librdkafka takes it; nil to leave it to the policy.
    var offset: Int64? {
        switch self {
        case .unknown: nil
        // RD_KAFKA_OFFSET_BEGINNING
        case .beginning: -2
        case .at(let offset): offset
        }
    }

    var description: String {
        switch self {
        case .unknown: "unknown"
        case .beginning: "beginning"
        case .at(let offset): "\(offset)"
        }
    }
}
