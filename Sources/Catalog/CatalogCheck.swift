import Postgres

/// One line of a catalog check.
public struct Finding: Sendable, CustomStringConvertible {
    public enum Level: String, Sendable, Comparable {
        case ok, warning, error

        public static func < (left: Level, right: Level) -> Bool {
            [left, right] == [.ok, .warning] || [left, right] == [.ok, .error]
                || [left, right] == [.warning, .error]
        }
    }

    public let level: Level
    public let relation: String
    /// What was expected and what was found.
    public let message: String
    /// What to do about it.
    public let remedy: String?

    public init(_ level: Level, _ relation: String, _ message: String, remedy: String? = nil) {
        self.level = level
        self.relation = relation
        self.message = message
        self.remedy = remedy
    }

    public var description: String {
        let remedy = remedy.map { "; \($0)" } ?? ""
        return "\(level.rawValue): \(relation): \(message)\(remedy)"
    }
}

/// A relation beside the table that it names, found to fit.
public struct CheckedRelation: Sendable {
    public let relation: Relation
    public let table: TableSchema
    /// The unique index that decides whether a row is there already.
    public let arbiter: UniqueIndex
}

/// Checks a relation's declaration against the table itself.
public struct CatalogCheck {
    public private(set) var findings: [Finding] = []
    private let relation: Relation

    /// Checks one relation.
    ///
    /// - Returns: the relation with its table where there is no error, and all findings.
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func check(
        _ relation: Relation, on connection: Connection
    ) throws(PostgresError) -> (CheckedRelation?, [Finding]) {
        var check = CatalogCheck(relation: relation)
        let checked = check.run(try TableSchema.read(relation.table, on: connection))
        return (checked, check.findings)
    }

    private init(relation: Relation) { self.relation = relation }

    private mutating func run(_ table: TableSchema?) -> CheckedRelation? {
        guard let table else {
            error(
                "expected the table \(relation.table), got none",
                remedy: "create it, or mend `table` at \(relation.location)")
            return nil
        }
        guard table.kind == "r" || table.kind == "p" else {
            error(
                "expected a table, \(relation.table) is a view or a foreign table",
                remedy: "name the table behind it")
            return nil
        }
        checkColumns(table)
        checkRequired(table)
        checkAccess(table)
        let arbiter = table.uniqueIndexes.first { $0.arbitrates(relation.identity) }
        if arbiter == nil {
            let columns = relation.identity.map(quoteIdentifier).joined(separator: ", ")
            error(
                "expected a unique index on (\(relation.identity.joined(separator: ", "))) "
                    + "of \(table.name), neither partial nor deferrable, got none",
                remedy: "CREATE UNIQUE INDEX CONCURRENTLY ON \(quoted(table.name)) (\(columns)), "
                    + "or mend `identity` at \(relation.location)")
        }
        for index in table.uniqueIndexes where index.name != arbiter?.name {
            guard !followsFromIdentity(index, table) else { continue }
            findings.append(
                Finding(
                    .warning, relation.name,
                    "the unique index \(index.name) is not the identity: an item that violates it "
                        + "is rejected \(index.name)"))
        }
        guard let arbiter, !findings.contains(where: { $0.level == .error }) else { return nil }
        findings.append(
            Finding(
                .ok, relation.name,
                "\(table.name), identity (\(relation.identity.joined(separator: ", "))) by "
                    + "\(arbiter.name), \(table.foreignKeys.count) foreign keys, "
                    + "\(relation.rejects.count) rules"))
        return CheckedRelation(relation: relation, table: table, arbiter: arbiter)
    }

    /// Two rows with the same identity have the same values here, and other rows have others: the
    /// database makes them, or the catalog computes them from the identity.
    private func followsFromIdentity(_ index: UniqueIndex, _ table: TableSchema) -> Bool {
        let computed = Dictionary(
            relation.computed.map { ($0.name, $0.expression) }, uniquingKeysWith: { $1 })
        return index.columns.allSatisfy { name in
            if let expression = computed[name] {
                return ItemReferences.columns(in: expression).isSuperset(of: relation.identity)
            }
            guard let column = table.column(name) else { return false }
            return column.isMadeByDatabase
                || column.defaultExpression != nil && !relation.givenColumns.contains(name)
        }
    }

    private mutating func checkColumns(_ table: TableSchema) {
        let named = relation.givenColumns + relation.computed.map(\.name)
        for name in named {
            guard let column = table.column(name) else {
                let nearest = Spelling.nearest(to: name, in: table.columns.map(\.name))
                error(
                    "expected a column \(name) in \(table.name), got none",
                    remedy: nearest.map { "did you mean \($0)?" }
                        ?? "add it, or mend the catalog at \(relation.location)")
                continue
            }
            if column.isMadeByDatabase {
                error(
                    "expected a column that can be written, \(name) is generated or an identity",
                    remedy: "leave it out")
            }
            if relation.givenColumns.contains(name), column.type == .other {
                error(
                    "expected a type that jobs can give, \(name) is \(column.typeName)",
                    remedy: "compute it with `set`, or leave it out")
            }
        }
        let known = Set(table.columns.map(\.name))
        for computed in relation.computed {
            let available = Set(named)
            for name in ItemReferences.columns(in: computed.expression)
            where !available.contains(name) {
                error(
                    "set.\(computed.name): expected item.<a column of target, member, attributes "
                        + "or set>, got item.\(name)",
                    remedy: known.contains(name) ? "declare it among the attributes" : nil)
            }
        }
        for rule in relation.rejects {
            for name in ItemReferences.columns(in: rule.condition) where !named.contains(name) {
                error(
                    "reject \(rule.code): expected item.<a column of target, member, attributes "
                        + "or set>, got item.\(name)", remedy: nil)
            }
        }
    }

    private mutating func checkRequired(_ table: TableSchema) {
        let written = Set(relation.givenColumns + relation.computed.map(\.name))
        for column in table.columns where !column.canBeOmitted && !written.contains(column.name) {
            error(
                "expected a value for \(column.name), which is NOT NULL without a default",
                remedy: "declare it among the attributes or under `set`, or give it a default")
        }
    }

    private mutating func checkAccess(_ table: TableSchema) {
        var needed: Set = ["SELECT", "INSERT", "DELETE"]
        // Locking rows before they change needs UPDATE, also for rows that are only removed.
        needed.insert("UPDATE")
        let missing = table.missingPrivileges.filter(needed.contains)
        if !missing.isEmpty {
            let privileges = missing.joined(separator: ", ")
            error(
                "expected the privileges \(privileges) on \(table.name), got none",
                remedy: "GRANT \(privileges) ON \(quoted(table.name)) TO the worker's role")
        }
        if table.hasRowSecurity {
            error(
                "expected no row-level security for the worker's role on \(table.name)",
                remedy: "give the role BYPASSRLS")
        }
        for trigger in table.rowTriggers {
            findings.append(
                Finding(
                    .warning, relation.name,
                    "the trigger \(trigger) runs for each row that is written"))
        }
    }

    private func quoted(_ name: TableName) -> String {
        quoteIdentifier(name.schema) + "." + quoteIdentifier(name.name)
    }

    private mutating func error(_ message: String, remedy: String?) {
        findings.append(Finding(.error, relation.name, message, remedy: remedy))
    }
}
