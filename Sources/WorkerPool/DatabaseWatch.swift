import Logging
import Postgres
import Synchronization

/// Says once that the database went away and once that it is back, however many lanes try.
///
/// Lanes report late what they saw early: only an attempt that was begun after the last change says
/// anything new.
final class DatabaseWatch: Sendable {
    private struct State {
        var isAway = false
        var changed: ContinuousClock.Instant
    }

    private let state = Mutex(State(changed: .now))
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Notes an attempt that failed for the database's sake.
    func failed(_ error: PostgresError, begun: ContinuousClock.Instant) {
        let isNews = state.withLock { state in
            guard !state.isAway, begun > state.changed else { return false }
            state = State(isAway: true, changed: .now)
            return true
        }
        guard isNews else { return }
        let text: Logger.Message =
            error.isConnectionLost || error.sqlState == nil
            ? "database does not answer, waiting" : "database refuses the work, waiting"
        logger.warning(text, metadata: ["error": "\(error)"])
    }

    /// Notes an attempt that was committed.
    func worked(begun: ContinuousClock.Instant) {
        let since = state.withLock { state -> ContinuousClock.Instant? in
            guard state.isAway, begun > state.changed else { return nil }
            defer { state = State(changed: .now) }
            return state.changed
        }
        guard let since else { return }
        logger.notice(
            "database answers again", metadata: ["after": "\(ContinuousClock.now - since)"])
    }
}
