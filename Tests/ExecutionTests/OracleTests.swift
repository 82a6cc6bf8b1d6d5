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
        CREATE TABLE SCHEMA.badge (
            club_id int, person_id int, FOREIGN KEY (club_id, person_id) REFERENCES SCHEMA.member);
        INSERT INTO SCHEMA.member VALUES (1, 2), (2, 1);
        INSERT INTO SCHEMA.badge VALUES (1, 2), (2, 1);
        """
    private static func catalog(_ theme: Theme) -> String {
        """
        catalog: oracle
        relations:
          member:
            table: fast.member
            target: club_id
            member: person_id
            attributes: [role, note, weight]
            conflict: \(theme.updates ? "{ update: [role, note] }" : "ignore")
            reject:
              - code: banned
                when: "\(theme.rule("item.person_id", "fast"))"
        """
    }

    /// What a round of random batches is about.
    enum Theme: String, CaseIterable, Sendable {
        case plain
        /// Unassigns that name attributes, and items that leave old rows as they are.
        case narrow
        /// The same in a relation that leaves all old rows as they are.
        case ignoring
        /// Items that only the database refuses.
        case poison
        /// A rule that reads the table that jobs write.
        case dependent

        var updates: Bool { self != .ignoring }
        var isNarrow: Bool { self == .narrow || self == .ignoring }

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
            tables: tables, catalog: Self.catalog(theme))
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
        let naive = Naive(
            connection: desk.connection, updates: theme.updates, rule: { theme.rule($0, "naive") })
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
        let sweeps = Int.random(in: 0..<4, using: &generator) == 0
        if !isAssign, sweeps { members = [] }
        return PlannedJob(
            isAssign: isAssign,
            clubs: pick(
                theme == .dependent
                    ? [[1], [2], [1, 2], [3, 1]] : [[1], [1], [2], [1, 2], [1, 1], [3, 1]]),
            members: members,
            isAtomic: Int.random(in: 0..<4, using: &generator) == 0,
            onConflict: isAssign && theme == .narrow ? pick([nil, "ignore", "update"]) : nil,
            sweeps: sweeps)
    }

    private mutating func randomItem(isAssign: Bool) -> PlannedJob.Item {
        let isNarrow = theme.isNarrow && Int.random(in: 0..<2, using: &generator) == 0
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

    /// A place in the batch that is about a row.
    private struct Place {
        let job: Int
        /// What a job sweeps away comes before what it lists.
        let number: Int
        let row: String
        let outcome: Naive.Outcome

        func isBefore(_ other: Place) -> Bool { (job, number) < (other.job, other.number) }
    }

    private func places(_ jobs: [PlannedJob], _ results: [Naive.Result]) -> [[Place]] {
        jobs.indices.map { job in
            let swept = results[job].swept.enumerated().map { index, swept in
                Place(job: job, number: index - 1_000, row: swept.row, outcome: swept.outcome)
            }
            return swept
                + jobs[job].items.enumerated().map { index, item in
                    Place(
                        job: job, number: index, row: item.row,
                        outcome: results[job].outcomes[index])
                }
        }
    }

    /// An item whose row no other item of the batch is about must have the outcome that it has
    /// alone; others may be superseded, and what comes after them may count from another start.
    private func compare(
        _ jobs: [PlannedJob], _ messages: [Message], _ expected: [Naive.Result]
    ) throws -> Bool {
        let places = places(jobs, expected)
        let accepted = places.joined().filter { $0.outcome != .rejected }
        for (index, job) in jobs.enumerated() {
            let receipt = try #require(try desk.receipt(messages[index]))
            let listed = expected[index].outcomes
            let refused = expected[index].swept.count { $0.outcome == .rejected }
            let counts = receipt.counts
            let codes = try desk.codes(messages[index]).keys.sorted()
            let isBad = listed.contains(.rejected) || refused > 0
            let isFailed = job.isAtomic && isBad
            let state =
                isFailed ? "failed" : isBad ? "succeeded_with_rejections" : "succeeded"
            // Of an atomic job one reason is enough.
            let extra = codes.count { $0 > listed.count }
            guard receipt.state == state, receipt.items == counts.total,
                codes.filter({ $0 <= listed.count }) == numbers(of: .rejected, in: listed),
                isFailed ? extra <= refused : extra == refused, counts.rejected == codes.count
            else { return false }
            guard isFeasible(counts, job, places[index], accepted) else { return false }
        }
        return true
    }

    private func isFeasible(
        _ counts: OutcomeCounts, _ job: PlannedJob, _ places: [Place], _ accepted: [Place]
    ) -> Bool {
        var forced: [Naive.Outcome: Int] = [:]
        var loose = (listed: 0, swept: 0)
        var undoable = 0
        for place in places where place.outcome != .rejected {
            let others = accepted.filter {
                $0.row == place.row && ($0.isBefore(place) || place.isBefore($0))
            }
            if others.isEmpty {
                forced[place.outcome, default: 0] += 1
            } else {
                if place.number < 0 { loose.swept += 1 } else { loose.listed += 1 }
                if others.contains(where: place.isBefore) { undoable += 1 }
            }
        }
        let got: [(Naive.Outcome, Int, loose: Int)] =
            job.isAssign
            ? [
                (.created, counts.created, loose.listed), (.updated, counts.updated, loose.listed),
                (.unchanged, counts.unchanged, loose.listed),
                (.removed, counts.removed, loose.swept),
            ]
            : [
                (.removed, counts.removed, loose.listed + loose.swept),
                (.absent, counts.absent, loose.listed),
            ]
        let listed = places.count { $0.number >= 0 && $0.outcome != .rejected }
        let swept = places.count { $0.number < 0 && $0.outcome != .rejected }
        // A row that came only with this batch may go again without being counted.
        return got.allSatisfy { outcome, count, loose in
            let least = forced[outcome, default: 0]
            return count >= least && count <= least + loose
        } && counts.superseded <= undoable
            && (listed + swept - loose.swept...listed + swept)
                .contains(counts.total - counts.rejected)
    }

    private func numbers(of outcome: Naive.Outcome, in outcomes: [Naive.Outcome]) -> [Int] {
        outcomes.indices.filter { outcomes[$0] == outcome }.map { $0 + 1 }
    }

    private func story(
        _ jobs: [PlannedJob], _ messages: [Message], _ expected: [Naive.Result]
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
