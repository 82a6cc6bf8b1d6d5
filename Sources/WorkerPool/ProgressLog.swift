import Execution
import Jobs

/// Which turns at backfills are worth a line in the log.
///
/// A line a backfill at a fixed interval while this worker has a hand in it, and one at the end of
/// each step.
struct ProgressLog {
    /// What a line says of how far a backfill is.
    struct Line: Equatable {
        let done: Int
        let planned: Int
        /// Rows that all workers walked in a second since the last line; nil for the first.
        let rate: Double?
    }

    let interval: Duration
    private var last: [JobID: (at: ContinuousClock.Instant, done: Int)] = [:]

    init(interval: Duration) { self.interval = interval }

    /// - Returns: nil if it is too soon, or nobody knows how far it is.
    mutating func line(_ news: BackfillNews, at now: ContinuousClock.Instant) -> Line? {
        guard let progress = news.progress else {
            if case .failed = news.event { last[news.job] = nil }
            return nil
        }
        let before = last[news.job]
        let isDue: Bool
        switch news.event {
        case .stepDone, .ended: isDue = true
        default: isDue = before.map { now - $0.at >= interval } ?? true
        }
        guard isDue else { return nil }
        last[news.job] = (now, progress.done)
        if case .ended = news.event { last[news.job] = nil }
        let rate = before.flatMap { before in
            now > before.at
                ? Double(progress.done - before.done) / (now - before.at).seconds : nil
        }
        return Line(done: progress.done, planned: progress.planned, rate: rate)
    }
}
