/// What Rollcall writes, and by which rules: the relations, rosters and backfills of a catalog file,
/// as it says them.
public struct Catalog: Sendable {
    /// The names of the files' catalogs.
    public var names: [String]
    /// Relations by name.
    public var relations: [String: Relation]
    /// Rosters by name.
    public var rosters: [String: Roster]
    /// Backfills by name.
    public var backfills: [String: Backfill]

    public init(
        names: [String] = [], relations: [String: Relation] = [:],
        rosters: [String: Roster] = [:], backfills: [String: Backfill] = [:]
    ) {
        self.names = names
        self.relations = relations
        self.rosters = rosters
        self.backfills = backfills
    }

    /// The relations in the order of their names.
    public var sortedRelations: [Relation] { relations.values.sorted { $0.name < $1.name } }

    /// The rosters in the order of their names.
    public var sortedRosters: [Roster] { rosters.values.sorted { $0.name < $1.name } }

    /// The backfills in the order of their names.
    public var sortedBackfills: [Backfill] { backfills.values.sorted { $0.name < $1.name } }
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
    /// What jobs give beside columns of the table.
    public let inputs: [Input]
    /// The columns that make a row the same row; a unique index covers them.
    public let identity: [String]
    /// The columns that the database computes, in an order in which each uses only earlier ones.
    public let computed: [ComputedColumn]
    /// Other names for targets and members.
    public let lookups: [Lookup]
    public let conflict: ConflictRule
    /// False for a table in which nothing but this program keeps rows of one identity apart.
    public let isUnique: Bool
    /// The unique index by which a row is known to be there, where the identity does not tell, or
    /// ``anyIndex``.
    public let arbiter: String?
    public let rejects: [RejectRule]
    /// Rules over the rows that an unassign would remove.
    public let protects: [RejectRule]
    public let effects: Effects
    public let children: [ChildTable]
    /// The most that a job may remove of a target's rows without naming them.
    public let removalLimit: RemovalLimit?
    /// The topics whose jobs may write it; empty for all.
    public let topics: [String]
    /// The columns whose values are shown to nobody.
    public var secrets: Set<String> = []
    /// The columns of the identity in which capitals make no difference, where no index says it.
    public var caseless: Set<String> = []

    /// All unique indexes agree on which row is which: none of them needs to be the first to find it.
    public static let anyIndex = "any"

    /// The columns whose values come from a job, in one order: target, member, attributes.
    public var givenColumns: [String] { target + member + attributes }

    /// What jobs give that a column follows from: itself, or what its expression names.
    public func sources(of column: String) -> Set<String> {
        guard let expression = computed.first(where: { $0.name == column })?.expression else {
            return givenColumns.contains(column) ? [column] : []
        }
        // A computed column uses only earlier ones: there is no cycle.
        return ItemReferences.columns(in: expression).reduce(into: []) {
            $0.formUnion(sources(of: $1))
        }
    }

    /// What jobs give that decides which row an item is about.
    public var identitySources: Set<String> {
        identity.reduce(into: []) { $0.formUnion(sources(of: $1)) }
    }

    /// Jobs may remove its rows.
    ///
    /// Those of a roster's table are only made and changed: they belong to no target.
    public var isRemovable: Bool { !target.isEmpty }

    /// Its rows are found by their identity alone: what jobs name stands in no column.
    public var isFoundByIdentity: Bool {
        inputs.contains { target.contains($0.name) || member.contains($0.name) }
    }
}

/// A value that jobs give and that is no column of the table: rules and computed columns read it.
public struct Input: Sendable {
    public let name: String
    /// The type in SQL.
    public let typeName: String
}

/// Another name by which jobs may call a target or a member.
public struct Lookup: Sendable {
    public enum Side: String, Sendable, CaseIterable {
        case target, member
    }

    public let side: Side
    /// The field that holds the name.
    public let field: String
    /// A SELECT of the columns that are meant; `lookup.value` is the name as text.
    public let sql: String
}

/// SQL statements that follow what was written.
public struct Effects: Sendable {
    /// Over `created` and `updated`.
    public let onAssign: [String]
    /// Over `removed`.
    public let onUnassign: [String]

    public init(onAssign: [String] = [], onUnassign: [String] = []) {
        self.onAssign = onAssign
        self.onUnassign = onUnassign
    }

    public var isEmpty: Bool { onAssign.isEmpty && onUnassign.isEmpty }
}

/// Rows that belong to a row of the relation and are given with its member.
public struct ChildTable: Sendable {
    /// The field of a member that lists them.
    public let field: String
    public let table: TableName
    /// The columns that hold the parent's row, each with the parent's column.
    public let parent: [(column: String, parentColumn: String)]
    /// What a child gives.
    public let attributes: [String]
    public let identity: [String]
    public let computed: [ComputedColumn]
    public let conflict: ConflictRule
    public let rejects: [RejectRule]

    /// The table as if it were a relation of its own: its targets are the parents' rows.
    public func relation(in parent: Relation) -> Relation {
        Relation(
            name: "\(parent.name).\(field)", location: parent.location, table: table,
            target: self.parent.map(\.column), member: Array(attributes.prefix(1)),
            attributes: Array(attributes.dropFirst()), inputs: [], identity: identity,
            computed: computed, lookups: [], conflict: conflict, isUnique: true, arbiter: nil,
            rejects: rejects, protects: [], effects: Effects(), children: [], removalLimit: nil,
            topics: [])
    }
}

/// The most of a target's rows that go unnamed.
public enum RemovalLimit: Sendable, Equatable, CustomStringConvertible {
    /// From 0 to 1.
    case share(Double)
    case rows(Int)

    public var description: String {
        switch self {
        case .share(let share): "\((share * 1_000).rounded() / 10)%"
        case .rows(let rows): "\(rows)"
        }
    }

    /// Whether so many of a target's rows are too many.
    public func isExceeded(removing removed: Int, of rows: Int) -> Bool {
        switch self {
        case .share(let share): Double(removed) > share * Double(rows)
        case .rows(let most): removed > most
        }
    }
}

/// A column that an SQL expression over the staged row `item` fills.
public struct ComputedColumn: Sendable {
    public let name: String
    public let expression: String
}

/// What an assign does where its row is there already.
public enum ConflictRule: Sendable, Equatable {
    case ignore
    /// The item is rejected.
    case refuse
    /// These columns are made as the job says where they differ.
    case update([String])

    /// The columns that an assign may change in a row that is there.
    public var updatedColumns: [String] {
        switch self {
        case .ignore, .refuse: []
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

    /// The columns that a message names in braces.
    public static func placeholders(in message: String) -> [String] {
        message.matches(of: /\{([^{}]+)\}/).map { String($0.1) }
    }
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
