import Postgres

/// Brings the status schema to this program's version.
public struct Migrator {
    /// How the database's schema relates to this program's.
    public enum State: Equatable, Sendable, CustomStringConvertible {
        case current
        /// Older, or not there at all (version 0).
        case old(version: Int, expected: Int)
        case newer(version: Int, expected: Int)
        /// A migration was applied from another text than this program's.
        case altered(version: Int)

        public var description: String {
            switch self {
            case .current: "the schema fits"
            case .old(0, let expected):
                "expected schema version \(expected), got none: run `rollcall migrate`"
            case .old(let version, let expected):
                "expected schema version \(expected), got \(version): run `rollcall migrate`"
            case .newer(let version, let expected):
                "expected schema version \(expected), got \(version): this rollcall is too old"
            case .altered(let version):
                "expected migration \(version) as this rollcall has it, got one with another "
                    + "checksum: the schema was made by another build"
            }
        }
    }

    private let schema: StatusSchema

    public init(_ schema: StatusSchema) { self.schema = schema }

    /// Compares the schema in the database with this program's.
    public func state(on connection: Connection) throws(PostgresError) -> State {
        var name = Parameters()
        name.append(schema.name)
        let exists = try connection.execute(
            """
            SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = $1 AND c.relname = 'schema_migration')
            """, name)
        guard exists.bool(0, 0) else { return .old(version: 0, expected: schema.version) }
        let rows = try connection.execute(
            "SELECT version, checksum FROM \(quotedName).schema_migration ORDER BY version")
        for row in 0..<min(rows.count, schema.version)
        where rows.string(row, 1) != schema.migrations[row].checksum {
            return .altered(version: row + 1)
        }
        if rows.count < schema.version {
            return .old(version: rows.count, expected: schema.version)
        }
        return rows.count == schema.version
            ? .current : .newer(version: rows.count, expected: schema.version)
    }

    /// Applies what is missing, all in one transaction.
    ///
    /// An advisory lock makes a second migrator wait and then find nothing to do.
    ///
    /// - Returns: the migrations that were applied; none if the schema was current.
    public func migrate(on connection: Connection) throws -> [StatusSchema.Migration] {
        try connection.transaction {
            var lock = Parameters()
            lock.append("rollcall migrate \(schema.name)")
            try connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
            let missing: ArraySlice<StatusSchema.Migration>
            switch try state(on: connection) {
            case .current: return []
            case .old(let version, _): missing = schema.migrations[version...]
            case .newer(let version, let expected):
                throw MigrationRefused(state: .newer(version: version, expected: expected))
            case .altered(let version): throw MigrationRefused(state: .altered(version: version))
            }
            for migration in missing { try connection.script(script(of: migration)) }
            return Array(missing)
        }
    }

    /// The SQL that `migrate` would run, for a database administrator to run.
    public func script() -> String {
        "BEGIN;\n\n" + schema.migrations.map { script(of: $0) }.joined(separator: "\n")
            + "\nCOMMIT;\n"
    }

    private func script(of migration: StatusSchema.Migration) -> String {
        let foundation =
            migration.version > 1
            ? ""
            : """
            CREATE SCHEMA IF NOT EXISTS \(quotedName);
            REVOKE ALL ON SCHEMA \(quotedName) FROM PUBLIC;
            CREATE TABLE \(quotedName).schema_migration (
                version    integer PRIMARY KEY,
                name       text NOT NULL,
                checksum   text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            );

            """
        return """
            \(foundation)\(migration.sql)
            INSERT INTO \(quotedName).schema_migration (version, name, checksum)
            VALUES (\(migration.version), \(quoteLiteral(migration.name)), \
            \(quoteLiteral(migration.checksum)));

            """
    }

    private var quotedName: String { quoteIdentifier(schema.name) }
}

/// The schema is not one that this program may change.
public struct MigrationRefused: Error, CustomStringConvertible {
    public let state: Migrator.State
    public var description: String { state.description }
}
