/// What became of an item.
public enum Outcome: Hashable, Sendable {
    /// The row was not there and was written.
    case created
    /// The row was there and differed.
    case updated
    /// The row was there as asked for.
    case unchanged
    /// The row was there and was removed.
    case removed
    /// There was no row to remove.
    case absent
    /// A later item of the same batch undid or replaced it.
    case superseded
    /// It was not applied.
    case rejected(Rejection)
}

/// Why an item was not applied.
public struct Rejection: Hashable, Sendable {
    /// A short name that does not change, for programs.
    public let code: String
    /// For people: the column, what was expected, what was found.
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// How many items of a job had which outcome; the seven add up to its items.
public struct OutcomeCounts: Hashable, Sendable {
    public var created = 0
    public var updated = 0
    public var unchanged = 0
    public var removed = 0
    public var absent = 0
    public var superseded = 0
    public var rejected = 0

    public init() {}

    /// The sum of all.
    public var total: Int {
        created + updated + unchanged + removed + absent + superseded + rejected
    }

    public mutating func add(_ outcome: Outcome) {
        switch outcome {
        case .created: created += 1
        case .updated: updated += 1
        case .unchanged: unchanged += 1
        case .removed: removed += 1
        case .absent: absent += 1
        case .superseded: superseded += 1
        case .rejected: rejected += 1
        }
    }

    /// Adds another job's counts.
    public mutating func add(_ other: OutcomeCounts) {
        created += other.created
        updated += other.updated
        unchanged += other.unchanged
        removed += other.removed
        absent += other.absent
        superseded += other.superseded
        rejected += other.rejected
    }
}
