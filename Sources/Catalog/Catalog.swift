/// What Rollcall writes, and by which rules: the relations of a catalog file, as it says them.
public struct Catalog: Sendable {
    /// The names of the files' catalogs.
    public var names: [String]
    /// Relations by name.
    public var relations: [String: Relation]

    public init(names: [String] = [], relations: [String: Relation] = [:]) {
        self.names = names
        self.relations = relations
    }

    /// The relations in the order of their names.
    public var sortedRelations: [Relation] { relations.values.sorted { $0.name < $1.name } }
}

/// A table whose rows join a target to a member.
public struct Relation: Sendable {
    /// The name by which jobs call it.
    public let name: String
    /// Where it is declared: file and line.
    public let location: String
    public let table: TableName
    /// The columns that jobs coalesce on.
    public let target: [String]
    public let member: [String]
    /// The columns that a job may set.
    public let attributes: [String]
    /// The columns that make a row the same row; a unique index covers them.
    public let identity: [String]
    /// The columns that the database computes, in an order in which each uses only earlier ones.
    public let computed: [ComputedColumn]
    public let conflict: ConflictRule
    public let rejects: [RejectRule]

    /// The columns whose values come from a job, in one order: target, member, attributes.
    public var givenColumns: [String] { target + member + attributes }
}

/// A column that an SQL expression over the staged row `item` fills.
public struct ComputedColumn: Sendable {
    public let name: String
    public let expression: String
}

/// What an assign does where its row is there already.
public enum ConflictRule: Sendable, Equatable {
    case ignore
    /// These columns are made as the job says where they differ.
    case update([String])

    /// The columns that an assign may change in a row that is there.
    public var updatedColumns: [String] {
        switch self {
        case .ignore: []
        case .update(let columns): columns
        }
    }
}

/// An item for which `condition` holds is not written.
public struct RejectRule: Sendable {
    public let code: String
    /// SQL over the staged row `item`.
    public let condition: String
    /// For people; `{column}` stands for a value of the item.
    public let message: String
}

/// The name of a table, with its schema.
public struct TableName: Hashable, Sendable, CustomStringConvertible {
    public let schema: String
    public let name: String

    public init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Reads `schema.table` or `table`, which is in `public`: the search path of a pooled
    /// connection is nobody's to rely on.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.count < 64 })
        else { return nil }
        schema = parts.count == 2 ? parts[0] : "public"
        name = parts[parts.count - 1]
    }

    public var description: String { "\(schema).\(name)" }
}
