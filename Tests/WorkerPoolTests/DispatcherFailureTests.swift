import Execution
import Jobs
import Kafka
import Testing

@testable import WorkerPool

/// What failed is tried again, and keeps nobody waiting but itself.
@Suite final class DispatcherFailureTests {
    private var ledger = OffsetLedger()
    private var dispatcher: Dispatcher
    private var offset: Int64 = 0
    private var now = start

    init() {
        dispatcher = Dispatcher(
            Dispatcher.Limits(
                batchItems: 1_000, batchJobs: 64, window: .zero, transactionTime: .seconds(1),
                lanes: 4, inFlightJobs: 1_000, inFlightItems: 10_000, inFlightBytes: 1_000_000),
            policy: policy)
        for number in Int32(0)..<2 { ledger.assign(partition(number)) }
    }

    private func admit(
        _ name: String, relation: String = "enrollment", on number: Int32 = 0, deaths: Int? = nil
    ) throws {
        offset += 1
        let ticket = ledger.open(partition(number), offset: offset)
        dispatcher.admit(
            try message(offset, relation: relation), key: key(name),
            ticket: try #require(ticket),
            caution: deaths.map { dispatcher.caution(deaths: $0, at: now) }, at: now)
    }

    private func next() -> Dispatcher.Assignment? { dispatcher.nextBatch(at: now) }

    private func required() throws -> Dispatcher.Assignment {
        let work = next()
        return try #require(work)
    }

    private func offsets(_ work: Dispatcher.Assignment?) -> [Int64] {
        work?.batch.entries.map(\.message.origin.offset) ?? []
    }

    @discardableResult
    private func fail(_ work: Dispatcher.Assignment, _ kind: FailureClass) -> [News] {
        dispatcher.fail(
            work, with: failure(kind), at: now, random: 1, isCurrent: ledger.isCurrent)
    }

    @discardableResult
    private func settle(_ work: Dispatcher.Assignment) -> [News] {
        dispatcher.settle(work, took: .zero, at: now)
    }

    // MARK: The database is away

    @Test func oneBatchAtATimeAsksWhetherTheDatabaseIsBack() throws {
        for name in ["a", "b", "c"] { try admit(name) }
        let first = try required()
        try admit("d")
        let second = try required()
        #expect(fail(first, .infrastructure) == [.databaseAway("infrastructure", isSilent: true)])
        #expect(next() == nil)
        // The other one saw the same, and is neither news nor a reason to wait longer.
        #expect(fail(second, .infrastructure) == [])
        #expect(dispatcher.nextDue == now + .milliseconds(100))
        now = now + .milliseconds(100)
        let probe = try required()
        #expect(offsets(probe).count == 4)
        try admit("e")
        now = now + .seconds(1)
        #expect(next() == nil)
        #expect(dispatcher.nextDue == nil)
        fail(probe, .infrastructure)
        #expect(dispatcher.nextDue == now + .milliseconds(200))
        #expect(dispatcher.waitsFor == "database: infrastructure")
        now = now + .milliseconds(200)
        let last = try required()
        #expect(settle(last) == [.databaseBack(after: .milliseconds(1_300))])
        #expect(dispatcher.waitsFor == nil)
        #expect(dispatcher.jobs == 0)
    }

    @Test func whoReportsLateWhatWasMendedIsNoNews() throws {
        try admit("a")
        let late = try required()
        try admit("b")
        let first = try required()
        fail(first, .infrastructure)
        now = now + .milliseconds(100)
        settle(try required())
        #expect(fail(late, .infrastructure) == [])
        #expect(dispatcher.outage == nil)
        #expect(offsets(next()) == [1])
    }

    // MARK: A relation waits

    @Test(arguments: [FailureClass.lock, .schema])
    func aRelationInTroubleHoldsUpNoOther(_ kind: FailureClass) throws {
        for name in ["a", "b"] { try admit(name, relation: "locked") }
        #expect(fail(try required(), kind) == [.relationWaits("locked", "\(kind)")])
        for name in ["c", "d"] { try admit(name, relation: "locked") }
        for name in ["e", "f"] { try admit(name, relation: "free") }
        #expect(offsets(next()) == [5, 6])
        #expect(next() == nil)
        now = now + .milliseconds(100)
        // One batch tries, however many lanes are idle.
        let probe = try required()
        #expect(probe.line == .probe("locked"))
        #expect(probe.isImpatient == (kind == .lock))
        #expect(next() == nil)
        #expect(dispatcher.waitsFor == "locked: \(kind)")
    }

