import Postgres

/// The types of a table's columns and all that they are made of: the base types of domains, the
/// elements of arrays, the fields of composite types.
struct TypeTable {
    /// A row of `pg_type`, with what belongs to it.
    private struct Row {
        let name: String
        /// The name in SQL, with the schema.
        let fullName: String
        /// `pg_type.typtype`: b base, c composite, d domain, e enum, r range and so on.
        let kind: String
        /// A domain's base type, an array's element.
        let inner: String?
        /// The modifier that a domain gives its base type.
        let modifier: Int
        let refusesNull: Bool
        let isArray: Bool
        /// What stands between two of them in the text form of an array.
        let separator: UInt8
        let labels: [String]
        let fields: [String]
        /// Of a base type the operator of equality.
        let equality: String?
    }

    private var rows: [String: Row] = [:]

    /// Reads the types.
    ///
    /// - Parameter table: the table's OID as the only parameter.
    init(of table: Parameters, on connection: Connection) throws(PostgresError) {
        try self.init(
            """
            SELECT a.atttypid FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
            """, table, connection)
    }

    /// Reads one type, by its OID.
    init(ofType number: String, on connection: Connection) throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(number)
        try self.init("SELECT $1::oid", parameters, connection)
    }

    private init(
        _ seed: String, _ parameters: Parameters, _ connection: Connection
    ) throws(PostgresError) {
        let answer = try connection.execute(Self.query(seed), parameters)
        for row in 0..<answer.count {
            rows[answer.string(row, 0)] = Row(
                name: answer.string(row, 1), fullName: answer.string(row, 11),
                kind: answer.string(row, 2),
                inner: answer.optionalString(row, 3), modifier: answer.int(row, 4),
                refusesNull: answer.bool(row, 5), isArray: answer.bool(row, 6),
                separator: answer.string(row, 7).utf8.first ?? UInt8(ascii: ","),
                labels: TableSchema.list(answer.string(row, 8)),
                fields: TableSchema.list(answer.string(row, 9)),
                equality: answer.optionalString(row, 10))
        }
    }

    /// What values a type takes.
    func type(_ number: String, modifier: Int) -> ColumnType {
        guard let row = rows[number] else { return .other("unknown") }
        if row.kind == "d", let base = row.inner { return type(base, modifier: row.modifier) }
        if row.isArray, let element = row.inner {
            // The modifier of an array is that of its elements.
            return .array(
                of: type(element, modifier: modifier),
                separator: rows[element]?.separator ?? UInt8(ascii: ","))
        }
        if row.kind == "e" { return .enumeration(row.labels) }
        return Self.baseType(row.name, modifier: modifier)
    }

    private static func baseType(_ name: String, modifier: Int) -> ColumnType {
        // A length is stored with the four bytes of a varlena header added (varchar.c).
        let length = modifier >= 4 ? modifier - 4 : nil
        switch name {
        case "int2": return .int16
        case "int4": return .int32
        case "int8": return .int64
        case "oid": return .oid
        case "bool": return .boolean
        case "uuid": return .uuid
        case "text", "citext": return .text(limit: nil)
        case "name": return .text(limit: .bytes(63))
        case "char": return .text(limit: .bytes(1))
        case "varchar": return .text(limit: length.map(TextLimit.characters))
        case "bpchar": return length.map { .character(limit: $0) } ?? .text(limit: nil)
        case "numeric": return .numeric(length.map(shape))
        case "float4": return .float32
        case "float8": return .float64
        case "date": return .date
        case "timestamp": return .timestamp
        case "timestamptz": return .timestampWithZone
        case "bytea": return .bytes
        case "bit", "varbit":
            return .bits(limit: modifier > 0 ? modifier : nil, isVarying: name == "varbit")
        case "json", "jsonb": return .json
        default: return .other(name)
        }
    }

    /// Precision and scale share a number; a scale may be negative (numeric.c).
    private static func shape(_ modifier: Int) -> NumericShape {
        NumericShape(precision: modifier >> 16, scale: ((modifier & 0x7FF) ^ 1_024) - 1_024)
    }

    /// Whether the type is a domain that refuses NULL, or is made of one.
    func refusesNull(_ number: String) -> Bool {
        guard let row = rows[number], row.kind == "d", let base = row.inner else { return false }
        return row.refusesNull || refusesNull(base)
    }

    /// Whether two values are equal only if their bytes are, as they travel.
    func hasExactEquality(_ number: String, _ type: ColumnType) -> Bool {
        switch type {
        case .int16, .int32, .int64, .oid, .boolean, .uuid, .enumeration: true
        case .text: !["citext", "bpchar"].contains(baseName(number))
        case .character, .numeric, .float32, .float64, .date, .timestamp, .timestampWithZone,
            .bytes, .bits, .json, .array, .other:
            false
        }
    }

    private func baseName(_ number: String) -> String {
        guard let row = rows[number] else { return "" }
        if row.kind == "d", let base = row.inner { return baseName(base) }
        return row.name
    }

    /// The base type of a domain over an enum, a range or a composite type: the operators of these
    /// are for all such types at once, and do not see through a domain.
    func comparedType(_ number: String) -> String? {
        guard let row = rows[number], row.kind == "d", let inner = row.inner.flatMap({ rows[$0] })
        else { return nil }
        switch inner.kind {
        case "d": return row.inner.flatMap(comparedType)
        case "b": return nil
        default: return inner.fullName
        }
    }

    /// The operator by which the database holds two values of a type equal, nil where it has none.
    func equalityOperator(_ number: String) -> String? {
        guard let row = rows[number] else { return nil }
        switch row.kind {
        case "d": return row.inner.flatMap(equalityOperator)
        case "c": return row.fields.allSatisfy { equalityOperator($0) != nil } ? "=" : nil
        case "b" where row.isArray:
            return row.inner.flatMap(equalityOperator) == nil ? nil : "="
        case "b": return row.equality
        // Enums and ranges.
        default: return "="
        }
    }
}

