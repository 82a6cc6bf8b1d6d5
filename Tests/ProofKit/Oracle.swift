import Jobs
import Postgres

/// The reference: executes a stream job by job and item by item with the plainest SQL there is.
public struct Oracle {
    private let connection: Connection

    /// - Parameter connection: to a database with the ``World``.
    public init(connection: Connection) { self.connection = connection }

    /// Executes the stream in the reference's own schema.
    public func execute(_ stream: JobStream) throws -> Expectation {
        var expectation = Expectation()
        var known: [JobID: PlannedJob] = [:]
        try connection.transaction {
            try connection.script(
                """
                SET CONSTRAINTS ALL IMMEDIATE;
                SET LOCAL search_path = \(World.referenceSchema)
                """)
            for (number, message) in stream.messages.enumerated() {
                switch message.content {
                case .tombstone: break
                case .bad(_, let code): expectation.deadLetters[number] = code
                case .job(let job, _):
                    guard let first = known[job.id] else {
                        known[job.id] = job
                        let (fates, swept) = try execute(job)
                        let executed = Expectation.ExpectedJob(
                            job: job, message: number, fates: fates, swept: swept)
                        expectation.jobs.append(executed)
                        if executed.state == "failed" {
                            expectation.deadLetters[number] = "job-failed"
                        }
                        continue
                    }
                    if first == job {
                        expectation.duplicates[number] = job.id
                    } else {
                        expectation.deadLetters[number] = "conflicting-duplicate"
                    }
                }
            }
        }
        expectation.contents = try World.contents(of: World.referenceSchema, on: connection)
        return expectation
    }

    private func execute(
        _ job: PlannedJob
    ) throws -> (fates: [Expectation.Fate], swept: [PlannedJob.Item]) {
        try connection.script("SAVEPOINT job")
        var swept = try job.isExact || job.removesAll ? sweep(job) : []
        var fates = try job.items.map { try execute($0, of: job) }
        if job.isAtomic, fates.contains(where: \.isRejected) {
            fates = fates.map(Self.whenNothingIsWritten)
            swept = []
            try connection.script("ROLLBACK TO SAVEPOINT job")
        } else if job.isDryRun {
            try connection.script("ROLLBACK TO SAVEPOINT job")
        }
        try connection.script("RELEASE SAVEPOINT job")
        return (fates, swept)
    }

    /// Removes the rows of the job's teams that it does not name, one by one.
    private func sweep(_ job: PlannedJob) throws -> [PlannedJob.Item] {
        let named = Set(job.entries.compactMap(\.member.id))
        var swept: [PlannedJob.Item] = []
        for team in Set(job.teams).sorted() {
            let rows = try connection.execute(
                """
                SELECT person_id FROM \(job.relation.rawValue) WHERE team_id = \(team)
                ORDER BY person_id
                """)
            for person in (0..<rows.count).map({ rows.int($0, 0) }) where !named.contains(person) {
                let item = PlannedJob.Item(team: team, member: .number(person), sayings: [])
                if try unassign(item, person, job) == .removed { swept.append(item) }
            }
        }
        return swept
    }

    /// The fate of an atomic job's item beside one that was rejected.
    ///
    /// What only the database refuses is no longer tried once another item is rejected.
    private static func whenNothingIsWritten(_ fate: Expectation.Fate) -> Expectation.Fate {
        guard case .rejected(let codes) = fate else { return .rejected(["not-applied"]) }
        return .rejected(codes == [Faults.raised] ? codes.union(["not-applied"]) : codes)
    }

    private func execute(
        _ item: PlannedJob.Item, of job: PlannedJob
    ) throws -> Expectation.Fate {
        let faults = Faults.of(item, job)
        guard let person = item.member.id, !faults.areUnreadable else {
            return .rejected(faults.codes)
        }
        try connection.script("SAVEPOINT item")
        do {
            let isBanned = job.isAssign ? try isRefused(person) : false
            let fate =
                isBanned
                ? .rejected(faults.codes)
                : try job.isAssign ? assign(item, person, job) : unassign(item, person, job)
            try connection.script("RELEASE SAVEPOINT item")
            guard faults.codes.isEmpty != fate.isRejected else {
                throw Disagreement(item: item, faults: faults.codes, fate: fate)
            }
            return fate
        } catch let error as PostgresError where ["23", "P0"].contains(error.sqlState?.class) {
            try connection.script("ROLLBACK TO SAVEPOINT item; RELEASE SAVEPOINT item")
            return .rejected(faults.codes.isEmpty ? [Faults.raised] : faults.codes)
        }
    }

