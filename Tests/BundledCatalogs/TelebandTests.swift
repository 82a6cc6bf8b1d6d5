import Catalog
import Jobs
import Postgres
import Testing

@testable import Execution

/// What the TeleBand catalog does, sentence by sentence.
@Suite struct TelebandTests {
    private let desk: SystemDesk

    init() throws { desk = try SystemDesk(TelebandSchema.system) }

    @Test("the catalog fits the tables")
    func fits() throws {
        let (plans, _, findings) = try SystemDesk.compile(
            SystemDesk.catalog("teleband.yaml"), on: desk.connection)
        #expect(findings.filter { $0.level == .error }.isEmpty)
        #expect(plans.keys.sorted() == ["assignment-group", "course-assignment", "enrollment"])
    }

    // MARK: Pieces

    private func assignments(_ course: Int) throws -> [String] {
        try desk.rows(
            """
            SELECT piece_id, activity_id, piece_plan_id, instrument_id, deadline
            FROM assignments_courseassignment WHERE course_id = \(course) ORDER BY 1, 2
            """)
    }

    @Test("there is one assignment for each course, activity and piece")
    func oneAssignment() throws {
        let plan = #"{"piece_id":4,"activity_id":1},{"piece_id":4,"activity_id":2}"#
        let more = #""attributes":{"piece_plan_id":2,"deadline":null}"#
        let first = try desk.run(try desk.assign("course-assignment", 1, plan, more))
        #expect(first.counts == ["created": 2])
        #expect(
            try desk.value(
                "SELECT count(*) FROM assignments_courseassignment WHERE created_at > now() - interval '1 hour'"
            )
                == "2")
        let before = try desk.rows("SELECT xmin, * FROM assignments_courseassignment ORDER BY id")
        let again = try desk.run(try desk.assign("course-assignment", 1, plan, more))
        #expect(again.counts == ["unchanged": 2])
        #expect(
            try desk.rows("SELECT xmin, * FROM assignments_courseassignment ORDER BY id") == before)
    }

    @Test("a second plan takes an assignment over and leaves its instrument")
    func secondPlan() throws {
        try desk.execute([
            try desk.assign(
                "course-assignment", 1, #"{"piece_id":1,"activity_id":1,"instrument_id":4}"#,
                #""attributes":{"deadline":"2026-12-24"}"#)
        ])
        #expect(try assignments(1)[0] == "1|1|1|4|2026-12-24")
        let ending = try desk.run(
            try desk.assign(
                "course-assignment", 1, #"{"piece_id":1,"activity_id":1}"#,
                #""attributes":{"piece_plan_id":2,"deadline":null}"#))
        #expect(ending.counts == ["updated": 1])
        #expect(try assignments(1)[0] == "1|1|2|4|NULL")
        #expect(
            try desk.value(
                "SELECT created_at < '2026-01-02' FROM assignments_courseassignment WHERE id = 1")
                == "t")
    }

    @Test("bad items are rejected with their code, the others are written")
    func badItems() throws {
        let ending = try desk.run(
            try desk.assign(
                "course-assignment", 1,
                """
                {"piece_id":99,"activity_id":1},{"piece_id":4,"activity_id":99},{"piece_id":4},
                {"piece_id":4,"activity_id":1,"instrument_id":99},{"piece_id":"x","activity_id":1},
                {"piece_id":4,"activity_id":4}
                """))
        #expect(
            ending.codes == [
                1: "unknown-piece", 2: "unknown-activity", 3: "missing-value",
                4: "unknown-instrument", 5: "invalid-value",
            ])
        #expect(ending.counts == ["created": 1, "rejected": 5])
    }

    @Test("a piece that is unassigned goes with all its activities and what belongs to them")
    func unassignPiece() throws {
        let ending = try desk.run(try desk.unassign("course-assignment", 1, "1"))
        #expect(ending.counts == ["removed": 1])
        #expect(try assignments(1) == ["2|1|3|NULL|NULL", "2|2|NULL|NULL|NULL"])
        // Group 1 has lost both members; group 2 keeps the one with the other piece.
        #expect(
            try desk.rows(
                "SELECT group_id, enrollment_id FROM assignments_groupassignment ORDER BY 1, 2")
                == ["2|1", "3|5", "3|6"])
        #expect(
            try desk.rows("SELECT id FROM assignments_assignmentgroup ORDER BY 1") == [
                "2", "3", "4",
            ])
        #expect(
            try desk.rows(
                "SELECT course_assignment_id FROM submissions_activityprogress ORDER BY 1")
                == ["3", "4", "6", "NULL"])
        #expect(
            try desk.run(try desk.unassign("course-assignment", 1, "1")).counts == ["absent": 1])
    }

    @Test("one activity of a piece can be unassigned alone")
    func unassignActivity() throws {
        let ending = try desk.run(
            try desk.unassign("course-assignment", 1, #"{"piece_id":1,"activity_id":2}"#))
        #expect(ending.counts == ["removed": 1])
        #expect(try assignments(1).count == 3)
        #expect(
            try desk.value("SELECT count(*) FROM assignments_groupassignment WHERE group_id = 1")
                == "1")
    }

    @Test("work handed in protects its piece, and only that")
    func protected() throws {
        let ending = try desk.run(try desk.unassign("course-assignment", 1, "2,1"))
        #expect(ending.counts == ["removed": 1, "rejected": 1])
        #expect(ending.codes == [1: "has-submissions"])
        #expect(ending.messages == [1: "work has been handed in for activity 1 of piece 2"])
        // The other activity of the piece stays too.
        #expect(try assignments(1) == ["2|1|3|NULL|NULL", "2|2|NULL|NULL|NULL"])
        let atomic = try desk.run(
            try desk.unassign("course-assignment", 2, "1", #""mode":"atomic""#))
        #expect(atomic.counts == ["removed": 1])
    }

    @Test("an atomic unassign removes nothing where work has been handed in")
    func atomicUnassign() throws {
        let ending = try desk.run(
            try desk.unassign("course-assignment", 1, "1,2", #""mode":"atomic""#))
        #expect(ending.state == "failed")
        #expect(ending.codes == [1: "not-applied", 2: "has-submissions"])
        #expect(try assignments(1).count == 4)
        #expect(try desk.value("SELECT count(*) FROM assignments_groupassignment") == "6")
    }

    // MARK: Groups

    private static let draw = """
        {"draw":"plan-1/1/1","type":"telephone_fixed","group_assignments":[
          {"enrollment_id":1,"course_assignment_id":2},{"enrollment_id":2,"course_assignment_id":1}]},
        {"draw":"plan-1/1/2","type":"telephone_fixed","group_assignments":[
          {"enrollment_id":3,"course_assignment_id":2}]}
        """

    private func members(_ draw: String) throws -> [String] {
        try desk.rows(
            """
            SELECT enrollment_id, course_assignment_id FROM assignments_groupassignment
            WHERE group_id = \(Self.groupID("1::\(draw)", desk)) ORDER BY 1, 2
            """)
    }

    private static func groupID(_ text: String, _ desk: SystemDesk) throws -> Int {
        let hex = try desk.value("SELECT encode(sha256('\(text)'::bytea), 'hex')") ?? ""
        return hex.prefix(13).reduce(1) { $0 * 16 + ($1.hexDigitValue ?? 0) }
    }

    /// The expected ids come from another program's SHA-256.
    @Test(
        "a group's id follows from course and draw",
        arguments: [
            ("3", "plan-7/1/3", 42, 5_458_231_219_746_238), ("3", "été", 7, 6_322_543_937_018_478),
        ])
    func groupIDs(_ course: String, _ draw: String, _ target: Int, _ expected: Int) throws {
        try desk.connection.script(
            """
            INSERT INTO courses_course (id, name, slug, end_date, start_date, can_edit_instruments, owner_id)
            VALUES (\(target), '', '', now(), now(), true, 1)
            """)
        let ending = try desk.run(
            try desk.assign("assignment-group", target, "{\"draw\":\"\(draw)\"}"))
        #expect(ending.counts == ["created": 1])
        #expect(
            try desk.value("SELECT max(id) FROM assignments_assignmentgroup") == "\(expected)")
    }

    @Test("groups come with their students in one transaction, and the same again changes nothing")
    func groups() throws {
        let first = try desk.run(try desk.assign("assignment-group", 1, Self.draw))
        #expect(first.counts == ["created": 2])
        #expect(try members("plan-1/1/1") == ["1|2", "2|1"])
        #expect(try members("plan-1/1/2") == ["3|2"])
        let before = try desk.rows(
            "SELECT xmin, * FROM assignments_groupassignment ORDER BY id")
        let again = try desk.run(try desk.assign("assignment-group", 1, Self.draw))
        #expect(again.counts == ["unchanged": 2])
        #expect(
            try desk.rows("SELECT xmin, * FROM assignments_groupassignment ORDER BY id") == before)
        #expect(
            try desk.value(
                "SELECT count(DISTINCT xmin::text) FROM assignments_groupassignment WHERE group_id > 4"
            )
                == "1")
    }

    @Test("a student more makes a group updated")
    func oneMore() throws {
        try desk.execute([try desk.assign("assignment-group", 1, Self.draw)])
        let ending = try desk.run(
            try desk.assign(
                "assignment-group", 1,
                """
                {"draw":"plan-1/1/2","group_assignments":[{"enrollment_id":4,"course_assignment_id":1}]}
                """))
        #expect(ending.counts == ["updated": 1])
        #expect(try members("plan-1/1/2") == ["3|2", "4|1"])
    }

    @Test("a student who has the activity already stays in the other group")
    func drawnTwice() throws {
        let ending = try desk.run(
            try desk.assign(
                "assignment-group", 1,
                """
                {"draw":"x","group_assignments":[
                  {"enrollment_id":1,"course_assignment_id":1},{"enrollment_id":1,"course_assignment_id":2}]},
                {"draw":"y","group_assignments":[{"enrollment_id":1,"course_assignment_id":2}]}
                """))
        #expect(ending.counts == ["created": 2])
        #expect(try members("x") == ["1|2"])
        #expect(try members("y") == [])
    }

    @Test("a place that a later job of the batch leaves is not free yet")
    func takenPlace() throws {
        let place = #""group_assignments":[{"enrollment_id":1,"course_assignment_id":2}]"#
        try desk.execute([try desk.assign("assignment-group", 1, "{\"draw\":\"x\",\(place)}")])
        try desk.execute([
            try desk.assign("assignment-group", 1, "{\"draw\":\"y\",\(place)}"),
            try desk.unassign("assignment-group", 1, #""x""#),
        ])
        #expect(try members("x") == [])
        #expect(try members("y") == [])
    }

    @Test("a bad student rejects the group, with the reason")
    func badChildren() throws {
        let ending = try desk.run(
            try desk.assign(
                "assignment-group", 1,
                """
                {"draw":"a","group_assignments":[{"enrollment_id":1,"course_assignment_id":2},
                  {"enrollment_id":99,"course_assignment_id":1}]},
                {"draw":"b","group_assignments":[{"enrollment_id":5,"course_assignment_id":2}]},
                {"draw":"c","group_assignments":[{"enrollment_id":1}]},
                {"draw":"d","group_assignments":[{"enrollment_id":2,"course_assignment_id":1}]}
                """))
        #expect(ending.counts == ["created": 1, "rejected": 3])
        #expect(ending.codes == [1: "unknown-enrollment", 2: "other-course", 3: "missing-value"])
        #expect(ending.messages[1]?.hasPrefix("group_assignments[2]: ") == true)
        #expect(
            ending.messages[2]
                == "group_assignments[1]: enrollment 5 is in another course than course assignment 2"
        )
        #expect(ending.messages[3]?.hasPrefix("group_assignments[1]: ") == true)
        #expect(
            try desk.rows("SELECT count(*) FROM assignments_assignmentgroup WHERE id > 4") == ["1"])
        #expect(try members("d") == ["2|1"])
        #expect(try members("a") == [])
    }

    @Test("a group of a course that is not there is rejected")
    func unknownCourse() throws {
        let ending = try desk.run(try desk.assign("assignment-group", 99, #"{"draw":"a"}"#))
        #expect(ending.codes == [1: "unknown-course"])
        #expect(ending.messages == [1: "courses_course.id has no row \"99\""])
    }

    @Test("a group that is unassigned goes with its students")
    func ungroup() throws {
        try desk.execute([try desk.assign("assignment-group", 1, Self.draw)])
        let ending = try desk.run(
            try desk.unassign("assignment-group", 1, #""plan-1/1/1","plan-1/1/9""#))
        #expect(ending.counts == ["removed": 1, "absent": 1])
        #expect(try members("plan-1/1/1") == [])
        #expect(try members("plan-1/1/2") == ["3|2"])
    }

    // MARK: Students

    @Test("students are enrolled by id or username, with their own instrument")
    func enroll() throws {
        let ending = try desk.run(
            try desk.assign(
                "enrollment", 3,
                #"1,{"username":"user2"},{"user_id":4,"instrument_id":4},{"username":"nobody"},99"#,
                #""attributes":{"role_id":1}"#))
        #expect(ending.counts == ["created": 3, "rejected": 2])
        #expect(ending.codes == [4: "unknown-username", 5: "unknown-user"])
        #expect(
            try desk.rows(
                "SELECT user_id, role_id, instrument_id FROM courses_enrollment WHERE course_id = 3 ORDER BY 1"
            )
                == ["1|1|NULL", "2|1|3", "4|1|4"])
    }

    @Test("who is enrolled keeps role and instrument, unless an instrument is given")
    func enrolledAlready() throws {
        let ending = try desk.run(
            try desk.assign(
                "enrollment", 1, #"4,{"user_id":2,"instrument_id":1}"#,
                #""attributes":{"role_id":1}"#))
        #expect(ending.counts == ["unchanged": 1, "updated": 1])
        #expect(
            try desk.rows(
                "SELECT user_id, role_id, instrument_id FROM courses_enrollment WHERE course_id = 1 ORDER BY 1"
            )
                == ["1|1|1", "2|1|1", "3|1|2", "4|2|NULL"])
    }

    @Test("who leaves takes groups and progress along, unless work has been handed in")
    func leave() throws {
        let ending = try desk.run(
            try desk.unassign("enrollment", 1, #"1,{"username":"user2"},3,8"#))
        #expect(ending.counts == ["removed": 2, "absent": 1, "rejected": 1])
        #expect(ending.codes == [1: "has-submissions"])
        #expect(
            try desk.rows(
                "SELECT group_id, enrollment_id FROM assignments_groupassignment ORDER BY 1, 2")
                == ["1|1", "2|1", "3|5", "3|6"])
        #expect(
            try desk.value(
                "SELECT count(*) FROM submissions_activityprogress WHERE enrollment_id IN (2, 3)")
                == "0")
    }
}
