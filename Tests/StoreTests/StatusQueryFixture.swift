import Jobs
import Postgres
import Sandbox
import Store

/// A fresh database with the status schema, and rows in it.
final class StatusQueryFixture {
    let database: TestDatabase
    let connection: Connection
    let query: StatusQuery

    init(schema: StatusSchema = StatusSchema()) throws {
        database =
            schema.name == "rollcall"
            ? try SharedPostgres.database(template: "status_query") { conninfo in
                let connection = try Connection(conninfo, applicationName: "prepare")
                _ = try Migrator(schema).migrate(on: connection)
                connection.close()
            } : try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "test")
        if schema.name != "rollcall" { _ = try Migrator(schema).migrate(on: connection) }
        query = StatusQuery(schema)
    }

    /// Inserts a job; every argument is an SQL expression.
    func insert(
        _ id: JobID, started: String = "now()", finished: String? = nil,
        state: String = "succeeded", kind: String = "assign", relation: String = "enrollment",
        target: String = "42", source: String = "/sis", items: Int = 10, rejected: Int = 0
    ) throws {
        let isOver = state != "running" && state != "waiting"
        let end = finished ?? (isOver ? "\(started) + interval '400 ms'" : "NULL")
        try connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, rejected, attempts, dry_run, kind, state, relation,
                target, source, mode, topic, worker, error_code, error_message)
            VALUES ('\(id)', 1, 7, \(started) - interval '900 ms', \(started), \(end), 3, \(items),
                \(isOver ? items - rejected : 0), \(isOver ? rejected : 0), 1, false, '\(kind)',
                '\(state)', '\(relation)', \(quoteLiteral(target)), \(quoteLiteral(source)), 'partial',
                'rollcall.assignments', 'worker-1',
                \(state == "failed" ? "'item-rejected', 'for a reason'" : "NULL, NULL"))
            """)
    }

    /// The id with this number in its last digits.
    static func id(_ number: UInt64) -> JobID {
        JobID(high: 0x0123_4567_89ab_4cde, low: 0x8000_0000_0000_0000 | number)
    }
}
