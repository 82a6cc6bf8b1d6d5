import Catalog
import Postgres

/// A table that a plan scans, as far as it matters for an index that would help.
struct ScannedTable {
    /// The table itself, or the one of which it is a partition.
    let name: TableName
    let isPartitioned: Bool
    /// It fits on one page and has not changed since an ANALYZE found that: Postgres would not use an
    /// index anyway.
    let isSmall: Bool
    /// The columns of type varchar.
    let varcharColumns: [String]
    let indexes: [Index]

    struct Index {
        let name: String
        /// The first column; empty for an expression.
        let leadingColumn: String
        /// Ordered by its columns from the first on.
        let isOrdered: Bool
        /// It has all rows and can be used.
        let isWhole: Bool
    }

    static func read(
        _ name: TableName, on connection: Connection
    ) throws(PostgresError) -> ScannedTable? {
        var parameters = Parameters()
        parameters.append(name.schema)
        parameters.append(name.name)
        let table = try connection.execute(tableQuery, parameters)
        guard table.count == 1 else { return nil }
        let indexes = try connection.execute(indexQuery, parameters)
        return ScannedTable(
            name: TableName(schema: table.string(0, 0), name: table.string(0, 1)),
            isPartitioned: table.bool(0, 2), isSmall: table.bool(0, 3),
            varcharColumns: table.string(0, 4).split(separator: "\u{1F}").map(String.init),
            indexes: (0..<indexes.count).map { row in
                Index(
                    name: indexes.string(row, 0), leadingColumn: indexes.string(row, 1),
                    isOrdered: indexes.bool(row, 2), isWhole: indexes.bool(row, 3))
            })
    }

    /// Whether a scan looks up rows where it could otherwise only read all, or some needless ones.
    func isLookedUp(by scan: TableScan) -> Bool {
        if scan.lookups.isEmpty { return false }
        let isSought = scan.lookups.allSatisfy { lookup in
            guard !lookup.condition.isEmpty else { return false }
            guard let index = indexes.first(where: { $0.name == lookup.index }), index.isOrdered,
                !index.leadingColumn.isEmpty
            else { return true }
            // Without its first column all of an index is read.
            return IndexKeys.compares(
                index.leadingColumn, of: aliases(of: scan), in: lookup.condition)
        }
        // In a table of few rows one index is as good as another.
        return isSought
            || indexes.contains { index in
                index.isOrdered && index.isWhole
                    && keys(of: scan).contains(.column(index.leadingColumn))
            }
    }

    func keys(of scan: TableScan) -> [IndexKeys.Key] {
        IndexKeys(of: aliases(of: scan), in: scan.conditions).keys
    }

    /// Where partitions are joined, conditions go by the name of the table, which those of the
    /// partitions add a number to.
    private func aliases(of scan: TableScan) -> [String] {
        let stem = scan.alias.replacing(/_[0-9]+$/, with: "")
        return scan.table == name ? [scan.alias] : [scan.alias, stem]
    }

    /// What an index on these keys is made with; nil without a key.
    func createIndex(_ keys: [IndexKeys.Key]) -> String? {
        guard !keys.isEmpty else { return nil }
        let columns = keys.map { key in
            switch key {
            case .column(let name): quoteIdentifier(name)
            case .text(let name):
                varcharColumns.contains(name)
                    ? quoteIdentifier(name) : "((\(quoteIdentifier(name)))::text)"
            case .expression(let text): "(\(text))"
            }
        }
        // A partitioned table takes no index CONCURRENTLY.
        return "CREATE INDEX \(isPartitioned ? "" : "CONCURRENTLY ")ON "
            + "\(quoteIdentifier(name.schema)).\(quoteIdentifier(name.name)) "
            + "(\(columns.joined(separator: ", ")))"
    }

    private static let tableQuery = """
        SELECT n.nspname, r.relname, r.relkind = 'p',
               c.relpages <= 1 AND c.reltuples > 0
                 AND coalesce(pg_catalog.pg_stat_get_mod_since_analyze(c.oid), 0) = 0,
               coalesce((SELECT string_agg(a.attname, E'\\x1f') FROM pg_catalog.pg_attribute a
                         WHERE a.attrelid = c.oid AND a.attnum > 0
                           AND a.atttypid = 'pg_catalog.varchar'::regtype), '')
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace own ON own.oid = c.relnamespace
        JOIN pg_catalog.pg_class r
          ON r.oid = coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE own.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm')
        """

    private static let indexQuery = """
        SELECT i.relname, coalesce(a.attname, ''), m.amname = 'btree',
               x.indisvalid AND x.indpred IS NULL
        FROM pg_catalog.pg_index x
        JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = i.relam
        JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attribute a
          ON a.attrelid = c.oid AND a.attnum = x.indkey[0] AND a.attnum > 0
        WHERE n.nspname = $1 AND c.relname = $2
        """
}
