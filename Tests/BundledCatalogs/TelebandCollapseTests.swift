import Catalog
import Postgres
import Testing

@testable import Execution

/// TeleBand's old table of an assignment for each student becomes course assignments and groups.
@Suite struct TelebandCollapseTests {
    /// The old table beside the new ones, with rows that say the same of many students, rows without
    /// a piece, and course assignments and group assignments that are there already.
    private static let system = SystemDesk.System(
        name: "teleband-legacy", tables: TelebandSchema.tables + TelebandSchema.oldTable,
        file: "teleband.yaml"
    ) { connection in
        try Comparison.set(
            ["seed": Int(Comparison.seed % 1_000_003)], on: connection,
            then: Comparison.sql("sample") + rows)
    }

    private static let rows =
        TelebandSchema.music(pieces: 5, activities: 6) + TelebandSchema.users(60) + """
            INSERT INTO courses_course (name, slug, end_date, start_date, can_edit_instruments, owner_id)
              SELECT 'more', 'more', '2026-12-31', '2026-01-01', true, 1 FROM generate_series(1, 40) n;
            INSERT INTO musics_parttype (name) VALUES ('Melody'), ('Bassline'), ('Harmony');
            INSERT INTO musics_part (name, piece_id, part_type_id)
              SELECT '', p, t FROM generate_series(1, 5) p, generate_series(1, 3) t ORDER BY p, t;
            INSERT INTO courses_enrollment (course_id, user_id, role_id)
              SELECT c, u, 1 FROM generate_series(1, 43) c, generate_series(1, 60) u
              WHERE u = c OR sample_below('enrolled', c * 100 + u, 10) = 0 ORDER BY 1, 2;
            INSERT INTO assignments_assignmentgroup (type) SELECT 'old' FROM generate_series(1, 30);
            INSERT INTO assignments_assignment (activity_id, enrollment_id, part_id, piece_id,
                piece_plan_id, instrument_id, group_id, deadline, created_at)
              SELECT 1 + sample_below('activity', n, 6), e.id, 1 + sample_below('part', n, 15),
                nullif(sample_below('piece', n, 9), 0) % 6, nullif(sample_below('plan', n, 4), 0),
                1 + sample_below('instrument', n, 4), nullif(sample_below('group', n, 31), 0),
                CASE sample_below('deadline', n, 2) WHEN 0 THEN date '2026-12-01' + sample_below('day', n, 9) END,
                timestamptz '2026-01-01' + sample_below('created', n, 90) * interval '1 day'
              FROM courses_enrollment e, LATERAL generate_series(e.id * 8 - 7, e.id * 8) n ORDER BY n;
            UPDATE assignments_assignment SET piece_id = NULL WHERE piece_id = 0 OR id % 3 = 0;
            UPDATE assignments_assignment SET group_id = NULL WHERE id % 2 = 0;
            INSERT INTO assignments_courseassignment
                (course_id, activity_id, piece_id, created_at, instrument_id)
              SELECT c, a, 1, timestamptz '2026-01-01' + sample_below('there', c * 10 + a, 90) * interval '1 day', 2
              FROM generate_series(1, 5) c, generate_series(1, 3) a;
            INSERT INTO assignments_groupassignment (course_assignment_id, enrollment_id, group_id)
              SELECT c.id, e.id, 1 FROM assignments_courseassignment c
              JOIN courses_enrollment e ON e.course_id = c.course_id WHERE e.id % 3 = 0;

            """

    private let desk: SystemDesk

    init() throws {
        print("TeleBand: seed \(Comparison.seed)")
        desk = try SystemDesk(Self.system)
    }

    // MARK: The oracle

    /// What a course assignment is one of.
    private struct Key: Hashable {
        let course: Int
        let activity: Int
        let piece: Int
    }

    /// The new rows as TeleBand's own code leaves them that looks at one old row after the other, the
    /// earliest first.
    private struct New: Equatable {
        /// Plan, deadline, creation and instrument.
        var assignments: [Key: [String]] = [:]
        /// The group of each enrollment in each course assignment.
        var groups: [String: Int] = [:]

        init(_ connection: Connection) throws {
            let rows = try connection.execute(
                """
                SELECT course_id, activity_id, piece_id, piece_plan_id, deadline, created_at,
                  instrument_id FROM assignments_courseassignment
                """)
            for row in 0..<rows.count {
                let key = Key(
                    course: rows.int(row, 0), activity: rows.int(row, 1), piece: rows.int(row, 2))
                assignments[key] = (3...6).map { rows.optionalString(row, $0) ?? "NULL" }
            }
            let groups = try connection.execute(
                """
                SELECT m.enrollment_id, c.course_id, c.activity_id, c.piece_id, m.group_id
                FROM assignments_groupassignment m
                JOIN assignments_courseassignment c ON c.id = m.course_assignment_id
                """)
            for row in 0..<groups.count {
                let key = Key(
                    course: groups.int(row, 1), activity: groups.int(row, 2),
                    piece: groups.int(row, 3))
                self.groups["\(groups.int(row, 0)) \(key)"] = groups.int(row, 4)
            }
        }

        mutating func add(_ old: Rows, _ row: Int, pieces: [Int: Int]) {
            let key = Key(
                course: old.int(row, 0), activity: old.int(row, 1),
                piece: old.optionalInt(row, 2) ?? pieces[old.int(row, 3)] ?? 0)
            let created = old.string(row, 6)
            if var there = assignments[key] {
                // Both are of one time zone and year, so that the earlier is the lesser.
                if created < there[2] { there[2] = created }
                assignments[key] = there
            } else {
                let said = [4, 5].map { old.optionalString(row, $0) ?? "NULL" }
                assignments[key] = said + [created, "NULL"]
            }
            let place = "\(old.int(row, 7)) \(key)"
            if let group = old.optionalInt(row, 8), groups[place] == nil { groups[place] = group }
        }
    }

