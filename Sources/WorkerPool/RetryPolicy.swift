/// When what failed is tried again, and how often.
struct RetryPolicy: Sendable {
    let firstDelay: Duration
    let maxDelay: Duration
    /// Failures for its own sake after which a job is given up.
    let attempts: Int

    /// The wait before the next try.
    ///
    /// It doubles up to the limit; half of it is left to chance so that workers do not come in step.
    ///
    /// - Parameters:
    ///   - tries: how often in a row it was tried in vain, from 1.
    ///   - random: from 0 to 1.
    func delay(after tries: Int, random: Double) -> Duration {
        let factor = Double(1 << min(tries - 1, 20))
        let full = min(firstDelay * factor, maxDelay)
        return full * (0.5 + random / 2)
    }
}
