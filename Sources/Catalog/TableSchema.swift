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
    /// Triggers for each row that are not constraints of the database's own.
    public let rowTriggers: [String]

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

    /// The rejection code: the column without `_id`, of several columns the last.
    public var rejectionCode: String {
        let column = columns.last ?? name
        return "unknown-" + (column.hasSuffix("_id") ? String(column.dropLast(3)) : column)
    }
}

/// A unique index of a table.
public struct UniqueIndex: Sendable {
    public let name: String
    /// Empty names stand for expressions.
    public let columns: [String]
    public let isPartial: Bool
    public let hasExpressions: Bool
    /// Checked row by row; a deferrable constraint is not and cannot arbitrate.
    public let isImmediate: Bool
    public let isValid: Bool

    /// `ON CONFLICT` can name it for exactly these columns.
    public func arbitrates(_ identity: [String]) -> Bool {
        isValid && isImmediate && !isPartial && !hasExpressions
            && Set(columns) == Set(identity) && columns.count == identity.count
    }
}
