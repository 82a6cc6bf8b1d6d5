import Foundation
import Postgres
import Testing

@Suite struct CatalogExplainTests {
    private static let tables = """
        CREATE TABLE course (id integer PRIMARY KEY);
        CREATE TABLE closing (course_id integer, day date);
        CREATE TABLE enrollment (id serial, course_id integer REFERENCES course, user_id integer,
          role text NOT NULL DEFAULT 'student', PRIMARY KEY (course_id, user_id));
        INSERT INTO course SELECT generate_series(1, 9);
        INSERT INTO enrollment (course_id, user_id) SELECT 1, generate_series(1, 5);
        """
    private static let enrollment = """
        enrollment: { table: enrollment, target: course_id, member: user_id, attributes: [role], \
        conflict: { update: [role] }, reject: [{ code: closed, when: 'EXISTS (SELECT 1 FROM closing c \
        WHERE c.course_id = item.course_id)' }] }
        """

    private func program(_ more: String...) throws -> CatalogProgram {
        try CatalogProgram(
            Self.tables, Self.enrollment,
            "course: { table: course, target: id, member: name }")
    }

    @Test("each statement is printed with what it is for, and as the database takes it")
    func statements() throws {
        let program = try program()
        let run = try program.run("explain", "enrollment")
        #expect(run.code == 0, "\(run.errors)")
        #expect(
            run.lines.prefix(7) == [
                "enrollment: public.enrollment, target course_id, member user_id, declared at "
                    + program.path("catalog.yaml") + ":3",
                "The items of a batch are the parameters of each statement, however many:",
                "  $1  int4[]   the numbers of the items in their batch",
                "  $2  int4[]   course_id, integer",
                "  $3  int4[]   user_id, integer",
                "  $4  text[]   role, text",
                "  $5  bool[]   whether the job says something of role",
            ])
        var statements: [String: String] = [:]
        var heading = ""
        for line in run.lines.dropFirst(7) {
            if line.hasPrefix("    ") {
                statements[heading, default: ""] += line + "\n"
            } else if !line.hasPrefix(" ") {
                heading = String(line.prefix { $0 != ":" })
            }
        }
        let names = [
            "probe", "check", "present", "insert", "lock", "lock for delete", "delete",
            "lock for update", "update",
        ]
        #expect(statements.keys.sorted() == names.sorted())
        for (number, name) in names.enumerated() {
            try program.connection.execute("PREPARE s\(number) AS \(statements[name] ?? "")")
        }
        #expect(!run.output.contains("plan"))
    }

    @Test("what is said of the relation comes last, in the words of catalog check")
    func findings() throws {
        let program = try program()
        let check = try program.run("check")
        #expect(check.code == 78)
        let warning =
            "warning: enrollment: expected an index on public.closing for the rule closed, got a "
            + "scan of the table; CREATE INDEX CONCURRENTLY ON \"public\".\"closing\" (\"course_id\")"
        #expect(check.lines.contains(warning), "\(check.output)")
        let run = try program.run("explain", "enrollment")
        // Another relation's error is not this one's.
        #expect(run.code == 0)
        #expect(run.lines.suffix(2) == check.lines.filter { $0.contains(": enrollment: ") })
        try program.connection.script("CREATE INDEX ON closing (course_id)")
        #expect(try !program.run("explain", "enrollment").output.contains("warning"))
    }

    @Test("a sample is planned with its items, statement by statement, and nothing is written")
    func sample() throws {
        let program = try program()
        try program.connection.script(
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
            CREATE TRIGGER never BEFORE INSERT OR UPDATE OR DELETE ON enrollment
            FOR EACH STATEMENT EXECUTE FUNCTION f();
            """)
        let sample = try program.sample(
            #"{"type":"rollcall.assign","data":{"relation":"enrollment","target":1,"members":[5,6,7]}}"#,
            "",
            #"{"type":"rollcall.unassign","data":{"relation":"enrollment","target":1,"members":[1,2]}}"#
        )
        let run = try program.run("explain", "enrollment", "--sample", sample)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors == "")
        var plans: [String: String] = [:]
        var heading = ""
        for line in run.lines {
            if line.hasPrefix("  plan") {
                plans[heading] = line
            } else if !line.hasPrefix(" ") {
                heading = String(line.prefix { $0 != ":" })
            }
        }
        let none = "  plan: none, no item of the sample is sent with it"
        #expect(
            plans == [
                "probe": "  plan for 5 items:", "check": "  plan for 3 items:", "present": none,
                "insert": "  plan for 3 items:", "lock": "  plan for 5 items:",
                "lock for delete": "  plan for 2 items:", "delete": "  plan for 2 items:",
                "lock for update": "  plan for 3 items:", "update": "  plan for 3 items:",
                "kept out": "  plan for 3 items:",
            ])
        // The planner knows how many items there are.
        #expect(run.output.contains(#/Function Scan on raw  \(cost=\S+ rows=5 /#))
        #expect(run.output.contains("Conflict Arbiter Indexes: enrollment_pkey"))
        let state = try program.connection.execute(
            "SELECT (SELECT count(*) FROM enrollment), (SELECT last_value FROM enrollment_id_seq)")
        #expect(state.int(0, 0) == 5)
        #expect(state.int(0, 1) == 5)
    }

    @Test("the data of a job alone stands for an assign and an unassign")
    func data() throws {
        let program = try program()
        let sample = try program.sample(
            #"{"relation":"enrollment","target":1,"members":[5,6]}"#,
            #"{"relation":"enrollment","target":2,"members":"all"}"#)
        let run = try program.run("explain", "enrollment", "--sample", sample)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.components(separatedBy: "plan for 2 items:").count == 7)
        // The one target of a job for all members.
        #expect(run.output.components(separatedBy: "plan for 1 item:").count == 2)
        #expect(run.output.components(separatedBy: "plan for 4 items:").count == 3)
    }

    @Test(
        "items that a worker refuses unsent are named once and left out, so are other relations' jobs"
    )
    func leftOut() throws {
        let program = try program()
        let sample = try program.sample(
            #"{"relation":"enrollment","target":1,"members":[5,"x",{"member":6,"colour":"red"}]}"#,
            #"{"type":"rollcall.assign","data":{"relation":"course","target":1,"members":[1]}}"#)
        let run = try program.run("explain", "enrollment", "--sample", sample)
        #expect(run.code == 0)
        #expect(
            run.errors == """
                rollcall: left out: 1 job for other relations
                rollcall: \(sample):1: left out: item 2: invalid-value: user_id: expected a whole \
                number from -2147483648 to 2147483647, got "x"
                rollcall: \(sample):1: left out: item 3: unknown-attribute: expected member, role, \
                got "colour"

                """)
        #expect(run.output.components(separatedBy: "plan for 1 item:").count == 7)
    }

    @Test("lookups are planned with the names of the sample, effects without rows")
    func otherParameters() throws {
        let program = try CatalogProgram(
            Self.tables + "CREATE TABLE person (id integer, name text UNIQUE)",
            """
            enrollment: { table: enrollment, target: course_id, member: user_id, lookup: { \
            member.name: 'SELECT p.id FROM person p WHERE p.name = lookup.value' }, on_unassign: [ \
            'DELETE FROM closing c USING removed WHERE c.course_id = removed.course_id'] }
            """)
        let sample = try program.sample(
            #"{"type":"rollcall.assign","data":{"relation":"enrollment","target":1,"members":["#
                + #"{"name":"ada"},{"name":"bob"},3]}}"#)
        let run = try program.run("explain", "enrollment", "--sample", sample)
        #expect(run.code == 0, "\(run.errors)")
        let parts = run.output.components(separatedBy: "\n\n")
        func part(_ name: String) -> [String] {
            parts.first { $0.hasPrefix("\(name): ") }?.components(separatedBy: "\n") ?? []
        }
        #expect(
            part("lookup member.name") == [
                "lookup member.name: finds what is meant by a name",
                "  sent once a batch, if a job calls something so", "  with other parameters:",
                "  $1  int4[]   the numbers of the items", "  $2  text[]   the names",
            ])
        #expect(
            part("on_unassign 1") == [
                "on_unassign 1: follows from the rows that are written",
                "  sent once a run that has removed rows", "  with other parameters:",
                "  $1  text[]   the removed rows as the database prints them",
                "  $2  int8[]   the places of their items",
            ])
        #expect(
            part("lock").suffix(2) == [
                "  with one parameter more:",
                "  $4  int2[]   why its row is locked: 0 to remove it, 1 to change it, 2 for a later run",
            ])
        #expect(run.output.contains("  plan for 2 items:\n"))
        #expect(
            run.output.contains("  plan, without rows as nothing is written here:\n    Delete on"))
    }

    @Test("the statements for children follow, as far as they are sent, with what is said of them")
    func children() throws {
        let program = try CatalogProgram(
            """
            CREATE TABLE diff (id bigint GENERATED ALWAYS AS IDENTITY UNIQUE, a integer, b integer,
              PRIMARY KEY (a, b));
            CREATE TABLE commits (diff_id bigint REFERENCES diff (id), place integer, sha text,
              PRIMARY KEY (diff_id, place));
            """,
            """
            diff: { table: diff, target: a, member: b, children: { commits: { table: commits, \
            parent: { diff_id: id }, attributes: [place, sha] } } }
            """)
        let run = try program.run("explain", "diff")
        #expect(run.code == 0, "\(run.errors)")
        let headings = run.lines.filter { $0.first?.isLetter == true }
        let first = try #require(headings.firstIndex { $0.hasPrefix("diff.commits: ") })
        let names = headings.map { String($0.prefix { $0 != ":" }) }
        #expect(Set(["parents", "delete commits", "delete"]).isSubset(of: names[..<first]))
        let child = names[(first + 1)...]
        #expect(child.contains("insert") && child.contains("check"))
        #expect(!child.contains("delete") && !child.contains("present"))
        // The parent's line and the child's.
        let said = run.lines.suffix(2)
        #expect(said.first?.hasPrefix("ok: diff: ") == true)
        #expect(
            said.first?.hasSuffix("a removal removes the commits of public.commits before") == true)
        #expect(said.last?.hasPrefix("ok: diff.commits: ") == true)
    }

    @Test(
        "a sample that is none is wrong usage",
        arguments: [
            (
                #"{"type":"rollcall.assign","data":{"relation":"enrollment"}}"#,
                "expected target or targets"
            ),
            ("{}", "expected a CloudEvent"), ("nonsense", "expected"),
            (#"{"relation":"enrollment","target":1}"#, "members: expected a list"),
            (
                #"{"relation":"other","target":1,"members":[1]}"#,
                "expected jobs for enrollment in"
            ), ("", "expected jobs for enrollment in"),
        ])
    func faultySample(line: String, words: String) throws {
        let program = try program()
        let sample = try program.sample(line)
        let run = try program.run("explain", "enrollment", "--sample", sample)
        #expect(run.code == 2)
        #expect(run.output == "")
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains(sample))
    }

    @Test(
        "a relation that is not there is wrong usage, one that does not fit is 78 with its errors")
    func noRelation() throws {
        let program = try program()
        let near = try program.run("explain", "enrolment")
        #expect(near.code == 2)
        #expect(
            near.errors
                == "rollcall: expected a relation, roster or backfill of the catalog, got \"enrolment\", did "
                + "you mean enrollment?\n")
        let far = try program.run("explain", "xyzzy")
        #expect(
            far.errors
                == "rollcall: expected a relation, roster or backfill of the catalog, got \"xyzzy\"; it has "
                + "course, enrollment\n")
        let faulty = try program.run("explain", "course")
        #expect(faulty.code == 78)
        #expect(faulty.output == "")
        #expect(
            faulty.errors.hasPrefix(
                "rollcall: error: course: expected a column name in public.course"))
        #expect(try program.run("explain", "enrollment", "--sample", "/none").code == 2)
        #expect(try program.run("explain").code == 2)
    }
}
