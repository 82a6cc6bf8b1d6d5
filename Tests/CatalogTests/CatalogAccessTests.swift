import Catalog
import Postgres
import Testing

/// What is said of a role that may not do all that a relation needs.
@Suite struct CatalogAccessTests {
    private static let fields =
        "table: school.enrollment, target: course_id, member: user_id, attributes: [role], "
        + "conflict: { update: [role] }"

    /// A school whose role has the grants given, and a connection that is in that role.
    private func bench(_ role: String, _ grants: String, tables: String = "") throws -> SchemaBench
    {
        let bench = try SchemaBench(
            """
            CREATE SCHEMA school;
            CREATE TABLE school.course (id integer PRIMARY KEY, title text);
            CREATE TABLE school.enrollment (
              course_id integer CONSTRAINT of_course REFERENCES school.course,
              user_id integer, role text NOT NULL DEFAULT 'student', note text,
              PRIMARY KEY (course_id, user_id));
            CREATE INDEX ON school.enrollment (user_id);
            \(tables);
            DO $$ BEGIN
              CREATE ROLE "\(role)";
            EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            """)
        try bench.connection.script(
            "\(grants.replacing("WORKER", with: "\"\(role)\"")); SET ROLE \"\(role)\"")
        return bench
    }

    private static let all = """
        GRANT USAGE ON SCHEMA school TO WORKER; GRANT SELECT ON school.course TO WORKER;
        GRANT ALL ON school.enrollment TO WORKER
        """

    @Test("a role with all that is needed is ok")
    func enough() throws {
        let bench = try bench("catalog_all", Self.all)
        #expect(try bench.check(Self.fields).checked != nil)
    }

    @Test("what a role lacks is an error with the GRANT")
    func table() throws {
        let bench = try bench(
            "Catalog Reader",
            """
            GRANT USAGE ON SCHEMA school TO WORKER; GRANT SELECT ON school.course TO WORKER;
            GRANT SELECT ON school.enrollment TO WORKER
            """)
        let (checked, findings) = try bench.check(Self.fields)
        #expect(checked == nil)
        #expect(
            findings.map(\.description) == [
                "error: r: expected the privileges INSERT, UPDATE, DELETE on school.enrollment, "
                    + "got none; GRANT INSERT, UPDATE, DELETE ON \"school\".\"enrollment\" "
                    + "TO \"Catalog Reader\""
            ])
        // The remedy is what it says.
        let remedy = try #require(findings.first?.remedy)
        try bench.connection.script("RESET ROLE; \(remedy); SET ROLE \"Catalog Reader\"")
        #expect(try bench.check(Self.fields).checked != nil)
    }

    @Test("privileges on the columns that are written are enough, on others they are not")
    func columns() throws {
        let most = """
            GRANT USAGE ON SCHEMA school TO WORKER; GRANT SELECT (id) ON school.course TO WORKER;
            GRANT DELETE ON school.enrollment TO WORKER;
            GRANT SELECT (course_id, user_id, role) ON school.enrollment TO WORKER;
            GRANT UPDATE (role) ON school.enrollment TO WORKER;
            """
        let bench = try bench(
            "catalog_columns",
            "\(most) GRANT INSERT (course_id, note) ON school.enrollment TO WORKER")
        let findings = try bench.check(Self.fields).findings
        #expect(
            findings.map(\.description) == [
                "error: r: expected the privilege INSERT on user_id, role of school.enrollment, "
                    + "got it on course_id, note alone; GRANT INSERT (\"user_id\", \"role\") ON "
                    + "\"school\".\"enrollment\" TO \"catalog_columns\""
            ])
        let remedy = try #require(findings.first?.remedy)
        try bench.connection.script("RESET ROLE; \(remedy); SET ROLE catalog_columns")
        #expect(try bench.check(Self.fields).checked != nil)
        // What is not written needs nothing.
        let fewer = Self.fields.replacing(", conflict: { update: [role] }", with: "")
        try bench.connection.script(
            """
            RESET ROLE; REVOKE UPDATE (role) ON school.enrollment FROM catalog_columns;
            GRANT UPDATE (note) ON school.enrollment TO catalog_columns; SET ROLE catalog_columns
            """)
        #expect(try bench.check(Self.fields).checked == nil)
        #expect(try bench.check(fewer).checked != nil)
    }

    @Test("a schema that the role may not look into is an error, once")
    func schema() throws {
        let bench = try bench(
            "catalog_outsider",
            "GRANT ALL ON school.enrollment TO WORKER; GRANT SELECT ON school.course TO WORKER")
        #expect(
            try bench.lines(Self.fields) == [
                "error: r: expected the privilege USAGE on the schema school, got none; "
                    + "GRANT USAGE ON SCHEMA \"school\" TO \"catalog_outsider\""
            ])
    }

    @Test("a foreign key's table that the role cannot read is an error")
    func parent() throws {
        let bench = try bench(
            "catalog_orphan",
            "GRANT USAGE ON SCHEMA school TO WORKER; GRANT ALL ON school.enrollment TO WORKER")
        #expect(
            try bench.lines(Self.fields) == [
                "error: r: expected the privilege SELECT on school.course, to which the foreign "
                    + "key of_course refers, got none; GRANT SELECT ON \"school\".\"course\" TO "
                    + "\"catalog_orphan\""
            ])
    }

    @Test("a sequence behind a default that the role cannot advance is an error")
    func sequence() throws {
        let bench = try bench(
            "catalog_counter", "\(Self.all); GRANT ALL ON numbered TO WORKER",
            tables: """
                CREATE TABLE numbered (id serial, other integer GENERATED ALWAYS AS IDENTITY,
                  a integer, b integer, PRIMARY KEY (a, b))
                """)
        let fields = "table: numbered, target: a, member: b"
        let findings = try bench.check(fields).findings
        #expect(
            findings.map(\.description) == [
                "error: r: expected the privilege USAGE on the sequence public.numbered_id_seq "
                    + "behind id, got none; GRANT USAGE ON SEQUENCE \"public\".\"numbered_id_seq\" "
                    + "TO \"catalog_counter\""
            ])
        // A column that is computed takes no number.
        #expect(try bench.check(fields + ", set: { id: '1' }").checked != nil)
        let remedy = try #require(findings.first?.remedy)
        try bench.connection.script("RESET ROLE; \(remedy); SET ROLE catalog_counter")
        #expect(try bench.check(fields).checked != nil)
    }

    @Test("row-level security that holds for the role is an error")
    func rowSecurity() throws {
        let bench = try bench(
            "catalog_hidden",
            "\(Self.all); ALTER TABLE school.enrollment ENABLE ROW LEVEL SECURITY")
        #expect(
            try bench.lines(Self.fields) == [
                "error: r: expected no row-level security for the role catalog_hidden on "
                    + "school.enrollment, got it enabled; ALTER ROLE \"catalog_hidden\" BYPASSRLS"
            ])
        // It does not hold for a superuser.
        try bench.connection.script("RESET ROLE")
        #expect(try bench.check(Self.fields).checked != nil)
    }

    @Test("row-level security that is forced holds for the owner too")
    func forcedRowSecurity() throws {
        let bench = try bench(
            "catalog_owner",
            """
            \(Self.all); ALTER TABLE school.enrollment OWNER TO WORKER;
            ALTER TABLE school.enrollment ENABLE ROW LEVEL SECURITY
            """)
        #expect(try bench.check(Self.fields).checked != nil)
        try bench.connection.script("ALTER TABLE school.enrollment FORCE ROW LEVEL SECURITY")
        #expect(
            try bench.lines(Self.fields) == [
                "error: r: expected no row-level security for the role catalog_owner on "
                    + "school.enrollment, got it forced; ALTER TABLE \"school\".\"enrollment\" "
                    + "NO FORCE ROW LEVEL SECURITY, or ALTER ROLE \"catalog_owner\" BYPASSRLS"
            ])
    }

    @Test("row-level security on a foreign key's table would take rows for unknown")
    func parentRowSecurity() throws {
        let bench = try bench(
            "catalog_blind", "\(Self.all); ALTER TABLE school.course ENABLE ROW LEVEL SECURITY")
        #expect(
            try bench.lines(Self.fields) == [
                "error: r: expected to see all rows of school.course, to which the foreign key "
                    + "of_course refers, got row-level security, which takes those that it hides "
                    + "for unknown; ALTER ROLE \"catalog_blind\" BYPASSRLS, or a policy that "
                    + "shows the role all rows"
            ])
    }
}
