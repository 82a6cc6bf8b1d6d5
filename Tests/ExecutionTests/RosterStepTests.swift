import Jobs
import Postgres
import Testing

@testable import Execution

/// Steps of all kinds, and files of several.
@Suite struct RosterStepTests {
    private static let tables =
        RosterSchool.tables + """
            CREATE TABLE mark (course_id integer, place integer, person text, number integer,
              PRIMARY KEY (course_id, place, person));
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON person FOR EACH ROW
            WHEN (NEW.full_name LIKE 'bad%') EXECUTE FUNCTION refuse();
            CREATE TRIGGER refuse AFTER INSERT ON mark FOR EACH ROW
            WHEN (NEW.number = 13) EXECUTE FUNCTION refuse();
            """

    private static let catalog =
        RosterSchool.relation + "\n" + """
              mark:
                table: mark
                target: [course_id, place]
                member: person
                attributes: [number]
                conflict: { update: [number] }
            rosters:
              loose:
                columns: { name: {}, note: {}, number: {} }
                steps:
                  - upsert: person
                    identity: username
                    values: { username: row.name, full_name: row.note }
                    conflict: { update: [full_name] }
                    as: person
                  - assign: mark
                    target: { course_id: "1", place: "1" }
                    member: person.username
                    attributes: { number: "row.number::int" }
              places:
                columns: { name: {} }
                steps:
                  - assign: mark
                    target: { course_id: job.target.course, place: "job.target.place::int" }
                    member: row.name
              classes:
                columns: { name: {}, classes: {}, active: { default: "yes" } }
                steps:
                  - { upsert: person, identity: username, values: { username: row.name }, as: user }
                  - assign: seat
                    target: "(SELECT c.id FROM course c WHERE c.code = each)"
                    member: user.id
                    when: row.active = 'yes'
                    each: "string_to_array(row.classes, ',')"
                  - unassign: seat
                    target: "(SELECT c.id FROM course c WHERE c.code = each)"
                    member: user.id
                    when: row.active = 'no'
                    each: "string_to_array(row.classes, ',')"
              package:
                files:
                  users:
                    columns: { id: { required: true, unique: true }, name: {} }
                    steps:
                      - upsert: person
                        identity: username
                        values: { username: row.id, full_name: row.name }
                        conflict: { update: [full_name] }
                  seats:
                    columns: { user: { required: true }, course: {}, role: {} }
                    steps:
                      - assign: seat
                        target: "row.course::int"
                        member: "(SELECT p.id FROM person p WHERE p.username = row.user)"
                        attributes: { role: row.role }
            """

    private let desk: RosterDesk

    init() throws { desk = try RosterDesk(tables: Self.tables, catalog: Self.catalog) }

