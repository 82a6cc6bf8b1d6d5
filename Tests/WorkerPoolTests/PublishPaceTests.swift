import Testing

@testable import WorkerPool

@Suite struct PublishPaceTests {
    private let start = ContinuousClock.now
    private var pace = PublishPace(
        retry: RetryPolicy(firstDelay: .milliseconds(100), maxDelay: .seconds(1), attempts: 1))

    @Test("while all is well it looks every ten seconds or so, out of step with others")
    mutating func calm() {
        for (random, wait) in [(0.0, 7_500), (0.5, 10_000), (1.0, 12_500)] {
            let (interval, troubledFor) = pace.worked(at: start, random: random)
            #expect(interval == .milliseconds(wait))
            #expect(troubledFor == nil)
        }
        #expect(!pace.isTroubled)
    }

    @Test("trouble is news once, the waits grow up to the limit, its end is news once")
    mutating func trouble() {
        var waits: [Duration] = []
        var news: [Bool] = []
        for second in 0..<6 {
            let (wait, isNews) = pace.failed(at: start + .seconds(second), random: 1)
            waits.append(wait)
            news.append(isNews)
            #expect(pace.isTroubled)
        }
        #expect(waits == [100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
        #expect(news == [true, false, false, false, false, false])
        #expect(pace.worked(at: start + .seconds(7), random: 0).troubledFor == .seconds(7))
        #expect(!pace.isTroubled)
        #expect(pace.worked(at: start + .seconds(8), random: 0).troubledFor == nil)
        let (wait, isNews) = pace.failed(at: start + .seconds(9), random: 0)
        #expect(wait == .milliseconds(50))
        #expect(isNews)
    }
}
