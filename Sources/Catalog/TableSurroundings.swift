/// What stands around a table and decides whether, and how, it can be written in bulk.
struct TableSurroundings: Sendable {
    /// The role that asked.
    let role: String
    /// The role may look into the table's schema.
    let canUseSchema: Bool
    let access: [ColumnAccess]
    let lifetime: Lifetime
    /// The role owns the table, and row-level security, where it is on, is for owners too.
    let isRowSecurityForced: Bool
    let triggers: [Trigger]
    let rules: [RewriteRule]
    /// Tables that inherit from it: the partitions of a partitioned table.
    let heirs: [TableName]
    let isPartitioned: Bool
    let parents: [Parent]
    let referrers: [Referrer]
    /// Constraints that old rows may violate.
    let unvalidated: [String]
    let exclusions: [String]

    /// How long rows live.
    enum Lifetime: String, Sendable {
        case permanent = "p"
        /// Until the next crash.
        case unlogged = "u"
        /// Until the session ends.
        case temporary = "t"
    }

    /// What the role may do with a column.
    struct ColumnAccess: Sendable {
        let column: String
        let canSelect: Bool
        let canInsert: Bool
        let canUpdate: Bool
        /// The sequence behind the default, if the role may not advance it.
        let forbiddenSequence: TableName?
    }

    struct Trigger: Sendable {
        let name: String
        let isForEachRow: Bool
    }

    /// A rule of the rewriter.
    struct RewriteRule: Sendable {
        let name: String
        /// `INSERT`, `UPDATE` or `DELETE`.
        let event: String
    }

    /// The table that a foreign key refers to.
    struct Parent: Sendable {
        let key: String
        let table: TableName
        let canUseSchema: Bool
        let canSelect: Bool
        let hasRowSecurity: Bool
    }

    /// A foreign key that refers to the table.
    struct Referrer: Sendable {
        let key: String
        let table: TableName
        let columns: [String]
        let action: Action
        let isPartitioned: Bool
        let hasIndex: Bool

        /// What becomes of the referring rows when theirs is removed.
        enum Action: String, Sendable {
            case noAction = "a"
            case restrict = "r"
            case cascade = "c"
            case setNull = "n"
            case setDefault = "d"
        }
    }
}
