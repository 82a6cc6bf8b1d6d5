import Execution
import Jobs
import Kafka
import Testing

@testable import WorkerPool

@Suite final class DispatcherTests {
    private var ledger = OffsetLedger()
    private var dispatcher: Dispatcher
    private var offset: Int64 = 0

    private static let limits = Dispatcher.Limits(
        batchItems: 100, batchJobs: 4, window: .milliseconds(5), transactionTime: .seconds(1),
        lanes: 4, inFlightJobs: 10, inFlightItems: 200, inFlightBytes: 10_000)
    private let late = start + .seconds(1)

    init() {
        dispatcher = Dispatcher(Self.limits, policy: policy)
        for number in Int32(0)..<3 { ledger.assign(partition(number)) }
    }

    /// Admits a message and returns its number.
    @discardableResult
    private func admit(
        _ name: String, relation: String = "enrollment", members: Int = 1, isDryRun: Bool = false,
        on number: Int32 = 0, at now: ContinuousClock.Instant = start
    ) throws -> Int64 {
        offset += 1
        let message = try message(
            offset, relation: relation, members: members, isDryRun: isDryRun)
        try admit(message, name, on: number, at: now)
        return offset
    }

    private func admit(
        _ message: Message, _ name: String, on number: Int32 = 0,
        at now: ContinuousClock.Instant = start
    ) throws {
        let ticket = ledger.open(partition(number), offset: offset)
        dispatcher.admit(message, key: key(name), ticket: try #require(ticket), at: now)
    }

    private func nextBatch(at now: ContinuousClock.Instant) -> Dispatcher.Assignment? {
        dispatcher.nextBatch(at: now)
    }

    private func settle(_ work: Dispatcher.Assignment) {
        _ = dispatcher.settle(work, took: .zero, at: late)
    }

    private func offsets(_ work: Dispatcher.Assignment?) -> [Int64] {
        work?.batch.entries.map(\.message.origin.offset) ?? []
    }

    // MARK: Order

    @Test func aKeysMessagesStandInTheirOrder() throws {
        for _ in 0..<3 { try admit("a") }
        #expect(offsets(nextBatch(at: late)) == [1, 2, 3])
    }

    @Test func aKeyIsInOneBatchAtATime() throws {
        try admit("a")
        let first = try #require(nextBatch(at: late))
        try admit("a")
        #expect(dispatcher.nextDue == nil)
        #expect(nextBatch(at: late) == nil)
        settle(first)
        #expect(offsets(nextBatch(at: late)) == [2])
    }

    @Test func aSlowKeyHoldsBackNoOther() throws {
        try admit("slow")
        let slow = nextBatch(at: late)
        try admit("slow")
        try admit("quick")
        let quick = try #require(nextBatch(at: late))
        #expect(offsets(slow) == [1])
        #expect(offsets(quick) == [3])
        settle(quick)
        try admit("quick")
        #expect(offsets(nextBatch(at: late)) == [4])
    }

    @Test func entriesOfOneKeyHaveOneNumberAndOthersHaveOthers() throws {
        for name in ["a", "b", "a"] { try admit(name) }
        let work = try #require(nextBatch(at: late))
        #expect(offsets(work) == [1, 3, 2])
        let numbers = work.batch.entries.map(\.key)
        #expect(numbers[0] == numbers[1])
        #expect(numbers[0] != numbers[2])
        #expect(work.tickets.count == 3)
    }

    @Test func whatBecameReadyFirstIsTakenFirst() throws {
        for name in ["a", "b", "c", "d", "e", "f"] { try admit(name) }
        #expect(offsets(nextBatch(at: late)) == [1, 2, 3, 4])
        #expect(offsets(nextBatch(at: late)) == [5, 6])
        #expect(nextBatch(at: late) == nil)
    }

    // MARK: The window

    @Test func aMessageWaitsForOthersAsLongAsTheWindow() throws {
        try admit("a")
        #expect(dispatcher.nextDue == start + .milliseconds(5))
        #expect(nextBatch(at: start + .microseconds(4_999)) == nil)
        try admit("b", at: start + .milliseconds(4))
        #expect(offsets(nextBatch(at: start + .milliseconds(5))) == [1, 2])
    }

    @Test func aFullBatchDoesNotWait() throws {
        for name in ["a", "b", "c"] { try admit(name) }
        #expect(nextBatch(at: start) == nil)
        try admit("d")
        #expect(nextBatch(at: start)?.batch.entries.count == 4)
    }

    @Test func enoughItemsDoNotWait() throws {
        try admit("a", members: 99)
        #expect(nextBatch(at: start) == nil)
        try admit("b")
        #expect(offsets(nextBatch(at: start)) == [1, 2])
    }

    @Test func nothingIsDueWhereNothingWaits() {
        #expect(dispatcher.nextDue == nil)
        #expect(nextBatch(at: late) == nil)
    }

    // MARK: Limits

    @Test func aBatchHasNoMoreJobsThanTheLimit() throws {
        for _ in 0..<6 { try admit("a") }
        let first = try #require(nextBatch(at: late))
        #expect(offsets(first) == [1, 2, 3, 4])
        #expect(nextBatch(at: late) == nil)
        settle(first)
        #expect(offsets(nextBatch(at: late)) == [5, 6])
    }

    @Test func aBatchHasNoMoreItemsThanTheLimit() throws {
        try admit("a", members: 60)
        try admit("b", members: 41)
        try admit("c", members: 40)
        #expect(offsets(nextBatch(at: late)) == [1])
        #expect(offsets(nextBatch(at: late)) == [2, 3])
    }

    @Test func aJobOverTheLimitOfABatchStandsAlone() throws {
        try admit("a", members: 150)
        try admit("b")
        #expect(offsets(nextBatch(at: late)) == [1])
        #expect(offsets(nextBatch(at: late)) == [2])
    }

    @Test func itIsFullAtEachLimitAndHasRoomAtHalf() throws {
        for _ in 0..<9 { try admit("a") }
        #expect(!dispatcher.isFull)
        try admit("a")
        #expect(dispatcher.isFull)
        #expect(!dispatcher.hasRoom)
        for _ in 0..<2 { settle(try #require(nextBatch(at: late))) }
        #expect(!dispatcher.isFull)
        #expect(dispatcher.hasRoom)

        try admit("b", members: 200)
        #expect(dispatcher.isFull)
        while let work = nextBatch(at: late) { settle(work) }
        #expect(dispatcher.jobs == 0)

        let message = Message(
            origin: faultyMessage(99).origin, key: nil,
            value: [UInt8](repeating: 0, count: 10_000), headers: [],
            content: .fault(MessageFault(.notJSON, "no")))
        try admit(message, "c")
        #expect(dispatcher.isFull)
        #expect(!dispatcher.hasRoom)
        settle(try #require(nextBatch(at: late)))
        #expect(dispatcher.hasRoom)
    }

    // MARK: What stands apart

    @Test func aDryRunStandsAlone() throws {
        try admit("a")
        try admit("a", isDryRun: true)
        try admit("a")
        try admit("b", isDryRun: true)
        try admit("c")
        var batches: [[Int64]] = []
        while let work = nextBatch(at: late) {
            batches.append(offsets(work))
            settle(work)
        }
        #expect(batches.flatMap { $0 }.sorted() == [1, 2, 3, 4, 5])
        #expect(batches.contains([2]))
        #expect(batches.contains([4]))
        let ofA = batches.flatMap { $0 }.filter { $0 <= 3 }
        #expect(ofA == [1, 2, 3])
    }

    @Test func aKeysJobsInOneBatchAreForOneRelation() throws {
        try admit("a", relation: "one")
        try admit("a", relation: "two")
        try admit("b", relation: "two")
        let first = try #require(nextBatch(at: late))
        #expect(offsets(first) == [1, 3])
        settle(first)
        #expect(offsets(nextBatch(at: late)) == [2])
    }

    @Test func aFaultBetweenAKeysJobsDoesNotHideTheirRelation() throws {
        try admit("a", relation: "one")
        offset += 1
        try admit(faultyMessage(offset), "a")
        try admit("a", relation: "two")
        #expect(offsets(nextBatch(at: late)) == [1, 2])
    }

    // MARK: Revocation

    @Test func aDropTakesOnlyWhatNoLaneHas() throws {
        try admit("a", on: 0)
        let running = try #require(nextBatch(at: late))
        try admit("a", on: 0)
        try admit("a", on: 1)
        try admit("b", on: 0)
        try admit("c", on: 1)
        dispatcher.drop([partition(0)])
        #expect(dispatcher.jobs == 3)
        #expect(dispatcher.waitingJobs == 2)
        #expect(dispatcher.isExecuting([partition(0)]))
        #expect(!dispatcher.isExecuting([partition(1), partition(2)]))
        #expect(offsets(nextBatch(at: late)) == [5])
        settle(running)
        #expect(!dispatcher.isExecuting([partition(0)]))
        #expect(offsets(nextBatch(at: late)) == [3])
    }

    @Test func whatWasDroppedCountsNoMore() throws {
        try admit("a", members: 99)
        try admit("b")
        dispatcher.drop([partition(0)])
        #expect(dispatcher.hasRoom)
        // Neither do its items fill a batch, nor does it take their place.
        try admit("c", members: 99)
        #expect(dispatcher.nextDue == start + .milliseconds(5))
        try admit("d")
        #expect(dispatcher.nextDue == start)
    }

    @Test func aKeyWhoseMessagesWereAllDroppedComesBack() throws {
        try admit("a")
        dispatcher.drop([partition(0)])
        #expect(dispatcher.nextDue == nil)
        #expect(dispatcher.jobs == 0)
        try admit("a", on: 1)
        #expect(offsets(nextBatch(at: late)) == [2])
    }

    @Test func whatIsReadAgainAfterALossWaitsForTheBatchThatIsStillOpen() throws {
        try admit("a")
        let zombie = try #require(nextBatch(at: late))
        dispatcher.drop([partition(0)])
        ledger.remove(partition(0))
        ledger.assign(partition(0))
        try admit("a")
        #expect(nextBatch(at: late) == nil)
        settle(zombie)
        #expect(offsets(nextBatch(at: late)) == [2])
    }
}
