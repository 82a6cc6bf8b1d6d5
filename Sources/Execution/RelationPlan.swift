import Catalog
import Postgres

/// A relation compiled to its statements: made once when the catalog is read, used for every batch.
///
/// The statements take arrays, one a column, so their number and text are the same for one item
/// and for 10,000. Identifiers come from the checked catalog and are quoted; values are parameters.
public struct RelationPlan: Sendable {
    public let relation: Relation
    public let table: TableSchema
    /// The columns whose values jobs give, in the order of staging: target, member, attributes.
    let given: [Column]
    /// The positions among `given` of the columns that make two items be about one row.
    let identityPositions: [Int]
    /// The positions among `given` of the attributes.
    let attributePositions: Range<Int>
    /// The positions among `given` of what an assign may change.
    let updatedPositions: [Int]
    /// The attributes that are part of the identity.
    let identityAttributes: [Int]
    /// The positions among `given` of target and member, as far as they are part of the identity:
    /// two items that differ here are never about one row.
    let unitPositions: [Int]
    /// An identity says which target and member it is about.
    let identityCoversKeys: Bool
    /// The values of an identity are equal only if their bytes are.
    let hasExactIdentity: Bool
    /// A row holds nothing but its identity and what follows from it.
    let rowsAreTheirIdentity: Bool
    /// What is written has consequences that this program does not see: row triggers.
    let hasSideEffects: Bool
    /// What another job of the same key writes may decide what becomes of an item: by a rule, by a
    /// foreign key to the table itself, or by a second unique index.
    public let dependsOnEarlierJobs: Bool
    /// New rows are written before old ones are removed, because no row that is removed makes room
    /// for another.
    let insertsFirst: Bool
    /// What an item is refused for by `check`, by the number that the statement returns.
    let checks: [ItemCheck]
    let sql: RelationSQL

    /// - Parameters:
    ///   - checked: the relation beside its table.
    ///   - writtenTables: the tables that the catalog's relations write.
    ///   - constraints: the CHECK constraints of the table that can be tested before the write.
    ///   - excludes: the table has an exclusion constraint.
    init(
        _ checked: CheckedRelation, writtenTables: [TableName], constraints: [CheckConstraint],
        excludes: Bool
    ) {
        let relation = checked.relation
        let table = checked.table
        self.relation = relation
        self.table = table
        let columns = relation.givenColumns
        given = columns.compactMap(table.column)
        let keyCount = relation.target.count + relation.member.count
        attributePositions = keyCount..<columns.count
        let givenIdentity = columns.indices.filter { relation.identity.contains(columns[$0]) }
        // An identity that the database computes follows from target and member.
        let isGiven = relation.identity.allSatisfy(columns.contains)
        let identityPositions = isGiven ? givenIdentity : Array(0..<keyCount)
        self.identityPositions = identityPositions
        identityAttributes = identityPositions.filter { $0 >= keyCount }
        unitPositions = identityPositions.filter { $0 < keyCount }
        identityCoversKeys = unitPositions.count == keyCount
        let updated = relation.conflict.updatedColumns
        updatedPositions = columns.indices.filter { updated.contains(columns[$0]) }
        hasExactIdentity = identityPositions.allSatisfy { position in
            table.column(columns[position])?.hasExactEquality == true
        }
        let derived = Set(relation.identity + relation.computed.map(\.name))
        rowsAreTheirIdentity = table.columns.allSatisfy { derived.contains($0.name) }
        checks = ItemCheck.all(of: relation, in: table, constraints)
        hasSideEffects = !table.rowTriggers.isEmpty
        let hasParentsOfItsOwn = table.foreignKeys.contains { $0.parent == table.name }
        let otherIndexes = table.uniqueIndexes.filter { $0.name != checked.arbiter.name }
        let canClash =
            excludes
            || otherIndexes.contains { index in
                index.hasExpressions
                    || index.columns.contains(where: relation.attributes.contains)
            }
        dependsOnEarlierJobs =
            hasParentsOfItsOwn || canClash
            || relation.rejects.contains { rule in
                writtenTables.contains { Self.mentions($0, in: rule.condition) }
            }
        // A trigger may count rows.
        insertsFirst =
            !dependsOnEarlierJobs && !hasSideEffects
            && otherIndexes.allSatisfy { relation.tellsIdentitiesApart($0) }
        sql = RelationSQL(
            relation: relation, table: table, given: given,
            identityPositions: identityPositions, updatedPositions: updatedPositions,
            checks: checks)
    }

