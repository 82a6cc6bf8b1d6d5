import Jobs
import Testing

@Suite struct CoalescerPropertyTests {
    private typealias Model = CoalescerModel

    /// Kinds of relations and batches, each with its own dangers.
    enum Relation: CaseIterable {
        /// Rows are nothing but a pair.
        case pairs
        /// Attributes that an assign never changes.
        case ignoring
        /// An assign changes `role`; some jobs say `on_conflict: ignore`.
        case updating
        /// The same, and some unassigns say what they remove: rows that are so, or all of a unit.
        case reaching
        /// As `updating`, and rules of a job see what the jobs before it wrote.
        case depending
        case dependingAndReaching

        var depends: Bool { self == .depending || self == .dependingAndReaching }
        var reaches: Bool { self == .reaching || self == .dependingAndReaching }
    }

    private func batch(of relation: Relation, _ random: inout SplitMix) -> (
        items: [Model.Item], keyOfJob: [Int32]
    ) {
        var items: [Model.Item] = []
        var keyOfJob: [Int32] = []
        let rows = 1 + random.below(3)
        for job in 0..<Int32(1 + random.below(6)) {
            keyOfJob.append(Int32(random.below(3)))
            let operation: Assignment.Operation = random.oneIn(3) ? .unassign : .assign
            let hasUpdates = relation != .pairs && relation != .ignoring
            let updates = hasUpdates && !random.oneIn(4)
            for _ in 0..<(1 + random.below(3)) {
                var item = Model.Item(
                    operation: operation, row: Int32(random.below(rows)), job: job)
                item.isAccepted = !random.oneIn(6)
                if operation == .assign, relation != .pairs {
                    item.updates = updates
                    item.role = random.pick([nil, 1, 2])
                    item.note = random.pick([nil, 1, 2])
                }
                if operation == .unassign, relation.reaches {
                    item.isAboutUnit = random.oneIn(3)
                    item.role = random.pick([nil, 1, 2])
                }
                items.append(item)
            }
        }
        return (items, keyOfJob)
    }

    /// No row there, all there, or some, with all combinations of values.
    private func table(of relation: Relation, _ random: inout SplitMix) -> Model.Table {
        var table: Model.Table = [:]
        for row in Int32(0)..<3 where random.oneIn(2) {
            table[row] =
                relation == .pairs
                ? Model.defaultRow : Model.Row(role: random.below(3), note: random.below(3))
        }
        return table
    }

    @Test(
        "a batch ends in the rows and outcomes of its items one by one",
        arguments: Relation.allCases, Seed.some(4))
    func equivalence(relation: Relation, seed: Seed) {
        var random = seed.generator
        for _ in 0..<1_500 {
            let (items, keyOfJob) = batch(of: relation, &random)
            let before = table(of: relation, &random)
            let result = Model.coalesce(
                items, keyOfJob: keyOfJob, dependsOnEarlierJobs: relation.depends,
                rowsAreTheirIdentity: relation == .pairs, on: before)
            check(result, of: items, before)
            if relation.depends { checkOrder(result.runs, items, keyOfJob) }
        }
    }

    private func check(
        _ result: Model.Result, of items: [Model.Item], _ before: Model.Table
    ) {
        let story: Comment =
            "\(before) \(items.map(\.description).joined(separator: "; ")) runs \(result.runs)"
        var after = before
        let sequential = items.map { $0.isAccepted ? Model.execute($0, on: &after) : nil }
        #expect(result.table == after, story)

        // What is left without the superseded items, each has the outcome of executing it in turn.
        var table = before
        for (index, item) in items.enumerated() {
            let outcome = result.outcomes[index]
            guard item.isAccepted else {
                #expect(outcome == nil, story)
                continue
            }
            // A repetition came to nothing, also where what it repeats is superseded later.
            if outcome == sequential[index], outcome == .unchanged || outcome == .absent {
                continue
            }
            guard outcome != .superseded else {
                let isFollowed = items.indices.contains {
                    $0 > index && items[$0].row == item.row && items[$0].isAccepted
                }
                #expect(isFollowed, "item \(index) is superseded by nothing; \(story)")
                continue
            }
            let removesFirst = isReplacement(index, items, result)
            let wasThere = table[item.row] != nil
            if removesFirst { table[item.row] = nil }
            var expected = Model.execute(item, on: &table)
            // The row was there before the batch: to the outside it was changed and not created.
            if removesFirst, wasThere { expected = .updated }
            #expect(outcome == expected, "item \(index); \(story)")
        }
    }

    /// Whether the assign makes anew a row that a superseded removal of its run has removed.
    private func isReplacement(
        _ index: Int, _ items: [Model.Item], _ result: Model.Result
    ) -> Bool {
        guard items[index].operation == .assign, !result.rowsAreTheirIdentity else { return false }
        return items[..<index].indices.contains {
            items[$0].row == items[index].row && items[$0].isAccepted
                && result.runs[$0] == result.runs[index] && items[$0].operation == .unassign
                && result.outcomes[$0] == .superseded
        }
    }

    /// Jobs of one key are in different runs, in their order; so are jobs of one row.
    private func checkOrder(_ runs: [Int32], _ items: [Model.Item], _ keyOfJob: [Int32]) {
        for later in items.indices {
            for earlier in items[..<later].indices where items[earlier].job != items[later].job {
                let isSameKey =
                    keyOfJob[Int(items[earlier].job)] == keyOfJob[Int(items[later].job)]
                guard isSameKey || items[earlier].row == items[later].row else { continue }
                #expect(runs[earlier] < runs[later], "\(items) \(keyOfJob) \(runs)")
            }
        }
    }
}
