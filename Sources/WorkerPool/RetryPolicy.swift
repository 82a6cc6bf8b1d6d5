import Execution
import Jobs

/// What follows a failed attempt at a batch.
struct RetryPolicy: Sendable {
    enum Action: Equatable {
        /// Execute the same again after the delay.
        case wait(Duration)
        /// Execute the two halves one after the other.
        case halve
        /// Count a failure against the only message and execute it again after the delay.
        case count(Duration)
        /// The only message has failed often enough.
        case giveUp
    }

    let firstDelay: Duration
    let maxDelay: Duration
    /// Failures for its own sake after which a job is given up.
    let attempts: Int

    /// Decides from values alone.
    ///
    /// - Parameters:
    ///   - failure: what kind of failure it was.
    ///   - messages: how many messages the batch has.
    ///   - failures: how often the only message has failed for its own sake, this time included.
    ///   - tries: how often in a row this batch was tried in vain, from 1.
    ///   - random: from 0 to 1.
    func action(
        after failure: FailureClass, messages: Int, failures: Int, tries: Int, random: Double
    ) -> Action {
        switch failure {
        case .infrastructure, .contention:
            return .wait(delay(tries, random))
        case .timeout, .permanent:
            guard messages == 1 else { return .halve }
            return failures < attempts ? .count(delay(tries, random)) : .giveUp
        }
    }

    /// Doubles up to the limit; half of it is left to chance so that workers do not come in step.
    private func delay(_ tries: Int, _ random: Double) -> Duration {
        let factor = Double(1 << min(tries - 1, 20))
        let full = min(firstDelay * factor, maxDelay)
        return full * (0.5 + random / 2)
    }
}
