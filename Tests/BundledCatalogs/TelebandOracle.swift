import Postgres

/// TeleBand's own way to assign, unassign and enrol.
struct TelebandOracle: NaiveSystem {
    static let views = [
        """
        SELECT course_id, activity_id, piece_id, piece_plan_id, instrument_id, deadline,
          created_at IS NOT NULL FROM assignments_courseassignment ORDER BY 1, 2, 3
        """,
        "SELECT course_id, user_id, role_id, instrument_id FROM courses_enrollment ORDER BY 1, 2",
        "SELECT id, type FROM assignments_assignmentgroup ORDER BY 1",
        """
        SELECT m.group_id, e.course_id, e.user_id, a.activity_id, a.piece_id
        FROM assignments_groupassignment m JOIN courses_enrollment e ON e.id = m.enrollment_id
        JOIN assignments_courseassignment a ON a.id = m.course_assignment_id ORDER BY 1, 2, 3, 4, 5
        """,
        """
        SELECT p.id, e.user_id, a.activity_id, a.piece_id FROM submissions_activityprogress p
        LEFT JOIN courses_enrollment e ON e.id = p.enrollment_id
        LEFT JOIN assignments_courseassignment a ON a.id = p.course_assignment_id ORDER BY 1
        """,
        "SELECT count(*) FROM submissions_submission",
    ]

    func unit(_ item: [String: Said], of job: RandomJob) -> [String] {
        switch job.relation {
        case "course-assignment":
            return ["\(job.target)/\(text(item, "piece_id"))"]
        case "enrollment":
            let user = item["username"].map { _ in String(text(item, "username").dropFirst(4)) }
            return ["\(job.target)/\(user ?? text(item, "user_id"))"]
        default:
            guard case .list(let children) = item["group_assignments"] else {
                return ["\(job.target)/\(text(item, "draw"))"]
            }
            return ["\(job.target)/\(text(item, "draw"))"]
                + Set(children).map { child in
                    "child \(text(child, "enrollment_id"))/\(text(child, "course_assignment_id"))"
                }
        }
    }

    func everything(of job: RandomJob, on connection: Connection) throws -> [[String: Said]] {
        let isEnrollment = job.relation == "enrollment"
        let rows = try connection.execute(
            isEnrollment
                ? "SELECT user_id FROM courses_enrollment WHERE course_id = \(job.target) ORDER BY 1"
                : """
                SELECT piece_id, activity_id FROM assignments_courseassignment
                WHERE course_id = \(job.target) ORDER BY activity_id, piece_id
                """)
        return (0..<rows.count).map { row in
            isEnrollment
                ? ["user_id": .value("\(rows.int(row, 0))")]
                : [
                    "piece_id": .value("\(rows.int(row, 0))"),
                    "activity_id": .value("\(rows.int(row, 1))"),
                ]
        }
    }

    func execute(
        _ item: [String: Said], of job: RandomJob, on connection: Connection
    ) throws -> NaiveOutcome {
        let base = Base(connection: connection)
        switch (job.relation, job.isAssign) {
        case ("course-assignment", true): return try assign(item, job, base)
        case ("course-assignment", false): return try unassign(item, job, base)
        case ("enrollment", true): return try enroll(item, job, base)
        case ("enrollment", false): return try leave(item, job, base)
        case (_, true): return try group(item, job, base)
        case (_, false):
            let id = try groupID(item, job, base)
            try base.run("DELETE FROM assignments_groupassignment WHERE group_id = \(id)")
            return try base.run("DELETE FROM assignments_assignmentgroup WHERE id = \(id)") > 0
                ? .removed : .absent
        }
    }

    // MARK: Pieces

