import Postgres
import Sandbox

/// A connection to a fresh database, which goes with the test.
struct OpenConnection {
    let database: TestDatabase
    let connection: Connection

    init() throws {
        database = try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "postgres-tests")
    }
}

/// The error of a body that must fail with a `PostgresError`; nil when it does not.
func failure<Value>(of body: () throws -> Value) -> PostgresError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? PostgresError
    }
}
