import Foundation
import Jobs
import Postgres
import Sandbox
import Testing

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
    /// The text of a field; NULL where there is none.
    func text(_ item: [String: Said], _ name: String) -> String {
        if case .value(let text) = item[name] { text } else { "NULL" }
    }

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

/// Random jobs over the few rows of a system's small seed.
protocol RandomJobs {
    var generator: SeededGenerator { get set }

    init(generator: SeededGenerator)

    /// Jobs of one relation, as a worker gathers them of one key.
    mutating func batch() -> [RandomJob]
}

extension RandomJobs {
    mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<count, using: &generator) == 0
    }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    /// Executes random batches until one ends otherwise than one item at a time.
    ///
    /// `ROLLCALL_SEED` and `ROLLCALL_ROUNDS` say which batches, and how many.
    static func tryOut<System: NaiveSystem>(
        _ system: System, _ tables: SystemDesk.System, views: [String], isPooled: Bool
    ) throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["ROLLCALL_ROUNDS"].flatMap { Int($0) } ?? (isPooled ? 8 : 25)
        let seed =
            environment["ROLLCALL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: .min ... .max)
        print("\(tables.name), oracle: seed \(seed), \(rounds) rounds")
        var random = Self(generator: SeededGenerator(seed: seed))
        // What has been removed is gone for good, so every few rounds begin anew.
        for _ in 0..<max(1, rounds / 8) {
            let trial = RandomTrial(
                desk: try SystemDesk(tables, isPooled: isPooled), system: system, views: views)
            for _ in 0..<8 {
                if let difference = try trial.difference(random.batch()) {
                    Issue.record(Comment(rawValue: "seed \(seed)\n\(difference)"))
                    return
                }
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