extension TypeTable {
    /// An operator `o` of the schema `s` as SQL: with its schema where that need not be in the
    /// search path.
    static let operatorName = """
        CASE WHEN s.nspname = 'pg_catalog' THEN o.oprname
             ELSE 'OPERATOR(' || quote_ident(s.nspname) || '.' || o.oprname || ')' END
        """

    /// The types; an operator of equality is that of the default operator class, as for GROUP BY.
    private static func query(_ seed: String) -> String {
        """
        WITH RECURSIVE used (oid) AS (
          \(seed)
          UNION
          SELECT inner_type.oid
          FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid
          CROSS JOIN LATERAL (
            SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
            UNION ALL
            SELECT t.typelem WHERE t.typinput = 'pg_catalog.array_in'::regproc
            UNION ALL
            SELECT f.atttypid FROM pg_catalog.pg_attribute f
            WHERE f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
              AND t.typtype = 'c') AS inner_type)
        SELECT t.oid::text, t.typname, t.typtype::text,
               CASE WHEN t.typtype = 'd' THEN t.typbasetype::text
                    WHEN t.typinput = 'pg_catalog.array_in'::regproc THEN t.typelem::text END,
               t.typtypmod, t.typnotnull, t.typinput = 'pg_catalog.array_in'::regproc,
               t.typdelim::text,
               coalesce((SELECT string_agg(e.enumlabel, E'\\x1f' ORDER BY e.enumsortorder)
                         FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), ''),
               coalesce((SELECT string_agg(f.atttypid::text, E'\\x1f')
                         FROM pg_catalog.pg_attribute f
                         WHERE f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
                           AND t.typtype = 'c'), ''),
               (SELECT \(operatorName)
                FROM pg_catalog.pg_opclass k
                JOIN pg_catalog.pg_am m ON m.oid = k.opcmethod AND m.amname IN ('btree', 'hash')
                JOIN pg_catalog.pg_amop p
                  ON p.amopfamily = k.opcfamily AND p.amoplefttype = k.opcintype
                 AND p.amoprighttype = k.opcintype
                 AND p.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 ELSE 1 END
                JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
                JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace
                WHERE t.typtype = 'b' AND k.opcdefault
                  AND (k.opcintype = t.oid
                       OR EXISTS (SELECT FROM pg_catalog.pg_cast c
                                  WHERE c.castsource = t.oid AND c.casttarget = k.opcintype
                                    AND c.castmethod = 'b' AND c.castcontext = 'i'))
                ORDER BY k.opcintype = t.oid DESC, m.amname LIMIT 1),
               quote_ident(space.nspname) || '.' || quote_ident(t.typname)
        FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid
        JOIN pg_catalog.pg_namespace space ON space.oid = t.typnamespace
        """
    }
}
