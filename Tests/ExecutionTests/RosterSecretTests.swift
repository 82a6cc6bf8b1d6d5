import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// What a file says in its column of passwords is nowhere but in its rows, and gone with them.
@Suite struct RosterSecretTests {
    private static let catalog = """
        catalog: c
        rosters:
          people:
            columns: { name: { required: true, unique: true }, note: {}, password: {} }
            steps:
              - upsert: account
                identity: name
                values: { name: row.name, note: row.note }
                password: { column: hash, from: password, scheme: given }
        """
    private let desk: RosterDesk

    init() throws {
        desk = try RosterDesk(
            tables: """
                CREATE TABLE account (name text PRIMARY KEY, note text CHECK (note <> 'bad'),
                  hash varchar(50) CHECK (hash NOT LIKE '%-weak'))
                """, catalog: Self.catalog)
    }

    /// Where the word of all passwords of these tests stands.
    private func leaks() throws -> [String] {
        try ["roster_row", "roster_part", "rejection", "job", "job_part", "backfill_run"].flatMap {
            try desk.rows("SELECT '\($0)', t FROM rollcall.\($0) t WHERE t::text LIKE '%hunter%'")
        }
    }

    private static let rows =
        "ada,ok,hunter1\nbob,bad,hunter2\ncyd,hunter3\n,x,hunter4\nada,x,hunter5\n"
        + "dan,x,y,hunter6\neve,\u{0},hunter7\nfay,,hunter\u{0}8\ngus,,\nhal,,hunter-weak\n"
        + "ida,,hunter-too-long-for-its-column-0123456789-0123456789\n"

    @Test(
        "applied, failed or cancelled, no password stays",
        arguments: ["", #""mode":"atomic""#, #""dry_run":true"#], [true, false])
    func applied(_ mode: String, _ hasLine: Bool) throws {
        let head = hasLine ? "name,note,password\n" : ""
        let more = hasLine ? "" : #""header":["name","note","password"]"#
        let id = try desk.apply(
            "people", head + Self.rows, [mode, more].filter { !$0.isEmpty }.joined(separator: ","))
        let state = try #require(try desk.job(id))
        #expect(state.hasPrefix(mode.contains("atomic") ? "failed" : "succeeded_with_rejections"))
        #expect(try leaks() == [])
        guard mode.isEmpty else { return }
        #expect(
            try desk.rows("SELECT name, hash FROM account WHERE name <> 'gus' ORDER BY 1")
                == ["ada|hunter1"])
        #expect(
            try desk.value("SELECT hash ~ '^![A-Za-z0-9]{40}$' FROM account WHERE name = 'gus'")
                == "t")
    }

    @Test("a file with a wrong header, one that ends early, and one whose parts stop coming")
    func failed() throws {
        try desk.apply("people", "nam,note,password\nada,x,hunter\n")
        #expect(try leaks() == [])
        let cut = try desk.send("people", "name,note,password\nada,x,hunter\n\"b,x,hunter")
        #expect(try desk.job(cut)?.hasSuffix("invalid-file") == true)
        #expect(try leaks() == [])
        let id = desk.freshID()
        let parts = try desk.parts(
            "people", ["name,note,password\nada,x,hunter\n", "bob,x,hunter\n", "x"], id: id)
        try desk.stage(parts[0])
        try desk.stage(parts[1])
        _ = try desk.store.failStale(after: .seconds(-1), on: desk.connection)
        #expect(try leaks() == [])
        let cancelled = try desk.send("people", "name,note,password\nada,x,hunter\nb,hunter\n")
        _ = try desk.connection.transaction {
            try desk.worker().backfills.store.close(cancelled, .cancelled, on: desk.connection)
        }
        #expect(try leaks() == [])
    }

    @Test("objects with passwords that are none")
    func objects() throws {
        let id = desk.freshID()
        try desk.stage(
            desk.message(
                "people",
                #""format":"json","rows":[{"name":"ada","password":"hunter1"},"#
                    + #"{"name":"bob","password":["hunter2"]},{"password":"hunter3"},"#
                    + #"{"name":["x"],"password":"hunter4"}]"#, id: id))
        try desk.run()
        #expect(try desk.job(id) == "succeeded_with_rejections items 4 created 1 rejected 3")
        #expect(try leaks() == [])
    }
}
