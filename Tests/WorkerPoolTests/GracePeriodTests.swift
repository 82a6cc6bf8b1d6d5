import Testing

@testable import WorkerPool

@Suite struct GracePeriodTests {
    private let start = ContinuousClock.now

    @Test("batches have most of the period", arguments: [(4, 3), (8, 6), (25, 20), (100, 95)])
    func work(seconds: Int, work: Int) {
        let time = GracePeriod(.seconds(seconds), from: start)
        #expect(time.endOfWork - start == .seconds(work))
    }

    @Test("a period of nothing leaves a second to commit what is done")
    func nothing() {
        let time = GracePeriod(.zero, from: start)
        #expect(time.endOfWork == start)
        #expect(time.share(at: start) == .milliseconds(500))
    }

    @Test("steps that take all they may keep the period, however many there are")
    func shares() {
        let time = GracePeriod(.seconds(25), from: start)
        var now = time.endOfWork
        for _ in 0..<8 {
            let share = time.share(at: now)
            #expect(share > .zero)
            now += share
        }
        #expect(now - start < .seconds(25))
        #expect(time.share(at: start + .seconds(26)) == .milliseconds(10))
    }
}
