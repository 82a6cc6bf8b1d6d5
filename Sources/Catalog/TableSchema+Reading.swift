import Jobs
import Postgres

extension TableSchema {
    /// Reads a table's description from `pg_catalog`.
    ///
    /// - Returns: nil if there is no such table.
    /// - Throws: `PostgresError`.
    public static func read(
        _ name: TableName, on connection: Connection
    ) throws(PostgresError) -> TableSchema? {
        var parameters = Parameters()
        parameters.append(name.schema)
        parameters.append(name.name)
        let table = try connection.execute(Self.tableQuery, parameters)
        guard table.count == 1 else { return nil }
        var oid = Parameters()
        oid.append(table.string(0, 0))
        // First: what changes while the rest is read is noticed later.
        let mark = try SchemaMark.read(oid, on: connection)
        let columns = try readColumns(oid, on: connection)
        return TableSchema(
            name: name,
            kind: table.string(0, 1),
            columns: columns,
            foreignKeys: try readForeignKeys(oid, on: connection),
            uniqueIndexes: try readUniqueIndexes(oid, among: columns, on: connection),
            missingPrivileges: list(table.string(0, 2)),
            hasRowSecurity: table.bool(0, 3),
            triggers: list(table.string(0, 4)), isReferenced: table.bool(0, 5), mark: mark)
    }

    private static func readColumns(
        _ oid: Parameters, on connection: Connection
    ) throws(PostgresError) -> [Column] {
        let types = try TypeTable(of: oid, on: connection)
        let rows = try connection.execute(columnQuery, oid)
        return (0..<rows.count).map { row in
            let number = rows.string(row, 5)
            let type = types.type(number, modifier: rows.int(row, 6))
            return Column(
                name: rows.string(row, 0), type: type, typeName: rows.string(row, 1),
                isRequired: rows.bool(row, 2) || types.refusesNull(number),
                defaultExpression: rows.optionalString(row, 3),
                isMadeByDatabase: rows.bool(row, 4), isIdentity: rows.bool(row, 8),
                hasExactEquality: rows.bool(row, 7) && types.hasExactEquality(number, type),
                equalityOperator: types.equalityOperator(number),
                comparedType: types.comparedType(number))
        }
    }

    /// Describes what jobs give beside the columns; nil where there is no such type.
    static func read(
        _ input: Input, on connection: Connection
    ) throws(PostgresError) -> Column? {
        var parameters = Parameters()
        parameters.append(input.typeName)
        let rows = try connection.execute(typeQuery, parameters)
        guard rows.count == 1 else { return nil }
        let number = rows.string(0, 0)
        let types = try TypeTable(ofType: number, on: connection)
        let type = types.type(number, modifier: -1)
        return Column(
            name: input.name, type: type, typeName: rows.string(0, 1), isRequired: true,
            defaultExpression: nil, isMadeByDatabase: false, isIdentity: false,
            hasExactEquality: types.hasExactEquality(number, type),
            equalityOperator: types.equalityOperator(number),
            comparedType: types.comparedType(number))
    }

    private static func readForeignKeys(
        _ oid: Parameters, on connection: Connection
    ) throws(PostgresError) -> [ForeignKey] {
        let rows = try connection.execute(foreignKeyQuery, oid)
        return (0..<rows.count).map { row in
            ForeignKey(
                name: rows.string(row, 0), columns: list(rows.string(row, 1)),
                parent: TableName(schema: rows.string(row, 2), name: rows.string(row, 3)),
                parentColumns: list(rows.string(row, 4)), isFullMatch: rows.bool(row, 5),
                operators: list(rows.string(row, 6)))
        }
    }

    private static func readUniqueIndexes(
        _ oid: Parameters, among columns: [Column], on connection: Connection
    ) throws(PostgresError) -> [UniqueIndex] {
        let rows = try connection.execute(uniqueIndexQuery, oid)
        let names = columns.map(\.name)
        return (0..<rows.count).map { row in
            let texts = list(rows.string(row, 2))
            let plain = texts.count == 1 ? [rows.string(row, 1)] : list(rows.string(row, 1))
            return UniqueIndex(
                name: rows.string(row, 0),
                keys: zip(plain, texts).map { column, text in
                    column.isEmpty
                        ? .expression(text, columns: QualifiedSQL.columns(in: text, among: names))
                        : .column(column)
                },
                predicate: rows.optionalString(row, 3), isNullsNotDistinct: rows.bool(row, 4),
                isImmediate: rows.bool(row, 5), isValid: rows.bool(row, 6))
        }
    }

    /// A list that a query has joined by the unit separator, which no name or label has.
    static func list(_ text: String) -> [String] {
        text.isEmpty
            ? []
            : text.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init)
    }
}

