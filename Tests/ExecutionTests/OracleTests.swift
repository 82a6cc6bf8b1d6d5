import Foundation
import Jobs
import Postgres
import Sandbox
import Testing

@testable import Execution

/// Batches end as if their jobs had been executed one by one, an item at a time.
@Suite struct OracleTests {
    private static func tables(_ schema: String) -> String {
        """
        CREATE SCHEMA \(schema);
        CREATE TABLE \(schema).club (id int PRIMARY KEY);
        INSERT INTO \(schema).club VALUES (1), (2);
        CREATE TABLE \(schema).person (id int PRIMARY KEY, banned boolean NOT NULL);
        INSERT INTO \(schema).person SELECT n, n = 5 FROM generate_series(1, 5) AS n;
        CREATE TABLE \(schema).member (
            club_id   int NOT NULL REFERENCES \(schema).club,
            person_id int NOT NULL REFERENCES \(schema).person DEFERRABLE INITIALLY DEFERRED,
            role      text NOT NULL DEFAULT 'x' CHECK (role <> 'bad'),
            note      text DEFAULT 'none',
            weight    int DEFAULT 1,
            PRIMARY KEY (club_id, person_id));
        CREATE FUNCTION \(schema).refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''heavy''; END';
        """
    }
    private static let trigger = """
        CREATE TRIGGER refuse AFTER INSERT ON SCHEMA.member
        FOR EACH ROW WHEN (NEW.weight = 9) EXECUTE FUNCTION SCHEMA.refuse();
        """
    private static func catalog(rule: String) -> String {
        """
        catalog: oracle
        relations:
          member:
            table: fast.member
            target: club_id
            member: person_id
            attributes: [role, note, weight]
            conflict: { update: [role, note] }
            reject:
              - code: banned
                when: "\(rule)"
        """
    }

    /// What a round of random batches is about.
    enum Theme: String, CaseIterable, Sendable {
        case plain
        /// Unassigns that name attributes, and items that leave old rows as they are.
        case narrow
        /// Items that only the database refuses.
        case poison
        /// A rule that reads the table that jobs write.
        case dependent

        /// For whom nothing is written.
        func rule(_ person: String, _ schema: String) -> String {
            self == .dependent
                ? "(SELECT count(*) FROM \(schema).member m WHERE m.person_id = \(person) "
                    + "AND m.role = 'y') = 1"
                : "EXISTS (SELECT FROM \(schema).person p WHERE p.id = \(person) AND p.banned)"
        }
    }

    @Test(arguments: Theme.allCases)
    func aBatchEndsAsOneByOne(_ theme: Theme) throws {
        let rounds =
            ProcessInfo.processInfo.environment["ROLLCALL_ROUNDS"].flatMap { Int($0) } ?? 25
        let seed =
            ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: .min ... .max)
        print("oracle, \(theme): seed \(seed), \(rounds) rounds")
        var tables = Self.tables("fast") + Self.tables("naive")
        if theme == .poison {
            for schema in ["fast", "naive"] {
                tables += Self.trigger.split(separator: "SCHEMA").joined(separator: schema)
            }
        }
        let desk = try Desk(
            tables: tables, catalog: Self.catalog(rule: theme.rule("item.person_id", "fast")))
        var trial = Trial(
            desk: desk, theme: theme, generator: SeededGenerator(seed: seed))
        for _ in 0..<rounds {
            try trial.run()
            // The first difference says all: the tables go different ways from there.
            if trial.hasFailed { return }
        }
    }
}

/// One sequence of batches, each executed twice: as a batch, and one item at a time.
private struct Trial {
    let desk: Desk
    let theme: OracleTests.Theme
    var generator: SeededGenerator
    private(set) var hasFailed = false

    mutating func run() throws {
        let jobs = (0..<Int.random(in: 1...7, using: &generator)).map { _ in randomJob() }
        let messages = try jobs.map { job in
            try desk.message(job.isAssign ? "assign" : "unassign", job.fields)
        }
        let sizeBefore = try size()
        let theme = theme
        let naive = Naive(connection: desk.connection, rule: { theme.rule($0, "naive") })
        let expected = try naive.execute(jobs)
        // All of one key: the order between them holds whatever they are about.
        let batch = Batch(messages.map { Batch.Entry(message: $0, key: 0) })
        _ = try desk.executor.execute(batch, on: desk.connection)
        let rows = try table("fast")
        let difference = try size() - sizeBefore
        let changed = try receipts(messages).reduce(0) {
            $0 + $1.counts.created - $1.counts.removed
        }
        let isEqual =
            try rows == table("naive") && difference == changed
            && compare(jobs, messages, expected)
        // Redelivered, it changes nothing.
        _ = try desk.executor.execute(batch, on: desk.connection)
        let isStable = try table("fast") == rows
        guard !isEqual || !isStable else { return }
        hasFailed = true
        Issue.record(Comment(rawValue: try story(jobs, messages, expected)))
    }

    private func size() throws -> Int { try table("fast").count }

