import Jobs
import Postgres
import Sandbox

/// A value as a random job says it.
enum Said: Hashable, Sendable {
    case null
    case value(String)
    case list([[String: Said]])

    var json: String {
        switch self {
        case .null: "null"
        case .value(let text): "\"\(text)\""
        case .list(let objects): "[\(objects.map(Self.json).joined(separator: ","))]"
        }
    }

    /// The value as SQL; a list is none.
    var sql: String {
        guard case .value(let text) = self else { return "NULL" }
        return quoteLiteral(text)
    }

    static func json(_ object: [String: Said]) -> String {
        let fields = object.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.json)" }
        return "{\(fields.joined(separator: ","))}"
    }
}

/// A job before it is written as a message: one item for each member.
struct RandomJob {
    let relation: String
    let isAssign: Bool
    let target: String
    /// The fields of each member, with the columns of target and member under their names.
    var members: [[String: Said]]
    var isAtomic = false
    var ignores = false
    /// Unassigns all members that the target has.
    var removesAll = false

    /// The fields of the job's data after the relation.
    var fields: String {
        let list = "[\(members.map(Said.json).joined(separator: ","))]"
        return "\"target\":\"\(target)\",\"members\":\(removesAll ? "\"all\"" : list)"
            + (isAtomic ? ",\"mode\":\"atomic\"" : "")
            + (ignores ? ",\"on_conflict\":\"ignore\"" : "")
    }
}

/// What became of an item in the naive reference.
enum NaiveOutcome: Hashable {
    case created, updated, unchanged, removed, absent
    /// Any of the codes is right.
    case rejected(Set<String>)

    var isRejected: Bool { if case .rejected = self { true } else { false } }

    var name: String {
        switch self {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .removed: "removed"
        case .absent: "absent"
        case .rejected: "rejected"
        }
    }
}

/// A system's own way: one item at a time, with the plainest SQL there is.
protocol NaiveSystem {
    /// Executes one item over tables without a schema; foreign keys are looked at in each statement.
    func execute(
        _ item: [String: Said], of job: RandomJob, on connection: Connection
    ) throws -> NaiveOutcome

    /// The items that a job for all members stands for.
    func everything(of job: RandomJob, on connection: Connection) throws -> [[String: Said]]

    /// What an item is about: other items can be about the same rows only if this is the same.
    func unit(_ item: [String: Said], of job: RandomJob) -> [String]
}

extension NaiveSystem {
    /// Executes jobs in their order; the outcomes of their items.
    func execute(_ jobs: [RandomJob], on connection: Connection) throws -> [[NaiveOutcome]] {
        try connection.transaction {
            try connection.script(
                "SET LOCAL search_path = \(SystemDesk.naive); SET CONSTRAINTS ALL IMMEDIATE")
            return try jobs.map { job in
                try connection.script("SAVEPOINT job")
                let items =
                    job.removesAll ? try everything(of: job, on: connection) : job.members
                let outcomes = try items.map { item in
                    try connection.script("SAVEPOINT item")
                    let outcome = try execute(item, of: job, on: connection)
                    if outcome.isRejected {
                        try connection.script("ROLLBACK TO SAVEPOINT item")
                    }
                    try connection.script("RELEASE SAVEPOINT item")
                    return outcome
                }
                if job.isAtomic, outcomes.contains(where: \.isRejected) {
                    try connection.script("ROLLBACK TO SAVEPOINT job")
                }
                try connection.script("RELEASE SAVEPOINT job")
                return outcomes
            }
        }
    }
}

/// Random batches, each executed twice: as a batch, and one item at a time.
struct RandomTrial<System: NaiveSystem> {
    let desk: SystemDesk
    let system: System
    /// Queries over all that the system's tables say, without ids that a sequence gives.
    let views: [String]

    /// Executes a batch both ways.
    ///
    /// - Returns: what differs, in words; nil if nothing does.
    func difference(_ jobs: [RandomJob]) throws -> String? {
        let messages = try jobs.map { job in
            try desk.message(job.isAssign ? "assign" : "unassign", job.relation, job.fields)
        }
        let expected = try system.execute(jobs, on: desk.connection)
        try desk.execute(messages)
        let got = try messages.map(desk.ending)
        var differences: [String] = []
        for view in views {
            let fast = try desk.rows(view, in: "public")
            let naive = try desk.rows(view, in: SystemDesk.naive)
            if fast != naive { differences.append("\(view)\n  batch \(fast)\n  naive \(naive)") }
        }
        for index in jobs.indices {
            let isExact = isAlone(index, jobs)
            if let words = difference(got[index], expected[index], jobs[index], isExact) {
                differences.append("job \(index): \(words)")
            }
        }
        let rows = try views.map { try desk.rows($0, in: "public") }
        try desk.execute(messages)
        if try views.map({ try desk.rows($0, in: "public") }) != rows {
            differences.append("delivered again, the batch changed something")
        }
        guard !differences.isEmpty else { return nil }
        let story = jobs.indices.map { index in
            let job = jobs[index]
            return """
                \(job.isAssign ? "assign" : "unassign") \(job.relation) \(job.fields)
                  expected \(expected[index])
                  got \(got[index]) \(got[index].messages)
                """
        }
        return (story + differences).joined(separator: "\n")
    }

    /// Whether no two items of the batch that a job has a part in are about the same rows.
    private func isAlone(_ index: Int, _ jobs: [RandomJob]) -> Bool {
        guard !jobs.contains(where: \.removesAll) else { return jobs.count == 1 }
        var counts: [String: Int] = [:]
        for job in jobs {
            for item in job.members {
                for unit in system.unit(item, of: job) { counts[unit, default: 0] += 1 }
            }
        }
        return jobs[index].members.allSatisfy { item in
            system.unit(item, of: jobs[index]).allSatisfy { counts[$0] == 1 }
        }
    }

    private func difference(
        _ got: Ending, _ expected: [NaiveOutcome], _ job: RandomJob, _ isExact: Bool
    ) -> String? {
        let rejected = expected.indices.filter { expected[$0].isRejected }
        let isFailed = job.isAtomic && !rejected.isEmpty
        let state =
            isFailed ? "failed" : rejected.isEmpty ? "succeeded" : "succeeded_with_rejections"
        guard got.state == state else { return "expected \(state), got \(got.state)" }
        if !job.removesAll {
            let numbers = rejected.map { $0 + 1 }
            // Of an atomic job one reason is enough.
            let codes = got.codes.filter { $0.value != "not-applied" }
            let isRight =
                isFailed
                ? !codes.isEmpty && Set(codes.keys).isSubset(of: numbers)
                : codes.keys.sorted() == numbers
            guard isRight else { return "expected the items \(numbers) rejected, got \(codes)" }
            for (number, code) in codes {
                guard case .rejected(let codes) = expected[number - 1], codes.contains(code) else {
                    return "expected \(expected[number - 1]) of item \(number), got \(code)"
                }
            }
        }
        guard isExact, !isFailed else { return nil }
        var counts: [String: Int] = [:]
        for outcome in expected { counts[outcome.name, default: 0] += 1 }
        return got.counts == counts ? nil : "expected \(counts), got \(got.counts)"
    }
}
