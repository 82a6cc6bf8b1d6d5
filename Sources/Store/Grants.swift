import Postgres

/// What each role may do with the status schema, as SQL.
public struct Grants: Sendable {
    /// The names of the roles.
    public struct Roles: Sendable {
        public var worker: String
        public var reader: String
        public var `operator`: String

        public init(
            worker: String = "rollcall_worker", reader: String = "rollcall_reader",
            operator: String = "rollcall_operator"
        ) {
            self.worker = worker
            self.reader = reader
            self.operator = `operator`
        }
    }

    /// What everybody reads.
    static let views = [
        "jobs", "job_parts", "rejections", "dead_letters", "workers", "throughput", "controls",
        "work",
    ]

    /// What workers read and write.
    ///
    /// What tells the schema's version only the owner writes.
    static let tables = [
        "attempt", "backfill_run", "backfill_version", "control", "dead_letter", "job",
        "job_duplicate", "job_event", "job_part", "progress", "rejection", "roster_import",
        "roster_part", "roster_row", "worker",
    ]

    /// What pausing, cancelling and dealing with dead letters writes, beside what readers read.
    static let operatorTables: [(privileges: String, tables: [String])] = [
        ("SELECT, INSERT, DELETE", ["control"]),
        ("SELECT, UPDATE", ["backfill_run", "dead_letter", "job", "job_part", "roster_import"]),
        ("SELECT, DELETE", ["roster_row"]), ("SELECT", ["rejection", "roster_part"]),
        ("SELECT, INSERT, UPDATE", ["backfill_version"]), ("INSERT", ["job_event"]),
    ]

    private let schema: String
    private let roles: Roles

    public init(_ schema: StatusSchema, _ roles: Roles) {
        self.schema = quoteIdentifier(schema.name)
        self.roles = roles
    }

    /// Makes the roles where they are not there, without a login.
    public func creation() -> String {
        let creations = [roles.worker, roles.reader, roles.operator].map { role in
            """
                IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = \(quoteLiteral(role))) THEN
                    CREATE ROLE \(quoteIdentifier(role)) NOLOGIN;
                END IF;
            """
        }
        return "DO $$ BEGIN\n" + creations.joined(separator: "\n") + "\nEND $$;\n"
    }

    /// What the roles may do with the status schema.
    public func script() -> String {
        let worker = quoteIdentifier(roles.worker)
        let reader = quoteIdentifier(roles.reader)
        let operating = quoteIdentifier(roles.operator)
        var lines = [
            "GRANT USAGE ON SCHEMA \(schema) TO \(worker), \(reader), \(operating);",
            "GRANT SELECT ON \(list(Self.views + ["schema_migration"]))",
            "    TO \(worker), \(reader), \(operating);",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON \(list(Self.tables))", "    TO \(worker);",
        ]
        for (privileges, tables) in Self.operatorTables {
            lines.append("GRANT \(privileges) ON \(list(tables)) TO \(operating);")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func list(_ names: [String]) -> String {
        names.map { "\(schema).\($0)" }.joined(separator: ", ")
    }
}
