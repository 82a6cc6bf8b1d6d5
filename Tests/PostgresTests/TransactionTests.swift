import Postgres
import Sandbox
import Testing

@Suite struct TransactionTests {
    private struct Refusal: Error {}

    private func rowsInTable(_ connection: Connection) throws -> Int {
        try connection.execute("SELECT count(*) FROM t").int(0, 0)
    }

    @Test func commits() throws {
        let open = try OpenConnection()
        let connection = open.connection
        try connection.script("CREATE TABLE t (a int)")
        let answer = try connection.transaction(
            opening: "BEGIN; SET LOCAL lock_timeout = '7s'"
        ) {
            #expect(!connection.isUsable)
            try connection.execute("INSERT INTO t VALUES (1)")
            return try connection.execute("SHOW lock_timeout").string(0, 0)
        }
        #expect(answer == "7s")
        #expect(try connection.execute("SHOW lock_timeout").string(0, 0) == "0")
        #expect(try rowsInTable(connection) == 1)
        #expect(connection.isUsable)
    }

    @Test func rollsBackOnAnError() throws {
        let open = try OpenConnection()
        let connection = open.connection
        try connection.script("CREATE TABLE t (a int)")
        #expect(throws: Refusal.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                throw Refusal()
            }
        }
        #expect(try rowsInTable(connection) == 0)
        #expect(connection.isUsable)
    }

    @Test func commitOfAnAbortedTransactionThrows() throws {
        let open = try OpenConnection()
        let connection = open.connection
        try connection.script("CREATE TABLE t (a int)")
        let error = failure(of: {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                _ = try? connection.execute("SELECT 1/0")
            }
        })
        #expect(error?.sqlState == .inFailedTransaction)
        #expect(try rowsInTable(connection) == 0)
        #expect(connection.isUsable)
    }

    @Test func deferredConstraintFailsTheCommit() throws {
        let open = try OpenConnection()
        let connection = open.connection
        try connection.script(
            "CREATE TABLE t (a int UNIQUE, b int REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)")
        let error = failure(of: {
            try connection.transaction { try connection.execute("INSERT INTO t VALUES (1, 2)") }
        })
        #expect(error?.sqlState == .foreignKeyViolation)
        #expect(connection.isUsable)
    }

    @Test func failingOpeningLeavesNoTransaction() throws {
        let open = try OpenConnection()
        #expect(throws: PostgresError.self) {
            try open.connection.transaction(opening: "BEGIN; SET LOCAL lock_timeout = 'soon'") {}
        }
        #expect(open.connection.isUsable)
    }

    @Test func lostConnectionInATransaction() throws {
        let open = try OpenConnection()
        let other = try Connection(open.database.conninfo, applicationName: "postgres-tests")
        let connection = open.connection
        try connection.script("CREATE TABLE t (a int)")
        let error = failure(of: {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                try terminate(connection, from: other)
                try connection.execute("INSERT INTO t VALUES (2)")
            }
        })
        #expect(error?.isConnectionLost == true)
        #expect(!connection.isUsable)
        try connection.reconnectIfBroken()
        #expect(try rowsInTable(connection) == 0)
    }
}

/// Ends the session of a connection, and waits until the server has let go of it.
func terminate(_ connection: Connection, from other: Connection) throws {
    var parameters = Parameters()
    parameters.append(connection.backendProcessID)
    // With a timeout, the function answers when the process has ended.
    let ended = try other.execute("SELECT pg_terminate_backend($1, 30000)", parameters)
    #expect(ended.bool(0, 0))
}
