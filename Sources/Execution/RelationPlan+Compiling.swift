import Catalog
import Postgres

extension RelationPlan {
    /// Checks a catalog's relations against the database and compiles those that fit.
    ///
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func compile(
        _ catalog: Catalog, on connection: Connection
    ) throws(PostgresError) -> (plans: [String: RelationPlan], findings: [Finding]) {
        var plans: [String: RelationPlan] = [:]
        var findings: [Finding] = []
        let readers = try HiddenReaders(on: connection)
        for relation in catalog.sortedRelations {
            // The jobs of a key in one batch are for one relation.
            let written = [relation.table] + relation.children.map(\.table)
            let (plan, found) = try compile(relation, [], written: written, readers, on: connection)
            findings += found
            var children: [ChildPlan] = []
            for child in relation.children {
                let relation = child.relation(in: relation)
                let (plan, found) = try compile(
                    relation, [], written: written, readers, on: connection)
                findings += found
                if let plan { children.append(ChildPlan(child: child, plan: plan)) }
            }
            guard children.count == relation.children.count, let plan else { continue }
            let whole =
                children.isEmpty
                ? plan
                : try compile(relation, children, written: written, readers, on: connection).plan
            plans[relation.name] = whole
            for plan in [whole].compactMap({ $0 }) + children.map(\.plan) {
                findings += try plan.missingIndexes(on: connection)
            }
        }
        return (plans, findings)
    }

    /// Whether the plan's tables are as they were when it was made.
    public func isCurrent(on connection: Connection) throws(PostgresError) -> Bool {
        for table in [table] + children.map(\.plan.table) {
            guard try table.mark.isCurrent(on: connection) else { return false }
        }
        return true
    }

    /// Checks and compiles one relation.
    ///
    /// - Parameters:
    ///   - children: the plans of its child tables.
    ///   - written: the tables that its jobs write.
    static func compile(
        _ relation: Relation, _ children: [ChildPlan], written: [TableName],
        _ readers: HiddenReaders, on connection: Connection
    ) throws(PostgresError) -> (plan: RelationPlan?, findings: [Finding]) {
        var (checked, findings, constraints, excludes) = try briefly(on: connection) {
            () -> (CheckedRelation?, [Finding], [CheckConstraint], Bool) in
            let (checked, found) = try CatalogCheck.check(relation, on: connection)
            guard let table = checked?.table.name else { return (checked, found, [], false) }
            return (
                checked, found, try CheckConstraint.read(table, on: connection),
                try ExclusionConstraint.isOn(table, on: connection)
            )
        }
        guard let checked else { return (nil, findings) }
        for child in relation.children {
            for pair in child.parent where checked.table.column(pair.parentColumn) == nil {
                findings.append(
                    Finding(
                        .error, relation.name,
                        "children.\(child.field).parent: expected a column of "
                            + "\(checked.table.name), got \(pair.parentColumn)"))
                return (nil, findings)
            }
        }
        var plan = RelationPlan(
            checked, writtenTables: written, readers: readers, constraints: constraints,
            excludes: excludes,
            children: children)
        if !constraints.isEmpty, try plan.problem(on: connection) != nil {
            // A CHECK that cannot be asked of a staged item is left to the database.
            constraints = []
            plan = RelationPlan(
                checked, writtenTables: written, readers: readers, constraints: [],
                excludes: excludes,
                children: children)
        }
        if let problem = try plan.problem(on: connection) {
            findings.removeAll { $0.level == .ok }
            return (nil, findings + [problem])
        }
        return (plan, findings)
    }

    /// What is wrong with the rules' messages or, as the database plans the statements, with the
    /// catalog's own SQL.
    private func problem(on connection: Connection) throws(PostgresError) -> Finding? {
        if let finding = problemOfMessages { return finding }
        for statement in statements {
            if let finding = try problem(with: statement, connection) { return finding }
        }
        return nil
    }

    private func problem(
        with statement: PlannedStatement, _ connection: Connection
    ) throws(PostgresError) -> Finding? {
        do throws(PostgresError) {
            try Self.briefly(on: connection) {
                try connection.execute("EXPLAIN \(statement.sql)", parameters(for: statement))
            }
            guard case .names(let number) = statement.input else { return nil }
            return try problem(ofLookup: sql.lookups[number], connection)
        } catch {
            let isPassing = [.contention, .lock].contains(FailureClass(error))
            guard !isPassing, !error.isConnectionLost, error.sqlState != nil else { throw error }
            if let missing = try MissingPrivilege.finding(
                for: error, in: statement.sql, relation.name, at: relation.location, on: connection)
            {
                return missing
            }
            return Finding(
                .error, relation.name,
                "expected SQL that the database accepts, got an error: \(error.message)",
                remedy: "mend \(statement.clause) at \(relation.location)")
        }
    }

    /// The database names only as many of a lookup's columns as are asked for, and drops the rest.
    private func problem(
        ofLookup statement: LookupStatement, _ connection: Connection
    ) throws(PostgresError) -> Finding? {
        var noNames = Parameters()
        noNames.append(ArrayParameter(.text))
        let found = try Self.briefly(on: connection) {
            try connection.execute(
                """
                SELECT found.* FROM unnest($1::text[]) AS lookup (value)
                CROSS JOIN LATERAL (\(statement.lookup.sql)) AS found
                """, noNames
            ).columnCount
        }
        let expected = statement.positions.count
        guard found != expected else { return nil }
        let side = statement.lookup.side
        return Finding(
            .error, relation.name,
            "lookup.\(side).\(statement.lookup.field): expected as many columns as the \(side) has, "
                + "\(expected), got \(found)",
            remedy: "mend `lookup` at \(relation.location)")
    }

    private var problemOfMessages: Finding? {
        let given = given.map(\.name)
        let columns = table.columns.map(\.name)
        for (rules, known, key) in [
            (relation.rejects, given, "reject"), (relation.protects, columns, "protect"),
        ] {
            for rule in rules {
                // What is no name is left as it stands.
                let unknown = RejectRule.placeholders(in: rule.message).filter {
                    $0.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil && !known.contains($0)
                }
                guard let name = unknown.first else { continue }
                let guess = Spelling.nearest(to: name, in: known).map { "; did you mean \($0)?" }
                return Finding(
                    .error, relation.name,
                    "\(key) \(rule.code): expected a column in the message's braces, "
                        + "got {\(name)}\(guess ?? "")")
            }
        }
        return nil
    }

    /// Asks something about tables as they are at one moment, in a transaction that does not wait for
    /// those who have locked them.
    ///
    /// The recursive queries of the catalogs look dear to the planner: compiled, each takes 60 ms
    /// instead of one.
    @discardableResult
    static func briefly<Answer>(
        on connection: Connection, _ ask: () throws -> Answer
    ) throws(PostgresError) -> Answer {
        do {
            return try connection.transaction(
                opening: """
                    BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '1s';
                    SET LOCAL jit = off; SET LOCAL idle_in_transaction_session_timeout = '10s'
                    """, ask)
        } catch let error as PostgresError {
            throw error
        } catch {
            preconditionFailure("a statement throws what the database says, got \(error)")
        }
    }
}
