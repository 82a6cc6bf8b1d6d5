import Jobs

/// Which jobs shared a transaction, and what that allows: coalescing may hide what a later item of
/// the same row undoes or replaces, and nothing else.
struct Neighbours {
    private struct Row: Hashable {
        let transaction: Int
        let relation: World.Relation
        let row: String
    }

    /// The accepted items of each row, in the order of execution: job and number.
    private var items: [Row: [(message: Int, number: Int)]] = [:]
    private var transactions: [Int: Int] = [:]
    /// Of each transaction and relation, by how many rows the table must have grown, and by how
    /// many the counts say that it has.
    private(set) var growths: [(transaction: Int, expected: Int, got: Int)] = []

    init(_ stream: JobStream, _ expectation: Expectation, _ ledger: Ledger) {
        var expected: [[Int]: Int] = [:]
        var got: [[Int]: Int] = [:]
        for job in expectation.jobs {
            guard let receipt = ledger.jobs["\(job.job.id)"] else { continue }
            transactions[job.message] = receipt.transaction
            // Rows of different keys differ, so keys need no place in these.
            for (number, item) in job.job.items.enumerated()
            where !job.fates[number].isRejected {
                let row = Row(
                    transaction: receipt.transaction, relation: job.job.relation, row: item.row)
                items[row, default: []].append((job.message, number))
            }
            for (number, item) in job.swept.enumerated() {
                let row = Row(
                    transaction: receipt.transaction, relation: job.job.relation, row: item.row)
                items[row, default: []].append((job.message, job.fates.count + number))
            }
            let relation = World.Relation.allCases.firstIndex(of: job.job.relation) ?? 0
            let place = [receipt.transaction, relation, stream.messages[job.message].group]
            expected[place, default: 0] += job.growth
            guard !job.job.isDryRun else { continue }
            got[place, default: 0] +=
                (receipt.counts["created"] ?? 0) - (receipt.counts["removed"] ?? 0)
        }
        growths = expected.map { ($0[0], $1, got[$0] ?? 0) }.sorted { $0.0 < $1.0 }
    }

    /// The outcomes that a row may have been counted as that a job removes without naming it.
    ///
    /// A row that an earlier job of the transaction wrote may never have been there.
    func outcomes(ofSwept number: Int, in job: Expectation.ExpectedJob) -> Set<String> {
        guard let transaction = transactions[job.message] else { return [] }
        let row = Row(
            transaction: transaction, relation: job.job.relation, row: job.swept[number].row)
        let isAlone = (items[row] ?? []).count < 2 || !job.job.relation.isFolded
        return isAlone ? ["removed"] : ["removed", "superseded", "not counted"]
    }

    /// The outcomes that an item may have been counted as.
    func outcomes(
        of fate: Expectation.Fate, number: Int, in job: Expectation.ExpectedJob
    ) -> Set<String> {
        guard !fate.isRejected, let transaction = transactions[job.message] else {
            return ["rejected"]
        }
        let row = Row(
            transaction: transaction, relation: job.job.relation,
            row: job.job.items[number].row)
        let all = items[row] ?? []
        guard all.count > 1, job.job.relation.isFolded else { return ["\(fate)"] }
        var outcomes: Set<String> =
            job.job.isAssign ? ["created", "updated", "unchanged"] : ["removed", "absent"]
        if let last = all.last, last != (job.message, number) { outcomes.insert("superseded") }
        return outcomes
    }
}

/// Whether counts can come from items of which each has one of several outcomes.
enum Feasibility {
    /// Hall's condition, for every set of outcomes: at least the items that have no other, at most
    /// those that may have one of them.
    static func problem(wishes: [Set<String>], counts: [String: Int]) -> String? {
        let names = counts.keys.sorted()
        for bits in 1..<(1 << names.count) {
            let set = Set(names.indices.filter { bits >> $0 & 1 == 1 }.map { names[$0] })
            let got = set.reduce(0) { $0 + (counts[$1] ?? 0) }
            let least = wishes.count { $0.isSubset(of: set) }
            let most = wishes.count { !$0.isDisjoint(with: set) }
            if got < least || got > most {
                let range = least == most ? "\(least)" : "\(least) to \(most)"
                return "expected \(range) \(set.sorted().joined(separator: " or ")), got \(got)"
            }
        }
        return nil
    }
}
