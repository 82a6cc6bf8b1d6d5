import Catalog
import Postgres
import Sandbox
import Testing

@testable import Execution

/// What is said of statements that scan a table.
@Suite struct MissingIndexTests {
    /// A database whose relation is checked as a worker would.
    private struct Bench {
        let database: TestDatabase
        let connection: Connection
        let catalog: Catalog

        init(_ tables: String, _ fields: String) throws {
            database = try SharedPostgres.database()
            connection = try Connection(database.conninfo, applicationName: "execution-tests")
            try connection.script(tables)
            catalog = try Catalog(
                files: [("c.yaml", "catalog: c\nrelations:\n  r:\n    \(fields)\n")])
        }

        func lines(_ levels: Finding.Level...) throws -> [String] {
            let (_, findings) = try RelationPlan.compile(catalog, on: connection)
            return findings.filter { levels.contains($0.level) }.map(\.description)
        }

        func warnings() throws -> [String] { try lines(.warning, .error) }
    }

    private static let table =
        "CREATE TABLE t (a integer, b integer, c varchar(9), PRIMARY KEY (a, b));"
    private static let fields = "{ table: t, target: a, member: b, attributes: [c]"

    private static func line(_ table: String, _ user: String, _ columns: String) -> String {
        "warning: r: expected an index on public.\(table) for \(user), got a scan of the table; "
            + "CREATE INDEX CONCURRENTLY ON \"public\".\"\(table)\" \(columns)"
    }

    @Test("a relation whose lookups all have an index has no warning")
    func enough() throws {
        let bench = try Bench(
            """
            CREATE TABLE parent (id bigint PRIMARY KEY);
            CREATE TABLE t (a integer REFERENCES parent, b integer, c varchar(9), PRIMARY KEY (a, b));
            """, Self.fields + ", conflict: { update: [c] } }")
        #expect(try bench.warnings() == [])
        // Rows in a table of one page make no difference.
        try bench.connection.script(
            """
            INSERT INTO parent VALUES (1); INSERT INTO t VALUES (1, 1, 'x');
            """)
        #expect(try bench.warnings() == [])
        try bench.connection.script("ANALYZE")
        #expect(try bench.warnings() == [])
    }

