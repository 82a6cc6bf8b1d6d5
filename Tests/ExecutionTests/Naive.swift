import Jobs
import Postgres

/// What a test says of an attribute.
enum Said: Hashable, Sendable {
    case nothing
    case null
    case value(String)

    var json: String? {
        switch self {
        case .nothing: nil
        case .null: "null"
        case .value(let text): "\"\(text)\""
        }
    }

    var sql: String? {
        switch self {
        case .nothing: nil
        case .null: "NULL"
        case .value(let text): quoteLiteral(text)
        }
    }
}

/// A job of the property test, before it is written as a message.
struct PlannedJob {
    struct Item {
        let club: Int
        let person: String
        let role: Said
        let note: Said
        let weight: Said

        /// The row that it is about.
        var row: String { "\(club)/\(person)" }
        var attributes: [(name: String, said: Said)] {
            [("role", role), ("note", note), ("weight", weight)]
        }
    }

    let isAssign: Bool
    let clubs: [Int]
    /// The items of each club.
    let members: [Item]
    let isAtomic: Bool
    let onConflict: String?
    /// Rows of the clubs that the job does not name are to go: an exact job, or one for all members.
    var sweeps = false

    var items: [Item] {
        clubs.flatMap { club in
            members.map { item in
                Item(
                    club: club, person: item.person, role: item.role, note: item.note,
                    weight: item.weight)
            }
        }
    }

    /// The fields of the job's data.
    var fields: String {
        let list = members.map { item -> String in
            let attributes = item.attributes.compactMap { name, said in
                said.json.map { ",\"\(name)\":\($0)" }
            }
            return "{\"member\":\"\(item.person)\"\(attributes.joined())}"
        }
        let members = !isAssign && sweeps ? "\"all\"" : "[\(list.joined(separator: ","))]"
        let targets =
            clubs.count == 1
            ? "\"target\":\(clubs[0])"
            : "\"targets\":[\(clubs.map(String.init).joined(separator: ","))]"
        return "\"relation\":\"member\",\(targets),\"members\":\(members)"
            + (isAssign && sweeps ? ",\"exact\":true" : "")
            + (isAtomic ? ",\"mode\":\"atomic\"" : "")
            + (onConflict.map { ",\"on_conflict\":\"\($0)\"" } ?? "")
    }
}

/// Executes jobs one item at a time, each with the plainest SQL there is.
struct Naive {
    enum Outcome: Hashable {
        case created, updated, unchanged, removed, absent, rejected
    }

    /// What became of a job.
    struct Result {
        /// Of what it lists.
        var outcomes: [Outcome]
        /// Of the rows that it sweeps away.
        var swept: [(row: String, outcome: Outcome)] = []
    }

    let connection: Connection
    /// An assign changes what is there.
    let updates: Bool
    /// SQL that is true for a person for whom nothing is written.
    let rule: (_ person: String) -> String

    /// Executes jobs in their order; the outcomes of their items.
    func execute(_ jobs: [PlannedJob]) throws -> [Result] {
        try connection.transaction {
            try connection.script("SET CONSTRAINTS ALL IMMEDIATE")
            return try jobs.map(execute)
        }
    }

    private func execute(_ job: PlannedJob) throws -> Result {
        try connection.script("SAVEPOINT job")
        var result = Result(outcomes: [])
        var isRefusedByRule = false
        // The rule sees the table as it is before the items of a target.
        for (number, club) in job.clubs.enumerated() {
            let items = job.items.filter { $0.club == club }.prefix(job.members.count)
            let refused = try items.map { try job.isAssign && isRefused($0) }
            isRefusedByRule = isRefusedByRule || refused.contains(true)
            if number == 0, job.sweeps, !job.isAtomic || !isRefusedByRule {
                result.swept = try sweep(job)
            }
            result.outcomes += try zip(items, refused).map { item, isRefused in
                isRefused
                    ? .rejected
                    : try attempt { try job.isAssign ? assign(item, job) : unassign(item) }
            }
        }
        if job.isAtomic, isRefusedByRule { result.swept = [] }
        let isBad =
            result.outcomes.contains(.rejected)
            || result.swept.contains { $0.outcome == .rejected }
        if job.isAtomic, isBad {
            try connection.script("ROLLBACK TO SAVEPOINT job")
            result.outcomes = result.outcomes.map { _ in .rejected }
            result.swept.removeAll { $0.outcome != .rejected }
        }
        try connection.script("RELEASE SAVEPOINT job")
        return result
    }

