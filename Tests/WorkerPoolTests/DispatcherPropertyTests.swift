import Execution
import Jobs
import Kafka
import Sandbox
import Testing

@testable import WorkerPool

/// Random traffic through the dispatcher and the ledger, beside what must come out.
private struct Traffic {
    private static let limits = Dispatcher.Limits(
        batchItems: 40, batchJobs: 6, window: .milliseconds(5), transactionTime: .seconds(1),
        lanes: 4, inFlightJobs: 1, inFlightItems: 1, inFlightBytes: 1)

    private var generator: SeededGenerator
    private var ledger = OffsetLedger()
    private var dispatcher = Dispatcher(Self.limits, policy: policy)
    private var now = start
    private var nextOffset: Int64 = 0
    private var open: [Dispatcher.Assignment] = []
    /// The key and partition of every message that was admitted.
    private var admitted: [Int64: (key: String, partition: Int32)] = [:]
    /// What waits, by key, in the order in which it must come.
    private var expected: [String: [Int64]] = [:]
    private var settled: Set<Int64> = []

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        for number in Int32(0)..<3 { ledger.assign(partition(number)) }
    }

    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<50: try admit()
            case 50..<75: take()
            case 75..<90: settle()
            case 90..<97: fail()
            default: drop(Int32.random(in: 0..<3, using: &generator))
            }
            checkCounts()
        }
        finish()
    }

    private mutating func admit() throws {
        let name = "key\(Int.random(in: 0..<8, using: &generator))"
        let number = Int32.random(in: 0..<3, using: &generator)
        nextOffset += 1
        let kind = Int.random(in: 0..<20, using: &generator)
        let message =
            kind == 0
            ? faultyMessage(nextOffset)
            : try message(
                nextOffset, relation: kind < 4 ? "badge" : "enrollment",
                members: Int.random(in: 0..<20, using: &generator), isDryRun: kind == 19)
        let ticket = ledger.open(partition(number), offset: nextOffset)
        dispatcher.admit(message, key: key(name), ticket: try #require(ticket), at: now)
        admitted[nextOffset] = (name, number)
        expected[name, default: []].append(nextOffset)
    }

    private mutating func take() {
        now = now + .milliseconds(Int64.random(in: 0..<5, using: &generator))
        guard let work = dispatcher.nextBatch(at: now) else { return }
        check(work)
        open.append(work)
    }

    private mutating func check(_ work: Dispatcher.Assignment) {
        let entries = work.batch.entries
        #expect(!entries.isEmpty)
        #expect(entries.count <= Self.limits.batchJobs)
        #expect(entries.count == 1 || work.batch.itemCount <= Self.limits.batchItems)
        #expect(work.tickets.count == entries.count)
        var relations: [String: Set<String>] = [:]
        for entry in entries {
            let offset = entry.message.origin.offset
            guard let name = admitted[offset]?.key else {
                Issue.record("message \(offset) was never admitted")
                continue
            }
            // Nothing lost, nothing twice, in order.
            #expect(expected[name]?.first == offset)
            expected[name]?.removeFirst()
            if let assignment = entry.message.job?.assignment {
                relations[name, default: []].insert(assignment.relation)
                #expect(!assignment.isDryRun || entries.count == 1)
            }
        }
        #expect(relations.values.allSatisfy { $0.count == 1 })
        let names = keys(of: work)
        for other in open { #expect(names.isDisjoint(with: keys(of: other))) }
    }

    private func keys(of work: Dispatcher.Assignment) -> Set<String> {
        Set(work.batch.entries.compactMap { admitted[$0.message.origin.offset]?.key })
    }

    private mutating func settle() {
        guard let index = open.indices.randomElement(using: &generator) else { return }
        let work = open.remove(at: index)
        _ = dispatcher.settle(
            work, took: .milliseconds(Int64.random(in: 0..<2_000, using: &generator)), at: now)
        for ticket in work.tickets { ledger.close(ticket) }
        for entry in work.batch.entries {
            let (isFirst, _) = settled.insert(entry.message.origin.offset)
            #expect(isFirst)
        }
    }

    /// What failed waits again, before all that came later.
    private mutating func fail() {
        guard let index = open.indices.randomElement(using: &generator) else { return }
        let work = open.remove(at: index)
        let kinds: [FailureClass] = [
            .infrastructure, .schema, .lock, .contention, .timeout, .permanent,
        ]
        _ = dispatcher.fail(
            work, with: failure(kinds.randomElement(using: &generator) ?? .lock), at: now,
            random: Double.random(in: 0...1, using: &generator), isCurrent: { _ in true })
        for entry in work.batch.entries.reversed() {
            let offset = entry.message.origin.offset
            guard let name = admitted[offset]?.key else { continue }
            expected[name, default: []].insert(offset, at: 0)
        }
    }

    private mutating func drop(_ number: Int32) {
        dispatcher.drop([partition(number)])
        for (name, offsets) in expected {
            expected[name] = offsets.filter { admitted[$0]?.partition != number }
        }
    }

    private func checkCounts() {
        let waiting = expected.values.reduce(0) { $0 + $1.count }
        let taken = open.reduce(0) { $0 + $1.batch.entries.count }
        #expect(dispatcher.waitingJobs == waiting)
        #expect(dispatcher.jobs == waiting + taken)
        for number in Int32(0)..<3 {
            let isOpen = open.contains { work in
                work.tickets.contains { $0.partition == partition(number) }
            }
            #expect(dispatcher.isExecuting([partition(number)]) == isOpen)
        }
    }

    /// Everything that waits comes out, and nothing stays behind.
    private mutating func finish() {
        while true {
            now = now + .seconds(60)
            if let work = dispatcher.nextBatch(at: now) {
                check(work)
                open.append(work)
            } else if open.isEmpty {
                break
            } else {
                settle()
            }
        }
        #expect(expected.values.allSatisfy { $0.isEmpty })
        #expect(dispatcher.jobs == 0)
        #expect(dispatcher.waitingJobs == 0)
        #expect(dispatcher.nextDue == nil)
        // With limits of one there is room only where every count is zero.
        #expect(dispatcher.hasRoom)
        #expect(!dispatcher.isFull)
    }
}

@Suite struct DispatcherPropertyTests {
    @Test func nothingIsLostNothingComesTwiceAndTheOrderIsKept() throws {
        for _ in 0..<20 {
            let seed = UInt64.random(in: .min ... .max)
            print("dispatcher: seed \(seed)")
            var traffic = Traffic(seed: seed)
            try traffic.run(steps: 400)
        }
    }
}
