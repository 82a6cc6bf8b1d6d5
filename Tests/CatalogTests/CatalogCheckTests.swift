import Catalog
import Postgres
import Testing

@Suite struct CatalogCheckTests {
    private static let school = """
        CREATE SCHEMA school;
        CREATE TABLE school.course (id integer PRIMARY KEY);
        CREATE TABLE school.enrollment (course_id integer NOT NULL REFERENCES school.course,
          user_id integer NOT NULL, role text NOT NULL DEFAULT 'student', note text,
          PRIMARY KEY (course_id, user_id));
        """
    private static let fields =
        "table: school.enrollment, target: course_id, member: user_id, attributes: [role]"

    @Test("a relation that fits is ok")
    func fits() throws {
        let bench = try SchemaBench(Self.school)
        let (checked, findings) = try bench.check(Self.fields)
        #expect(checked?.arbiter?.name == "enrollment_pkey")
        #expect(
            findings.map(\.description) == [
                "ok: r: school.enrollment, identity (course_id, user_id) by enrollment_pkey, "
                    + "1 foreign keys, 0 rules"
            ])
    }

    @Test("a table that is not there is an error with its place")
    func noTable() throws {
        let bench = try SchemaBench(Self.school)
        let (checked, findings) = try bench.check("table: school.enrolment, target: a, member: b")
        #expect(checked == nil)
        #expect(
            findings.map(\.description) == [
                "error: r: expected the table school.enrolment, got none; "
                    + "create it, or mend `table` at c.yaml:3"
            ])
    }

    @Test(
        "what is no table is an error",
        arguments: [
            (
                "CREATE VIEW seen AS SELECT * FROM school.enrollment",
                "the view public.seen; name the table that it reads"
            ),
            (
                "CREATE MATERIALIZED VIEW seen AS SELECT * FROM school.enrollment",
                "the materialized view public.seen; name a table that it reads"
            ),
            (
                """
                CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
                CREATE FOREIGN TABLE seen (course_id integer, user_id integer) SERVER nowhere
                """,
                "the foreign table public.seen; let a worker write it in the database where it is"
            ),
        ])
    func noTableButLikeOne(sql: String, words: String) throws {
        let bench = try SchemaBench(Self.school + sql)
        let (checked, findings) = try bench.check(
            "table: seen, target: course_id, member: user_id")
        #expect(checked == nil)
        #expect(findings.map(\.description) == ["error: r: expected a table, got \(words)"])
    }

    @Test("a column that is not there is an error, with the nearest one")
    func noColumn() throws {
        let bench = try SchemaBench(Self.school)
        let lines = try bench.lines(
            "table: school.enrollment, target: course_id, member: user_id, attributes: [rol, xyzzy]"
        )
        #expect(
            lines == [
                "error: r: expected a column rol in school.enrollment, got none; did you mean role?",
                "error: r: expected a column xyzzy in school.enrollment, got none; "
                    + "add it, or mend the catalog at c.yaml:3",
            ])
    }

    @Test(
        "an index that cannot arbitrate is none",
        arguments: [
            "ALTER TABLE t ADD CONSTRAINT i UNIQUE (a, b) DEFERRABLE INITIALLY DEFERRED",
            "CREATE UNIQUE INDEX i ON t (a, b, c)",
            "CREATE UNIQUE INDEX i ON t (a, b); "
                + "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
            "CREATE INDEX i ON t (a, b)",
        ])
    func noArbiter(sql: String) throws {
        let bench = try SchemaBench("CREATE TABLE t (a integer, b integer, c integer); \(sql)")
        let (checked, findings) = try bench.check("table: t, target: a, member: b")
        #expect(checked == nil)
        #expect(
            findings.filter { $0.level == .error }.map(\.description) == [
                "error: r: expected a unique index on (a, b) of public.t, neither partial nor "
                    + "deferrable, got none; CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"t\" "
                    + "(\"a\", \"b\"), mend `identity` at c.yaml:3, or say `unique: false`"
            ])
    }

    @Test("a second unique index is a warning, unless it follows from the identity")
    func secondIndex() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer, b integer,
              hash text UNIQUE, seat integer CONSTRAINT one_seat UNIQUE, UNIQUE (a, b));
            """)
        let fields = "table: t, target: a, member: b, set: { hash: 'item.a || item.b::text' }"
        let (checked, findings) = try bench.check(fields)
        #expect(checked?.arbiter?.name == "t_a_b_key")
        #expect(
            findings.filter { $0.level == .warning }.map(\.message) == [
                "the unique index one_seat is not the identity: an item that violates it is "
                    + "rejected one_seat"
            ])
        // Of half the identity two rows may have the same hash.
        let half = try bench.check("table: t, target: a, member: b, set: { hash: 'item.a::text' }")
        #expect(half.findings.filter { $0.level == .warning }.count == 2)
    }

    @Test("an index with a predicate or expressions arbitrates, named where there are several")
    func otherArbiters() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (a integer, b integer, c integer);
            CREATE UNIQUE INDEX part ON t (a, b) WHERE c > 0;
            """)
        let (partial, findings) = try bench.check("table: t, target: a, member: b")
        #expect(partial?.arbiter?.name == "part")
        #expect(
            findings.map(\.description).first
                == "warning: r: part is partial: only rows with (c > 0) count as there")
        try bench.connection.script("CREATE UNIQUE INDEX other ON t (a, b) WHERE c > 1")
        #expect(
            try bench.lines("table: t, target: a, member: b").first?.hasSuffix(
                "say which is meant: `arbiter: other` or `part`") == true)
        let named = try bench.check("table: t, target: a, member: b, arbiter: other")
        #expect(named.checked?.arbiter?.name == "other")
        #expect(
            try bench.lines("table: t, target: a, member: b, arbiter: none").first
                == "error: r: expected arbiter to be a valid unique index over (a, b) that is not "
                + "deferrable, got none; there is other, part")
        try bench.connection.script("CREATE UNIQUE INDEX folded ON t (a, abs(b))")
        let folded = try bench.check("table: t, target: a, member: b")
        #expect(folded.checked?.arbiter?.name == "folded")
    }

    @Test("a column that must have a value and gets none is an error")
    func required() throws {
        let bench = try SchemaBench(
            """
            CREATE DOMAIN needed AS text NOT NULL;
            CREATE TABLE t (a integer, b integer, c text NOT NULL, d needed, e text NOT NULL DEFAULT '',
              f integer GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (a, b));
            """)
        func message(_ name: String) -> String {
            "error: r: expected a value for \(name), which is NOT NULL without a default; "
                + "declare it among the attributes or under `set`, or give it a default"
        }
        #expect(try bench.lines("table: t, target: a, member: b") == [message("c"), message("d")])
        #expect(
            try bench.lines("table: t, target: a, member: b, attributes: [c], set: { d: \"'x'\" }")
                .map { String($0.prefix(5)) } == ["ok: r"])
    }

    @Test("a column that cannot be given is an error")
    func notGiven() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (a integer, b integer, made integer GENERATED ALWAYS AS (a + b) STORED,
              number integer GENERATED ALWAYS AS IDENTITY, data json, PRIMARY KEY (a, b));
            """)
        #expect(
            try bench.lines("table: t, target: a, member: b, attributes: [made, number]") == [
                "error: r: expected a column that can be written, made is generated always; "
                    + "leave it out",
                "error: r: expected a column that can be written, number is generated always; "
                    + "leave it out",
            ])
        #expect(
            try bench.lines("table: t, target: a, member: data, identity: [a, b], attributes: [b]")
                == [
                    "error: r: expected a type with an equality for target and member, data is json; "
                        + "make it another type, such as jsonb for json, or an attribute"
                ])
        #expect(
            try bench.check("table: t, target: a, member: b, attributes: [data]").checked != nil)
        #expect(
            try bench.check("table: t, target: a, member: b, set: { data: \"'{}'\" }").checked
                != nil)
    }

    @Test("an expression may name the item's own columns only")
    func references() throws {
        let bench = try SchemaBench(Self.school)
        let fields =
            Self.fields + ", set: { note: 'item.nope' }, "
            + "reject: [{ code: x, when: 'item.note = item.gone' }]"
        #expect(
            try bench.lines(fields) == [
                "error: r: set.note: expected item.<a column of target, member, attributes or set>, "
                    + "got item.nope",
                "error: r: reject x: expected item.<a column of target, member, attributes or set>, "
                    + "got item.gone",
            ])
        #expect(
            try bench.lines(Self.fields + ", reject: [{ code: x, when: 'item.note = $$$$' }]") == [
                "error: r: reject x: expected item.<a column of target, member, attributes or set>, "
                    + "got item.note"
            ])
    }

    @Test("several errors are found at once, and none of them is hidden by an ok")
    func several() throws {
        let bench = try SchemaBench("CREATE TABLE t (a integer, c text NOT NULL)")
        let (checked, findings) = try bench.check("table: t, target: a, member: b")
        #expect(checked == nil)
        #expect(findings.map(\.level) == [.error, .error, .error])
    }

    @Test("columns with odd names fit as they are written in the catalog")
    func oddNames() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE "User List" ("Course.ID" integer, "a""b" integer, "größe" text,
              PRIMARY KEY ("Course.ID", "a""b"));
            """)
        let fields = """
            table: User List, target: Course.ID, member: 'a"b', \
            set: { größe: 'item."Course.ID" || item."a""b"::text' }
            """
        let (checked, findings) = try bench.check(fields)
        #expect(checked != nil, "\(findings)")
    }

    @Test("levels are ordered by their weight")
    func levels() {
        #expect([Finding.Level.error, .ok, .warning].sorted() == [.ok, .warning, .error])
    }
}