    private func table(_ schema: String) throws -> [String] {
        try desk.rows("SELECT * FROM \(schema).member ORDER BY 1, 2")
    }

    private func receipts(_ messages: [Message]) throws -> [Receipt] {
        try messages.map { try #require(try desk.receipt($0)) }
    }

    // MARK: Jobs

    private mutating func randomJob() -> PlannedJob {
        let isAssign = Int.random(in: 0..<10, using: &generator) < 6
        var members = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            randomItem(isAssign: isAssign)
        }
        if theme == .dependent {
            // A rule sees the table as it is before the job, not between two items of one row.
            var seen: Set<String> = []
            members = members.filter { seen.insert($0.person).inserted }
        }
        return PlannedJob(
            isAssign: isAssign,
            clubs: pick(
                theme == .dependent
                    ? [[1], [2], [1, 2], [3, 1]] : [[1], [1], [2], [1, 2], [1, 1], [3, 1]]),
            members: members,
            isAtomic: Int.random(in: 0..<4, using: &generator) == 0,
            onConflict: isAssign && theme == .narrow ? pick([nil, "ignore", "update"]) : nil)
    }

    private mutating func randomItem(isAssign: Bool) -> PlannedJob.Item {
        let isNarrow = theme == .narrow && Int.random(in: 0..<2, using: &generator) == 0
        let saysAttributes = isAssign || isNarrow
        let isPoison = theme == .poison && Int.random(in: 0..<8, using: &generator) == 0
        return PlannedJob.Item(
            club: 0,
            person: pick(["1", "1", "1", "2", "2", "3", "4", "5", "6", "x"]),
            role: saysAttributes
                ? pick([
                    .nothing, .nothing, .value("x"), .value("y"), .value("z"), .value("bad"), .null,
                ])
                : .nothing,
            note: saysAttributes
                ? pick([.nothing, .nothing, .null, .value("a"), .value("b")]) : .nothing,
            weight: isPoison
                ? .value("9")
                : saysAttributes ? pick([.nothing, .nothing, .value("1"), .value("2")]) : .nothing)
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    // MARK: Comparing

    /// An item whose row no other item of the batch is about must have the outcome that it has
    /// alone; others may be superseded, and what comes after them may count from another start.
    private func compare(
        _ jobs: [PlannedJob], _ messages: [Message], _ expected: [[Naive.Outcome]]
    ) throws -> Bool {
        let places = jobs.indices.flatMap { job in jobs[job].items.indices.map { (job, $0) } }
        let accepted = places.filter { expected[$0.0][$0.1] != .rejected }
        for (index, job) in jobs.enumerated() {
            let receipt = try #require(try desk.receipt(messages[index]))
            let outcomes = expected[index]
            guard receipt.items == outcomes.count, receipt.counts.total == outcomes.count,
                try desk.codes(messages[index]).keys.sorted()
                    == numbers(of: .rejected, in: outcomes)
            else { return false }
            let isFailed = job.isAtomic && outcomes.contains(.rejected)
            let state =
                isFailed
                ? "failed"
                : outcomes.contains(.rejected) ? "succeeded_with_rejections" : "succeeded"
            guard receipt.state == state else { return false }
            var forced: [Naive.Outcome: Int] = [:]
            var loose = 0
            var undoable = 0
            for (number, item) in job.items.enumerated() where outcomes[number] != .rejected {
                let others = accepted.filter {
                    $0 != (index, number) && jobs[$0.0].items[$0.1].row == item.row
                }
                if others.isEmpty {
                    forced[outcomes[number], default: 0] += 1
                } else {
                    loose += 1
                    if others.contains(where: { $0 > (index, number) }) { undoable += 1 }
                }
            }
            let counts = receipt.counts
            let got: [(Naive.Outcome, Int)] =
                job.isAssign
                ? [
                    (.created, counts.created), (.updated, counts.updated),
                    (.unchanged, counts.unchanged),
                ] : [(.removed, counts.removed), (.absent, counts.absent)]
            let isFeasible = got.allSatisfy { outcome, count in
                count >= forced[outcome, default: 0] && count <= forced[outcome, default: 0] + loose
            }
            guard isFeasible, counts.superseded <= undoable else { return false }
        }
        return true
    }

    private func numbers(of outcome: Naive.Outcome, in outcomes: [Naive.Outcome]) -> [Int] {
        outcomes.indices.filter { outcomes[$0] == outcome }.map { $0 + 1 }
    }

    private func story(
        _ jobs: [PlannedJob], _ messages: [Message], _ expected: [[Naive.Outcome]]
    ) throws -> String {
        var lines: [String] = []
        for (index, job) in jobs.enumerated() {
            let receipt = try desk.receipt(messages[index])?.description ?? "none"
            lines.append("\(job.isAssign ? "assign" : "unassign") \(job.fields)")
            lines.append("  expected \(expected[index])")
            lines.append("  got \(receipt), codes \(try desk.codes(messages[index]))")
        }
        lines.append("fast  \(try table("fast"))")
        lines.append("naive \(try table("naive"))")
        return lines.joined(separator: "\n")
    }
}
