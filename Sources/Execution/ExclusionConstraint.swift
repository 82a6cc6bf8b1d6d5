import Catalog
import Postgres

/// An exclusion constraint of a table: what one row removes makes room for another.
enum ExclusionConstraint {
    static func isOn(
        _ table: TableName, on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = Parameters()
        parameters.append(table.schema)
        parameters.append(table.name)
        return try connection.execute(query, parameters).bool(0, 0)
    }

    private static let query = """
        SELECT EXISTS (
          SELECT FROM pg_catalog.pg_constraint k
          JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = $1 AND c.relname = $2 AND k.contype = 'x')
        """
}
