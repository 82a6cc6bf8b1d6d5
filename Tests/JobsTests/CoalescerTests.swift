import Jobs
import Testing

@Suite struct CoalescerTests {
    private typealias Model = CoalescerModel

    private func outcomes(
        _ items: [Model.Item], on table: Model.Table = [:], pairs: Bool = false
    ) -> [Outcome?] {
        Model.coalesce(
            items, keyOfJob: items.map(\.job), dependsOnEarlierJobs: false,
            rowsAreTheirIdentity: pairs, on: table
        ).outcomes
    }

    private let there: Model.Table = [0: Model.defaultRow]
    private let assign = Model.Item(operation: .assign, row: 0, job: 0)
    private let unassign = Model.Item(operation: .unassign, row: 0, job: 1)
    private let student = Model.Item(operation: .assign, row: 0, job: 2, role: 1, updates: true)
    private let assistant = Model.Item(operation: .assign, row: 0, job: 3, role: 2, updates: true)

    @Test("a repetition is unchanged, a removal of nothing absent")
    func repetition() {
        #expect(outcomes([assign, assign, assign]) == [.created, .unchanged, .unchanged])
        #expect(outcomes([unassign, unassign], on: there) == [.removed, .absent])
        #expect(outcomes([unassign, unassign]) == [.absent, .absent])
    }

    @Test("what a later item undoes is superseded")
    func undone() {
        #expect(outcomes([assign, unassign]) == [.superseded, .absent])
        #expect(outcomes([assign, unassign], on: there) == [.superseded, .removed])
        #expect(outcomes([unassign, assign]) == [.superseded, .created])
        #expect(outcomes([assign, unassign, assign]) == [.superseded, .superseded, .created])
    }

    @Test("removing and making a row is no change of a pair, and a change of any other row")
    func replacement() {
        #expect(outcomes([unassign, assign], on: there, pairs: true) == [.superseded, .unchanged])
        #expect(outcomes([unassign, assign], on: there) == [.superseded, .updated])
    }

    @Test("the last of several updates is written, the others are superseded")
    func updates() {
        #expect(outcomes([student, assistant]) == [.superseded, .created])
        #expect(outcomes([student, assistant], on: there) == [.superseded, .updated])
        #expect(outcomes([assistant, student], on: there) == [.superseded, .unchanged])
    }

    @Test("a batch without items and one whose items are all refused have no effect")
    func nothing() {
        let coalescer = Coalescer(rowsAreTheirIdentity: true)
        #expect(
            coalescer.runs(of: [], candidates: [], keyOfStep: [], dependsOnEarlierSteps: true) {
                _, _ in .repeats
            }.isEmpty)
        let effect = coalescer.netEffect(of: [], in: []) { _, _ in .repeats }
        #expect(effect.removals.isEmpty && effect.assigns.isEmpty && effect.settled.isEmpty)
        var refused = assign
        refused.isAccepted = false
        #expect(outcomes([refused]) == [nil])
    }

    @Test("an assign that repeats a part of the one before does not hide it from the next")
    func partialRepetition() {
        // The second says nothing of the note; the third must still not be folded with the first.
        let first = Model.Item(operation: .assign, row: 0, job: 0, role: 1, note: 2, updates: true)
        let second = Model.Item(operation: .assign, row: 0, job: 1, role: 1, updates: true)
        let third = Model.Item(operation: .assign, row: 0, job: 2, role: 2, updates: true)
        let result = Model.coalesce(
            [first, second, third], keyOfJob: [0, 0, 0], dependsOnEarlierJobs: false,
            rowsAreTheirIdentity: false, on: [:])
        #expect(result.table == [0: Model.Row(role: 2, note: 2)])
        #expect(result.outcomes == [.created, .unchanged, .updated])
        #expect(result.runs == [0, 0, 1])
    }

    @Test("where jobs depend on one another, those of one key or one row are in different runs")
    func dependence() {
        let items = [
            Coalescer.Item(operation: .assign, identity: 0, step: 0),
            Coalescer.Item(operation: .assign, identity: 1, step: 0),
            Coalescer.Item(operation: .unassign, identity: 2, step: 1),
            Coalescer.Item(operation: .assign, identity: 3, step: 2),
            Coalescer.Item(operation: .unassign, identity: 0, step: 3),
        ]
        let runs = Coalescer(rowsAreTheirIdentity: false).runs(
            of: items, candidates: [0, 1, 2, 3, 4], keyOfStep: [7, 8, 7, 9],
            dependsOnEarlierSteps: true
        ) { _, _ in .repeats }
        #expect(runs == [0, 0, 0, 1, 1])
    }

    @Test("a storm of one pair is one run")
    func storm() {
        let items = (0..<100_000).map { job in
            Coalescer.Item(
                operation: job % 5 == 4 ? .unassign : .assign, identity: 0, step: Int32(job))
        }
        let coalescer = Coalescer(rowsAreTheirIdentity: true)
        let runs = coalescer.runs(
            of: items, candidates: items.indices.map(Int32.init), keyOfStep: items.map { $0.step },
            dependsOnEarlierSteps: false
        ) { _, _ in .repeats }
        #expect(runs.allSatisfy { $0 == 0 })
        let effect = coalescer.netEffect(of: Array(items.indices.map(Int32.init)), in: items) {
            _, _ in .repeats
        }
        #expect(effect.removals == [99_999])
        #expect(effect.assigns.isEmpty)
    }

    @Test("the runs of many updates of one row stay few")
    func manyUpdates() {
        let items = (0..<10_000).map {
            Coalescer.Item(operation: .assign, identity: 0, step: Int32($0))
        }
        let runs = Coalescer(rowsAreTheirIdentity: false).runs(
            of: items, candidates: items.indices.map(Int32.init), keyOfStep: items.map { $0.step },
            dependsOnEarlierSteps: false
        ) { _, _ in .replaces }
        #expect(runs == runs.sorted())
        #expect((runs.last ?? 0) < 40)
    }
}