    /// Removes the rows that the job does not name, one after the other.
    private func sweep(_ job: PlannedJob) throws -> [(row: String, outcome: Outcome)] {
        var swept: [(row: String, outcome: Outcome)] = []
        for club in Set(job.clubs).sorted() {
            let named = job.items.filter { $0.club == club }.compactMap { Int($0.person) }
            let rows = try connection.execute(
                "SELECT person_id FROM naive.member WHERE club_id = \(club) ORDER BY 1")
            for index in 0..<rows.count where !named.contains(rows.int(index, 0)) {
                let person = rows.int(index, 0)
                let outcome = try attempt {
                    try connection.execute(
                        """
                        DELETE FROM naive.member WHERE club_id = \(club) AND person_id = \(person)
                        """)
                    return .removed
                }
                swept.append(("\(club)/\(person)", outcome))
            }
        }
        return swept
    }

    private func attempt(_ body: () throws -> Outcome) throws -> Outcome {
        try connection.script("SAVEPOINT item")
        do {
            let outcome = try body()
            try connection.script("RELEASE SAVEPOINT item")
            return outcome
        } catch let error as PostgresError where ["22", "23", "P0"].contains(error.sqlState?.class)
        {
            try connection.script("ROLLBACK TO SAVEPOINT item; RELEASE SAVEPOINT item")
            return .rejected
        }
    }

    private func isRefused(_ item: PlannedJob.Item) throws -> Bool {
        guard Int(item.person) != nil else { return true }
        return try connection.execute("SELECT \(rule(item.person))").bool(0, 0)
    }

    private func assign(_ item: PlannedJob.Item, _ job: PlannedJob) throws -> Outcome {
        let person = quoteLiteral(item.person)
        let given = item.attributes.compactMap { name, said in said.sql.map { (name, $0) } }
        let columns = ["club_id", "person_id"] + given.map(\.0)
        let values = ["\(item.club)", person] + given.map(\.1)
        let written = try connection.execute(
            """
            INSERT INTO naive.member (\(columns.joined(separator: ",")))
            VALUES (\(values.joined(separator: ",")))
            ON CONFLICT (club_id, person_id) DO NOTHING RETURNING club_id
            """)
        if written.count == 1 { return .created }
        let updatable = given.filter { $0.0 != "weight" }
        guard updates, job.onConflict != "ignore", !updatable.isEmpty else { return .unchanged }
        let changed = try connection.execute(
            """
            UPDATE naive.member SET \(updatable.map { "\($0) = \($1)" }.joined(separator: ", "))
            WHERE club_id = \(item.club) AND person_id = \(person)
              AND (\(updatable.map { "\($0) IS DISTINCT FROM \($1)" }.joined(separator: " OR ")))
            """)
        return changed.affected > 0 ? .updated : .unchanged
    }

    private func unassign(_ item: PlannedJob.Item) throws -> Outcome {
        let conditions = item.attributes.compactMap { name, said in
            said.sql.map { " AND \(name) IS NOT DISTINCT FROM \($0)" }
        }
        let removed = try connection.execute(
            """
            DELETE FROM naive.member WHERE club_id = \(item.club)
              AND person_id = \(quoteLiteral(item.person))\(conditions.joined())
            """)
        return removed.affected > 0 ? .removed : .absent
    }
}
