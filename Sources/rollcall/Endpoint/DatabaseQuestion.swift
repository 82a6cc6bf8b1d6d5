import Postgres
import Store

/// Asks over a connection of its own whether the schema is this program's.
// @unchecked because `connection` is touched on the queue of its probe alone, which is serial.
final class DatabaseQuestion: @unchecked Sendable {
    private static let opening = "BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'"

    private let settings: Settings
    private var connection: Connection?

    init(_ settings: Settings) { self.settings = settings }

    func answer() -> Result<Migrator.State, any Error> {
        let hadConnection = connection?.isUsable == true
        let answer = attempt()
        // A connection may have been cut while it was idle: that is no news of the database.
        guard case .failure(let error as PostgresError) = answer, error.isConnectionLost,
            hadConnection
        else { return answer }
        return attempt()
    }

    private func attempt() -> Result<Migrator.State, any Error> {
        do {
            let connection = try usable()
            let migrator = Migrator(StatusSchema(name: settings.database.schema))
            return .success(
                try connection.transaction(opening: Self.opening) {
                    try migrator.state(on: connection)
                })
        } catch {
            connection?.close()
            return .failure(error)
        }
    }

    private func usable() throws(PostgresError) -> Connection {
        if let connection {
            try connection.reconnectIfBroken()
            return connection
        }
        let fresh = try Connection(
            settings.database.url, applicationName: "rollcall/\(settings.worker.id)",
            connectTimeoutSeconds: settings.database.connectTimeoutSeconds)
        connection = fresh
        return fresh
    }
}
