import Jobs
import Postgres
import Testing

@testable import Execution

/// Where triggers, effects or other tables follow from rows, a batch is seen as its jobs are.
@Suite struct FollowedRowsTests {
    private static let tables = """
        CREATE TABLE seat (course int, person int, role text, PRIMARY KEY (course, person));
        CREATE TABLE log (n bigserial, line text);
        CREATE TABLE note (course int, person int,
            FOREIGN KEY (course, person) REFERENCES pair ON DELETE CASCADE);
        """

    private func desk(_ more: String, _ clauses: String = "", conflict: String = "ignore") throws
        -> Desk
    {
        let pair = "CREATE TABLE pair (course int, person int, PRIMARY KEY (course, person));"
        return try Desk(
            tables: pair + Self.tables + more,
            catalog: """
                catalog: c
                relations:
                  seat: { table: seat, target: course, member: person, attributes: [role], \
                conflict: \(conflict)\(clauses) }
                  pair: { table: pair, target: course, member: person }
                """)
    }

    private func job(_ desk: Desk, _ kind: String, _ members: String, of relation: String = "seat")
        throws -> Message
    {
        try desk.message(kind, "\"relation\":\"\(relation)\",\"target\":1,\"members\":[\(members)]")
    }

    private func function(_ name: String, _ body: String) -> String {
        "CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \(body) END$$;"
    }

    @Test("a trigger that counts rows lets the first jobs' in, in the order of the jobs")
    func counting() throws {
        let desk = try desk(
            function(
                "few",
                """
                IF (SELECT count(*) FROM seat WHERE course = NEW.course) >= 2 THEN
                    RAISE EXCEPTION 'full'; END IF; RETURN NEW;
                """)
                + "CREATE TRIGGER few BEFORE INSERT ON seat FOR EACH ROW EXECUTE FUNCTION few()")
        let jobs = [
            try job(desk, "assign", "9"), try job(desk, "assign", "5,7"),
            try job(desk, "assign", "1"),
        ]
        try desk.execute(jobs)
        #expect(try desk.rows("SELECT person FROM seat ORDER BY 1") == ["5", "9"])
        #expect(try desk.receipt(jobs[1])?.counts == .of(created: 1, rejected: 1))
        #expect(try desk.receipt(jobs[2])?.counts == .of(rejected: 1))
    }

    @Test("a statement trigger sees what comes and goes again")
    func statements() throws {
        let desk = try desk(
            function(
                "tell",
                "INSERT INTO log (line) SELECT TG_OP || person FROM changed; RETURN NULL;")
                    + """
                    CREATE TRIGGER came AFTER INSERT ON seat REFERENCING NEW TABLE AS changed
                        FOR EACH STATEMENT EXECUTE FUNCTION tell();
                    CREATE TRIGGER went AFTER DELETE ON seat REFERENCING OLD TABLE AS changed
                        FOR EACH STATEMENT EXECUTE FUNCTION tell();
                    """)
        try desk.execute([try job(desk, "assign", "1"), try job(desk, "unassign", "1")])
        #expect(try desk.rows("SELECT line FROM log ORDER BY n") == ["INSERT1", "DELETE1"])
    }

    @Test("what follows from new and from changed rows follows in the order of the jobs")
    func mixed() throws {
        let trigger =
            function("tell", "INSERT INTO log (line) VALUES (TG_OP || NEW.person); RETURN NULL;")
                + """
                CREATE TRIGGER tell AFTER INSERT OR UPDATE ON seat
                    FOR EACH ROW EXECUTE FUNCTION tell();
                """
        let effects = """
            , on_assign: ["INSERT INTO public.log (line) SELECT 'INSERT' || c.person FROM created c", \
            "INSERT INTO public.log (line) SELECT 'UPDATE' || u.person FROM updated u"]
            """
        for (more, clauses) in [(trigger, ""), ("", effects)] {
            let desk = try desk(more, clauses, conflict: "{ update: [role] }")
            try desk.execute([try job(desk, "assign", "1")])
            try desk.execute([
                try job(desk, "assign", #"{"member":1,"role":"ta"}"#), try job(desk, "assign", "2"),
            ])
            #expect(
                try desk.rows("SELECT line FROM log ORDER BY n") == [
                    "INSERT1", "UPDATE1", "INSERT2",
                ])
        }
    }

    @Test("what refers to a row goes with it, also where the row comes again")
    func cascade() throws {
        let desk = try desk("")
        try desk.execute([try job(desk, "assign", "1,2", of: "pair")])
        try desk.connection.script("INSERT INTO note VALUES (1, 1), (1, 2)")
        let again = try job(desk, "assign", "1", of: "pair")
        try desk.execute([try job(desk, "unassign", "1", of: "pair"), again])
        #expect(try desk.rows("SELECT person FROM note") == ["2"])
        #expect(try desk.rows("SELECT person FROM pair ORDER BY 1") == ["1", "2"])
    }

    @Test("a row that a trigger keeps out without a word is refused and not called unchanged")
    func keptOut() throws {
        let desk = try desk(
            function("skip", "RETURN CASE WHEN NEW.person = 2 THEN NULL ELSE NEW END;")
                + "CREATE TRIGGER skip BEFORE INSERT ON seat FOR EACH ROW EXECUTE FUNCTION skip()")
        let job = try job(desk, "assign", "1,2,3")
        try desk.execute([job])
        #expect(try desk.receipt(job)?.counts == .of(created: 2, rejected: 1))
        #expect(try desk.codes(job) == [2: "not-written"])
    }

    @Test("a column that is computed anew makes a row that comes again another one")
    func computed() throws {
        let desk = try Desk(
            tables: "CREATE TABLE t (a int, b int, made timestamptz, PRIMARY KEY (a, b))",
            catalog: """
                catalog: c
                relations:
                  t: { table: t, target: a, member: b, set: { made: now() } }
                """)
        try desk.execute([try job(desk, "assign", "1", of: "t")])
        let before = try desk.value("SELECT made FROM t")
        try desk.execute([
            try job(desk, "unassign", "1", of: "t"), try job(desk, "assign", "1", of: "t"),
        ])
        #expect(try desk.value("SELECT made FROM t") != before)
    }

    @Test(
        "a rule that reads the table through a view or a function sees the jobs before",
        arguments: [
            "EXISTS (SELECT FROM public.full_course f WHERE f.course = item.course)",
            "public.is_full(item.course)",
        ])
    func hiddenReads(_ rule: String) throws {
        let desk = try desk(
            """
            CREATE VIEW taken AS SELECT course, count(*) AS n FROM seat GROUP BY course;
            CREATE VIEW full_course AS SELECT course FROM taken WHERE n >= 1;
            CREATE FUNCTION is_full(int) RETURNS boolean LANGUAGE sql STABLE
            AS 'SELECT EXISTS (SELECT FROM public.full_course f WHERE f.course = $1)';
            """, ", reject: [{ code: full, when: \"\(rule)\" }]")
        let jobs = [try job(desk, "assign", "2"), try job(desk, "assign", "1")]
        try desk.execute(jobs)
        #expect(try desk.rows("SELECT person FROM seat") == ["2"])
        #expect(try desk.codes(jobs[1]) == [1: "full"])
    }
}
