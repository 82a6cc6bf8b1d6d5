import Catalog
import Jobs
import Postgres
import Sandbox
import Testing

@testable import Execution

/// What is said of a backfill before any of it is executed.
@Suite struct BackfillCheckTests {
    private let database: TestDatabase
    private let connection: Connection

    init() throws {
        database = try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "execution-tests")
        try connection.script(
            """
            CREATE TABLE source (id bigint PRIMARY KEY, code text, n integer NOT NULL, doc json NOT NULL);
            CREATE TABLE copy (id bigint PRIMARY KEY, code text);
            """)
    }

    private func findings(
        sql: String =
            "INSERT INTO public.copy (id) SELECT id FROM public.source WHERE id BETWEEN :from AND :to",
        chunk: String = "over: source, by: id", more: String = ""
    ) throws -> [String] {
        let text = """
            catalog: c
            backfills:
              b:
            \(more)
                steps:
                  - name: copy
                    chunk: { \(chunk) }
                    sql: "\(sql)"
            """
        let catalog = try Catalog(files: [("c.yaml", text)])
        let (plans, findings) = try BackfillPlan.compile(catalog, on: connection)
        #expect((plans["b"] == nil) == findings.contains { $0.level == .error })
        return findings.map(\.description)
    }

    @Test func oneThatFitsIsOk() throws {
        #expect(try findings() == ["ok: b: 1 step, 1 of them in parts"])
    }

    @Test(
        arguments: [
            (
                "over: sources, by: id",
                "expected the table or view public.sources, got none; create it, or mend `over` at c.yaml:3"
            ),
            (
                "over: source, by: ids",
                "expected a column ids in public.source, got none; did you mean id?"
            ),
            (
                "over: source, by: code",
                "expected a key that is NOT NULL, got code of public.source, and rows without it are in no "
                    + "part; ALTER TABLE \"public\".\"source\" ALTER COLUMN \"code\" SET NOT NULL, or walk it by another key"
            ),
            (
                "over: source, by: id, where: x > 1",
                "expected SQL that the database accepts, got an error: column \"x\" does not exist; mend `chunk` at c.yaml:3"
            ),
        ])
    func aKeyThatDoesNotFitIsAnError(chunk: String, expected: String) throws {
        #expect(
            try findings(chunk: chunk).first { $0.hasPrefix("error") }
                == "error: b: step \"copy\": \(expected)")
    }

    @Test func aKeyWithoutAnOrderIsAnError() throws {
        let found = try findings(chunk: "over: source, by: doc")
        #expect(
            found.contains {
                $0.hasPrefix("error: b: step \"copy\": expected SQL that the database accepts")
            }, "\(found)")
    }

    @Test func aKeyWithoutAnIndexIsAWarning() throws {
        let found = try findings(chunk: "over: source, by: [n, id]")
        #expect(
            found.first
                == "warning: b: step \"copy\": expected an index on (n, id) of public.source, got none: each part scans "
                + "the table; CREATE INDEX CONCURRENTLY ON \"public\".\"source\" (\"n\", \"id\")")
        try connection.script("CREATE INDEX ON source (n, id, code)")
        #expect(
            try findings(
                sql: "DELETE FROM public.copy WHERE (1, id) BETWEEN :from AND :to",
                chunk: "over: source, by: [n, id]") == ["ok: b: 1 step, 1 of them in parts"])
    }

    @Test(
        arguments: [
            (
                "UPDATE public.copy SET cod = 1 WHERE id BETWEEN :from AND :to",
                "column \"cod\" of relation \"copy\" does not exist"
            ),
            (
                "DELETE FROM public.copy WHERE id BETWEEN :from AND :to AND",
                "syntax error at end of input"
            ),
        ])
    func sqlThatTheDatabaseRefusesIsAnError(sql: String, message: String) throws {
        #expect(
            try findings(sql: sql) == [
                "error: b: step \"copy\": expected SQL that the database accepts, got an error: \(message); mend `sql` at c.yaml:3"
            ])
    }

    /// They have no mark by which the rows that were there are told from new ones.
    @Test(arguments: ["whole", "shown"])
    func whatCannotTellCreatedFromUpdatedIsAnError(table: String) throws {
        try connection.script(
            """
            CREATE TABLE whole (id bigint PRIMARY KEY, code text) PARTITION BY RANGE (id);
            CREATE VIEW shown AS SELECT * FROM copy
            """)
        #expect(
            try findings(
                sql: "INSERT INTO public.\(table) SELECT id, code FROM public.source "
                    + "WHERE id BETWEEN :from AND :to ON CONFLICT (id) DO UPDATE SET code = excluded.code"
            ).first { $0.hasPrefix("error") }
                == "error: b: step \"copy\": expected a plain table for ON CONFLICT DO UPDATE, got "
                + "public.\(table), which does not tell created rows from updated ones; make it two "
                + "statements: an UPDATE, and an INSERT with DO NOTHING")
        let found = try findings(
            sql: "INSERT INTO public.\(table) SELECT id, code FROM public.source "
                + "WHERE id BETWEEN :from AND :to ON CONFLICT DO NOTHING")
        #expect(found == ["ok: b: 1 step, 1 of them in parts"])
    }

    @Test func aTableThatIsNotThereIsAWarning() throws {
        let found = try findings(
            sql:
                "INSERT INTO public.copie (id) SELECT id FROM public.source WHERE id BETWEEN :from AND :to"
        )
        #expect(
            found == [
                "warning: b: step \"copy\": expected all tables of its SQL, got an error: relation "
                    + "\"public.copie\" does not exist; a job that asks for it waits for the table; create it, "
                    + "mend `sql` at c.yaml:3, or leave it if the backfill has done its work",
                "ok: b: 1 step, 1 of them in parts",
            ])
    }

    @Test func aTypeThatIsNoneIsAnError() throws {
        let found = try findings(
            sql: "DELETE FROM public.copy WHERE id BETWEEN :from AND :to AND code = :x",
            more: "    parameters: { x: { type: texd } }")
        #expect(found == ["error: b: parameters.x: expected a type of the database, got texd"])
    }

    @Test func aPrivilegeThatIsMissingIsAnErrorWithItsGrant() throws {
        let role = "r" + String("\(JobID.version7(milliseconds: 1))".prefix(8))
        try connection.script(
            "CREATE ROLE \(role); GRANT SELECT ON source TO \(role); SET ROLE \(role)")
        defer { try? connection.script("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)") }
        let found = try findings()
        #expect(
            found.first
                == "error: b: expected the privilege INSERT on public.copy, which the catalog's SQL at c.yaml:3 uses, got "
                + "none; GRANT INSERT ON \"public\".\"copy\" TO \"\(role)\"")
    }

    @Test func triggersAreWarnedOfAndRowSecurityIsRefused() throws {
        try connection.script(
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT ON copy FOR EACH ROW EXECUTE FUNCTION f()
            """)
        #expect(
            try findings().first
                == "warning: b: step \"copy\": expected no trigger for each row of public.copy, got t; see that it bears "
                + "thousands of rows at once: it runs for each row that is written")
        let role = "s" + String("\(JobID.version7(milliseconds: 2))".suffix(8))
        try connection.script(
            """
            CREATE ROLE \(role); GRANT ALL ON source, copy TO \(role);
            ALTER TABLE source ENABLE ROW LEVEL SECURITY; SET ROLE \(role)
            """)
        defer { try? connection.script("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)") }
        #expect(
            try findings().contains {
                $0.hasPrefix("error: b: step \"copy\": expected no row-level security")
            })
    }
}
