import Postgres

/// By what it is noticed that a table is no longer as it was when its description was read.
///
/// It is made of the versions of the rows of `pg_catalog` that describe the table: two marks are
/// equal only if nobody has changed it. What changes by itself (statistics, sizes, where the rows
/// are stored) is no part of it.
public struct SchemaMark: Sendable {
    /// OIDs of the table, of the parents of its foreign keys, and of the types that are not
    /// Postgres's own, each as the text of an array.
    private let table: String
    private let parents: String
    private let types: String
    private let value: String

    /// Marks a table as it is now.
    ///
    /// - Parameter table: the table's OID as the only parameter.
    static func read(_ table: Parameters, on connection: Connection) throws(PostgresError)
        -> SchemaMark
    {
        let parts = try connection.execute(partsQuery, table)
        let (table, parents, types) = (
            parts.string(0, 0), parts.string(0, 1), parts.string(0, 2)
        )
        return SchemaMark(
            table: table, parents: parents, types: types,
            value: try value(table, parents, types, on: connection))
    }

    /// Whether nobody has changed the table since.
    ///
    /// Asked in a transaction that has written the table it holds until the transaction's end:
    /// the lock of a writer keeps changes out.
    public func isCurrent(on connection: Connection) throws(PostgresError) -> Bool {
        try Self.value(table, parents, types, on: connection) == value
    }

    private static func value(
        _ table: String, _ parents: String, _ types: String, on connection: Connection
    ) throws(PostgresError) -> String {
        let hasTypes = types != "{}"
        var parameters = Parameters()
        parameters.append(table)
        parameters.append(parents)
        if hasTypes { parameters.append(types) }
        return try connection.execute(valueQuery(hasTypes: hasTypes), parameters)
            .optionalString(0, 0) ?? ""
    }

    /// 16384 is the first OID that is not kept for Postgres's own objects (transam.h).
    private static let partsQuery = """
        WITH RECURSIVE used (oid) AS (
          SELECT a.atttypid FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
            AND a.atttypid >= 16384
          UNION
          SELECT inner_type.oid
          FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid
          CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) AS inner_type (oid)
          WHERE inner_type.oid >= 16384)
        SELECT array[$1::oid]::text,
               (SELECT coalesce(array_agg(DISTINCT k.confrelid), '{}')
                FROM pg_catalog.pg_constraint k
                WHERE k.conrelid = $1::oid AND k.contype = 'f')::text,
               (SELECT coalesce(array_agg(oid), '{}') FROM used)::text
        """

    /// What describes a table; each of its rows is found by an index, and a sum asks for no order.
    ///
    /// A default that changes changes its column's row too.
    private static func valueQuery(hasTypes: Bool) -> String {
        """
        SELECT sum(hashtextextended(part, 0))::text FROM (
          SELECT concat_ws(' ', c.oid, c.relname, c.relnamespace::regnamespace, c.relkind,
                   c.relpersistence, c.relowner, c.relacl, c.relhasrules, c.relrowsecurity,
                   c.relforcerowsecurity, row_security_active(c.oid),
                   has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'),
                   has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE'))
                 AS part
          FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[] || $2::oid[])
          UNION ALL
          SELECT concat_ws(' ', a.attrelid, a.attnum, a.xmin) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = ANY ($1::oid[] || $2::oid[]) AND a.attnum > 0
          UNION ALL
          SELECT concat_ws(' ', k.oid, k.xmin) FROM pg_catalog.pg_constraint k
          WHERE k.conrelid = ANY ($1::oid[])
             OR k.confrelid = ANY ($1::oid[]) AND k.contype = 'f'
          UNION ALL
          SELECT concat_ws(' ', i.indexrelid, i.xmin, i.indexrelid::regclass)
          FROM pg_catalog.pg_index i WHERE i.indrelid = ANY ($1::oid[])
          UNION ALL
          SELECT concat_ws(' ', t.oid, t.xmin) FROM pg_catalog.pg_trigger t
          WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal
          \(hasTypes ? typesQuery : "")) AS description
        """
    }

    private static let typesQuery = """
        UNION ALL
        SELECT concat_ws(' ', y.oid, y.xmin, y.typnamespace::regnamespace)
        FROM pg_catalog.pg_type y WHERE y.oid = ANY ($3::oid[])
        UNION ALL
        SELECT concat_ws(' ', e.oid, e.xmin) FROM pg_catalog.pg_enum e
        WHERE e.enumtypid = ANY ($3::oid[])
        """
}
