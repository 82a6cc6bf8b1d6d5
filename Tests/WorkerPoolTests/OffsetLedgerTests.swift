import Kafka
import Testing

@testable import WorkerPool

@Suite final class OffsetLedgerTests {
    private var ledger = OffsetLedger()
    private let zero = partition(0)
    private let one = partition(1)

    init() {
        ledger.assign(zero)
        ledger.assign(one)
    }

    private func open(_ offsets: some Sequence<Int64>) throws -> [OffsetLedger.Ticket] {
        try offsets.map { try open(zero, $0) }
    }

    private func open(_ partition: TopicPartition, _ offset: Int64) throws -> OffsetLedger.Ticket {
        let ticket = ledger.open(partition, offset: offset)
        return try #require(ticket)
    }

    private func take(of list: [TopicPartition]? = nil) -> [TopicPartition: Int64] {
        ledger.takeWatermarks(for: .kafka, of: list)
    }

    @Test func theWatermarkIsTheOffsetAfterTheLastOfAllThatIsDone() throws {
        let tickets = try open(5...7)
        #expect(take().isEmpty)
        ledger.close(tickets[0])
        #expect(take() == [zero: 6])
        ledger.close(tickets[1])
        ledger.close(tickets[2])
        #expect(take() == [zero: 8])
    }

    @Test func whatIsClosedOutOfOrderWaitsForWhatIsBeforeIt() throws {
        let tickets = try open(0...3)
        ledger.close(tickets[3])
        ledger.close(tickets[1])
        #expect(take().isEmpty)
        ledger.close(tickets[0])
        #expect(take() == [zero: 2])
        ledger.close(tickets[2])
        #expect(take() == [zero: 4])
    }

    @Test func gapsBetweenOffsetsAreNotWaitedFor() throws {
        let tickets = try open([3, 10, 400])
        ledger.close(tickets[1])
        ledger.close(tickets[0])
        #expect(take() == [zero: 11])
        ledger.close(tickets[2])
        #expect(take() == [zero: 401])
    }

    @Test func aWatermarkIsTakenOnce() throws {
        ledger.close(try open([0])[0])
        #expect(take() == [zero: 1])
        #expect(take().isEmpty)
    }

    @Test func aRestoredWatermarkIsTakenAgain() throws {
        ledger.close(try open([0])[0])
        let taken = ledger.takeWatermarks(for: .kafka)
        ledger.restore(taken, for: .kafka)
        #expect(take() == taken)
    }

    @Test func restoringAnOldWatermarkLeavesANewerOneTaken() throws {
        let tickets = try open(0...1)
        ledger.close(tickets[0])
        let old = ledger.takeWatermarks(for: .kafka)
        ledger.close(tickets[1])
        #expect(take() == [zero: 2])
        ledger.restore(old, for: .kafka)
        #expect(take().isEmpty)
    }

    @Test func restoringAfterRevocationIsHarmless() throws {
        ledger.close(try open([0])[0])
        let taken = ledger.takeWatermarks(for: .kafka)
        ledger.remove(zero)
        ledger.restore(taken, for: .kafka)
        #expect(take().isEmpty)
    }

    @Test func forgottenCommitsAreTakenAgain() throws {
        ledger.close(try open([0])[0])
        #expect(take() == [zero: 1])
        ledger.forgetCommits()
        #expect(take() == [zero: 1])
    }

    @Test func onlyTheListedPartitionsAreTaken() throws {
        ledger.close(try open([0])[0])
        ledger.close(try open(one, 8))
        #expect(take(of: [one]) == [one: 9])
        #expect(take() == [zero: 1])
    }

    @Test func aPartitionThatIsNotAssignedOpensNothing() {
        let unknown = ledger.open(partition(2), offset: 0)
        #expect(unknown == nil)
        ledger.remove(zero)
        let removed = ledger.open(zero, offset: 0)
        #expect(removed == nil)
        #expect(ledger.assigned == [one])
    }

    @Test func anEarlierAssignmentsTicketsChangeNothing() throws {
        let old = try open(0...1)
        ledger.remove(zero)
        ledger.close(old[0])
        #expect(take().isEmpty)
        ledger.assign(zero)
        let new = try open(0...1)
        ledger.close(old[0])
        ledger.close(old[1])
        #expect(take().isEmpty)
        ledger.close(new[0])
        #expect(take() == [zero: 1])
    }

    @Test func aHundredThousandInRandomOrderEndAtTheEnd() throws {
        var generator = SystemRandomNumberGenerator()
        var waiting: [OffsetLedger.Ticket] = []
        var closed: Set<Int64> = []
        var watermark: Int64 = 0
        for offset in Int64(0)..<100_000 {
            waiting += try open([offset])
            guard waiting.count > 500 || offset == 99_999 else { continue }
            waiting.shuffle(using: &generator)
            for ticket in waiting.dropLast(offset == 99_999 ? 0 : 100) { ledger.close(ticket) }
            waiting = offset == 99_999 ? [] : waiting.suffix(100)
            let taken = ledger.takeWatermarks(for: .kafka)[zero] ?? watermark
            #expect(taken >= watermark)
            watermark = taken
            closed.insert(taken)
        }
        #expect(watermark == 100_000)
        #expect(closed.count > 10)
    }
}
