import Postgres

/// A backfill beside the tables that it walks, found to fit.
public struct CheckedBackfill: Sendable {
    public let backfill: Backfill
    /// The parameters with their types, in the catalog's order.
    public let parameters: [Column]
    /// The steps' keys with their types; nil for a step that is one part.
    public let keys: [Key?]

    public struct Key: Sendable {
        public let columns: [Column]
        /// No two rows have the same one.
        public let isUnique: Bool
    }
}

/// Checks a backfill's declaration against the tables that it names.
///
/// Whether its SQL is such as the database accepts is for the one to say who puts it together.
public struct BackfillCheck {
    private let backfill: Backfill
    private var findings: [Finding] = []

    /// - Returns: the backfill with its keys where there is no error, and all findings.
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func check(
        _ backfill: Backfill, on connection: Connection
    ) throws(PostgresError) -> (CheckedBackfill?, [Finding]) {
        var check = BackfillCheck(backfill: backfill)
        let checked = try check.run(on: connection)
        return (checked, check.findings)
    }

    private init(backfill: Backfill) { self.backfill = backfill }

    private mutating func run(on connection: Connection) throws(PostgresError) -> CheckedBackfill? {
        var parameters: [Column] = []
        for parameter in backfill.parameters {
            let found = try type(
                parameter.typeName, of: "parameters.\(parameter.name)", on: connection)
            if let found { parameters.append(found) }
        }
        for table in backfill.data {
            for column in table.columns {
                _ = try type(
                    column.typeName, of: "data.\(table.name).\(column.name)", on: connection)
            }
        }
        var keys: [CheckedBackfill.Key?] = []
        for step in backfill.steps {
            try checkWritten(step, on: connection)
            if let chunk = step.chunk {
                keys.append(try key(of: step, chunk, on: connection))
            } else {
                keys.append(nil)
            }
        }
        guard !findings.contains(where: { $0.level == .error }) else { return nil }
        return CheckedBackfill(backfill: backfill, parameters: parameters, keys: keys)
    }

    private mutating func type(
        _ name: String, of place: String, on connection: Connection
    ) throws(PostgresError) -> Column? {
        let column = try TableSchema.read(Input(name: place, typeName: name), on: connection)
        if column == nil { error("\(place): expected a type of the database, got \(name)") }
        return column
    }

    // MARK: Keys

    private mutating func key(
        of step: Backfill.Step, _ chunk: Backfill.Chunk, on connection: Connection
    ) throws(PostgresError) -> CheckedBackfill.Key? {
        guard let table = try TableSchema.read(chunk.over, on: connection) else {
            error(
                "\(words(step)): expected the table or view \(chunk.over), got none",
                remedy: "create it, or mend `over` at \(backfill.location)")
            return nil
        }
        var columns: [Column] = []
        for name in chunk.key {
            guard let column = table.column(name) else {
                let nearest = Spelling.nearest(to: name, in: table.columns.map(\.name))
                error(
                    "\(words(step)): expected a column \(name) in \(table.name), got none",
                    remedy: nearest.map { "did you mean \($0)?" }
                        ?? "mend `by` at \(backfill.location)")
                continue
            }
            columns.append(column)
        }
        guard columns.count == chunk.key.count else { return nil }
        if table.hasRowSecurity { refuseRowSecurity(step, table.name) }
        let isTable = ["r", "p"].contains(table.kind)
        for column in columns where !column.isRequired {
            let message =
                "\(words(step)): expected a key that is NOT NULL, got \(column.name) of "
                + "\(table.name), and rows without it are in no part"
            // Nobody knows it of a view.
            isTable
                ? error(
                    message,
                    remedy: "ALTER TABLE \(quoted(table.name)) ALTER COLUMN "
                        + "\(quoteIdentifier(column.name)) SET NOT NULL, or walk it by another key")
                : warn(message)
        }
        let indexes = try KeyIndex.read(table.name, on: connection)
        let names = Set(chunk.key)
        let isUnique = indexes.contains { $0.isUnique && names.isSuperset(of: $0.columns) }
        if isTable, !indexes.contains(where: { $0.columns.starts(with: chunk.key) }) {
            let columns = chunk.key.map(quoteIdentifier).joined(separator: ", ")
            warn(
                "\(words(step)): expected an index on (\(chunk.key.joined(separator: ", "))) of "
                    + "\(table.name), got none: each part scans the table",
                remedy: "CREATE INDEX CONCURRENTLY ON \(quoted(table.name)) (\(columns))")
        }
        return CheckedBackfill.Key(columns: columns, isUnique: isUnique)
    }

