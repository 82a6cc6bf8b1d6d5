import Execution
import Jobs
import Kafka
import Store
import Testing

@testable import WorkerPool

/// What is paused stands aside in the dispatcher.
@Suite final class HoldTests {
    private var ledger = OffsetLedger()
    private var dispatcher = Dispatcher(
        Dispatcher.Limits(
            batchItems: 100, batchJobs: 4, window: .milliseconds(5), transactionTime: .seconds(1),
            lanes: 4, inFlightJobs: 10, inFlightItems: 200, inFlightBytes: 1_000_000),
        policy: policy)
    private var offset: Int64 = 0
    private let late = start + .seconds(1)
    private static let holds = Holds([Control(.relation, "enrollment")])

    init() {
        for number in Int32(0)..<3 { ledger.assign(partition(number)) }
    }

    @discardableResult
    private func admit(
        _ name: String, _ relation: String = "enrollment", on number: Int32 = 0
    ) throws -> Int64 {
        offset += 1
        let ticket = ledger.open(partition(number), offset: offset)
        dispatcher.admit(
            try message(offset, relation: relation), key: key(name),
            ticket: try #require(ticket), at: start)
        return offset
    }

    private func next() -> Dispatcher.Assignment? { dispatcher.nextBatch(at: late) }

    private func offsets(_ work: Dispatcher.Assignment?) -> [Int64] {
        work?.batch.entries.map(\.message.origin.offset) ?? []
    }

    private func isCurrent(_ ticket: OffsetLedger.Ticket) -> Bool { ledger.isCurrent(ticket) }

    @Test func whatIsHeldWaitsAndOthersGoOn() throws {
        try admit("a")
        dispatcher.hold(Self.holds)
        try admit("b")
        try admit("c", "badge")
        #expect(offsets(next()) == [3])
        #expect(next() == nil)
        #expect(dispatcher.nextDue == nil)
        #expect(dispatcher.activeJobs == 1)
        dispatcher.hold(Holds())
        #expect(offsets(next()) == [1, 2])
    }

    @Test func ofAKeyNothingPassesWhatIsHeld() throws {
        try admit("a", "badge")
        try admit("a")
        try admit("a", "badge")
        dispatcher.hold(Self.holds)
        let first = try #require(next())
        #expect(offsets(first) == [1])
        _ = dispatcher.settle(first, took: .zero, at: late)
        #expect(next() == nil)
        #expect(dispatcher.activeJobs == 0)
        dispatcher.hold(Holds())
        let second = try #require(next())
        #expect(offsets(second) == [2])
        _ = dispatcher.settle(second, took: .zero, at: late)
        #expect(offsets(next()) == [3])
    }

    @Test func aKindIsHeldWhateverItsRelation() throws {
        dispatcher.hold(Holds([Control(.kind, "assign")]))
        try admit("a")
        try admit("b", "badge")
        #expect(next() == nil)
        dispatcher.hold(Holds([Control(.kind, "unassign")]))
        #expect(offsets(next()) == [1, 2])
    }

    @Test(arguments: [FailureClass.schema, .lock, .contention, .infrastructure, .permanent])
    func whatFailsWhileItIsHeldIsNotTriedAgain(_ kind: FailureClass) throws {
        try admit("a")
        let work = try #require(next())
        dispatcher.hold(Self.holds)
        _ = dispatcher.fail(
            work, with: failure(kind), at: late, random: 0.5, isCurrent: isCurrent)
        let later = late + .seconds(60)
        #expect(dispatcher.nextBatch(at: later) == nil)
        // Nobody else waits with it, not even for a database that was away.
        try admit("b", "badge")
        #expect(offsets(dispatcher.nextBatch(at: later)) == [2])
        dispatcher.hold(Holds())
        if kind != .infrastructure { #expect(offsets(dispatcher.nextBatch(at: later)) == [1]) }
    }

    @Test func itTakesHalfOfTheRoomAtMost() throws {
        dispatcher.hold(Self.holds)
        for number in 0..<4 { try admit("a\(number)", on: 0) }
        try admit("b", on: 1)
        #expect(dispatcher.crowders.isEmpty)
        try admit("c", on: 1)
        #expect(dispatcher.crowders == [partition(0)])
        // The rest of the room is for others.
        #expect(dispatcher.hasRoom)
        for number in 0..<4 { try admit("d\(number)", "badge", on: 2) }
        #expect(dispatcher.isFull)
        #expect(!dispatcher.hasRoom)
        dispatcher.drop([partition(0)])
        #expect(dispatcher.crowders.isEmpty)
        #expect(dispatcher.jobs == 6)
        #expect(dispatcher.activeJobs == 4)
        #expect(dispatcher.holds(of: partition(1)))
        #expect(!dispatcher.holds(of: partition(2)))
    }

    @Test func whatIsDroppedIsHeldNoMore() throws {
        dispatcher.hold(Self.holds)
        try admit("a")
        try admit("a", "badge")
        dispatcher.drop([partition(0)])
        #expect(dispatcher.jobs == 0)
        #expect(dispatcher.activeJobs == 0)
        dispatcher.hold(Holds())
        #expect(next() == nil)
    }
}

/// Partitions that are not read.
@Suite struct SetAsideTests {
    private static func place(_ topic: String, _ number: Int32 = 0) -> TopicPartition {
        TopicPartition(topic: topic, partition: number)
    }

    @Test func topicsAndRoomAreReleasedForTheirOwnReasons() {
        var aside = SetAside()
        let (a, b, c) = (Self.place("a"), Self.place("b"), Self.place("c"))
        aside.insert([a, b], because: .topic)
        aside.insert([c], because: .room)
        #expect(aside.release(topics: ["a", "b"], holdsChanged: false) == [])
        #expect(aside.release(topics: ["b"], holdsChanged: false) == [a])
        #expect(aside.release(topics: ["b", "c"], holdsChanged: true) == [])
        #expect(aside.release(topics: ["b"], holdsChanged: true) == [c])
        #expect(aside.contains(b))
        aside.remove([b])
        #expect(aside.isEmpty)
    }

    @Test func kafkaIsToldAgainOfWhatBeganAnew() {
        var aside = SetAside()
        let (a, b) = (Self.place("a"), Self.place("b"))
        aside.insert([a], because: .topic)
        #expect(aside.untold == [a])
        aside.told()
        aside.begunAnew([a, b])
        #expect(aside.untold == [a])
    }
}
