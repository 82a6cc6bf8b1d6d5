import Kafka
import Logging

/// Says once that the brokers went away and once that they are back.
struct BrokerWatch {
    /// The errors of librdkafka that say that no broker can be reached.
    private static let absences: Set = [
        "_ALL_BROKERS_DOWN", "_TRANSPORT", "_RESOLVE", "_AUTHENTICATION", "_SSL",
    ]

    private let logger: Logger
    private var since: ContinuousClock.Instant?

    init(logger: Logger) { self.logger = logger }

    /// Notes what a poll gave.
    mutating func note(_ errors: [KafkaError], received: Int) {
        for error in errors {
            if error.isFatal {
                logger.error("Kafka refuses this client", metadata: ["error": "\(error)"])
            } else if error.name == "UNKNOWN_TOPIC_OR_PART" {
                logger.warning(
                    "a topic is not there: `rollcall topics create` makes it",
                    metadata: ["error": "\(error)"])
            } else if !Self.absences.contains(error.name) {
                logger.info("Kafka reports", metadata: ["error": "\(error)"])
            } else if since == nil {
                since = .now
                logger.warning("Kafka does not answer, waiting", metadata: ["error": "\(error)"])
            }
        }
        guard received > 0, let since else { return }
        self.since = nil
        logger.notice("Kafka answers again", metadata: ["after": "\(ContinuousClock.now - since)"])
    }
}
