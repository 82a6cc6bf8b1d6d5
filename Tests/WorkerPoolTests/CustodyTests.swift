import Kafka
import Store
import Testing

@testable import WorkerPool

/// From where partitions are read, and when they may be executed.
@Suite struct CustodyTests {
    private var custody = Custody(inFlight: 100)
    private let all = [partition(0), partition(1)]

    private func answer(
        _ database: String = "db", _ memories: [Int32: Progress.Memory],
        attempts: [Int64: Int] = [:]
    ) -> Progress.Claim {
        func place(_ number: Int32) -> Progress.Place { Progress.Place(partition(number)) }
        return Progress.Claim(
            database: database,
            memories: Dictionary(uniqueKeysWithValues: memories.map { (place($0), $1) }),
            attempts: attempts.isEmpty ? [:] : [place(0): attempts])
    }

    private func memory(_ offset: Int64?, holder: String? = nil) -> Progress.Memory {
        Progress.Memory(offset: offset, holder: holder)
    }

    private mutating func settle(
        _ answer: Progress.Claim, committed: [TopicPartition: Int64]? = [:]
    ) -> [TopicPartition: StartOffset] {
        _ = custody.takeUnasked()
        let moves = custody.settle(answer, committed: committed, assigned: all)
        return Dictionary(uniqueKeysWithValues: moves.map { ($0.partition, $0.start) })
    }

    @Test(
        arguments: [
            (nil, nil, StartOffset.unknown), (nil, 7, .beginning), (7, nil, .beginning),
            (7, 7, .at(7)), (7, 6, .at(6)), (6, 7, .at(6)),
        ] as [(Int64?, Int64?, StartOffset)])
    func readingBeginsAtTheEarlierOfTheTwo(
        remembered: Int64?, committed: Int64?, start: StartOffset
    ) {
        #expect(StartOffset(remembered: remembered, committed: committed) == start)
    }

    @Test mutating func nothingIsExecutedBeforeTheDatabaseHasAnswered() {
        #expect(!custody.mayExecute)
        custody.assign(all)
        #expect(custody.takeUnasked() == all)
        #expect(custody.takeUnasked() == [])
        _ = settle(answer("db", [0: memory(nil)]))
        #expect(!custody.mayExecute)
        _ = settle(answer("db", [1: memory(nil)]))
        #expect(custody.mayExecute)
        #expect(custody.database == "db")
    }

    @Test mutating func whatKafkaCannotSayIsLeftToTheDatabase() {
        custody.assign(all)
        let starts = settle(answer("db", [0: memory(5), 1: memory(nil)]), committed: nil)
        #expect(starts == [partition(0): .at(5), partition(1): .beginning])
    }

    @Test mutating func anotherDatabasePutsAllInDoubtAndIsReadFromWhatItRemembers() {
        custody.assign(all)
        _ = settle(answer("db", [0: memory(5), 1: memory(nil)]))
        custody.noteSaved([partition(0): 50])
        custody.doubt([partition(0)])
        #expect(!custody.mayExecute)
        #expect(custody.takeUnasked() == [partition(0)])
        #expect(settle(answer("other", [0: memory(20)])) == [partition(0): .at(20)])
        #expect(!custody.mayExecute)
        #expect(custody.takeUnasked() == [partition(1)])
        #expect(settle(answer("other", [1: memory(nil)])) == [partition(1): .beginning])
        #expect(custody.mayExecute)
    }

    @Test mutating func theSameDatabaseWithLessInItIsReadFromWhatItRemembers() {
        custody.assign(all)
        _ = settle(answer("db", [0: memory(5), 1: memory(5)]))
        custody.noteSaved([partition(0): 50])
        custody.doubt(all)
        let starts = settle(answer("db", [0: memory(49), 1: memory(6)]))
        #expect(starts == [partition(0): .at(49)])
    }

    @Test mutating func readingThatCouldNotBeginAnewIsTriedAgain() {
        custody.assign(all)
        _ = settle(answer("db", [0: memory(5), 1: memory(5)]))
        custody.doubtAgain([partition(0)])
        #expect(!custody.mayExecute)
        #expect(custody.takeUnasked() == [partition(0)])
        #expect(settle(answer("db", [0: memory(5)])) == [partition(0): .at(5)])
        #expect(custody.mayExecute)
    }

    @Test mutating func whatADeadWorkerMayHaveHadInHandCallsForCare() {
        custody.assign(all)
        _ = settle(answer("db", [0: memory(10, holder: "dead"), 1: memory(10)]))
        #expect(custody.deaths(at: 10, of: partition(0)) == 0)
        #expect(custody.deaths(at: 209, of: partition(0)) == 0)
        #expect(custody.deaths(at: 210, of: partition(0)) == nil)
        #expect(custody.deaths(at: 10, of: partition(1)) == nil)
    }

    @Test mutating func whatCallsForCareIsReadAnewAlsoWhereTheAnswerComesLate() {
        custody.assign(all)
        let starts = settle(
            answer("db", [0: memory(10, holder: "dead"), 1: memory(10)]),
            committed: [partition(0): 10, partition(1): 10])
        #expect(starts == [partition(0): .at(10), partition(1): .at(10)])
    }

    @Test mutating func whatIsNotBeingReadIsBegunAtAnOffsetOfItsOwn() {
        custody.assign(all)
        let committed = [partition(0): Int64(10)]
        _ = settle(answer("db", [0: memory(10), 1: memory(nil)]), committed: committed)
        custody.beginAnew(all)
        #expect(!custody.mayExecute)
        #expect(custody.takeUnasked() == all)
        let starts = settle(
            answer("db", [0: memory(10), 1: memory(nil)]), committed: committed)
        #expect(starts == [partition(0): .at(10), partition(1): .beginning])
        #expect(custody.mayExecute)
    }

    @Test mutating func countedAttemptsAreRememberedAlsoAfterAnOrderlyEnd() {
        custody.assign(all)
        _ = settle(answer("db", [0: memory(10), 1: memory(10)], attempts: [12: 3]))
        #expect(custody.deaths(at: 12, of: partition(0)) == 3)
        #expect(custody.deaths(at: 11, of: partition(0)) == nil)
        #expect(custody.deaths(at: 12, of: partition(1)) == nil)
        custody.remove(all)
        #expect(custody.deaths(at: 12, of: partition(0)) == nil)
    }
}