    private func assign(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        var codes: Set<String> = item["activity_id"] == nil ? ["missing-value"] : []
        let activity = text(item, "activity_id")
        for (column, table) in [
            ("piece_id", "musics_piece"), ("activity_id", "assignments_activity"),
            ("piece_plan_id", "assignments_pieceplan"),
            ("instrument_id", "instruments_instrument"),
        ] {
            if case .value(let id) = item[column], try !base.has("\(table) WHERE id = \(id)") {
                codes.insert("unknown-\(column.dropLast(3))")
            }
        }
        if try !base.has("courses_course WHERE id = \(job.target)") {
            codes.insert("unknown-course")
        }
        guard codes.isEmpty else { return .rejected(codes) }
        let row = """
            course_id = \(job.target) AND activity_id = \(activity)
            AND piece_id = \(text(item, "piece_id"))
            """
        let said = ["piece_plan_id", "instrument_id", "deadline"].filter { item[$0] != nil }
        guard try base.has("assignments_courseassignment WHERE \(row)") else {
            let columns = (["course_id", "activity_id", "piece_id", "created_at"] + said)
            let values =
                [job.target, activity, text(item, "piece_id"), "now()"]
                + said.compactMap { item[$0]?.sql }
            try base.run(
                """
                INSERT INTO assignments_courseassignment (\(columns.joined(separator: ", ")))
                VALUES (\(values.joined(separator: ", ")))
                """)
            return .created
        }
        return try base.update("assignments_courseassignment", said, item, row, job)
    }

    private func unassign(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        var row = "course_id = \(job.target) AND piece_id = \(text(item, "piece_id"))"
        for column in ["activity_id", "piece_plan_id", "instrument_id", "deadline"] {
            if let said = item[column] { row += " AND \(column) IS NOT DISTINCT FROM \(said.sql)" }
        }
        let ids = try base.ids("assignments_courseassignment WHERE \(row)")
        guard !ids.isEmpty else { return .absent }
        return try remove(ids, "assignments_courseassignment", "course_assignment_id", base)
    }

    /// Removes rows with what belongs to them, unless work is protected by one of them.
    private func remove(
        _ ids: [Int], _ table: String, _ column: String, _ base: Base
    ) throws -> NaiveOutcome {
        for id in ids {
            if try base.has("submissions_submission WHERE \(column) = \(id)") {
                return .rejected(["has-submissions"])
            }
        }
        for id in ids {
            try base.run("DELETE FROM submissions_activityprogress WHERE \(column) = \(id)")
            let groups = try base.ids(
                "assignments_groupassignment WHERE \(column) = \(id)", "group_id")
            try base.run("DELETE FROM assignments_groupassignment WHERE \(column) = \(id)")
            for group in groups {
                if try !base.has("assignments_groupassignment WHERE group_id = \(group)") {
                    try base.run("DELETE FROM assignments_assignmentgroup WHERE id = \(group)")
                }
            }
            try base.run("DELETE FROM \(table) WHERE id = \(id)")
        }
        return .removed
    }

    // MARK: Students

    private func user(_ item: [String: Said], _ base: Base) throws -> String? {
        guard item["username"] != nil else { return text(item, "user_id") }
        return try base.ids("users_user WHERE username = '\(text(item, "username"))'").first
            .map(String.init)
    }

    private func enroll(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        var codes: Set<String> = []
        if item["role_id"] == nil { codes.insert("missing-value") }
        guard let user = try user(item, base) else {
            return .rejected(codes.union(["unknown-username"]))
        }
        let role = text(item, "role_id")
        if try !base.has("courses_course WHERE id = \(job.target)") {
            codes.insert("unknown-course")
        }
        if try !base.has("users_user WHERE id = \(user)") { codes.insert("unknown-user") }
        if try role != "NULL" && !base.has("users_role WHERE id = \(role)") {
            codes.insert("unknown-role")
        }
        if case .value(let instrument) = item["instrument_id"],
            try !base.has("instruments_instrument WHERE id = \(instrument)")
        {
            codes.insert("unknown-instrument")
        }
        guard codes.isEmpty else { return .rejected(codes) }
        let row = "course_id = \(job.target) AND user_id = \(user)"
        guard try base.has("courses_enrollment WHERE \(row)") else {
            try base.run(
                """
                INSERT INTO courses_enrollment (course_id, user_id, role_id, instrument_id)
                SELECT \(job.target), \(user), \(role),
                  coalesce(\(item["instrument_id"]?.sql ?? "NULL")::bigint, u.instrument_id)
                FROM users_user u WHERE u.id = \(user)
                """)
            return .created
        }
        let said = item["instrument_id"] == nil ? [] : ["instrument_id"]
        return try base.update("courses_enrollment", said, item, row, job)
    }

