/// The time that a worker has for its end.
///
/// Most of it is for open batches. Each step of the rest may take half of what is left and no more: a
/// database or a broker that does not answer any more leaves time to the others, and all of them
/// together keep the period.
struct GracePeriod {
    /// The least that is kept for what follows the batches, however short the period.
    private static let least = Duration.seconds(1)
    private static let most = Duration.seconds(5)

    /// When open batches are rolled back.
    let endOfWork: ContinuousClock.Instant
    private let end: ContinuousClock.Instant

    init(_ period: Duration, from start: ContinuousClock.Instant = .now) {
        let end = start + max(period, Self.least)
        endOfWork = end - min(max(period / 4, Self.least), Self.most)
        self.end = end
    }

    /// How long the next step may take.
    func share(at now: ContinuousClock.Instant = .now) -> Duration {
        max((end - now) / 2, .milliseconds(10))
    }
}