    private func expected() throws -> New {
        var new = try New(desk.connection)
        let parts = try desk.connection.execute("SELECT id, piece_id FROM musics_part")
        let pieces = (0..<parts.count).reduce(into: [Int: Int]()) {
            $0[parts.int($1, 0)] = parts.int($1, 1)
        }
        let old = try desk.connection.execute(
            """
            SELECT e.course_id, a.activity_id, a.piece_id, a.part_id, a.piece_plan_id, a.deadline,
              a.created_at, a.enrollment_id, a.group_id
            FROM assignments_assignment a JOIN courses_enrollment e ON e.id = a.enrollment_id
            ORDER BY a.created_at, a.id
            """)
        for row in 0..<old.count { new.add(old, row, pieces: pieces) }
        return new
    }

    private func all() throws -> [String] {
        try desk.rows("SELECT *, xmin FROM assignments_courseassignment ORDER BY id")
            + desk.rows("SELECT *, xmin FROM assignments_groupassignment ORDER BY id")
            + desk.rows("SELECT *, xmin FROM assignments_assignment ORDER BY id")
            + desk.rows("SELECT *, xmin FROM assignments_assignmentgroup ORDER BY id")
    }

    // MARK: What it does

    @Test(
        "old rows become one for each course, activity and piece, with their groups",
        arguments: [1, 3])
    func collapse(lanes: Int) throws {
        let old = try desk.rows("SELECT *, xmin FROM assignments_assignment ORDER BY id")
        let before = try New(desk.connection)
        let expected = try expected()
        let ending = try desk.run("collapse-assignments", lanes: lanes)
        #expect(try New(desk.connection) == expected)
        let new = expected.assignments.count - before.assignments.count
        let groups = expected.groups.count - before.groups.count
        let earlier = before.assignments.count { expected.assignments[$0.key] != $0.value }
        #expect(new > 100 && groups > 100 && earlier > 0, "the sample makes some of each")
        #expect(ending.state == "succeeded")
        #expect((ending.created, ending.updated, ending.removed) == (new + groups, earlier, 0))
        // 43 courses, 20 to a part.
        #expect(ending.parts == 3)
        #expect(try desk.troubles() == [])
        #expect(try desk.rows("SELECT *, xmin FROM assignments_assignment ORDER BY id") == old)
    }

    @Test("a row without a piece has that of its part, and is not lost")
    func withoutPiece() throws {
        try desk.connection.script(
            """
            TRUNCATE assignments_assignment, assignments_courseassignment, assignments_groupassignment
              CASCADE;
            INSERT INTO assignments_assignment (activity_id, enrollment_id, part_id, piece_id,
                instrument_id, group_id, created_at)
              SELECT 1, min(id), 7, NULL, 1, 5, '2026-02-02' FROM courses_enrollment WHERE course_id = 2;
            """)
        try desk.run("collapse-assignments")
        #expect(
            try desk.rows(
                "SELECT course_id, activity_id, piece_id FROM assignments_courseassignment")
                == ["2|1|3"])
        #expect(try desk.rows("SELECT group_id FROM assignments_groupassignment") == ["5"])
    }

    @Test("the earliest row gives plan, deadline and time of creation")
    func earliest() throws {
        try desk.connection.script(
            """
            TRUNCATE assignments_assignment, assignments_courseassignment, assignments_groupassignment
              CASCADE;
            INSERT INTO assignments_assignment (activity_id, enrollment_id, part_id, piece_id,
                piece_plan_id, instrument_id, deadline, created_at)
              SELECT 1, min(id), 1, 4, plan, 1, deadline::date, created::timestamptz
              FROM courses_enrollment, (VALUES (1, '2026-10-10', '2026-03-03'),
                (2, NULL, '2026-02-02'), (3, '2026-11-11', '2026-04-04')) v (plan, deadline, created)
              WHERE course_id = 2 GROUP BY plan, deadline, created;
            """)
        try desk.run("collapse-assignments")
        #expect(
            try desk.rows(
                """
                SELECT piece_id, piece_plan_id, deadline, created_at::date, instrument_id
                FROM assignments_courseassignment
                """) == ["4|2|NULL|2026-02-02|NULL"])
    }

    @Test("a second run changes nothing")
    func secondRun() throws {
        try desk.run("collapse-assignments")
        let before = try all()
        let again = try desk.run("collapse-assignments", lanes: 2)
        #expect((again.state, again.written) == ("succeeded", 0))
        #expect(try all() == before)
    }

    @Test("without the old table the rest of the catalog works, and a job for it waits")
    func withoutOldTable() throws {
        let desk = try SystemDesk(TelebandSchema.system)
        #expect(
            desk.findings.contains {
                $0.level == .warning && $0.relation == "collapse-assignments"
                    && $0.message.contains("assignments_assignment")
            })
        let message = try desk.takeIn("collapse-assignments")
        try desk.work()
        #expect(try desk.backfillEnding(message).state == "running")
        try desk.connection.script(TelebandSchema.oldTable)
        while try desk.backfillEnding(message).state == "running" { try desk.work() }
        #expect(try desk.backfillEnding(message).state == "succeeded")
    }
}
