/// A table as the database describes it.
public struct TableSchema: Sendable {
    public let name: TableName
    /// `pg_class.relkind`: r table, p partitioned, v view and so on.
    public let kind: String
    public let columns: [Column]
    public let foreignKeys: [ForeignKey]
    public let uniqueIndexes: [UniqueIndex]
    /// The privileges that the connected role lacks, of SELECT, INSERT, UPDATE and DELETE.
    public let missingPrivileges: [String]
    /// Row-level security is on for the connected role.
    public let hasRowSecurity: Bool
    /// Triggers of INSERT, UPDATE and DELETE that are not constraints of the database's own.
    public let triggers: [String]
    /// Foreign keys refer to it: who removes a row may remove others with it, or be refused.
    public let isReferenced: Bool
    /// Tells whether all this is still so.
    public let mark: SchemaMark

    public func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}

/// A foreign key of a table.
public struct ForeignKey: Sendable {
    public let name: String
    public let columns: [String]
    public let parent: TableName
    public let parentColumns: [String]
    /// MATCH FULL: a row with some of its columns NULL is refused.
    public let isFullMatch: Bool
    /// By what the database compares each parent column with its column.
    public let operators: [String]

    /// The rejection code: the column without `_id`, of several columns the last.
    public var rejectionCode: String {
        let column = columns.last ?? name
        return "unknown-" + (column.hasSuffix("_id") ? String(column.dropLast(3)) : column)
    }
}

/// A unique index of a table.
public struct UniqueIndex: Sendable {
    public let name: String
    /// What it compares, in order: columns as they are, or expressions over them.
    public let keys: [Key]
    /// Only rows for which this holds are in it; nil for all.
    public let predicate: String?
    /// Two rows with NULL in a key are the same.
    public let isNullsNotDistinct: Bool
    /// Checked row by row; a deferrable constraint is not and cannot arbitrate.
    public let isImmediate: Bool
    public let isValid: Bool

    public enum Key: Hashable, Sendable {
        case column(String)
        /// The expression as the database prints it, and the columns that it reads.
        case expression(String, columns: Set<String>)
    }

    /// The columns that it reads in its keys, each once.
    public var columns: [String] {
        var columns: [String] = []
        for key in keys {
            switch key {
            case .column(let name): columns.append(name)
            case .expression(_, let names): columns += names.sorted()
            }
        }
        return columns.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    public var hasExpressions: Bool {
        keys.contains { if case .expression = $0 { true } else { false } }
    }

    /// It decides whether there is a row with this identity, for all rows or those of its predicate.
    public func arbitrates(_ identity: [String]) -> Bool {
        isValid && isImmediate && Set(columns) == Set(identity)
    }
}