    /// Whether an SQL text has a table's name in it: more often true than the text reads the table.
    ///
    /// It does not see through views and functions.
    private static func mentions(_ table: TableName, in sql: String) -> Bool {
        // A quote inside a quoted name stands twice.
        sql.lowercased().contains(
            table.name.lowercased().split(separator: "\"", omittingEmptySubsequences: false)
                .joined(separator: "\"\""))
    }
}

extension Relation {
    /// Rows of different identities never have one key of this index.
    fileprivate func tellsIdentitiesApart(_ index: UniqueIndex) -> Bool {
        var sources = Dictionary(uniqueKeysWithValues: givenColumns.map { ($0, Set([$0])) })
        for column in computed {
            sources[column.name] = ItemReferences.columns(in: column.expression)
                .reduce(into: [column.name]) { $0.formUnion(sources[$1] ?? []) }
        }
        let columns = index.columns.compactMap { sources[$0] }
        // What a job neither gives nor computes is a number of the database's own.
        if columns.isEmpty { return true }
        let known = columns.reduce(into: Set(index.columns)) { $0.formUnion($1) }
        return known.isSuperset(of: identity)
    }
}

/// A condition under which an item is refused before the write.
struct ItemCheck: Sendable {
    let code: String
    /// SQL over `item`, true for an item to refuse.
    let condition: String
    /// What to say; `{column}` stands for a value of the item.
    let message: String
    /// The columns of `item` that it reads.
    let columns: Set<String>

    /// A foreign key or CHECK with a column that is not staged is left to the database.
    static func all(
        of relation: Relation, in table: TableSchema, _ constraints: [CheckConstraint]
    ) -> [ItemCheck] {
        let staged = Set(relation.givenColumns + relation.computed.map(\.name))
        return
            table.foreignKeys
            .filter { $0.columns.allSatisfy(staged.contains) }
            .map(foreignKey)
            + constraints
            .filter { $0.columns.allSatisfy(staged.contains) }
            .map(constraint)
            + relation.rejects.map {
                ItemCheck(
                    code: $0.code, condition: "(\($0.condition))", message: $0.message,
                    columns: ItemReferences.columns(in: $0.condition))
            }
    }

    private static func constraint(_ constraint: CheckConstraint) -> ItemCheck {
        let values = constraint.columns.map { "\($0) \"{\($0)}\"" }.joined(separator: ", ")
        return ItemCheck(
            code: constraint.name, condition: "((\(constraint.expression)) IS FALSE)",
            message: "expected \(constraint.expression), got \(values)",
            columns: Set(constraint.columns))
    }

    private static func foreignKey(_ key: ForeignKey) -> ItemCheck {
        let parent =
            quoteIdentifier(key.parent.schema) + "." + quoteIdentifier(key.parent.name)
        let isGiven = key.columns.map { "item.\(quoteIdentifier($0)) IS NOT NULL" }
        let joins = zip(key.columns, key.parentColumns).map { column, parentColumn in
            "parent.\(quoteIdentifier(parentColumn)) = item.\(quoteIdentifier(column))"
        }
        let values = key.columns.map { "\"{\($0)}\"" }.joined(separator: ", ")
        return ItemCheck(
            code: key.rejectionCode,
            condition: "(\(isGiven.joined(separator: " AND ")) AND NOT EXISTS (SELECT 1 FROM "
                + "\(parent) AS parent WHERE \(joins.joined(separator: " AND "))))",
            message: "\(key.parent.name).\(key.parentColumns.joined(separator: ", ")) "
                + "has no row \(values)",
            columns: Set(key.columns))
    }
}

