import Store

/// Where reading a partition begins: at the earlier of what Kafka and the database remember.
///
/// Kafka may remember more, because the database was restored from an older copy: what it has
/// forgotten is executed again. The database may remember more, because offsets are committed to
/// Kafka now and then: what is read again has a receipt.
enum StartOffset: Equatable, CustomStringConvertible {
    /// Kafka's committed offset, or its policy where neither remembers one.
    case committed
    /// The first record that is still there.
    case beginning
    case at(Int64)

    /// - Parameters:
    ///   - remembered: the next offset to read as the database has it; nil if it has none.
    ///   - committed: the same as Kafka has it.
    init(remembered: Int64?, committed: Int64?) {
        switch (remembered, committed) {
        case (nil, nil): self = .committed
        // A group that Kafka has forgotten, or a topic that was made anew, has had work before: its
        // policy could skip some of what came since.
        case (_?, nil), (nil, _?): self = .beginning
        case (let remembered?, let committed?):
            self = remembered < committed ? .at(remembered) : .committed
        }
    }

    /// The offset as librdkafka takes it; nil to leave it as it is.
    var offset: Int64? {
        switch self {
        case .committed: nil
        // RD_KAFKA_OFFSET_BEGINNING
        case .beginning: -2
        case .at(let offset): offset
        }
    }

    var description: String {
        switch self {
        case .committed: "committed"
        case .beginning: "beginning"
        case .at(let offset): "\(offset)"
        }
    }
}
