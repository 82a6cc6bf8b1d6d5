import Postgres
import Testing

@Suite struct ErrorTests {
    @Test func carriesWhatTheServerSays() throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (id int CONSTRAINT t_only_once UNIQUE)")
        var parameters = Parameters()
        parameters.append(4711 as Int32)
        let insert = "INSERT INTO t\n    VALUES ($1)"
        try open.connection.execute(insert, parameters)
        let error = try #require(failure(of: { try open.connection.execute(insert, parameters) }))
        #expect(error.sqlState == .uniqueViolation)
        #expect(error.sqlState?.class == "23")
        #expect(error.constraint == "t_only_once")
        #expect(error.schema == "public")
        #expect(error.table == "t")
        #expect(error.detail == "Key (id)=(4711) already exists.")
        #expect(!error.isConnectionLost)
        #expect(
            error.description == """
                Postgres error 23505: duplicate key value violates unique constraint "t_only_once" \
                - while executing `INSERT INTO t VALUES ($1)`
                """)
        #expect(open.connection.isUsable)
    }

    @Test(arguments: [
        ("INSERT INTO t (a) VALUES (NULL)", SQLState.notNullViolation),
        ("INSERT INTO t (a) VALUES (-1)", .checkViolation),
        ("INSERT INTO t (a, b) VALUES (1, 1)", .foreignKeyViolation),
        ("SELECT * FROM nowhere", .undefinedTable),
        ("SELECT nothing FROM t", .undefinedColumn),
        ("SELEC 1", .syntaxError),
        ("DO $$ BEGIN RAISE 'no'; END $$", .raiseException),
        ("SELECT 1; SELECT 2", .syntaxError),
    ])
    func codes(sql: String, state: SQLState) throws {
        let open = try OpenConnection()
        try open.connection.script(
            "CREATE TABLE t (a int NOT NULL CHECK (a > 0), id int UNIQUE, b int REFERENCES t (id))")
        #expect(failure(of: { try open.connection.execute(sql) })?.sqlState == state)
    }

    @Test func offendingInputIsNotInTheDescription() throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append("very private")
        let error = try #require(
            failure(of: { try open.connection.execute("SELECT $1::int", parameters) }))
        #expect(error.sqlState == .invalidTextRepresentation)
        #expect(error.message.contains("very private"))
        #expect(!error.description.contains("private"))
    }

    @Test func longStatementsAreCut() throws {
        let open = try OpenConnection()
        let sql = "SELEC " + String(repeating: "column_name, ", count: 100)
        let error = try #require(failure(of: { try open.connection.execute(sql) }))
        #expect(error.doing.count < 140)
        #expect(error.doing.hasSuffix("…`"))
    }

    @Test func copyInPlaceOfAStatement() throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (a int)")
        #expect(failure(of: { try open.connection.execute("COPY t FROM STDIN") }) != nil)
        #expect(failure(of: { try open.connection.execute("COPY t TO STDOUT") }) != nil)
        #expect(try open.connection.execute("SELECT 1").int(0, 0) == 1)
    }
}