extension RelationPlan {
    /// Checks a catalog's relations against the database and compiles those that fit.
    ///
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func compile(
        _ catalog: Catalog, on connection: Connection
    ) throws(PostgresError) -> (plans: [String: RelationPlan], findings: [Finding]) {
        var plans: [String: RelationPlan] = [:]
        var findings: [Finding] = []
        let written = catalog.relations.values.map(\.table)
        for relation in catalog.sortedRelations {
            let (checked, found, constraints, excludes) = try briefly(on: connection) {
                () -> (CheckedRelation?, [Finding], [CheckConstraint], Bool) in
                let (checked, found) = try CatalogCheck.check(relation, on: connection)
                guard let table = checked?.table.name else { return (checked, found, [], false) }
                return (
                    checked, found, try CheckConstraint.read(table, on: connection),
                    try ExclusionConstraint.isOn(table, on: connection)
                )
            }
            findings += found
            guard let checked else { continue }
            var plan = RelationPlan(
                checked, writtenTables: written, constraints: constraints, excludes: excludes)
            if !constraints.isEmpty, try plan.problem(on: connection) != nil {
                // A CHECK that cannot be asked of a staged item is left to the database.
                plan = RelationPlan(
                    checked, writtenTables: written, constraints: [], excludes: excludes)
            }
            if let problem = try plan.problem(on: connection) {
                findings.removeAll { $0.relation == relation.name && $0.level == .ok }
                findings.append(problem)
                continue
            }
            plans[relation.name] = plan
        }
        return (plans, findings)
    }

    /// Lets the database plan the statements, which finds what is wrong in the catalog's own SQL.
    private func problem(on connection: Connection) throws(PostgresError) -> Finding? {
        let statements = [
            sql.probe, sql.complete, sql.identify, sql.identifyTarget, sql.present, sql.check,
            sql.insert, sql.lockForUpdate, sql.update,
            sql.lockForDelete, sql.lock, sql.delete,
        ]
        for statement in statements.compactMap({ $0 }) {
            var parameters = emptyParameters
            if statement == sql.lock { parameters.append(ArrayParameter(.int2)) }
            if statement == sql.present { parameters.append(Int64(0)) }
            do throws(PostgresError) {
                try Self.briefly(on: connection) {
                    try connection.execute("EXPLAIN \(statement)", parameters)
                }
            } catch {
                let isPassing = [.contention, .lock].contains(FailureClass(error))
                guard !isPassing, !error.isConnectionLost, error.sqlState != nil else {
                    throw error
                }
                return Finding(
                    .error, relation.name,
                    "expected SQL that the database accepts, got an error: \(error.message)",
                    remedy: "mend `set` or `reject` at \(relation.location)")
            }
        }
        return nil
    }

    /// Asks something about tables in a transaction that does not wait for those who have locked them.
    @discardableResult
    private static func briefly<Answer>(
        on connection: Connection, _ ask: () throws -> Answer
    ) throws(PostgresError) -> Answer {
        do {
            return try connection.transaction(
                opening: """
                    BEGIN; SET LOCAL lock_timeout = '1s';
                    SET LOCAL idle_in_transaction_session_timeout = '10s'
                    """, ask)
        } catch let error as PostgresError {
            throw error
        } catch {
            preconditionFailure("a statement throws what the database says, got \(error)")
        }
    }

    private var emptyParameters: Parameters {
        var parameters = Parameters()
        parameters.append(ArrayParameter(.int4))
        for column in given {
            parameters.append(ArrayParameter(StagedColumn.Wire(column.type).element))
        }
        for _ in attributePositions { parameters.append(ArrayParameter(.bool)) }
        return parameters
    }
}
