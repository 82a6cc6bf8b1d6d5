import Catalog
import Postgres
import Testing

/// What is said of the things around a table.
@Suite struct CatalogSurroundingsTests {
    private static let table =
        "CREATE TABLE t (a integer, b integer, c integer, PRIMARY KEY (a, b));"
    private static let fields = "table: t, target: a, member: b"
    private static let ok = "ok: r: public.t, identity (a, b) by t_pkey, 0 foreign keys, 0 rules"

    private static let function =
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"

    @Test("triggers are warnings, unless they are off")
    func triggers() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE p (id integer PRIMARY KEY);
            CREATE TABLE t (a integer REFERENCES p, b integer, PRIMARY KEY (a, b)); \(Self.function)
            CREATE TRIGGER slow AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            CREATE TRIGGER wide AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f();
            CREATE TRIGGER off AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            ALTER TABLE t DISABLE TRIGGER off;
            """)
        let (checked, findings) = try bench.check(Self.fields)
        #expect(checked != nil)
        #expect(
            findings.filter { $0.level != .ok }.map(\.description) == [
                "warning: r: expected no trigger for each row, got slow; see that it bears "
                    + "thousands of rows at once: it runs for each row that is written",
                "warning: r: expected no trigger for each statement, got wide; see that it can run "
                    + "often: it runs also for statements that write no row",
            ])
    }

    @Test(
        "a rule is an error, and dropping it the remedy",
        arguments: [
            ("INSERT", "DO ALSO NOTHING"), ("UPDATE", "DO INSTEAD NOTHING"),
            ("DELETE", "DO INSTEAD NOTHING"),
        ])
    func rule(event: String, action: String) throws {
        let bench = try SchemaBench(
            Self.table + "CREATE RULE \"Quiet\" AS ON \(event) TO t \(action)")
        let (checked, findings) = try bench.check(Self.fields)
        #expect(checked == nil)
        #expect(
            findings.map(\.description) == [
                "error: r: expected no rule that rewrites statements, got Quiet on \(event); "
                    + "DROP RULE \"Quiet\" ON \"public\".\"t\", and do the same with a trigger or "
                    + "an effect"
            ])
        try bench.connection.script("DROP RULE \"Quiet\" ON \"public\".\"t\"")
        #expect(try bench.lines(Self.fields) == [Self.ok])
    }

    @Test("an unlogged table is a warning, a temporary one an error")
    func lifetime() throws {
        let bench = try SchemaBench(
            "CREATE UNLOGGED TABLE t (a integer, b integer, PRIMARY KEY (a, b));"
                + "CREATE TEMPORARY TABLE short (a integer, b integer, PRIMARY KEY (a, b))")
        #expect(
            try bench.lines(Self.fields) == [
                "warning: r: expected a table that survives a crash, got an unlogged one: jobs "
                    + "stay succeeded whose rows are gone; ALTER TABLE \"public\".\"t\" SET LOGGED",
                Self.ok,
            ])
        let schema = try bench.connection.execute(
            "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'short'"
        ).string(0, 0)
        #expect(
            try bench.lines("table: \(schema).short, target: a, member: b") == [
                "error: r: expected a table that all sessions share, got a temporary one; "
                    + "make it with CREATE TABLE, in a schema of its own"
            ])
    }

    @Test("a table that inherits is a warning, a partition is none")
    func heirs() throws {
        let bench = try SchemaBench(
            Self.table + "CREATE TABLE old () INHERITS (t); CREATE SCHEMA \"Other\";"
                + "CREATE TABLE \"Other\".older () INHERITS (t);")
        #expect(
            try bench.lines(Self.fields) == [
                "warning: r: expected no table that inherits from public.t, got Other.older, "
                    + "public.old: their rows are changed and removed like its own, but its unique "
                    + "index does not see them; make it a partitioned table, or end it with ALTER "
                    + "TABLE ... NO INHERIT",
                Self.ok,
            ])
    }

    @Test("a partitioned table is ok, unless it has no partition; so is a partition")
    func partitions() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (a integer, b integer, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
            """)
        #expect(
            try bench.lines(Self.fields) == [
                "warning: r: expected partitions of public.t, got none: no row can be written; "
                    + "CREATE TABLE ... PARTITION OF \"public\".\"t\" ...",
                Self.ok,
            ])
        try bench.connection.script(
            "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);")
        #expect(try bench.lines(Self.fields) == [Self.ok])
        #expect(
            try bench.lines("table: t_1, target: a, member: b") == [
                Self.ok.replacing("public.t,", with: "public.t_1,")
                    .replacing("t_pkey", with: "t_1_pkey")
            ])
    }

    @Test("a column of the identity that may be NULL is an error, unless NULLs are equal")
    func nullableIdentity() throws {
        let bench = try SchemaBench(
            "CREATE TABLE t (a integer, b integer, \"C\" text, CONSTRAINT one UNIQUE (a, b, \"C\"))"
        )
        let fields = Self.fields + ", attributes: [C], identity: [a, b, C]"
        let (checked, findings) = try bench.check(fields)
        #expect(checked == nil)
        #expect(
            findings.map(\.description) == [
                "error: r: expected a column of the identity to be NOT NULL, got C, of which one "
                    + "lets in any number of rows with NULL; ALTER TABLE \"public\".\"t\" ALTER "
                    + "COLUMN \"C\" SET NOT NULL, or make the index UNIQUE NULLS NOT DISTINCT"
            ])
        // What the catalog computes may never be NULL.
        let computed = try bench.check(Self.fields + ", set: { C: \"''\" }, identity: [a, b, C]")
        #expect(computed.checked != nil)
        #expect(computed.findings.map(\.level) == [.warning, .ok])
        try bench.connection.script("ALTER TABLE t ALTER COLUMN \"C\" SET NOT NULL")
        #expect(try bench.check(fields).findings.map(\.level) == [.ok])
        if bench.connection.serverVersion >= 150_000 {
            try bench.connection.script(
                """
                ALTER TABLE t ALTER COLUMN \"C\" DROP NOT NULL, DROP CONSTRAINT one;
                CREATE UNIQUE INDEX other ON t (a, b, "C") NULLS NOT DISTINCT;
                """)
            #expect(try bench.check(fields).findings.map(\.level) == [.ok])
        }
    }

    @Test("constraints that are not valid are warnings, with the statement that makes them so")
    func unvalidated() throws {
        let bench = try SchemaBench(
            Self.table
                + """
                CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO t VALUES (1, 1, 1);
                ALTER TABLE t ADD CONSTRAINT positive CHECK (c > 1) NOT VALID;
                ALTER TABLE t ADD CONSTRAINT known FOREIGN KEY (c) REFERENCES p NOT VALID;
                """)
        func line(_ name: String) -> String {
            "warning: r: expected constraints that hold for all rows, got \(name) NOT VALID: an "
                + "item that changes an old row which violates it is rejected \(name); ALTER TABLE "
                + "\"public\".\"t\" VALIDATE CONSTRAINT \"\(name)\""
        }
        let (checked, findings) = try bench.check(Self.fields)
        #expect(checked != nil)
        #expect(
            findings.filter { $0.level != .ok }.map(\.description)
                == [line("known"), line("positive")])
        try bench.connection.script(
            """
            DELETE FROM t; ALTER TABLE "public"."t" VALIDATE CONSTRAINT "positive";
            ALTER TABLE "public"."t" VALIDATE CONSTRAINT "known";
            """)
        #expect(try bench.check(Self.fields).findings.map(\.level) == [.ok])
    }

    @Test("an exclusion constraint is a warning")
    func exclusion() throws {
        let bench = try SchemaBench(
            "CREATE TABLE t (a integer, b integer, c int4range, PRIMARY KEY (a, b), "
                + "CONSTRAINT apart EXCLUDE USING gist (c WITH &&))")
        #expect(
            try bench.lines(Self.fields) == [
                "warning: r: the exclusion constraint apart is not the identity: an item that "
                    + "violates it is rejected apart",
                Self.ok,
            ])
    }

    @Test("what a removal does to other tables stands in the line that says ok")
    func removals() throws {
        func child(_ name: String, _ action: String) -> String {
            """
            CREATE TABLE \(name) (x integer DEFAULT 0, y integer DEFAULT 0, CONSTRAINT \(name)_key
              FOREIGN KEY (x, y) REFERENCES t \(action)); CREATE INDEX ON \(name) (x, y);
            """
        }
        let bench = try SchemaBench(
            Self.table + child("c1", "ON DELETE CASCADE") + child("c2", "ON DELETE SET NULL")
                + child("c3", "ON DELETE SET DEFAULT")
                + child("c4", "DEFERRABLE INITIALLY DEFERRED") + child("c5", "ON DELETE RESTRICT"))
        let words = [
            "a removal also removes rows of public.c1 (c1_key)",
            "a removal sets x, y of public.c2 to NULL (c2_key)",
            "a removal sets x, y of public.c3 to the default (c3_key)",
            "an item whose row public.c4 refers to is not removed but rejected c4_key",
            "an item whose row public.c5 refers to is not removed but rejected c5_key",
        ]
        #expect(
            try bench.lines(Self.fields) == [([Self.ok] + words).joined(separator: ", ")])
    }

    @Test("a foreign key to the table without an index is a warning with the CREATE INDEX")
    func referrerIndex() throws {
        let bench = try SchemaBench(
            Self.table
                + """
                CREATE TABLE "Badge" (x integer, "Y" integer, z integer, CONSTRAINT badge_key
                  FOREIGN KEY (x, "Y") REFERENCES t ON DELETE CASCADE);
                """)
        let line =
            "warning: r: expected an index behind the foreign key badge_key of public.Badge, got "
            + "none: each row that is removed scans the table; CREATE INDEX CONCURRENTLY ON "
            + "\"public\".\"Badge\" (\"x\", \"Y\")"
        func warnings() throws -> [String] {
            try bench.check(Self.fields).findings.filter { $0.level == .warning }
                .map(\.description)
        }
        #expect(try warnings() == [line])
        // An index that begins with something else does not help, nor one of a part of the rows.
        try bench.connection.script(
            """
            CREATE INDEX ON "Badge" (z, x); CREATE INDEX ON "Badge" (x) WHERE z > 0;
            CREATE INDEX ON "Badge" USING brin (x);
            """)
        #expect(try warnings() == [line])
        for index in ["(x)", "(\"Y\", x, z)", "(\"Y\") WHERE \"Y\" IS NOT NULL"] {
            try bench.connection.script("CREATE INDEX helps ON \"Badge\" \(index)")
            #expect(try warnings() == [], "\(index)")
            try bench.connection.script("DROP INDEX helps")
        }
        // The remedy is what it says.
        try bench.connection.script(
            "CREATE INDEX CONCURRENTLY ON \"public\".\"Badge\" (\"x\", \"Y\")")
        #expect(try warnings() == [])
    }

    @Test("no index is missed on a table that is known to fit on one page")
    func smallReferrer() throws {
        let bench = try SchemaBench(
            Self.table
                + """
                CREATE TABLE badge (x integer, y integer, FOREIGN KEY (x, y) REFERENCES t);
                INSERT INTO t VALUES (1, 1); INSERT INTO badge VALUES (1, 1);
                """)
        func count() throws -> Int {
            try bench.check(Self.fields).findings.filter { $0.level == .warning }.count
        }
        // Nobody has counted yet, and a table of today says nothing of tomorrow.
        #expect(try count() == 1)
        try bench.connection.script("SELECT pg_stat_force_next_flush()")
        try bench.connection.script("ANALYZE badge")
        #expect(try count() == 0)
        try bench.connection.script(
            "INSERT INTO badge VALUES (1, 1); SELECT pg_stat_force_next_flush()")
        #expect(try count() == 1)
        try bench.connection.script(
            "INSERT INTO badge SELECT 1, 1 FROM generate_series(1, 500)")
        try bench.connection.script("SELECT pg_stat_force_next_flush()")
        try bench.connection.script("ANALYZE badge")
        #expect(try count() == 1)
    }

    @Test("of a partitioned table that refers to this one its own key counts, not its partitions'")
    func partitionedReferrer() throws {
        let bench = try SchemaBench(
            Self.table
                + """
                CREATE TABLE badge (x integer, y integer, CONSTRAINT badge_key
                  FOREIGN KEY (x, y) REFERENCES t) PARTITION BY RANGE (x);
                CREATE TABLE badge_1 PARTITION OF badge FOR VALUES FROM (0) TO (10);
                """)
        let findings = try bench.check(Self.fields).findings
        #expect(findings.map(\.level) == [.warning, .ok])
        #expect(findings[0].remedy == "CREATE INDEX ON \"public\".\"badge\" (\"x\", \"y\")")
        try bench.connection.script("CREATE INDEX ON badge (x, y)")
        #expect(try bench.check(Self.fields).findings.map(\.level) == [.ok])
    }
}