    /// What each step refuses must not be taken for another row's when rows before it go.
    @Test("rows are refused by what they say and not by where they stand")
    func severalSteps() throws {
        let id = try desk.apply(
            "loose",
            """
            name,note,number
            a,bad1,1
            a,bad2,2
            b,x,3
            c,x,13
            d,x,x
            e,x,14
            f,bad,15
            g,x,16

            """)
        #expect(
            try desk.rejected(id) == [
                "2 sqlstate-P0001", "3 sqlstate-P0001", "5 sqlstate-P0001", "6 invalid-value",
                "8 sqlstate-P0001",
            ])
        #expect(try desk.rows("SELECT number FROM mark ORDER BY 1") == ["3", "14", "16"])
        #expect(try desk.job(id) == "succeeded_with_rejections items 8 created 3 rejected 5")
    }

    /// A row that cannot be read stands before one that the step before refuses.
    @Test("a row that goes unread does not let another be refused in its place")
    func unreadBeforeRefused() throws {
        let id = try desk.apply(
            "loose", "name,note,number\na,x,x\nb,bad,1\nc,x,2\nd,x,13\ne,x,3\n")
        #expect(
            try desk.rejected(id) == ["2 invalid-value", "3 sqlstate-P0001", "5 sqlstate-P0001"])
        #expect(try desk.people().map { $0.prefix(1) } == ["c", "e"])
        #expect(try desk.rows("SELECT person FROM mark ORDER BY 1") == ["c", "e"])
        #expect(try desk.job(id) == "succeeded_with_rejections items 5 created 2 rejected 3")
    }

    @Test("a target of several columns is read column by column, and a long one whole")
    func compositeTarget() throws {
        let id = try desk.apply("places", "name\nada\n", #""target":{"course":2,"place":"3"}"#)
        #expect(try desk.job(id) == "succeeded items 1 created 1")
        #expect(try desk.rows("SELECT * FROM mark") == ["2|3|ada|NULL"])
        let long = String(repeating: "x", count: 300)
        let more = try desk.apply(
            "places", "name\nbob\n", #""target":{"why":"\#(long)","course":2,"place":3}"#)
        #expect(try desk.job(more) == "succeeded items 1 created 1")
    }

    @Test("each element of a list is an item, and a row counts once")
    func each() throws {
        let file = "name,classes,active\nada,\"one,two,one\",\nbob,three,\ncyd,,\ndan,nowhere,\n"
        let first = try desk.apply("classes", file)
        #expect(
            try desk.job(first) == "succeeded_with_rejections items 4 created 3 rejected 1")
        #expect(try desk.rejected(first).count == 1)
        #expect(
            try desk.seats() == ["ada|1|student", "ada|2|student", "bob|3|student"])
        let second = try desk.apply("classes", file)
        #expect(
            try desk.job(second) == "succeeded_with_rejections items 4 unchanged 3 rejected 1")
        let third = try desk.apply(
            "classes", "name,classes,active\nada,\"two,three\",no\nbob,three,maybe\ncyd,one,no\n")
        #expect(try desk.job(third) == "succeeded items 3 unchanged 2 removed 1")
        #expect(try desk.seats() == ["ada|1|student", "bob|3|student"])
    }

    // MARK: Packages

    private func package(_ files: [(String, String)], _ more: String = "") throws -> JobID {
        let id = desk.freshID()
        for (place, file) in files.enumerated() {
            let part = #""format":"oneroster","part":{"number":\#(place + 1),"of":\#(files.count)}"#
            try desk.stage(
                desk.message(
                    "package",
                    "\(part),\"file\":\"\(file.0)\",\(RosterDesk.content(file.1))\(more)", id: id))
        }
        try desk.run()
        return id
    }

    @Test("files are applied in the catalog's order, and their rows named by file and line")
    func files() throws {
        let id = try package([
            ("seats", "user;course;role\r\nada;1;ta\r\nbob;77;ta\r\nzoe;1;\r\nada;x;\r\n"),
            ("users", "id,name\r\nada,Ada\r\nada,Again\r\n,\r\nbob,bad\r\n"),
            ("seats", "user,course,role\r\ncyd,2,ta\r\n,3,\r\n"), ("users", "id\r\ncyd\r\nada\r\n"),
        ])
        // Users have the lines 1 to 8, seats 9 to 16.
        #expect(
            try desk.rows(
                "SELECT item, code, message FROM rollcall.rejection WHERE message LIKE '%line%' ORDER BY item"
            )
                == [
                    "3|duplicate-id|users, line 3: id: expected each value once, got \"ada\" again, first in line 2",
                    "4|missing-value|users, line 4: id: expected a value, got none",
                    "5|sqlstate-P0001|users, line 5: no",
                    "8|duplicate-id|users, line 8: id: expected each value once, got \"ada\" again, first in line 2",
                    "11|missing-value|seats, line 3: person_id: expected a value, got null",
                    "12|missing-value|seats, line 4: person_id: expected a value, got null",
                    "13|invalid-value|seats, line 5: invalid input syntax for type integer: \"x\"",
                    "16|missing-value|seats, line 8: user: expected a value, got none",
                ])
        #expect(try desk.seats() == ["ada|1|ta", "cyd|2|ta"])
        #expect(try desk.people() == ["ada|Ada", "cyd|nobody"])
        #expect(
            try desk.job(id) == "succeeded_with_rejections items 12 created 4 rejected 8")
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("a package without one of its files, and one of an empty file")
    func fileMissing() throws {
        let one = try package([("users", "id,name\nada,Ada\n")])
        #expect(try desk.job(one) == "succeeded items 1 created 1")
        let two = try package([("seats", "user,course\n"), ("users", "id,name\nada,Ada\n")])
        #expect(try desk.job(two) == "succeeded items 1 unchanged 1")
        let three = try package([("seats", "user,course\nada,2\n")], #","mode":"atomic""#)
        #expect(try desk.job(three) == "succeeded items 1 created 1")
    }

    @Test("an atomic package is one file's fault")
    func atomicPackage() throws {
        let id = try package(
            [("users", "id,name\nada,Ada\n"), ("seats", "user,course\nada,1\nada,x\n")],
            #","mode":"atomic""#)
        #expect(try desk.job(id) == "failed items 3 rejected 3 item-rejected")
        #expect(try desk.people() == [])
        #expect(try desk.rejected(id) == ["5 invalid-value"])
    }
}