    @Test("a rule that scans is a warning, and its CREATE INDEX helps", arguments: [false, true])
    func rule(isPartitioned: Bool) throws {
        let bench = try Bench(
            Self.table
                + """
                CREATE SCHEMA "Work";
                CREATE TABLE "Work"."Done" (id integer, a integer, "B" integer)
                \(isPartitioned ? "PARTITION BY RANGE (id)" : "");
                \(isPartitioned
                    ? """
                    CREATE TABLE one PARTITION OF "Work"."Done" FOR VALUES FROM (0) TO (9);
                    CREATE TABLE two PARTITION OF "Work"."Done" FOR VALUES FROM (9) TO (19);
                    """ : "")
                """,
            Self.fields
                + """
                , reject: [{ code: is-done, when: 'EXISTS (SELECT 1 FROM "Work"."Done" d WHERE \
                d."B" = item.b AND d.a = item.a AND d.id <> 7)' }, { code: never, when: 'false' }] }
                """)
        let create = isPartitioned ? "CREATE INDEX" : "CREATE INDEX CONCURRENTLY"
        let found = try bench.warnings()
        #expect(
            found == [
                "warning: r: expected an index on Work.Done for the rule is-done, got a scan of "
                    + "the table; \(create) ON \"Work\".\"Done\" (\"B\", \"a\")"
            ])
        // One that begins with another column is none.
        try bench.connection.script("CREATE INDEX other ON \"Work\".\"Done\" (id, a, \"B\")")
        #expect(try bench.warnings().count == 1)
        try bench.connection.script(
            "DROP INDEX \"Work\".other; \(isPartitioned ? create : "CREATE INDEX") "
                + "ON \"Work\".\"Done\" (\"B\", \"a\")")
        #expect(try bench.warnings() == [])
    }

    @Test(
        "the key of the index is what is compared, as it is compared",
        arguments: [
            ("lower(p.name) = item.c", "((lower((name)::text)))"),
            ("p.name = item.c", "(\"name\")"),
            ("p.label = item.c", "(\"label\")"),
            ("p.id::text = item.c", "(((\"id\")::text))"),
            ("item.a = p.id AND p.kind = 'x'", "(\"id\")"),
            ("p.id = item.a + 1 AND item.b = p.other", "(\"other\", \"id\")"),
            ("p.name = (SELECT q.name FROM q WHERE q.id = item.a)", "(\"name\")"),
        ])
    func keys(condition: String, columns: String) throws {
        let bench = try Bench(
            Self.table
                + """
                CREATE TABLE q (id integer PRIMARY KEY, name text);
                CREATE TABLE p (id integer, other integer, name varchar(30), label text, kind text);
                """,
            Self.fields
                + ", reject: [{ code: x, when: \"EXISTS (SELECT 1 FROM p WHERE \(condition))\" }] }"
        )
        let remedy = "CREATE INDEX CONCURRENTLY ON \"public\".\"p\" \(columns)"
        let found = try bench.warnings()
        #expect(
            found == [
                "warning: r: expected an index on public.p for the rule x, got a scan of the "
                    + "table; \(remedy)"
            ])
        try bench.connection.execute(remedy)
        #expect(try bench.warnings() == [])
    }

    @Test("a condition for which no index can be named gets a word instead")
    func unnamed() throws {
        let bench = try Bench(
            Self.table + "CREATE TABLE p (id integer)",
            Self.fields
                + ", reject: [{ code: x, when: 'item.a NOT IN (SELECT p.id FROM p)' }] }")
        let found = try bench.warnings()
        #expect(
            found == [
                "warning: r: expected an index on public.p for the rule x, got a scan of the "
                    + "table; compare a column with = at c.yaml:3, so that an index can serve; "
                    + "`rollcall catalog explain r` shows the statement"
            ])
    }

    @Test(
        "what is read once for all items is no scan for each",
        arguments: [
            "EXISTS (SELECT 1 FROM setting WHERE year > 2000)",
            "EXISTS (SELECT 1 FROM p WHERE p.id = item.a AND p.year = (SELECT max(year) FROM setting))",
        ])
    func once(condition: String) throws {
        let bench = try Bench(
            Self.table + "CREATE TABLE setting (year integer); "
                + "CREATE TABLE p (id integer PRIMARY KEY, year integer)",
            Self.fields + ", reject: [{ code: x, when: '\(condition)' }] }")
        let found = try bench.warnings()
        #expect(found == [])
    }

    @Test("a subquery of a computed column that scans for each row is a warning")
    func computed() throws {
        let bench = try Bench(
            Self.table + "CREATE TABLE p (id integer, name text)",
            "{ table: t, target: a, member: b, set: "
                + "{ c: '(SELECT p.name FROM p WHERE p.id = item.a LIMIT 1)' } }")
        let found = try bench.warnings()
        #expect(
            found == [
                "warning: r: expected an index on public.p for the statement `insert`, got a scan "
                    + "of the table; CREATE INDEX CONCURRENTLY ON \"public\".\"p\" (\"id\")"
            ])
        try bench.connection.execute("CREATE INDEX ON p (id)")
        #expect(try bench.warnings() == [])
    }

    @Test("removals that scan the relation's own table are a warning")
    func removal() throws {
        // The identity is a number that is computed, and no index is about target and member.
        let bench = try Bench(
            "CREATE TABLE t (id text PRIMARY KEY, a integer NOT NULL, b integer NOT NULL);",
            "{ table: t, target: a, member: b, identity: [id], set: { id: 'item.a || item.b::text' } }"
        )
        let both = "CREATE INDEX CONCURRENTLY ON \"public\".\"t\" (\"a\", \"b\")"
        let found = try bench.warnings()
        #expect(
            found == [
                "warning: r: expected an index on public.t for the statement `present`, got a scan "
                    + "of the table; CREATE INDEX CONCURRENTLY ON \"public\".\"t\" (\"a\")",
                "warning: r: expected an index on public.t for the statement `lock`, the statement "
                    + "`lock for delete`, the statement `delete`, got a scan of the table; \(both)",
            ])
        try bench.connection.execute(both)
        #expect(try bench.warnings() == [])
    }

    @Test("an index that begins with the member does not find the rows of a target")
    func secondColumn() throws {
        let bench = try Bench(
            """
            CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, UNIQUE (b, a));
            INSERT INTO t SELECT n % 10, n FROM generate_series(1, 3000) n; ANALYZE t;
            """, "{ table: t, target: a, member: b }")
        let found = try bench.warnings()
        #expect(
            found == [
                "warning: r: expected an index on public.t for the statement `present`, got a scan "
                    + "of the table; CREATE INDEX CONCURRENTLY ON \"public\".\"t\" (\"a\")"
            ])
        try bench.connection.execute("CREATE INDEX ON t (a)")
        #expect(try bench.warnings() == [])
    }

    @Test("a lookup, a rule over rows to remove and an effect that scan are warnings")
    func clauses() throws {
        let bench = try Bench(
            Self.table
                + """
                CREATE TABLE p (id integer, name text); CREATE TABLE q (a integer, n integer);
                CREATE TABLE work (a integer, b integer); CREATE TABLE log (a integer, b integer);
                """,
            Self.fields
                + """
                , lookup: { member.name: "SELECT p.id FROM p WHERE p.name = lookup.value" }, \
                protect: [{ code: has-work, message: '{c}', \
                when: 'EXISTS (SELECT 1 FROM work w WHERE w.a = item.a AND w.b = item.b)' }], \
                on_assign: ["UPDATE q SET n = n + 1 FROM created WHERE q.a = created.a"], \
                on_unassign: ["INSERT INTO log SELECT a, b FROM removed"] }
                """)
        let found = try bench.warnings()
        #expect(
            found == [
                Self.line("p", "the statement `lookup member.name`", "(\"name\")"),
                Self.line("work", "the rule has-work", "(\"a\", \"b\")"),
                Self.line("q", "the statement `on_assign 1`", "(\"a\")"),
            ])
        try bench.connection.script(
            "CREATE INDEX ON p (name); CREATE INDEX ON work (b, a); CREATE INDEX ON q (a)")
        #expect(try bench.warnings() == [])
    }

    @Test("what an effect writes needs the privilege, and what a rule protects is read whole")
    func forbiddenClauses() throws {
        let bench = try Bench(
            Self.table
                + """
                CREATE TABLE log (a integer);
                DO $$ BEGIN
                  CREATE ROLE index_writer;
                EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                GRANT SELECT (a, b), INSERT, UPDATE, DELETE ON t TO index_writer;
                SET ROLE index_writer
                """,
            "{ table: t, target: a, member: b, on_unassign: "
                + "[\"INSERT INTO public.log SELECT a FROM removed\"] }")
        let whole = try bench.warnings()
        #expect(
            whole == [
                "error: r: expected the privilege SELECT on c of public.t, got it on a, b alone; "
                    + "GRANT SELECT (\"c\") ON \"public\".\"t\" TO \"index_writer\""
            ])
        try bench.connection.script(
            "RESET ROLE; GRANT SELECT (\"c\") ON t TO index_writer; SET ROLE index_writer")
        let effect = try bench.warnings()
        #expect(
            effect == [
                "error: r: expected the privilege INSERT on public.log, which the catalog's SQL at "
                    + "c.yaml:3 uses, got none; GRANT INSERT ON \"public\".\"log\" TO "
                    + "\"index_writer\""
            ])
        try bench.connection.script(
            "RESET ROLE; GRANT INSERT ON log TO index_writer; SET ROLE index_writer")
        #expect(try bench.warnings() == [])
    }

    @Test("without a unique index the rows are sought by what is there")
    func noUniqueIndex() throws {
        let bench = try Bench(
            "CREATE TABLE t (a integer NOT NULL, b integer NOT NULL);",
            "{ table: t, target: a, member: b, unique: false }")
        let found = try bench.warnings()
        let users = ["insert", "lock", "lock for delete", "delete"].map { "the statement `\($0)`" }
        let expected = [
            Self.line("t", "the statement `present`", "(\"a\")"),
            Self.line("t", users.joined(separator: ", "), "(\"a\", \"b\")"),
        ]
        #expect(Array(found.dropFirst()) == expected)
        try bench.connection.execute("CREATE INDEX ON t (a)")
        #expect(try bench.warnings().count == 1)
    }

    @Test("a partial index is one for the rows that it has")
    func partial() throws {
        let bench = try Bench(
            """
            CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, gone boolean NOT NULL DEFAULT false);
            CREATE UNIQUE INDEX one ON t (a, b) WHERE NOT gone;
            """, "{ table: t, target: a, member: b, arbiter: one }")
        let found = try bench.warnings()
        #expect(found == [])
    }

    @Test("target and member may be nullable columns and are found by their index all the same")
    func nullableKeys() throws {
        let bench = try Bench(
            "CREATE TABLE t (a integer, b integer, c text, UNIQUE (a, b))",
            Self.fields + ", conflict: { update: [c] } }")
        #expect(try bench.warnings() == [])
    }

    @Test("no index is missed on a table that is known to fit on one page")
    func small() throws {
        let bench = try Bench(
            Self.table + "CREATE TABLE kind (name text, closed boolean); "
                + "INSERT INTO kind VALUES ('x', true)",
            Self.fields
                + ", reject: [{ code: x, when: 'EXISTS (SELECT 1 FROM kind k WHERE k.name = item.c)' }] }"
        )
        #expect(try bench.warnings().count == 1)
        try bench.connection.script("SELECT pg_stat_force_next_flush()")
        try bench.connection.script("ANALYZE kind")
        #expect(try bench.warnings() == [])
        try bench.connection.script(
            "INSERT INTO kind VALUES ('y', true); SELECT pg_stat_force_next_flush()")
        #expect(try bench.warnings().count == 1)
    }

    @Test("a table, view, schema or function that a rule may not use is an error with the GRANT")
    func forbidden() throws {
        let bench = try Bench(
            Self.table
                + """
                CREATE SCHEMA other; CREATE TABLE other.p (id integer PRIMARY KEY);
                CREATE SCHEMA third; CREATE TABLE third.p (id integer PRIMARY KEY);
                CREATE FUNCTION other.f(integer) RETURNS boolean LANGUAGE plpgsql AS
                  'BEGIN RETURN false; END';
                REVOKE EXECUTE ON FUNCTION other.f FROM PUBLIC;
                DO $$ BEGIN
                  CREATE ROLE index_reader;
                EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                GRANT ALL ON t TO index_reader; SET ROLE index_reader
                """,
            Self.fields
                + """
                , reject: [{ code: x, when: 'EXISTS (SELECT 1 FROM other.p WHERE p.id = item.a) AND \
                other.f(item.a)' }] }
                """)
        func line(_ privilege: String, _ subject: String, _ target: String) -> String {
            "error: r: expected the privilege \(privilege) on \(subject), which the catalog's SQL at "
                + "c.yaml:3 uses, got none; GRANT \(privilege) ON \(target) TO \"index_reader\""
        }
        let expected = [
            ("USAGE", "the schema other", "SCHEMA \"other\""),
            ("SELECT", "other.p", "\"other\".\"p\""),
            ("EXECUTE", "the function f", "FUNCTION \"f\""),
        ]
        for (privilege, subject, target) in expected {
            #expect(try bench.warnings() == [line(privilege, subject, target)])
            let path = target.replacing("FUNCTION \"f\"", with: "FUNCTION other.f")
            try bench.connection.script(
                "RESET ROLE; GRANT \(privilege) ON \(path) TO index_reader; SET ROLE index_reader")
        }
        #expect(try bench.warnings() == [])
    }
}