extension TableSchema {
    /// The table.
    ///
    /// Triggers of TRUNCATE (32 in pg_trigger.h) are not fired by jobs.
    private static let tableQuery = """
        SELECT c.oid::text, c.relkind::text,
               concat_ws(E'\\x1f',
                 CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
                 CASE WHEN NOT has_table_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
                 CASE WHEN NOT has_table_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
                 CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END),
               row_security_active(c.oid),
               coalesce((SELECT string_agg(t.tgname, E'\\x1f' ORDER BY t.tgname)
                         FROM pg_catalog.pg_trigger t
                         WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
                           AND t.tgtype & 32 = 0), ''),
               EXISTS (SELECT FROM pg_catalog.pg_constraint k
                       WHERE k.contype = 'f' AND k.confrelid = c.oid)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        """

    /// The columns.
    ///
    /// Types outside pg_catalog are named with their schema: the search path is nobody's to rely on.
    private static let columnQuery = """
        SELECT a.attname,
               CASE WHEN own.typnamespace = 'pg_catalog'::regnamespace
                    THEN pg_catalog.format_type(a.atttypid, a.atttypmod)
                    ELSE quote_ident(space.nspname) || '.' || quote_ident(own.typname) END,
               a.attnotnull,
               CASE WHEN a.attgenerated = ''
                    THEN coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid),
                                  pg_catalog.pg_get_expr(own.typdefaultbin, 0)) END,
               a.attgenerated <> '' OR a.attidentity = 'a',
               a.atttypid::text, a.atttypmod,
               coalesce((SELECT l.collisdeterministic FROM pg_catalog.pg_collation l
                         WHERE l.oid = a.attcollation), true),
               a.attidentity <> ''
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
        JOIN pg_catalog.pg_namespace space ON space.oid = own.typnamespace
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    /// A type by its name in SQL, without its length: a cast to one would cut a value in silence.
    private static let typeQuery = """
        SELECT t.oid::text,
               CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace
                    THEN pg_catalog.format_type(t.oid, NULL)
                    ELSE quote_ident(n.nspname) || '.' || quote_ident(t.typname) END
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE t.oid = to_regtype($1)
        """

    /// The foreign keys.
    ///
    /// One that refers to a partitioned table has a copy for each of its partitions, which no row
    /// need satisfy.
    private static let foreignKeyQuery = """
        SELECT c.conname,
               (SELECT string_agg(a.attname, E'\\x1f' ORDER BY k.position)
                FROM unnest(c.conkey) WITH ORDINALITY k (number, position)
                JOIN pg_catalog.pg_attribute a
                  ON a.attrelid = c.conrelid AND a.attnum = k.number),
               n.nspname, p.relname,
               (SELECT string_agg(a.attname, E'\\x1f' ORDER BY k.position)
                FROM unnest(c.confkey) WITH ORDINALITY k (number, position)
                JOIN pg_catalog.pg_attribute a
                  ON a.attrelid = c.confrelid AND a.attnum = k.number),
               c.confmatchtype = 'f',
               (SELECT string_agg(\(TypeTable.operatorName), E'\\x1f' ORDER BY k.position)
                FROM unnest(c.conpfeqop) WITH ORDINALITY k (number, position)
                JOIN pg_catalog.pg_operator o ON o.oid = k.number
                JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace)
        FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
        WHERE c.conrelid = $1::oid AND c.contype = 'f'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint original
                          WHERE original.oid = c.conparentid AND original.conrelid = c.conrelid)
        ORDER BY c.conname
        """

    /// The unique indexes; which of them take NULLs for equal is known from version 15 on.
    ///
    /// Here and below: a function that looks an object up itself knows nothing of the statement's
    /// snapshot, and gives NULL for what was dropped since. The table's mark tells later.
    private static let uniqueIndexQuery = """
        SELECT i.relname,
               (SELECT string_agg(coalesce(a.attname, ''), E'\\x1f' ORDER BY k.position)
                FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (number, position)
                LEFT JOIN pg_catalog.pg_attribute a
                  ON a.attrelid = x.indrelid AND a.attnum = k.number AND k.number > 0
                WHERE k.position <= x.indnkeyatts),
               (SELECT string_agg(coalesce(pg_catalog.pg_get_indexdef(x.indexrelid, n, false), ''),
                                  E'\\x1f' ORDER BY n)
                FROM generate_series(1, x.indnkeyatts) n),
               pg_catalog.pg_get_expr(x.indpred, x.indrelid),
               coalesce((pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false),
               x.indimmediate, x.indisvalid AND x.indisready
        FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = $1::oid AND x.indisunique
        ORDER BY NOT x.indisprimary, i.relname
        """
}
