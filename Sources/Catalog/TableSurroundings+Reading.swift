import Postgres

extension TableSurroundings {
    /// Reads what stands around a table from `pg_catalog`.
    ///
    /// - Returns: nil if there is no such table.
    static func read(
        _ name: TableName, on connection: Connection
    ) throws(PostgresError) -> TableSurroundings? {
        var parameters = Parameters()
        parameters.append(name.schema)
        parameters.append(name.name)
        let table = try connection.execute(tableQuery, parameters)
        guard table.count == 1 else { return nil }
        var oid = Parameters()
        oid.append(table.string(0, 0))
        let found = try connection.execute(constraintQuery, oid)
        func constraints(_ column: Int) -> [String] {
            (0..<found.count).filter { found.bool($0, column) }.map { found.string($0, 0) }
        }
        return TableSurroundings(
            role: table.string(0, 1),
            canUseSchema: table.bool(0, 2),
            access: try list(accessQuery, oid, on: connection) { rows, row in
                ColumnAccess(
                    column: rows.string(row, 0), canSelect: rows.bool(row, 1),
                    canInsert: rows.bool(row, 2), canUpdate: rows.bool(row, 3),
                    forbiddenSequence: rows.isNull(row, 4)
                        ? nil : TableName(schema: rows.string(row, 4), name: rows.string(row, 5)))
            },
            lifetime: Lifetime(rawValue: table.string(0, 3)) ?? .permanent,
            isRowSecurityForced: table.bool(0, 4),
            triggers: try list(triggerQuery, oid, on: connection) { rows, row in
                Trigger(name: rows.string(row, 0), isForEachRow: rows.bool(row, 1))
            },
            rules: try list(ruleQuery, oid, on: connection) { rows, row in
                RewriteRule(name: rows.string(row, 0), event: rows.string(row, 1))
            },
            heirs: try list(heirQuery, oid, on: connection) { rows, row in
                TableName(schema: rows.string(row, 0), name: rows.string(row, 1))
            },
            isPartitioned: table.bool(0, 5),
            parents: try list(parentQuery, oid, on: connection) { rows, row in
                Parent(
                    key: rows.string(row, 0),
                    table: TableName(schema: rows.string(row, 1), name: rows.string(row, 2)),
                    canUseSchema: rows.bool(row, 3), canSelect: rows.bool(row, 4),
                    hasRowSecurity: rows.bool(row, 5))
            },
            referrers: try list(referrerQuery, oid, on: connection) { rows, row in
                Referrer(
                    key: rows.string(row, 0),
                    table: TableName(schema: rows.string(row, 1), name: rows.string(row, 2)),
                    columns: rows.string(row, 3).split(separator: "\u{1F}").map(String.init),
                    action: Referrer.Action(rawValue: rows.string(row, 4)) ?? .noAction,
                    isPartitioned: rows.bool(row, 5), hasIndex: rows.bool(row, 6))
            },
            unvalidated: constraints(1),
            exclusions: constraints(2))
    }

    private static func list<Element>(
        _ query: String, _ parameters: Parameters, on connection: Connection,
        _ element: (Rows, Int) -> Element
    ) throws(PostgresError) -> [Element] {
        let rows = try connection.execute(query, parameters)
        return (0..<rows.count).map { element(rows, $0) }
    }
}

extension TableSurroundings {
    private static let tableQuery = """
        SELECT c.oid::text, current_user, coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
               c.relpersistence::text,
               c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE'), c.relkind = 'p'
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
        """

