import Postgres

/// Brings the status schema to this program's version.
public struct Migrator {
    /// How the database's schema relates to this program's.
    public enum State: Equatable, Sendable, CustomStringConvertible {
        case current
        /// Newer, by migrations that programs of this version can work with.
        case ahead(version: Int, expected: Int)
        /// Older, or not there at all (version 0).
        case old(version: Int, expected: Int)
        case newer(version: Int, expected: Int)
        /// A migration was applied from another text than this program's.
        case altered(version: Int)

        public var description: String {
            switch self {
            case .current: "the schema fits"
            case .ahead(let version, let expected):
                "the schema fits: it is of version \(version), which version \(expected) works with"
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

        /// Whether this program may work with the schema.
        public var fits: Bool {
            switch self {
            case .current, .ahead: true
            case .old, .newer, .altered: false
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
            """
            SELECT version, checksum, works_from FROM \(quotedName).schema_migration ORDER BY version
            """)
        for row in 0..<min(rows.count, schema.version)
        where rows.string(row, 1) != schema.migrations[row].checksum {
            return .altered(version: row + 1)
        }
        if rows.count < schema.version {
            return .old(version: rows.count, expected: schema.version)
        }
        if rows.count == schema.version { return .current }
        let additive = (schema.version..<rows.count).allSatisfy { row in
            rows.isNull(row, 2) ? false : rows.int(row, 2) <= schema.version
        }
        return additive
            ? .ahead(version: rows.count, expected: schema.version)
            : .newer(version: rows.count, expected: schema.version)
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
            case .current, .ahead: return []
            case .old(let version, _): missing = schema.migrations[version...]
            case .newer(let version, let expected):
                throw MigrationRefused(state: .newer(version: version, expected: expected))
            case .altered(let version): throw MigrationRefused(state: .altered(version: version))
            }
            // One that does not know a migration goes on while it is applied: what it writes then nobody knows.
            if !missing.allSatisfy({ ($0.worksFrom ?? .max) <= missing.startIndex }),
                missing.startIndex > 0
            {
                let working = try working(on: connection)
                guard working.isEmpty else {
                    throw MigrationBlocked(workers: working)
                }
            }
            for migration in missing { try connection.script(script(of: migration)) }
            return Array(missing)
        }
    }

    /// The workers that have said within a minute that they are alive.
    private func working(on connection: Connection) throws(PostgresError) -> [String] {
        let rows = try connection.execute(
            """
            SELECT id FROM \(quotedName).worker
            WHERE heartbeat_at > now() - interval '1 minute' ORDER BY id
            """)
        return (0..<rows.count).map { rows.string($0, 0) }
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
                -- The oldest version of the schema whose programs can work with this one; null for its own.
                works_from integer,
                applied_at timestamptz NOT NULL DEFAULT now()
            );

            """
        return """
            \(foundation)\(migration.sql)
            INSERT INTO \(quotedName).schema_migration (version, name, checksum, works_from)
            VALUES (\(migration.version), \(quoteLiteral(migration.name)), \
            \(quoteLiteral(migration.checksum)), \(migration.worksFrom.map(String.init) ?? "NULL"));

            """
    }

    private var quotedName: String { quoteIdentifier(schema.name) }
}

/// Workers are at work that do not know what is to be applied.
public struct MigrationBlocked: Error, CustomStringConvertible {
    public let workers: [String]
    public var description: String {
        "expected no worker at work, because this migration is not one that theirs can work with; got "
            + workers.joined(separator: ", ")
            + ": stop them first, or wait a minute if they are gone"
    }
}

/// The schema is not one that this program may change.
public struct MigrationRefused: Error, CustomStringConvertible {
    public let state: Migrator.State
    public var description: String { state.description }
}
