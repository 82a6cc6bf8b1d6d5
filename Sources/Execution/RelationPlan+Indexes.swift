import Catalog
import Postgres

extension RelationPlan {
    /// The tables that the statements scan for want of an index, each with the index to make.
    ///
    /// The planner says so when all other ways are made dear: then a scan is left only where there is
    /// no index that fits, however few rows a table has today.
    ///
    /// - Throws: `PostgresError` when the database cannot be asked.
    func missingIndexes(on connection: Connection) throws(PostgresError) -> [Finding] {
        var wants: [IndexWant] = []
        for statement in statements {
            let scans = try Self.briefly(on: connection) {
                try connection.script(
                    """
                    SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
                    SET LOCAL enable_mergejoin = off
                    """)
                let rows = try connection.execute(
                    "EXPLAIN (VERBOSE, FORMAT JSON) \(statement.sql)", parameters(for: statement))
                return try (PlanReading.scans(in: rows.string(0, 0)) ?? []).map { scan in
                    (scan, try ScannedTable.read(scan.table, on: connection))
                }
            }
            for (scan, table) in scans {
                guard let table, !table.isSmall, !table.isLookedUp(by: scan) else { continue }
                let keys = table.keys(of: scan)
                let user = user(of: scan, in: statement)
                if let known = wants.firstIndex(where: { $0.isFor(table.name, keys) }) {
                    if !wants[known].users.contains(user) { wants[known].users.append(user) }
                } else {
                    wants.append(
                        IndexWant(
                            table: table.name, keys: keys, create: table.createIndex(keys),
                            users: [user]))
                }
            }
        }
        return wants.map { want in
            Finding(
                .warning, relation.name,
                "expected an index on \(want.table) for \(want.users.joined(separator: ", ")), "
                    + "got a scan of the table",
                remedy: want.create
                    ?? "compare a column with = at \(relation.location), so that an index can "
                    + "serve; `rollcall catalog explain \(relation.name)` shows the statement")
        }
    }

    /// What a scan is for: a rule where it can be known, else the statement.
    private func user(of scan: TableScan, in statement: PlannedStatement) -> String {
        let rules =
            switch statement.sql {
            case sql.check: checks.map(\.code)
            case sql.protect: relation.protects.map(\.code)
            default: [String]()
            }
        if let number = scan.constant, rules.indices.contains(number) {
            return "the rule \(rules[number])"
        }
        return "the statement `\(statement.name)`"
    }
}

/// An index that is missed.
private struct IndexWant {
    let table: TableName
    let keys: [IndexKeys.Key]
    let create: String?
    /// What misses it.
    var users: [String]

    func isFor(_ table: TableName, _ keys: [IndexKeys.Key]) -> Bool {
        self.table == table && Set(self.keys) == Set(keys)
    }
}