    // MARK: What is written

    private mutating func checkWritten(
        _ step: Backfill.Step, on connection: Connection
    ) throws(PostgresError) {
        for statement in step.statements where statement.mayUpdate {
            guard let name = statement.table,
                let kind = try TableSchema.read(name, on: connection)?.kind, kind != "r"
            else { continue }
            error(
                "\(words(step)): expected a plain table for ON CONFLICT DO UPDATE, got \(name), "
                    + "which does not tell created rows from updated ones",
                remedy: "make it two statements: an UPDATE, and an INSERT with DO NOTHING")
        }
        for name in Set(step.statements.compactMap(\.table)).sorted(by: { "\($0)" < "\($1)" }) {
            // A name without a schema may be another table: the database says what it is.
            guard let table = try TableSchema.read(name, on: connection) else { continue }
            if table.hasRowSecurity { refuseRowSecurity(step, name) }
            for trigger in table.triggers {
                warn(
                    "\(words(step)): expected no trigger for each row of \(name), got \(trigger)",
                    remedy: "see that it bears thousands of rows at once: it runs for each row "
                        + "that is written")
            }
        }
    }

    private mutating func refuseRowSecurity(_ step: Backfill.Step, _ table: TableName) {
        error(
            "\(words(step)): expected no row-level security for this role on \(table), got it "
                + "enabled: rows that it hides would be passed over in silence",
            remedy: "ALTER ROLE ... BYPASSRLS")
    }

    private func words(_ step: Backfill.Step) -> String { "step \"\(step.name)\"" }

    private func quoted(_ name: TableName) -> String {
        quoteIdentifier(name.schema) + "." + quoteIdentifier(name.name)
    }

    private mutating func error(_ message: String, remedy: String? = nil) {
        findings.append(Finding(.error, backfill.name, message, remedy: remedy))
    }

    private mutating func warn(_ message: String, remedy: String? = nil) {
        findings.append(Finding(.warning, backfill.name, message, remedy: remedy))
    }
}

/// An index by which a table can be walked.
private struct KeyIndex {
    /// The plain columns with which it begins.
    let columns: [String]
    /// No two rows agree in all of its columns.
    let isUnique: Bool

    static func read(
        _ table: TableName, on connection: Connection
    ) throws(PostgresError) -> [KeyIndex] {
        var parameters = Parameters()
        parameters.append(table.schema)
        parameters.append(table.name)
        let rows = try connection.execute(query, parameters)
        return (0..<rows.count).map { row in
            let columns = TableSchema.list(rows.string(row, 0))
            let plain = columns.prefix { !$0.isEmpty }
            return KeyIndex(
                columns: Array(plain),
                isUnique: rows.bool(row, 1) && plain.count == columns.count)
        }
    }

    /// Whole indexes whose columns ascend.
    private static let query = """
        SELECT (SELECT string_agg(CASE WHEN x.indoption[k.position - 1] = 0
                                       THEN coalesce(a.attname, '') ELSE '' END,
                                  E'\\x1f' ORDER BY k.position)
                FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (number, position)
                LEFT JOIN pg_catalog.pg_attribute a
                  ON a.attrelid = x.indrelid AND a.attnum = k.number AND k.number > 0
                WHERE k.position <= x.indnkeyatts),
               x.indisunique
        FROM pg_catalog.pg_index x
        JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = i.relam AND m.amname = 'btree'
        JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND x.indpred IS NULL
          AND x.indisvalid AND x.indisready
        """
}
