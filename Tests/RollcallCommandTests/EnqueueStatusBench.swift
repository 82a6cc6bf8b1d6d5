import Jobs
import Kafka
import Postgres
import RollcallClient
import Sandbox
import Store

/// A database with the status schema, and what a worker would write into it.
final class EnqueueStatusBench {
    let database: TestDatabase
    private let connection: Connection

    init() throws {
        database = try SharedPostgres.database(template: "enqueue") { conninfo in
            let connection = try Connection(conninfo, applicationName: "prepare")
            _ = try Migrator(StatusSchema()).migrate(on: connection)
            connection.close()
        }
        connection = try Connection(database.conninfo, applicationName: "bench")
    }

    func reader() throws -> JobStatusReader {
        JobStatusReader(try Connection(database.conninfo, applicationName: "test"))
    }

    /// Ends a job as the delivery of `sent`, with one item.
    func end(_ sent: SentJob, _ state: String = "succeeded", error: String? = nil) throws {
        guard let id = sent.id else { return }
        let isTerminal = !["waiting", "running"].contains(state)
        let outcome =
            state == "succeeded_with_rejections" || state == "failed" ? "rejected" : "created"
        var parameters = Parameters()
        parameters.append(uuid: (id.high, id.low))
        parameters.append(sent.offset)
        parameters.append(sent.partition)
        parameters.append(sent.topic)
        parameters.append(state)
        parameters.append(error)
        try connection.execute(
            """
            INSERT INTO rollcall.job (id, digest, "offset", "partition", topic, state, error_code,
              error_message, requested_at, started_at, finished_at, items, \(outcome), attempts,
              dry_run, kind, relation, target, source, mode, worker)
            VALUES ($1, 0, $2, $3, $4, $5, $6, 'because', now(), now(),
              \(isTerminal ? "now()" : "NULL"), 1, 1, 1, false, 'assign', 'r', '1', '/t',
              'partial', 'w')
            """, parameters)
    }

    /// Notes a delivery of a job that has ended already.
    func repeated(_ sent: SentJob) throws {
        guard let id = sent.id else { return }
        var parameters = Parameters()
        parameters.append(uuid: (id.high, id.low))
        parameters.append(sent.offset)
        parameters.append(sent.partition)
        parameters.append(sent.topic)
        try connection.execute(
            """
            INSERT INTO rollcall.job_duplicate (job_id, "offset", "partition", topic)
            VALUES ($1, $2, $3, $4)
            """, parameters)
    }

    /// Keeps a message as a dead letter.
    func bury(_ sent: SentJob, _ code: String, at time: String = "now()") throws {
        var parameters = Parameters()
        parameters.append(sent.offset)
        parameters.append(sent.partition)
        parameters.append(sent.topic)
        parameters.append(code)
        try connection.execute(
            """
            INSERT INTO rollcall.dead_letter (recorded_at, "offset", "partition", topic, code,
              reason, headers, at)
            VALUES (\(time), $1, $2, $3, $4, 'the reason', '[]', \(time))
            """, parameters)
    }

    /// Cuts every other connection to the database.
    func cut() throws {
        try connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }
}
