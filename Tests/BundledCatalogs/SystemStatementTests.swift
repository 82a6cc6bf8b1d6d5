import Jobs
import Postgres
import Testing

/// A batch of these systems costs the same number of statements, whatever its size.
@Suite(.enabled("needs pg_stat_statements", SystemDesk.serverCountsStatements))
struct SystemStatementTests {
    private static let sizes = [1, 100, 5_000]

    /// - Parameter members: the members of a job of some size.
    private func count(
        _ system: SystemDesk.System, _ relation: String, target: Int = 1, more: String = "",
        prepare: String = "", unassigned: (Int) -> String, members: (Int) -> String
    ) throws {
        var counts: [String: Set<Int>] = [:]
        for size in Self.sizes {
            let desk = try SystemDesk(system)
            if !prepare.isEmpty { try desk.connection.script(prepare) }
            let steps = [
                ("assign", try desk.assign(relation, target, members(size), more), "created"),
                ("again", try desk.assign(relation, target, members(size), more), "unchanged"),
                ("unassign", try desk.unassign(relation, target, unassigned(size)), "removed"),
            ]
            for (name, message, outcome) in steps {
                var time = Duration.zero
                let count = try desk.statements {
                    time = try ContinuousClock().measure { try desk.execute([message]) }
                }
                counts[name, default: []].insert(count)
                let ending = try desk.ending(message)
                let items = name == "unassign" ? ending.items : size
                #expect(ending.counts == [outcome: items], "\(name) \(size)")
                if size == Self.sizes.last {
                    print("\(relation), \(name): \(items) items in \(time / .milliseconds(1)) ms")
                }
            }
        }
        print("statements of a batch, \(relation): \(counts)")
        for (name, seen) in counts { #expect(seen.count == 1, "\(name): \(seen)") }
    }

    private func list(_ size: Int, _ element: (Int) -> String) -> String {
        (0..<size).map(element).joined(separator: ",")
    }

    @Test func courseAssignments() throws {
        try count(
            TelebandSchema.large, "course-assignment",
            unassigned: { size in list((size + 49) / 50) { "\($0 + 1)" } },
            members: { size in
                list(size) { "{\"piece_id\":\($0 / 50 + 1),\"activity_id\":\($0 % 50 + 1)}" }
            })
    }

    @Test func enrollments() throws {
        try count(
            TelebandSchema.large, "enrollment", more: #""attributes":{"role_id":1}"#,
            unassigned: { size in list(size) { "\($0 + 1)" } },
            members: { size in
                list(size) { $0 % 2 == 1 ? "\($0 + 1)" : "{\"username\":\"user\($0 + 1)\"}" }
            })
    }

    @Test func assignmentGroups() throws {
        try count(
            TelebandSchema.large, "assignment-group",
            prepare: """
                INSERT INTO courses_enrollment (id, course_id, user_id, role_id)
                  SELECT n, 1, n, 1 FROM generate_series(1, 5000) n;
                INSERT INTO assignments_courseassignment
                  (id, course_id, activity_id, piece_id, created_at) VALUES
                  (1, 1, 1, 1, now()), (2, 1, 2, 1, now());
                """,
            unassigned: { size in list(size) { "\"group \($0)\"" } },
            members: { size in
                list(size) { number in
                    """
                    {"draw":"group \(number)","group_assignments":[
                      {"enrollment_id":\(number + 1),"course_assignment_id":1},
                      {"enrollment_id":\(number + 1),"course_assignment_id":2}]}
                    """
                }
            })
    }

    /// The same statements, however many students a group has.
    @Test func childrenOfOneGroup() throws {
        var counts: Set<Int> = []
        for size in Self.sizes {
            let desk = try SystemDesk(TelebandSchema.large)
            try desk.connection.script(
                """
                INSERT INTO courses_enrollment (id, course_id, user_id, role_id)
                  SELECT n, 1, n, 1 FROM generate_series(1, 5000) n;
                INSERT INTO assignments_courseassignment
                  (id, course_id, activity_id, piece_id, created_at) VALUES (1, 1, 1, 1, now());
                """)
            let children = list(size) { "{\"enrollment_id\":\($0 + 1),\"course_assignment_id\":1}" }
            let message = try desk.assign(
                "assignment-group", 1, "{\"draw\":\"a\",\"group_assignments\":[\(children)]}")
            counts.insert(try desk.statements { try desk.execute([message]) })
            #expect(
                try desk.value("SELECT count(*) FROM assignments_groupassignment") == "\(size)")
        }
        #expect(counts.count == 1, "\(counts)")
    }

    @Test("a piece's instrument changes in one update, for all its activities")
    func instrument() throws {
        let desk = try SystemDesk(TelebandSchema.large)
        let activities = list(50) { "{\"piece_id\":7,\"activity_id\":\($0 + 1)}" }
        try desk.execute([try desk.assign("course-assignment", 1, activities)])
        let change = try desk.assign(
            "course-assignment", 1, activities, #""attributes":{"instrument_id":3}"#)
        let updates = try desk.statements(like: "%UPDATE %assignments_courseassignment%SET%") {
            try desk.execute([change])
        }
        #expect(updates == 1)
        #expect(try desk.ending(change).counts == ["updated": 50])
        #expect(
            try desk.rows(
                "SELECT DISTINCT piece_id, instrument_id FROM assignments_courseassignment") == [
                    "7|3"
                ])
    }

    @Test func labelLinks() throws {
        let members = { (size: Int) in
            list(size) { "{\"target_id\":\($0),\"target_type\":\"Issue\"}" }
        }
        try count(GitLabSchema.large, "label-link", unassigned: members, members: members)
    }

    @Test func mergeRequestDiffs() throws {
        try count(
            GitLabSchema.large, "merge-request-diff",
            unassigned: { size in list(size) { "\"head\($0)\"" } },
            members: { size in
                list(size) { number in
                    """
                    {"head_commit_sha":"head\(number)","project_id":1,
                     "commits":[{"relative_order":0,"sha":"aa"},{"relative_order":1,"sha":"bb"}],
                     "files":[{"relative_order":0,"old_path":"a","new_path":"a","a_mode":"0","b_mode":"0",
                       "new_file":true,"renamed_file":false,"deleted_file":false,"too_large":false}]}
                    """
                }
            })
    }

    @Test func committers() throws {
        let members = { (size: Int) in
            list(size) { "{\"name\":\"n\($0)\",\"email\":\"e\($0)\"}" }
        }
        try count(GitLabSchema.large, "diff-commit-user", unassigned: members, members: members)
    }
}
