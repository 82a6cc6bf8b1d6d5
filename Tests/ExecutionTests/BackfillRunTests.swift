import Jobs
import Postgres
import Testing

@testable import Execution

/// Backfills from their message to their end.
@Suite struct BackfillRunTests {
    /// Groups whose members are flattened into pairs.
    static let tables = """
        CREATE TABLE team (id integer PRIMARY KEY, name text NOT NULL);
        CREATE TABLE member (team_id integer NOT NULL, user_id integer NOT NULL);
        CREATE TABLE pair (team_id integer NOT NULL, user_id integer NOT NULL, role text,
            PRIMARY KEY (team_id, user_id));
        INSERT INTO team SELECT n, 'team ' || n FROM generate_series(1, 95) n;
        INSERT INTO member SELECT t, u FROM generate_series(1, 95) t, generate_series(1, 3) u;
        """

    static let catalog = """
        catalog: c
        backfills:
          pairs:
            parameters: { team_id: { type: integer, optional: true } }
            steps:
              - name: pairs
                chunk: { over: team, by: id, rows: 10, where: "(:team_id IS NULL OR id = :team_id)" }
                sql: |
                  INSERT INTO public.pair (team_id, user_id)
                  SELECT m.team_id, m.user_id FROM public.member m
                  WHERE m.team_id BETWEEN :from AND :to
                  ON CONFLICT DO NOTHING
              - name: roles
                chunk: { over: pair, by: [team_id, user_id], rows: 20 }
                sql: |
                  UPDATE public.pair p SET role = 'member'
                  WHERE (p.team_id, p.user_id) BETWEEN :from AND :to AND p.role IS NULL
              - name: strangers
                sql: DELETE FROM public.pair WHERE team_id > 94
        """

    static func desk() throws -> BackfillDesk {
        try BackfillDesk(tables: tables, catalog: catalog)
    }

