import Execution
import Foundation
import Jobs
import Sandbox
import Testing

/// Random batches end with the rows, and report the counts, that one row after the other gives.
@Suite struct KolibriBatchTests {
    enum Theme: String, CaseIterable, Sendable {
        /// All jobs of a batch have one key.
        case oneKey
        /// Each facility has a key of its own, and relations may be mixed.
        case severalKeys
        /// The same, each transaction in another session of the server.
        case pooled
    }

    private static let seed =
        ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: .min ... .max)
    private static let rounds =
        ProcessInfo.processInfo.environment["ROLLCALL_ROUNDS"].flatMap { Int($0) } ?? 40

    @Test(arguments: Theme.allCases)
    func aBatchEndsAsOneByOne(_ theme: Theme) throws {
        let rounds = theme == .pooled ? max(1, Self.rounds / 4) : Self.rounds
        print("kolibri, \(theme): seed \(Self.seed), \(rounds) rounds")
        let desk = try KolibriDesk(seed: Self.seed, history: 40, isPooled: theme == .pooled)
        var jobs = KolibriJobs(seed: desk.seed, generator: SeededGenerator(seed: Self.seed))
        for _ in 0..<rounds {
            let batch = Self.batch(theme, &jobs)
            let expected = try desk.expect(batch.map(\.job))
            let messages = try batch.map { try desk.message($0.job) }
            let entries = KolibriDesk.batch(messages, batch.map(\.key))
            _ = try desk.desk.executor.execute(entries, on: desk.connection)
            let receipts = try messages.map(desk.desk.ending)
            var story = try desk.differences()
            for (index, receipt) in receipts.enumerated() {
                if let fault = Self.fault(receipt, batch[index].job, expected[index]) {
                    story.append("job \(index + 1): \(fault)")
                }
            }
            // Redelivered, it changes nothing.
            _ = try desk.desk.executor.execute(entries, on: desk.connection)
            if story.isEmpty { story = try desk.differences().map { "redelivered: \($0)" } }
            guard !story.isEmpty else { continue }
            for (index, receipt) in receipts.enumerated() {
                let job = batch[index].job
                story.append("\(job.isAssign ? "assign" : "unassign") \(job.fields)")
                story.append("  expected \(expected[index])")
                story.append("  got \(receipt)")
            }
            // The first difference says all: the tables go different ways from there.
            Issue.record(Comment(rawValue: story.joined(separator: "\n")))
            return
        }
    }

    private static func batch(
        _ theme: Theme, _ jobs: inout KolibriJobs
    ) -> [(job: KolibriJob, key: Int32)] {
        let count = 1 + jobs.below(7)
        switch theme {
        case .oneKey:
            let table = KolibriOracle.Kind.allCases[jobs.below(2)]
            return (0..<count).map { _ in (jobs.next(of: table, facility: 0), 0) }
        case .severalKeys, .pooled:
            // Jobs of one key in a batch are for one relation.
            let tables = jobs.seed.facilities.map { _ in
                KolibriOracle.Kind.allCases[jobs.below(2)]
            }
            return (0..<count).map { _ in
                let facility = jobs.below(tables.count)
                return (jobs.next(of: tables[facility], facility: facility), Int32(facility))
            }
        }
    }

    /// What is wrong in a receipt.
    private static func fault(
        _ receipt: Ending, _ job: KolibriJob, _ expected: KolibriOracle.Result
    ) -> String? {
        let codes = expected.outcomes.enumerated().reduce(into: [Int: String]()) { codes, pair in
            if case .rejected(let code) = pair.element { codes[pair.offset + 1] = code }
        }
        if job.isAtomic, !codes.isEmpty {
            guard receipt.state == "failed" else { return "expected failed, got \(receipt.state)" }
            let isWhole = receipt.counts == ["rejected": job.items.count]
            return isWhole ? nil : "expected all items rejected, got \(receipt.counts)"
        }
        guard agree(receipt.codes, codes) else {
            return "expected the codes \(codes), got \(receipt.codes)"
        }
        let listed = zip(job.items, expected.outcomes).map { item, outcome in
            (outcome: name(outcome), isLoose: expected.loose.contains(item))
        }
        let swept = expected.swept.map {
            (outcome: "removed", isLoose: expected.loose.contains($0))
        }
        let all = listed + swept
        let loose = all.count { $0.isLoose }
        for outcome in ["created", "updated", "unchanged", "removed", "absent", "superseded"] {
            let sure = all.count { $0.outcome == outcome && !$0.isLoose }
            let got = receipt.counts[outcome] ?? 0
            guard got >= sure, got <= sure + loose else {
                return "expected \(outcome) \(sure)...\(sure + loose), got \(got)"
            }
        }
        let total = receipt.counts.values.reduce(0, +)
        let most = listed.count + swept.count
        guard total <= most, total >= most - swept.count(where: \.isLoose) else {
            return "expected \(most) items, got \(total)"
        }
        return nil
    }

    private static func name(_ outcome: KolibriOracle.Outcome) -> String {
        switch outcome {
        case .rejected: "rejected"
        case .created, .unchanged, .removed, .absent: "\(outcome)"
        }
    }

    /// The same items for the same reasons; of several that no rule is needed for, any.
    private static func agree(_ got: [Int: String], _ expected: [Int: String]) -> Bool {
        let plain: Set = ["invalid-value", "missing-value", "unknown-user", "unknown-collection"]
        return got.keys.sorted() == expected.keys.sorted()
            && got.allSatisfy { number, code in
                let other = expected[number] ?? ""
                return code == other || plain.contains(code) && plain.contains(other)
            }
    }

    // MARK: Side by side

    /// Lanes that make the same users coaches of different classes, and take it from them again.
    @Test func lanesOverTheSameUsersEndWithoutADeadlock() throws {
        let desk = try KolibriDesk(
            size: KolibriSeed.Size(facilities: 1, classes: 4, users: 40), history: 0)
        let facility = desk.seed.facilities[0]
        var generator = SeededGenerator(seed: Self.seed)
        print("kolibri, lanes: seed \(Self.seed)")
        let work = try facility.classes.map { classroom in
            try (0..<30).map { _ in
                let members = facility.users.shuffled(using: &generator).prefix(20)
                return try desk.message(
                    KolibriJob(
                        isAssign: Int.random(in: 0..<3, using: &generator) > 0,
                        targets: [classroom.id],
                        members: members.map { KolibriJob.Member(user: $0, kind: "coach") }))
            }
        }
        let sides = work.map { messages in messages.map { KolibriDesk.batch([$0], [0]) } }
        #expect(desk.desk.executeSideBySide(sides) == [])
        // Whoever coaches a class may be assigned to classes, and was taken a picture password.
        #expect(
            try desk.rows(
                """
                SELECT DISTINCT r.user_id FROM kolibriauth_role r
                JOIN kolibriauth_facilityuser u ON u.id = r.user_id
                WHERE u.picture_password IS NOT NULL OR NOT u._morango_dirty_bit
                    OR NOT EXISTS (SELECT FROM kolibriauth_role f WHERE f.user_id = r.user_id
                        AND f.collection_id = '\(facility.id)')
                """) == [])
        // No row is there and told to be deleted.
        #expect(
            try desk.rows(
                "SELECT id FROM kolibriauth_role JOIN morango_deletedmodels USING (id)") == [])
    }
}