    @Test func aTableThatComesBackSetsAllOfItsKeysFree() throws {
        for number in 0..<9 { try admit("\(number)") }
        fail(try required(), .schema)
        now = now + .milliseconds(100)
        settle(try required())
        #expect(
            settle(try required()) == [.relationGoesOn("enrollment", after: .milliseconds(100))])
        #expect(dispatcher.troubles.isEmpty)
        #expect(dispatcher.jobs == 0)
    }

    @Test func aJobThatItsTableRefusesForLackOfPrivilegeHoldsUpNoOther() throws {
        for number in 0..<64 { try admit("\(number)") }
        var rounds = 0
        while dispatcher.jobs > 1 {
            now = now + .seconds(1)
            guard let work = next() else { continue }
            if offsets(work).contains(40) { fail(work, .schema) } else { settle(work) }
            rounds += 1
            try #require(rounds < 60)
        }
        // It is tried again for as long as it lasts, and never given up.
        now = now + .seconds(60)
        #expect(try required().batch.entries[0].verdict == nil)
    }

    @Test func aMessageBehindABadOneOfItsKeyDoesNotTakeTroubleToOthers() throws {
        for name in ["a", "b"] { try admit(name, relation: "locked") }
        fail(try required(), .lock)
        offset += 1
        let ticket = ledger.open(partition(0), offset: offset)
        dispatcher.admit(
            faultyMessage(offset), key: key("c"), ticket: try #require(ticket), at: now)
        try admit("c", relation: "locked")
        try admit("d", relation: "free")
        #expect(try required().relations == ["free"])
    }

    @Test func aSlowKeyDoesNotMakeTheBatchesOfOthersSmall() throws {
        try admit("slow")
        fail(try required(), .lock)
        now = now + .seconds(1)
        let size = dispatcher.size.items
        _ = dispatcher.settle(try required(), took: .seconds(30), at: now)
        try admit("small")
        _ = dispatcher.settle(try required(), took: .seconds(30), at: now)
        #expect(dispatcher.size.items == size)
    }

    @Test func aLockedKeyIsFoundAndTheOthersGoOn() throws {
        for number in 0..<64 { try admit("\(number)") }
        var tries = 0
        var done: Set<Int64> = []
        var isAlone = false
        fail(try required(), .lock)
        while done.count < 63 {
            now = now + .seconds(1)
            guard let work = next() else { continue }
            tries += 1
            if offsets(work).contains(40) {
                isAlone = offsets(work) == [40]
                fail(work, .lock)
            } else {
                done.formUnion(offsets(work))
                settle(work)
            }
            try #require(tries < 40)
        }
        #expect(isAlone)
        // The key itself waits on; new keys do not wait for it.
        #expect(dispatcher.jobs == 1)
        #expect(dispatcher.troubles.isEmpty)
        #expect(dispatcher.waitsFor == "1 key: lock")
        try admit("new")
        now = now + .seconds(60)
        var lines: [Dispatcher.Line] = []
        while let work = next() { lines.append(work.line) }
        #expect(Set([Dispatcher.Line.ready, .cautious].map { lines.contains($0) }) == [true])
    }

    @Test func lockedKeysHaveAQuarterOfTheLanes() throws {
        for number in 0..<8 {
            try admit("locked \(number)", relation: "r\(number)")
            fail(try required(), .lock)
        }
        now = now + .seconds(60)
        let first = try required()
        #expect(first.line == .cautious)
        try admit("free", relation: "free")
        #expect(try required().line == .ready)
        // Nothing else of what is locked.
        #expect(next() == nil)
        fail(first, .lock)
        #expect(next() != nil)
    }

    @Test func laterMessagesOfALockedKeyWaitBehindIt() throws {
        try admit("a")
        fail(try required(), .lock)
        try admit("a")
        try admit("a")
        now = now + .seconds(1)
        let work = try required()
        #expect(offsets(work) == [1])
        settle(work)
        let second = try required()
        #expect(offsets(second) == [2])
        settle(second)
        #expect(offsets(next()) == [3])
    }

    // MARK: Somebody gave way

    @Test func aDeadlockIsTriedAgainAtOnceWithTheSame() throws {
        for name in ["a", "b", "c"] { try admit(name) }
        for round in 1...3 {
            let work = try required()
            #expect(offsets(work) == [1, 2, 3])
            fail(work, .contention)
            #expect(next() == nil)
            now = now + policy.delay(after: round, random: 1)
        }
        let work = try required()
        #expect(offsets(work) == [1, 2, 3])
        #expect(work.batch.entries.allSatisfy { $0.failures == 0 && $0.verdict == nil })
        fail(work, .contention)
        now = now + .seconds(1)
        // The circle may be of its own making.
        #expect(offsets(next()).count == 1)
    }

    // MARK: A job fails

    @Test(arguments: [FailureClass.timeout, .permanent])
    func aBatchIsHalvedUntilTheBadJobStandsAlone(_ kind: FailureClass) throws {
        for number in 0..<64 { try admit("\(number)") }
        var attempts = 0
        var sizes: [Int] = []
        while dispatcher.jobs > 0 {
            now = now + .seconds(10)
            let work = try required()
            guard offsets(work).contains(40) else {
                settle(work)
                continue
            }
            sizes.append(work.tasks.count)
            let entry = work.batch.entries[0]
            if let verdict = entry.verdict {
                #expect(verdict.code == "given-up")
                #expect(entry.failures == policy.attempts)
                settle(work)
                break
            }
            attempts += work.tasks.count == 1 ? 1 : 0
            fail(work, kind)
        }
        #expect(sizes == [64, 32, 16, 8, 4, 2, 1, 1, 1, 1])
        #expect(attempts == policy.attempts)
    }

    // MARK: A job kills its worker

    @Test func whatMayKillAWorkerIsExecutedAloneAndOneAtATime() throws {
        try admit("suspect 1", deaths: 1)
        try admit("suspect 2", deaths: 2)
        try admit("innocent")
        let first = try required()
        #expect(offsets(first) == [1])
        #expect(first.isJournaled)
        #expect(offsets(try required()) == [3])
        #expect(next() == nil)
        settle(first)
        #expect(offsets(next()) == [2])
    }

    @Test func whatWasPerhapsInHandIsCountedButNotAlone() throws {
        for name in ["a", "b", "c"] { try admit(name, deaths: 0) }
        let work = try required()
        #expect(offsets(work) == [1, 2, 3])
        #expect(work.isJournaled)
        #expect(work.batch.entries.allSatisfy { $0.verdict == nil })
    }

    @Test func whatKilledEnoughWorkersIsGivenUp() throws {
        try admit("a", deaths: policy.attempts)
        let entry = try required().batch.entries[0]
        #expect(entry.verdict?.code == "worker-died")
        #expect(entry.failures == policy.attempts)
    }

    @Test func anAttemptThatCouldNotBeTakenBackIsNotCountedTwice() throws {
        try admit("a", deaths: 1)
        let work = try required()
        fail(work.counted(true), .infrastructure)
        now = now + .seconds(1)
        #expect(try required().tasks[0].caution?.isCounted == true)
    }

    // MARK: Partitions that go

    @Test func whatFailedOfALostPartitionDoesNotComeBack() throws {
        try admit("a", on: 0)
        try admit("b", on: 1)
        let work = try required()
        ledger.remove(partition(0))
        fail(work, .lock)
        #expect(dispatcher.jobs == 1)
        #expect(dispatcher.waitingJobs == 1)
        now = now + .seconds(60)
        #expect(offsets(next()) == [2])
    }

    @Test func aRelationWithoutMessagesIsInNoTrouble() throws {
        try admit("a")
        try admit("b")
        fail(try required(), .lock)
        dispatcher.drop([partition(0)])
        #expect(dispatcher.troubles.isEmpty)
        #expect(dispatcher.waitsFor == nil)
    }
}
