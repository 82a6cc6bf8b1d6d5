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
    /// What jobs give beside the table's columns.
    public let inputs: [Column]
    /// The unique index that decides whether a row is there already; nil for `unique: false`.
    public let arbiter: UniqueIndex?
    public var otherIndexes: [UniqueIndex] {
        table.uniqueIndexes.filter { $0.name != arbiter?.name }
    }

    /// What a job gives under a name.
    public func column(_ name: String) -> Column? {
        inputs.first { $0.name == name } ?? table.column(name)
    }
}

/// Checks a relation's declaration against the table itself.
public struct CatalogCheck {
    public internal(set) var findings: [Finding] = []
    let relation: Relation
    private var inputs: [Column] = []

    /// Checks one relation.
    ///
    /// - Returns: the relation with its table where there is no error, and all findings.
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func check(
        _ relation: Relation, on connection: Connection
    ) throws(PostgresError) -> (CheckedRelation?, [Finding]) {
        var check = CatalogCheck(relation: relation)
        let table = try TableSchema.read(relation.table, on: connection)
        for input in relation.inputs {
            if let column = try TableSchema.read(input, on: connection) {
                check.inputs.append(column)
            } else {
                check.error(
                    "inputs.\(input.name): expected a type of the database, got \(input.typeName)",
                    remedy: nil)
            }
        }
        let checked = check.run(
            table, try TableSurroundings.read(relation.table, on: connection))
        return (checked, check.findings)
    }

    private init(relation: Relation) { self.relation = relation }

    private mutating func run(
        _ table: TableSchema?, _ surroundings: TableSurroundings?
    ) -> CheckedRelation? {
        guard let table else {
            error(
                "expected the table \(relation.table), got none",
                remedy: "create it, or mend `table` at \(relation.location)")
            return nil
        }
        guard let surroundings else {
            checkKind(table)
            return nil
        }
        checkColumns(table)
        checkRequired(table)
        checkAccess(table, surroundings)
        let arbiter = relation.isUnique ? findArbiter(table) : nil
        if !relation.isUnique {
            let keys = relation.identity.map { name in
                let column = quoteIdentifier(name)
                return relation.caseless.contains(name) ? "lower(\(column))" : column
            }
            findings.append(
                Finding(
                    .warning, relation.name,
                    "\(table.name) has no unique index on the identity: writers other than this "
                        + "one can still make duplicates",
                    remedy: "CREATE UNIQUE INDEX CONCURRENTLY ON \(quoted(table.name)) "
                        + "(\(keys.joined(separator: ", "))) and leave out `unique: false`, if you "
                        + "can"))
        }
        let others = table.uniqueIndexes.filter { $0.name != arbiter?.name }
        for index in others where !followsFromIdentity(index, table) {
            findings.append(
                Finding(
                    .warning, relation.name,
                    "the unique index \(index.name) is not the identity: an item that violates it "
                        + "is rejected \(index.name)"))
        }
        if let arbiter { checkAgreement(arbiter, others) }
        checkIdentity(table, arbiter)
        checkSurroundings(surroundings)
        guard !findings.contains(where: { $0.level == .error }) else { return nil }
        let facts =
            [
                "\(table.name)",
                "identity (\(relation.identity.joined(separator: ", "))) by "
                    + (arbiter?.name ?? "a lock for each target"),
                "\(table.foreignKeys.count) foreign keys",
                "\(relation.rejects.count + relation.protects.count) rules",
            ] + removals(surroundings)
        findings.append(Finding(.ok, relation.name, facts.joined(separator: ", ")))
        return CheckedRelation(
            relation: relation, table: table, inputs: inputs, arbiter: arbiter)
    }

    /// Whichever index finds a row first, it must be the same row.
    private mutating func checkAgreement(_ arbiter: UniqueIndex, _ others: [UniqueIndex]) {
        guard relation.arbiter == Relation.anyIndex else { return }
        for index in [arbiter] + others
        where index.predicate != nil || index.hasExpressions
            || index.name != arbiter.name && !isComputedFromIdentity(index)
        {
            error(
                "expected each unique index to be on columns that `set` computes from the identity, "
                    + "as `arbiter: any` says, got \(index.name)",
                remedy: "leave out `arbiter`")
        }
    }