    private func leave(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        guard let user = try user(item, base) else { return .rejected(["unknown-username"]) }
        let ids = try base.ids(
            "courses_enrollment WHERE course_id = \(job.target) AND user_id = \(user)")
        guard !ids.isEmpty else { return .absent }
        return try remove(ids, "courses_enrollment", "enrollment_id", base)
    }

    // MARK: Groups

    /// Counted from the digest's bytes, not by the catalog's expression.
    private func groupID(_ item: [String: Said], _ job: RandomJob, _ base: Base) throws -> Int {
        let hex = try base.text(
            "SELECT encode(sha256('\(job.target)::\(text(item, "draw"))'::bytea), 'hex')")
        return hex.prefix(13).reduce(1) { $0 * 16 + ($1.hexDigitValue ?? 0) }
    }

    private func group(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        let isCourse = try base.has("courses_course WHERE id = \(job.target)")
        var codes: Set<String> = isCourse ? [] : ["unknown-course"]
        var children: [[String: Said]] = []
        if case .list(let list) = item["group_assignments"] { children = list }
        for child in children { codes.formUnion(try faults(child, base)) }
        guard codes.isEmpty else { return .rejected(codes) }
        let id = try groupID(item, job, base)
        let isThere = try base.has("assignments_assignmentgroup WHERE id = \(id)")
        if !isThere {
            try base.run(
                """
                INSERT INTO assignments_assignmentgroup (id, type)
                VALUES (\(id), \(item["type"]?.sql ?? "NULL"))
                """)
        }
        var written = 0
        for child in children {
            written += try base.run(
                """
                INSERT INTO assignments_groupassignment
                  (group_id, enrollment_id, course_assignment_id)
                VALUES (\(id), \(text(child, "enrollment_id")), \(text(child, "course_assignment_id")))
                ON CONFLICT DO NOTHING
                """)
        }
        return !isThere ? .created : written > 0 ? .updated : .unchanged
    }

    private func faults(_ child: [String: Said], _ base: Base) throws -> Set<String> {
        var codes: Set<String> = []
        for (column, table) in [
            ("enrollment_id", "courses_enrollment"),
            ("course_assignment_id", "assignments_courseassignment"),
        ] {
            guard case .value(let id) = child[column] else { return ["missing-value"] }
            if try !base.has("\(table) WHERE id = \(id)") {
                codes.insert("unknown-\(column.dropLast(3))")
            }
        }
        guard codes.isEmpty else { return codes }
        let isHere = try base.has(
            """
            courses_enrollment e JOIN assignments_courseassignment a USING (course_id)
            WHERE e.id = \(text(child, "enrollment_id"))
              AND a.id = \(text(child, "course_assignment_id"))
            """)
        return isHere ? [] : ["other-course"]
    }
}

/// The plainest statements.
struct Base {
    let connection: Connection

    @discardableResult
    func run(_ sql: String) throws -> Int { Int(try connection.execute(sql).affected) }

    func has(_ rest: String) throws -> Bool {
        try connection.execute("SELECT EXISTS (SELECT FROM \(rest))").bool(0, 0)
    }

    func ids(_ rest: String, _ column: String = "id") throws -> [Int] {
        let rows = try connection.execute("SELECT \(column) FROM \(rest) ORDER BY 1")
        return (0..<rows.count).map { rows.int($0, 0) }
    }

    func text(_ sql: String) throws -> String { try connection.execute(sql).string(0, 0) }

    /// Makes columns of a row as the item says, where the job does not leave old rows alone.
    func update(
        _ table: String, _ columns: [String], _ item: [String: Said], _ row: String,
        _ job: RandomJob
    ) throws -> NaiveOutcome {
        guard !job.ignores, !columns.isEmpty else { return .unchanged }
        let values = columns.map { ($0, item[$0]?.sql ?? "NULL") }
        let changed = try run(
            """
            UPDATE \(table) SET \(values.map { "\($0) = \($1)" }.joined(separator: ", "))
            WHERE \(row) AND (\(values.map { "\($0) IS DISTINCT FROM \($1)" }
                .joined(separator: " OR ")))
            """)
        return changed > 0 ? .updated : .unchanged
    }
}
