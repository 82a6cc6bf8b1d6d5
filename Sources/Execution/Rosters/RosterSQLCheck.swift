import Catalog
import Postgres

/// Lets the database plan each SQL expression of a roster, over a row that has no values.
struct RosterSQLCheck {
    private let roster: Roster
    private let connection: Connection
    private var findings: [Finding] = []
    private var wants = IndexWants()

    /// - Throws: `PostgresError` when the database cannot be asked.
    static func findings(
        for roster: Roster, on connection: Connection
    ) throws(PostgresError) -> [Finding] {
        var check = RosterSQLCheck(roster: roster, connection: connection)
        for file in roster.files { try check.check(file) }
        return check.findings + check.wants.findings(for: roster.name, at: roster.location)
    }

    private init(roster: Roster, connection: Connection) {
        self.roster = roster
        self.connection = connection
    }

    private mutating func check(_ file: Roster.File) throws(PostgresError) {
        var sources = sources(of: file)
        let place = file.name.isEmpty ? "" : "files.\(file.name)."
        for rule in file.rejects {
            try check(
                "\(place)reject.\(rule.code)", at: roster.location, in: rule.condition,
                Self.query(sources, where: rule.condition))
        }
        for (number, step) in file.steps.enumerated() {
            let path = place + "steps[\(number)]"
            switch step {
            case .upsert(let upsert):
                try check(
                    [("values", upsert.values)], when: upsert.condition, each: upsert.each, path,
                    at: upsert.relation.location, sources)
                guard let alias = upsert.alias, upsert.each == nil else { continue }
                // That there is none is said of the upsert's relation.
                guard let table = try TableSchema.read(upsert.relation.table, on: connection)
                else { return }
                let columns = table.columns.map { ($0.name, $0.typeName) }
                sources.append(Self.source(columns, named: alias))
            case .assign(let assign):
                try check(
                    [
                        ("target", assign.target), ("member", assign.member),
                        ("attributes", assign.attributes),
                    ], when: assign.condition, each: assign.each, path, at: roster.location, sources
                )
            }
        }
    }

    /// - Parameter values: the step's, each with the key under which they stand.
    private mutating func check(
        _ values: [(key: String, values: [Roster.Value])], when condition: String?,
        each: String?, _ path: String, at location: String, _ sources: [String]
    ) throws(PostgresError) {
        var sources = sources
        if let each {
            let isFit = try check(
                "\(path).each", at: location, in: each,
                Self.query(sources + [Self.elements(of: each)]))
            sources.append(Self.elements(of: isFit ? each : "NULL::pg_catalog.text[]"))
        }
        for (key, values) in values {
            for value in values {
                try check(value, "\(path).\(key).", at: location, sources)
            }
        }
        guard let condition else { return }
        try check(
            "\(path).when", at: location, in: condition, Self.query(sources, where: condition))
    }

    private mutating func check(
        _ value: Roster.Value, _ path: String, at location: String, _ sources: [String]
    ) throws(PostgresError) {
        // As a condition, where no aggregate and no set of rows can stand.
        try check(
            path + value.column, at: location, in: value.sql,
            Self.query(sources, where: "(\(value.sql))::pg_catalog.text IS NULL"))
    }

    /// - Returns: whether the database accepts it.
    @discardableResult
    private mutating func check(
        _ path: String, at location: String, in sql: String, _ query: String
    ) throws(PostgresError) -> Bool {
        do throws(PostgresError) {
            try wants.add(query, Parameters(), on: connection) { _ in path }
            return true
        } catch {
            let isPassing = [.contention, .lock].contains(FailureClass(error))
            guard !isPassing, !error.isConnectionLost, error.sqlState != nil else { throw error }
            let missing = try MissingPrivilege.finding(
                for: error, in: sql, roster.name, at: location, on: connection)
            findings.append(
                missing
                    ?? Finding(
                        .error, roster.name,
                        "\(path): expected SQL that the database accepts, got an error: "
                            + error.message,
                        remedy: "mend it at \(location)"))
            return false
        }
    }

    // MARK: SQL

    private func sources(of file: Roster.File) -> [String] {
        let secrets = file.steps.compactMap { $0.upsert?.password?.source }
        let columns = file.columns.map(\.name).filter { !secrets.contains($0) }
        let targets: [String] =
            switch roster.target {
            case .none, .value: ["target"]
            case .columns(let names): names.map { "target.\($0)" }
            }
        let text = "pg_catalog.text"
        return [
            Self.source(columns.map { ($0, text) }, named: "row"),
            Self.source(targets.map { ($0, text) }, named: "job"),
        ]
    }

    /// A table of one row without values, into which the planner does not look.
    private static func source(
        _ columns: [(name: String, type: String)], named name: String
    ) -> String {
        let columns = columns.map { "NULL::\($0.type) AS \(quoteIdentifier($0.name))" }
        return "(SELECT \(columns.joined(separator: ", ")) OFFSET 0) AS \(quoteIdentifier(name))"
    }

    private static func elements(of array: String) -> String {
        "LATERAL pg_catalog.unnest(\(array)) AS element (\"each\")"
    }

    private static func query(_ sources: [String], where condition: String? = nil) -> String {
        "SELECT 1 FROM \(sources.joined(separator: " CROSS JOIN "))"
            + (condition.map { " WHERE \($0)" } ?? "")
    }
}