    /// The index that the catalog names, or the first that the identity means.
    private mutating func findArbiter(_ table: TableSchema) -> UniqueIndex? {
        let columns = relation.identity.map(quoteIdentifier).joined(separator: ", ")
        if let name = relation.arbiter, name != Relation.anyIndex {
            let index = table.uniqueIndexes.first { $0.name == name }
            if index?.arbitrates(relation.identity) != true {
                let names = table.uniqueIndexes.filter { $0.arbitrates(relation.identity) }
                    .map(\.name).joined(separator: ", ")
                error(
                    "expected arbiter to be a valid unique index over "
                        + "(\(relation.identity.joined(separator: ", "))) that is not deferrable, "
                        + "got \(name)",
                    remedy: names.isEmpty ? nil : "there is \(names)")
            }
            return index
        }
        let fitting = table.uniqueIndexes.filter { $0.arbitrates(relation.identity) }
        let whole = fitting.filter { $0.predicate == nil }
        if let index = whole.first(where: { !$0.hasExpressions }) ?? whole.first { return index }
        if let index = fitting.first, fitting.count == 1, let predicate = index.predicate {
            findings.append(
                Finding(
                    .warning, relation.name,
                    "\(index.name) is partial: only rows with \(predicate) count as there"))
            return index
        }
        error(
            "expected a unique index on (\(relation.identity.joined(separator: ", "))) "
                + "of \(table.name), neither partial nor deferrable, got none",
            remedy: fitting.isEmpty
                ? "CREATE UNIQUE INDEX CONCURRENTLY ON \(quoted(table.name)) (\(columns)), "
                    + "mend `identity` at \(relation.location), or say `unique: false`"
                : "say which is meant: `arbiter: \(fitting.map(\.name).joined(separator: "` or `"))`"
        )
        return nil
    }

    private func isComputedFromIdentity(_ index: UniqueIndex) -> Bool {
        let computed = Set(relation.computed.map(\.name))
        return index.columns.allSatisfy { name in
            computed.contains(name)
                && relation.sources(of: name).isSuperset(of: relation.identitySources)
        }
    }

    /// Two rows with the same identity have the same values here, and other rows have others: the
    /// database makes them, or the catalog computes them from the identity.
    private func followsFromIdentity(_ index: UniqueIndex, _ table: TableSchema) -> Bool {
        let computed = Set(relation.computed.map(\.name))
        return index.columns.allSatisfy { name in
            if computed.contains(name) {
                return relation.sources(of: name).isSuperset(of: relation.identitySources)
            }
            guard let column = table.column(name) else { return false }
            return column.isMadeByDatabase || column.isIdentity
                || column.defaultExpression != nil && !relation.givenColumns.contains(name)
        }
    }

    private mutating func checkColumns(_ table: TableSchema) {
        let named = relation.givenColumns + relation.computed.map(\.name)
        let inputNames = inputs.map(\.name)
        for name in inputNames where table.column(name) != nil {
            error(
                "inputs.\(name): expected a name that is no column of \(table.name), got one",
                remedy: "leave it out of `inputs`")
        }
        for name in named where !inputNames.contains(name) {
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
                    "expected a column that can be written, \(name) is generated always",
                    remedy: "leave it out")
            }
            let isKey = relation.target.contains(name) || relation.member.contains(name)
            if isKey, column.equalityOperator == nil {
                error(
                    "expected a type with an equality for target and member, \(name) is "
                        + column.typeName,
                    remedy: "make it another type, such as jsonb for json, or an attribute")
            }
        }
        let known = Set(table.columns.map(\.name))
        for computed in relation.computed {
            let available = Set(named)
            for name in ItemReferences.columns(in: computed.expression)
            where !available.contains(name) {
                error(
                    "set.\(computed.name): expected item.<a column of \(givenKeys)>, got item.\(name)",
                    remedy: known.contains(name) ? "declare it among the \(attributesKey)" : nil)
            }
        }
        for rule in relation.rejects {
            for name in ItemReferences.columns(in: rule.condition) where !named.contains(name) {
                error(
                    "reject \(rule.code): expected item.<a column of \(givenKeys)>, got item.\(name)",
                    remedy: nil)
            }
        }
    }

    private mutating func checkRequired(_ table: TableSchema) {
        let written = Set(relation.givenColumns + relation.computed.map(\.name))
        for column in table.columns where !column.canBeOmitted && !written.contains(column.name) {
            error(
                "expected a value for \(column.name), which is NOT NULL without a default",
                remedy: "declare it among the \(attributesKey) or under `set`, or give it a default"
            )
        }
    }

    /// What the catalog calls the columns that an item gives.
    private var attributesKey: String { relation.isRemovable ? "attributes" : "values" }

    private var givenKeys: String {
        relation.isRemovable ? "target, member, attributes or set" : "values or set"
    }

    func quoted(_ name: TableName) -> String {
        quoteIdentifier(name.schema) + "." + quoteIdentifier(name.name)
    }

    mutating func error(_ message: String, remedy: String?) {
        findings.append(Finding(.error, relation.name, message, remedy: remedy))
    }

    mutating func warn(_ message: String, remedy: String?) {
        findings.append(Finding(.warning, relation.name, message, remedy: remedy))
    }
}
