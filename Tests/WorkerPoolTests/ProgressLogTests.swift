import Execution
import Jobs
import Testing

@testable import WorkerPool

/// Which turns at backfills are worth a line.
@Suite struct ProgressLogTests {
    private let start = ContinuousClock.now

    private func news(
        _ event: BackfillNews.Event, done: Int, job: UInt64 = 1
    ) -> BackfillNews {
        BackfillNews(
            job: JobID(high: 0, low: job), backfill: "b", step: "s", event: event,
            progress: BackfillNews.Progress(done: done, planned: 1_000))
    }

    @Test func aLineAnIntervalAndOneAtTheEndOfEachStep() {
        var log = ProgressLog(interval: .seconds(10))
        var lines: [ProgressLog.Line] = []
        func tell(_ event: BackfillNews.Event, _ second: Int, done: Int) {
            if let line = log.line(news(event, done: done), at: start + .seconds(second)) {
                lines.append(line)
            }
        }
        for second in 0..<25 { tell(.partDone, second, done: second * 20) }
        tell(.stepDone, 25, done: 500)
        tell(.partDone, 26, done: 520)
        tell(.ended("succeeded"), 27, done: 1_000)
        #expect(
            lines == [
                .init(done: 0, planned: 1_000, rate: nil),
                .init(done: 200, planned: 1_000, rate: 20),
                .init(done: 400, planned: 1_000, rate: 20),
                .init(done: 500, planned: 1_000, rate: 20),
                .init(done: 1_000, planned: 1_000, rate: 250),
            ])
    }

    @Test func eachBackfillHasItsOwnLines() {
        var log = ProgressLog(interval: .seconds(10))
        let first = log.line(news(.partDone, done: 1, job: 1), at: start)
        let other = log.line(news(.partDone, done: 1, job: 2), at: start)
        let soon = log.line(news(.partDone, done: 2, job: 1), at: start)
        #expect(first != nil && other != nil && soon == nil)
    }
}