    private func isRefused(_ person: Int) throws -> Bool {
        try connection.execute(
            "SELECT EXISTS (SELECT FROM person WHERE id = \(person) AND is_banned)"
        ).bool(0, 0)
    }

    private func assign(
        _ item: PlannedJob.Item, _ person: Int, _ job: PlannedJob
    ) throws -> Expectation.Fate {
        let given = item.sayings.map { ($0.name, $0.value.map(quoteLiteral) ?? "NULL") }
        let columns = ["team_id", "person_id"] + given.map(\.0)
        let values = ["\(item.team)", "\(person)"] + given.map(\.1)
        let table = job.relation.rawValue
        let written = try connection.execute(
            """
            INSERT INTO \(table) (\(columns.joined(separator: ", ")))
            VALUES (\(values.joined(separator: ", ")))
            ON CONFLICT (team_id, person_id) DO NOTHING
            """)
        if written.affected == 1 { return .created }
        let updatable = Set(job.relation.attributes.filter(\.isUpdated).map(\.name))
        let changes = given.filter { updatable.contains($0.0) }
        guard job.onConflict != "ignore", !changes.isEmpty else { return .unchanged }
        let differs = changes.map { "\($0) IS DISTINCT FROM \($1)" }.joined(separator: " OR ")
        let changed = try connection.execute(
            """
            UPDATE \(table) SET \(changes.map { "\($0) = \($1)" }.joined(separator: ", "))
            WHERE team_id = \(item.team) AND person_id = \(person) AND (\(differs))
            """)
        return changed.affected == 1 ? .updated : .unchanged
    }

    private func unassign(
        _ item: PlannedJob.Item, _ person: Int, _ job: PlannedJob
    ) throws -> Expectation.Fate {
        let conditions = item.sayings.map { saying in
            " AND \(saying.name) IS NOT DISTINCT FROM "
                + (saying.value.map(quoteLiteral) ?? "NULL")
        }
        let removed = try connection.execute(
            """
            DELETE FROM \(job.relation.rawValue)
            WHERE team_id = \(item.team) AND person_id = \(person)\(conditions.joined())
            """)
        return removed.affected == 1 ? .removed : .absent
    }

    /// The reference's SQL and what the kit knows of the item do not say the same.
    struct Disagreement: Error {
        let item: PlannedJob.Item
        let faults: Set<String>
        let fate: Expectation.Fate
    }
}

/// What is wrong with an item whatever the tables of jobs hold, by the codes of its rejection.
struct Faults {
    /// The code of what a trigger refuses.
    static let raised = "sqlstate-P0001"

    var codes: Set<String> = []
    /// A value is none of its column's type: no statement sees the item.
    var areUnreadable = false

    static func of(_ item: PlannedJob.Item, _ job: PlannedJob) -> Faults {
        let unreadable = unreadableCodes(item, job)
        guard unreadable.isEmpty else { return Faults(codes: unreadable, areUnreadable: true) }
        return Faults(codes: job.isAssign ? refusedCodes(item) : [])
    }

    private static func unreadableCodes(
        _ item: PlannedJob.Item, _ job: PlannedJob
    ) -> Set<String> {
        var codes: Set<String> = []
        if case .garbage(let json) = item.member {
            codes.insert(json == "null" ? "missing-value" : "invalid-value")
        }
        let known = job.relation.attributes.map(\.name)
        for saying in item.sayings {
            switch (saying.name, saying.value) {
            case let (name, _) where !known.contains(name): codes.insert("unknown-attribute")
            case ("role", nil) where job.isAssign: codes.insert("missing-value")
            case ("note", let note?) where note.count > 20: codes.insert("invalid-value")
            case ("weight", let number?) where Int(number) == nil: codes.insert("invalid-value")
            case ("place", let number?) where Int(number) == nil: codes.insert("invalid-value")
            default: break
            }
        }
        return codes
    }

    private static func refusedCodes(_ item: PlannedJob.Item) -> Set<String> {
        var codes: Set<String> = []
        if item.team == World.unknownTeam { codes.insert("unknown-team") }
        if item.member.id == World.unknownPerson { codes.insert("unknown-person") }
        if item.member.id == World.banned { codes.insert("banned") }
        let role = item.sayings.first { $0.name == "role" }?.value
        if let role, !["member", "lead", "guest"].contains(role) {
            codes.insert("membership_role")
        }
        return codes
    }
}
