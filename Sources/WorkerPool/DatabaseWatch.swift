import Logging
import Postgres
import Synchronization

/// Says once that the database went away and once that it is back, however many lanes try.
final class DatabaseWatch: Sendable {
    private struct Outage {
        let since: ContinuousClock.Instant
        let reason: String
    }

    private let outage = Mutex<Outage?>(nil)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func failed(_ error: PostgresError) {
        let isNews = outage.withLock { outage in
            defer {
                outage = outage ?? Outage(since: .now, reason: error.message)
            }
            return outage == nil
        }
        guard isNews else { return }
        logger.warning("database does not answer, waiting", metadata: ["error": "\(error)"])
    }

    func worked() {
        let ended = outage.withLock { outage in
            defer { outage = nil }
            return outage
        }
        guard let ended else { return }
        logger.notice(
            "database answers again", metadata: ["after": "\(ContinuousClock.now - ended.since)"])
    }
}
