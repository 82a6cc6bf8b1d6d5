import Catalog
import Postgres

/// The indexes that statements miss.
struct IndexWants {
    private var wants: [Want] = []

    private struct Want {
        let table: TableName
        let keys: [IndexKeys.Key]
        let create: String?
        /// What misses it.
        var users: [String]

        func isFor(_ table: TableName, _ keys: [IndexKeys.Key]) -> Bool {
            self.table == table && Set(self.keys) == Set(keys)
        }
    }

    /// Looks for scans in the plan of a statement.
    ///
    /// - Parameter user: what a scan is for.
    mutating func add(
        _ sql: String, _ parameters: Parameters, on connection: Connection,
        user: (TableScan) -> String
    ) throws(PostgresError) {
        let scans = try RelationPlan.briefly(on: connection) {
            try connection.script(
                """
                SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
                SET LOCAL enable_mergejoin = off
                """)
            let rows = try connection.execute(
                "EXPLAIN (VERBOSE, FORMAT JSON) \(sql)", parameters)
            return try (PlanReading.scans(in: rows.string(0, 0)) ?? []).map { scan in
                (scan, try ScannedTable.read(scan.table, on: connection))
            }
        }
        for (scan, table) in scans {
            guard let table, !table.isSmall, !table.isLookedUp(by: scan) else { continue }
            let keys = table.keys(of: scan)
            let user = user(scan)
            if let known = wants.firstIndex(where: { $0.isFor(table.name, keys) }) {
                if !wants[known].users.contains(user) { wants[known].users.append(user) }
            } else {
                wants.append(
                    Want(
                        table: table.name, keys: keys, create: table.createIndex(keys),
                        users: [user]))
            }
        }
    }

    /// - Parameters:
    ///   - entry: the catalog's entry whose statements they are.
    ///   - location: where it is declared.
    func findings(for entry: String, at location: String) -> [Finding] {
        wants.map { want in
            Finding(
                .warning, entry,
                "expected an index on \(want.table) for \(want.users.joined(separator: ", ")), "
                    + "got a scan of the table",
                remedy: want.create
                    ?? "compare a column with = at \(location), so that an index can "
                    + "serve; `rollcall catalog explain \(entry.prefix { $0 != "." })` shows the "
                    + "statement")
        }
    }
}
