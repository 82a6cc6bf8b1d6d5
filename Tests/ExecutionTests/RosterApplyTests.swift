import Jobs
import Postgres
import Testing

@testable import Execution

/// Rows become people and their seats; what one row cannot become keeps no other one back.
@Suite struct RosterApplyTests {
    private let desk: RosterDesk
    private static let course = #""target":1"#

    init() throws { desk = try RosterSchool.desk() }

    @Test("who is new is made, who differs is changed, and nothing is changed the second time")
    func upsert() throws {
        try desk.connection.script(
            """
            INSERT INTO person (username, full_name, age) VALUES ('ada', 'Ada', 36), ('bob', 'Bob', 7),
              ('dan', 'Dan', 8);
            INSERT INTO seat SELECT 1, id, 'ta' FROM person WHERE username IN ('ada', 'bob')
            """)
        let file = """
            username,full_name,role,age
            ada,Ada,ta,36
            bob,Robert,ta,
            cyd,Cyd,student,9
            dan,Dan,student,8

            """
        let before = try desk.value("SELECT xmin FROM person WHERE username = 'ada'")
        let first = try desk.apply("people", file, Self.course)
        // Of Dan the seat is new.
        #expect(try desk.job(first) == "succeeded items 4 created 2 updated 1 unchanged 1")
        #expect(try desk.value("SELECT xmin FROM person WHERE username = 'ada'") == before)
        #expect(
            try desk.rows("SELECT username, full_name, age FROM person ORDER BY 1")
                == ["ada|Ada|36", "bob|Robert|7", "cyd|Cyd|9", "dan|Dan|8"])
        #expect(
            try desk.seats() == ["ada|1|ta", "bob|1|ta", "cyd|1|student", "dan|1|student"])
        let rows = try desk.rows("SELECT xmin, username FROM person ORDER BY 2")
        let second = try desk.apply("people", file, Self.course)
        #expect(try desk.job(second) == "succeeded items 4 unchanged 4")
        #expect(try desk.rows("SELECT xmin, username FROM person ORDER BY 2") == rows)
        #expect(try desk.discrepancy(of: second) == nil)
    }

    @Test("what the rules, the keys and the values refuse is refused row by row")
    func refusals() throws {
        try desk.connection.script(
            "INSERT INTO person (username, email) VALUES ('old', 'old@x')")
        let id = try desk.apply(
            "people",
            """
            username,age,email,house
            ada,1,ada@x,1
            bob,-1,bob@x,1
            cyd,old,cyd@x,1
            dan,4,dan@x,7
            eve,5,old@x,2
            fay,6,ada@x,2
            gus,99999999999,gus@x,2
            hal,8,hal@x,two
            ida,9,ida@x,

            """, Self.course)
        #expect(try desk.job(id) == "succeeded_with_rejections items 9 created 2 rejected 7")
        #expect(
            try desk.rejected(id) == [
                "3 person_age", "4 invalid-value", "5 unknown-house", "6 person_email_key",
                "7 person_email_key", "8 invalid-value", "9 invalid-value",
            ])
        #expect(try desk.seats() == ["ada|1|student", "ida|1|student"])
        #expect(try desk.discrepancy(of: id) == nil)
        // What is refused is kept as it was sent.
        #expect(
            try desk.rows(
                "SELECT line, code, \"values\"[1] FROM rollcall.roster_row ORDER BY line"
            ).dropFirst().first
                == "4|invalid-value|cyd")
    }

    @Test("a relation's own rules refuse the rows, and an unknown target all of them")
    func relationRules() throws {
        let closed = try desk.apply("people", "username\nada\nbob\n", #""target":9"#)
        #expect(try desk.job(closed) == "succeeded_with_rejections items 2 rejected 2")
        #expect(
            try desk.rows("SELECT item, code, message FROM rollcall.rejection ORDER BY item")
                == ["2|closed|course 9 is closed", "3|closed|course 9 is closed"])
        for target in ["77", "\"x\"", "null"] {
            let unknown = try desk.apply("people", "username\nada\n", "\"target\":\(target)")
            #expect(
                try desk.job(unknown)?.hasPrefix("succeeded_with_rejections items 1 rejected 1")
                    == true, "\(target)")
        }
        let none = try desk.apply("people", "username\nada\n")
        #expect(try desk.job(none) == "succeeded_with_rejections items 1 rejected 1")
        #expect(try desk.rejected(none) == ["2 missing-value"])
        #expect(try desk.seats() == [])
    }

    @Test("rows that a trigger raises for are found among thousands, in each of the steps")
    func bisection() throws {
        let desk = try RosterSchool.desk(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no % here', TG_ARGV[0]; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON person FOR EACH ROW
            WHEN (NEW.age = 13) EXECUTE FUNCTION refuse('thirteen');
            CREATE TRIGGER refuse AFTER INSERT ON seat FOR EACH ROW
            WHEN (NEW.role = 'ta') EXECUTE FUNCTION refuse('ta');
            """)
        var file = "username,age,role\n"
        for number in 2...2_500 {
            file += "n\(number),\(number % 900 == 0 ? "13" : number % 700 == 0 ? "x" : "20"),"
            file += number % 1_000 == 1 ? "ta\n" : "\n"
        }
        let id = try desk.apply("people", file, Self.course)
        #expect(
            try desk.rejected(id) == [
                "700 invalid-value", "900 sqlstate-P0001", "1001 sqlstate-P0001",
                "1400 invalid-value", "1800 sqlstate-P0001", "2001 sqlstate-P0001",
                "2100 invalid-value",
            ])
        let messages = try desk.messages(id)
        #expect(messages.contains("900 n900: no thirteen here"))
        // What an item of a relation is about is its member.
        #expect(messages.contains { $0.hasPrefix("1001 ") && $0.hasSuffix(": no ta here") })
        #expect(
            try desk.job(id) == "succeeded_with_rejections items 2499 created 2492 rejected 7")
        #expect(try desk.value("SELECT count(*) FROM seat") == "2492")
        #expect(
            try desk.rows(
                "SELECT username FROM person p WHERE NOT EXISTS (SELECT FROM seat WHERE person_id = p.id) ORDER BY 1"
            )
                == [])
        #expect(try desk.discrepancy(of: id) == nil)
    }
}
