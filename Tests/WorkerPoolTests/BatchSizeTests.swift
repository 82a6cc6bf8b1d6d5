import Testing

@testable import WorkerPool

@Suite struct BatchSizeTests {
    private func size() -> BatchSize { BatchSize(aim: .milliseconds(100), limit: 1_000) }

    @Test func itBeginsAtTheLimitAndStaysThereWhileTransactionsAreQuick() {
        var size = size()
        #expect(size.items == 1_000)
        for _ in 0..<9 { size.committed(items: 1_000, took: .milliseconds(20)) }
        #expect(size.items == 1_000)
    }

    @Test func itFindsTheSizeThatTakesAsLongAsItShould() {
        var size = size()
        // An item takes 1 ms: 100 of them what a transaction should take.
        for _ in 0..<30 { size.committed(items: size.items, took: .milliseconds(size.items)) }
        #expect((90...110).contains(size.items))
        // Then 0.2 ms.
        for _ in 0..<30 { size.committed(items: size.items, took: .microseconds(size.items * 200)) }
        #expect((450...550).contains(size.items))
    }

    @Test func whatWasNotFullIsNoReasonToGrow() {
        var size = size()
        for _ in 0..<4 { size.slowed() }
        #expect(size.items == 62)
        for _ in 0..<99 { size.committed(items: 5, took: .milliseconds(1)) }
        #expect(size.items == 62)
        size.committed(items: 62, took: .milliseconds(1))
        #expect(size.items == 93)
    }

    @Test func itNeverFallsBelowOne() {
        var size = size()
        for _ in 0..<99 { size.slowed() }
        #expect(size.items == 1)
        for _ in 0..<9 { size.committed(items: 1, took: .seconds(60)) }
        #expect(size.items == 1)
        size = self.size()
        for _ in 0..<9 { size.committed(items: size.items, took: .seconds(60)) }
        #expect(size.items == 1)
        for _ in 0..<60 { size.committed(items: size.items, took: .milliseconds(1)) }
        #expect(size.items == 1_000)
    }
}
