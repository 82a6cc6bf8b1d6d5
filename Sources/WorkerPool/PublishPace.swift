/// When dead letters are looked for again, and what is news about it.
struct PublishPace {
    /// How late letters are noticed that another worker has left behind.
    ///
    /// It is no setting: the worker's own letters wake it, and a look into an empty outbox costs
    /// four short statements.
    static let interval = Duration.seconds(10)

    private let retry: RetryPolicy
    /// How many looks in a row have failed.
    private var failures = 0
    private var troubledSince: ContinuousClock.Instant?

    init(retry: RetryPolicy) { self.retry = retry }

    /// Whether the last look failed: then the next one is not brought forward.
    var isTroubled: Bool { troubledSince != nil }

    /// Notes a look that left nothing behind.
    ///
    /// - Parameter random: from 0 to 1; workers shall not come in step.
    /// - Returns: the wait until the next look, and how long the trouble lasted that is over now.
    mutating func worked(
        at now: ContinuousClock.Instant, random: Double
    ) -> (wait: Duration, troubledFor: Duration?) {
        let since = troubledSince
        troubledSince = nil
        failures = 0
        return (Self.interval * (0.75 + random / 2), since.map { now - $0 })
    }

    /// Notes a look that failed, wholly or in part.
    ///
    /// - Returns: the wait until the next look, and whether the trouble is new.
    mutating func failed(
        at now: ContinuousClock.Instant, random: Double
    ) -> (wait: Duration, isNews: Bool) {
        let isNews = troubledSince == nil
        if isNews { troubledSince = now }
        failures += 1
        return (retry.delay(after: failures, random: random), isNews)
    }
}
