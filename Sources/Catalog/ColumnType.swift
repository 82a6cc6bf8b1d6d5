/// What values a column takes, as far as they are checked before a statement.
public enum ColumnType: Hashable, Sendable {
    case int16, int32, int64
    case boolean
    case uuid
    /// `text`, `varchar`, `citext` and the like; the limit is in characters.
    case text(limit: Int?)
    /// `char(n)`: blanks at the end do not count.
    case character(limit: Int)
    case numeric
    case float
    case date
    case timestamp
    case timestampWithZone
    /// One of the labels, case-sensitive.
    case enumeration([String])
    /// A type whose values are not understood.
    case other
}

/// A column of a table as `pg_catalog` describes it.
public struct Column: Sendable {
    public let name: String
    public let type: ColumnType
    /// The type in SQL, with length and schema: what a parameter is cast to.
    public let typeName: String
    /// NULL is refused, by the column or by its domain.
    public let isRequired: Bool
    /// The default as SQL, nil where there is none.
    public let defaultExpression: String?
    /// The database makes the value, and nobody else may: a generated column, or an identity that is
    /// generated always.
    public let isMadeByDatabase: Bool
    /// The database numbers rows that come without a value.
    public let isIdentity: Bool
    /// Two values are equal only if their bytes are: false for citext, `char(n)`, numeric and
    /// collations that fold.
    public let hasExactEquality: Bool

    /// A row can be written without a value for it.
    public var canBeOmitted: Bool {
        !isRequired || defaultExpression != nil || isMadeByDatabase || isIdentity
    }
}
