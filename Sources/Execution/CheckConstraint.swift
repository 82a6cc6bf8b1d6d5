import Catalog
import Postgres

/// A CHECK of a table as SQL over the names of its columns.
///
/// It is tested before the write: an item that is refused there costs no halving, and it is refused
/// also where a later item of the batch would have replaced it.
struct CheckConstraint: Sendable {
    let name: String
    let columns: [String]
    let expression: String

    /// Reads the constraints that the database tests on the row as it is staged: none where a
    /// trigger may change the row first.
    static func read(
        _ table: TableName, on connection: Connection
    ) throws(PostgresError) -> [CheckConstraint] {
        var parameters = Parameters()
        parameters.append(table.schema)
        parameters.append(table.name)
        let rows = try connection.execute(query, parameters)
        return (0..<rows.count).map { row in
            CheckConstraint(
                name: rows.string(row, 0),
                columns: rows.string(row, 1).split(separator: "\u{1F}").map(String.init),
                expression: rows.string(row, 2))
        }
    }

    private static let query = """
        SELECT k.conname,
               (SELECT string_agg(a.attname, E'\\x1f' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)),
               coalesce(pg_catalog.pg_get_expr(k.conbin, k.conrelid), '')
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND k.contype = 'c' AND k.conkey <> '{}'
          AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t
                          WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 3 = 3)
        ORDER BY k.conname
        """
}