    @Test func goesThroughAllStepsAndCounts() throws {
        let desk = try Self.desk()
        let job = try desk.ask("pairs")
        #expect(try desk.job(job) == "running|0|0|0|0|-")
        // The first step's plan is there with the job.
        #expect(try desk.value("SELECT count(*) FROM rollcall.job_parts") == "10")
        try desk.run()
        #expect(try desk.job(job) == "succeeded|573|285|285|3|-")
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(try desk.value("SELECT count(*) FROM pair WHERE role = 'member'") == "282")
        #expect(
            try desk.rows(
                """
                SELECT step, count(*), sum(items), sum(created), sum(updated), sum(removed),
                  min(attempts), max(attempts), string_agg(DISTINCT state, ',')
                FROM rollcall.job_parts GROUP BY step ORDER BY step
                """) == [
                    "1|10|95|285|0|0|1|1|done", "2|15|285|0|285|0|1|1|done", "3|1|1|0|0|3|1|1|done",
                ])
    }

    @Test func aSecondRunChangesNothingAndSaysSo() throws {
        let desk = try Self.desk()
        try desk.connection.script("DELETE FROM team WHERE id > 90")
        try desk.ask("pairs")
        try desk.run()
        let again = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(again) == "succeeded|0|0|0|0|-")
    }

    @Test func theScopeLimitsWhatIsWalked() throws {
        let desk = try Self.desk()
        let job = try desk.ask("pairs", #""scope":{"team_id":"7"}"#)
        try desk.run()
        #expect(try desk.job(job) == "succeeded|6|3|3|0|-")
        #expect(try desk.value("SELECT target FROM rollcall.jobs") == "team_id=7")
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test(
        arguments: [
            ("boolean", "true", "true"), ("boolean", "false", "false"),
            ("boolean", #""true""#, "true"),
            ("smallint", #""-7""#, "-7"), ("bigint", "9007199254740993", "9007199254740993"),
            ("numeric", "1.50", "1.50"), ("text", #""true :from 'x'""#, "true :from 'x'"),
            (
                "uuid", #""C0FFEE00-0000-0000-0000-000000000000""#,
                "c0ffee00-0000-0000-0000-000000000000"
            ),
            ("date", #""2024-02-29""#, "2024-02-29"),
            ("jsonb", #"{"a":[1,null]}"#, #"{"a": [1, null]}"#),
            ("integer[]", "[1,null,3]", "{1,NULL,3}"),
        ])
    func aValueOfTheScopeArrivesAsItIs(type: String, value: String, expected: String) throws {
        let catalog = """
            catalog: c
            backfills:
              b:
                parameters: { p: { type: "\(type)" } }
                steps:
                  - name: s
                    sql: UPDATE public.team SET name = (:p)::text WHERE id = 1
            """
        let desk = try BackfillDesk(tables: Self.tables, catalog: catalog)
        let job = try desk.ask("b", #""scope":{"p":\#(value)}"#)
        try desk.run()
        #expect(try desk.job(job) == "succeeded|1|0|1|0|-")
        #expect(try desk.value("SELECT name FROM team WHERE id = 1") == expected)
    }

    /// It is found by an index, which takes only so much.
    @Test func aScopeThatIsTooLongFailsTheJob() throws {
        let catalog = """
            catalog: c
            backfills:
              b:
                parameters: { one: { type: text }, two: { type: text } }
                steps:
                  - name: s
                    sql: DELETE FROM public.team WHERE name IN (:one, :two)
            """
        let desk = try BackfillDesk(tables: Self.tables, catalog: catalog)
        // The database compresses what is repeated.
        let word = (0..<900).map { String($0 * 7_919 % 1_000_003, radix: 36) }.joined().prefix(900)
        let fits = try desk.ask("b", #""scope":{"one":"\#(word)","two":"\#(word)"}"#)
        #expect(try desk.job(fits) == "running|0|0|0|0|-")
        let wide = String(repeating: "é", count: 900)
        let job = try desk.ask("b", #""scope":{"one":"\#(wide)","two":"\#(wide)"}"#)
        #expect(try desk.job(job) == "failed|0|0|0|0|invalid-value")
        #expect(
            try desk.value("SELECT error_message FROM rollcall.jobs WHERE id = '\(job)'")
                == "scope: expected at most 2000 bytes in all, got 3614")
    }

    @Test(
        arguments: [
            (#"{"team_id":"x"}"#, "invalid-value", "scope.team_id: expected a whole number"),
            (#"{"team_id":9999999999}"#, "invalid-value", "scope.team_id: expected a whole number"),
            (#"{"team_id":[1]}"#, "invalid-value", "scope.team_id: expected a whole number"),
        ])
    func aScopeOfAnotherTypeFailsTheJob(scope: String, code: String, message: String) throws {
        let desk = try Self.desk()
        let job = try desk.ask("pairs", "\"scope\":\(scope)")
        #expect(try desk.job(job) == "failed|0|0|0|0|\(code)")
        let said = try desk.value("SELECT error_message FROM rollcall.jobs")
        #expect(said?.hasPrefix(message) == true, "\(said ?? "")")
        #expect(try desk.value("SELECT code FROM rollcall.dead_letters") == "job-failed")
        #expect(try desk.run() == 0)
    }

    @Test func nothingToWalkIsDoneAtOnce() throws {
        let desk = try Self.desk()
        try desk.connection.script("TRUNCATE team, member")
        let job = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(job) == "succeeded|0|0|0|0|-")
        #expect(try desk.rows("SELECT step, items FROM rollcall.job_parts") == ["3|1"])
    }

    @Test func aDryRunCountsAndWritesNothing() throws {
        let desk = try Self.desk()
        let dry = try desk.ask("pairs", #""dry_run":true"#)
        try desk.run()
        // The second step finds nothing of what the first one would have written.
        #expect(try desk.job(dry) == "succeeded|285|285|0|0|-")
        #expect(try desk.value("SELECT count(*) FROM pair") == "0")
        #expect(try desk.discrepancy(of: dry) == nil)
    }

    @Test func aDryRunFindsWhatADeferredConstraintRefuses() throws {
        let desk = try Self.desk()
        try desk.connection.script(
            """
            ALTER TABLE pair ADD CONSTRAINT known FOREIGN KEY (user_id) REFERENCES team
              DEFERRABLE INITIALLY DEFERRED;
            INSERT INTO member VALUES (50, 1000)
            """)
        let dry = try desk.ask("pairs", #""dry_run":true"#)
        try desk.run()
        #expect(try desk.job(dry)?.hasSuffix("|known") == true)
        #expect(try desk.value("SELECT count(*) FROM pair") == "0")
    }

    // MARK: Statements

    @Test func tablesOfConstantsAreReadLikeTables() throws {
        let desk = try BackfillDesk(
            tables: """
                CREATE TABLE project (id integer PRIMARY KEY);
                INSERT INTO project SELECT generate_series(1, 3);
                CREATE TABLE grants (project_id integer, role text, level bigint, is_on boolean, note text,
                  UNIQUE (project_id, role));
                CREATE TABLE "role_permission" (role text);
                INSERT INTO role_permission VALUES ('not this one');
                """,
            catalog: #"""
                catalog: c
                backfills:
                  grants:
                    data:
                      role_permission:
                        columns: [role, level, is_on, note]
                        rows: [[Basic, 1, true, null], ["O'Neil \"x\" {,} \\", 2, false, "NULL"]]
                    steps:
                      - name: grants
                        chunk: { over: project, by: id, rows: 2 }
                        sql:
                          - |
                            WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2)
                            INSERT INTO public.grants
                            SELECT p.id, r.role, r.level, r.is_on, r.note
                            FROM public.project p CROSS JOIN role_permission r CROSS JOIN n
                            WHERE p.id BETWEEN :from AND :to AND n.x = 1 -- the end
                            ON CONFLICT (project_id, role) DO UPDATE SET level = excluded.level
                            WHERE grants.level IS DISTINCT FROM excluded.level
                          - DELETE FROM public.grants g WHERE g.project_id BETWEEN :from AND :to
                              AND NOT EXISTS (SELECT FROM role_permission r WHERE r.role = g.role)
                """#)
        try desk.connection.script(
            "INSERT INTO grants VALUES (1, 'Basic', 9), (1, 'old', 1), (2, 'Basic', 1), (9, 'old', 1)"
        )
        let job = try desk.ask("grants")
        try desk.run()
        // Created: 2 of project 1 to 3 each, but for the two that are there; one of these differed.
        #expect(try desk.job(job) == "succeeded|6|4|1|1|-")
        #expect(
            try desk.rows("SELECT * FROM grants WHERE project_id = 3 ORDER BY level") == [
                "3|Basic|1|t|NULL", #"3|O'Neil "x" {,} \|2|f|NULL"#,
            ])
        #expect(
            try desk.rows("SELECT note IS NULL FROM grants WHERE project_id = 3 ORDER BY level")
                == ["t", "f"])
        let again = try desk.ask("grants")
        try desk.run()
        #expect(try desk.job(again) == "succeeded|0|0|0|0|-")
    }

    @Test func valuesOfTheScopeHaveTheirTypes() throws {
        let desk = try BackfillDesk(
            tables:
                "CREATE TABLE noted (n bigint, u uuid, d date, t text, b boolean, a integer[], o text)",
            catalog: """
                catalog: c
                backfills:
                  note:
                    parameters:
                      n: { type: bigint }
                      u: { type: uuid }
                      d: { type: date }
                      t: { type: text }
                      b: { type: boolean }
                      a: { type: "integer[]" }
                      o: { type: text, optional: true }
                    steps:
                      - name: note
                        sql: INSERT INTO public.noted SELECT :n, :u, :d, :t, :b, :a, :o
                """)
        let job = try desk.ask(
            "note",
            #"""
            "scope":{"n":"42","u":"0197A2C4-8d1e-7b43-9a55-0d5f3c2b1a00","d":"2026-02-28",
            "t":"'); DROP TABLE noted; --\n👩‍👧","b":"false","a":[1,2,3]}
            """#)
        try desk.run()
        #expect(try desk.job(job) == "succeeded|1|1|0|0|-")
        #expect(
            try desk.rows("SELECT * FROM noted") == [
                "42|0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00|2026-02-28|'); DROP TABLE noted; --\n👩‍👧|f|{1,2,3}|NULL"
            ])
        let missing = try desk.ask("note", #""scope":{"n":1}"#)
        #expect(try desk.job(missing) == "failed|0|0|0|0|missing-value")
    }
}
