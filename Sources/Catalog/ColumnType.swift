/// What values a column takes, as far as they are checked before a statement.
///
/// Domains are followed to what they are made of.
public enum ColumnType: Hashable, Sendable {
    case int16, int32, int64
    /// `oid`: a whole number of 32 bits without a sign.
    case oid
    case boolean
    case uuid
    /// `text`, `varchar`, `citext` and the like.
    case text(limit: TextLimit?)
    /// `char(n)`: blanks at the end do not count.
    case character(limit: Int)
    /// `numeric`, or `numeric(precision, scale)`.
    case numeric(NumericShape?)
    case float32, float64
    case date
    case timestamp
    case timestampWithZone
    /// One of the labels, case-sensitive.
    case enumeration([String])
    /// `bytea`.
    case bytes
    /// `bit(n)`: exactly so many digits; `varbit(n)`: at most.
    case bits(limit: Int?, isVarying: Bool)
    /// `json`, `jsonb`.
    case json
    /// An array of any type, with what stands between two elements in its text form.
    indirect case array(of: ColumnType, separator: UInt8)
    /// A type whose texts only the database reads, by its name.
    case other(String)
}

/// How long a text may be.
public enum TextLimit: Hashable, Sendable {
    case characters(Int)
    /// What `name` and `"char"` take.
    case bytes(Int)
}

/// The digits of `numeric(precision, scale)`.
public struct NumericShape: Hashable, Sendable {
    public let precision: Int
    public let scale: Int

    public init(precision: Int, scale: Int) {
        self.precision = precision
        self.scale = scale
    }
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
    /// Two values are equal only if their bytes are, as they travel: false for citext, `char(n)`,
    /// numeric, collations that fold, and what the database writes otherwise than jobs do.
    public let hasExactEquality: Bool
    /// The operator by which the database holds two values equal, with its schema where it is an
    /// extension's; nil for a type that has none, such as json or point.
    public let equalityOperator: String?
    /// The base type of a domain through which that operator does not see; nil elsewhere.
    public let comparedType: String?

    /// A row can be written without a value for it.
    public var canBeOmitted: Bool {
        !isRequired || defaultExpression != nil || isMadeByDatabase || isIdentity
    }
}
