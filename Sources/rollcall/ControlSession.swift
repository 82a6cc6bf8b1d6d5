import ArgumentParser
import Execution
import Jobs
import Postgres
import Store
import WorkerPool

/// What a command needs that stops work or lets it go on: the database alone.
struct ControlSession {
    let connection: Connection
    let store: BackfillStore
    let controls: ControlStore
    let imports: RosterStore
    let query: StatusQuery
    private let settings: Settings

    /// Connects and checks the schema, or ends the command with the exit code for what is wrong.
    init(_ settings: Settings) throws {
        self.settings = settings
        connection = try Database.connect(settings)
        try Database.requireSchema(settings, on: connection)
        let schema = StatusSchema(
            name: settings.database.schema, recordsEvents: settings.jobEvents.isEnabled)
        query = StatusQuery(schema)
        store = BackfillStore(schema, worker: settings.worker.id)
        controls = ControlStore(schema)
        imports = RosterStore(schema, worker: settings.worker.id)
    }

    /// The job that a person has named; the command ends with 3 if there is none.
    func job(_ reference: JobReference) throws -> StatusQuery.Job {
        let id = try JobResolver(query: query, connection: connection).resolve(reference)
        let found = try Database.reporting { try query.jobs([id], on: connection) }
        guard let job = found.first else {
            complain("no such job: \(id)")
            throw ExitCode.noSuchJob
        }
        return job
    }

    /// Does something in a transaction that waits for a lock as shortly as a worker does.
    func inTransaction<Value>(
        _ body: (Connection) throws(PostgresError) -> Value
    ) throws -> Value {
        do {
            return try connection.transaction {
                try store.limit(settings.pool.execution.transaction, on: connection)
                return try body(connection)
            }
        } catch let error as PostgresError {
            throw Database.failure(error)
        }
    }
}