    /// A default that calls nextval depends on its sequence; an identity column needs no privilege.
    private static let accessQuery = """
        SELECT a.attname, coalesce(has_column_privilege(a.attrelid, a.attnum, 'SELECT'), false),
               coalesce(has_column_privilege(a.attrelid, a.attnum, 'INSERT'), false),
               coalesce(has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), false),
               behind.nspname, behind.relname
        FROM pg_catalog.pg_attribute a
        LEFT JOIN LATERAL (
          SELECT n.nspname, s.relname
          FROM pg_catalog.pg_attrdef d
          JOIN pg_catalog.pg_depend p
            ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid
               AND p.refclassid = 'pg_catalog.pg_class'::regclass
          JOIN pg_catalog.pg_class s ON s.oid = p.refobjid
          JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
          WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
            AND CASE WHEN s.relkind = 'S'
                     THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END
          LIMIT 1) AS behind ON true
        WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    /// The triggers that fire in a session like any other: not those of foreign keys, not those that
    /// are off or for replicas.
    private static let triggerQuery = """
        SELECT t.tgname, t.tgtype & 1 = 1
        FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
        ORDER BY t.tgname
        """

    private static let ruleQuery = """
        SELECT r.rulename,
               CASE r.ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' WHEN '4' THEN 'DELETE'
                    ELSE 'SELECT' END
        FROM pg_catalog.pg_rewrite r
        WHERE r.ev_class = $1::oid AND r.rulename <> '_RETURN' AND r.ev_enabled IN ('O', 'A')
        ORDER BY r.rulename
        """

    private static let heirQuery = """
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_inherits h
        JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE h.inhparent = $1::oid
        ORDER BY 1, 2
        """

    /// The tables that foreign keys refer to; the copies for a parent's partitions are none.
    private static let parentQuery = """
        SELECT k.conname, n.nspname, p.relname, coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
               (SELECT bool_and(coalesce(has_column_privilege(k.confrelid, number, 'SELECT'), false))
                FROM unnest(k.confkey) AS number),
               row_security_active(p.oid)
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
        WHERE k.conrelid = $1::oid AND k.contype = 'f'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint original
                          WHERE original.oid = k.conparentid AND original.conrelid = k.conrelid)
        ORDER BY k.conname
        """

    /// The foreign keys that refer to the table, each with whether a removal finds its rows by an
    /// index.
    ///
    /// An index helps that begins with a column of the key and leaves out no row but those with NULL.
    /// None is missed where the referring table fits on one page and has not changed since an ANALYZE
    /// found that: Postgres would not use it.
    private static let referrerQuery = """
        SELECT k.conname, n.nspname, r.relname,
               (SELECT string_agg(a.attname, E'\\x1f' ORDER BY c.position)
                FROM unnest(k.conkey) WITH ORDINALITY c (number, position)
                JOIN pg_catalog.pg_attribute a
                  ON a.attrelid = k.conrelid AND a.attnum = c.number),
               k.confdeltype::text, r.relkind = 'p',
               EXISTS (
                 SELECT FROM pg_catalog.pg_index x
                 JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
                 JOIN pg_catalog.pg_am m ON m.oid = i.relam
                 WHERE x.indrelid = k.conrelid AND x.indisvalid AND m.amname IN ('btree', 'hash')
                   AND x.indkey[0] = ANY (k.conkey)
                   AND (x.indpred IS NULL OR pg_catalog.pg_get_expr(x.indpred, x.indrelid) IN (
                     SELECT format('(%I IS NOT NULL)', a.attname)
                     FROM pg_catalog.pg_attribute a
                     WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))))
               OR r.relpages <= 1 AND r.reltuples > 0
                 AND coalesce(pg_catalog.pg_stat_get_mod_since_analyze(r.oid), 0) = 0
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE k.confrelid = $1::oid AND k.contype = 'f'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint original
                          WHERE original.oid = k.conparentid AND original.confrelid = k.confrelid)
        ORDER BY k.conname
        """

    private static let constraintQuery = """
        SELECT k.conname, NOT k.convalidated, k.contype = 'x'
        FROM pg_catalog.pg_constraint k
        WHERE k.conrelid = $1::oid AND (NOT k.convalidated OR k.contype = 'x')
        ORDER BY k.conname
        """
}
