import Postgres
import Testing

/// Counts the statements that reach the server.
enum StatementCounter {
    /// Whether the library is there to be preloaded; a server that does not start fails the tests.
    static func isThere() -> Bool {
        let libraries = Result { try Desk.school().value("SHOW shared_preload_libraries") }
        guard case .success(let names) = libraries else { return true }
        return names?.contains("pg_stat_statements") == true
    }

    /// Calls from outside: what constraints and triggers execute themselves is not counted.
    ///
    /// The deferred ones execute it at COMMIT, where the server takes it for a call from outside.
    static func count(on desk: Desk, _ body: () throws -> Void) throws -> Int {
        try desk.connection.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        try desk.connection.execute(
            """
            SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database
            WHERE datname = current_database()
            """)
        try body()
        let count = try desk.value(
            """
            SELECT sum(s.calls) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = current_database() AND s.toplevel
              AND s.query NOT LIKE '%pg_stat_statements%'
              AND s.query NOT LIKE 'SELECT % FROM ONLY % FOR KEY SHARE OF x'
            """)
        return try #require(count.flatMap { Int($0) })
    }
}
