import ArgumentParser
import Kafka
import Synchronization

/// What a client of the brokers has said last: why they do not answer.
///
/// A refused certificate or password is a line of librdkafka's log; the call that waits only times out.
final class BrokerNews: Sendable {
    private let line = Mutex<String?>(nil)

    var last: String? { line.withLock { $0 } }

    /// Keeps warnings and what is worse, but for properties that are of no use to this client.
    func take(_ news: LogLine) {
        guard news.level <= 4, news.facility != "CONFWARN" else { return }
        line.withLock { $0 = news.message }
    }
}

/// Talking to brokers for a command: errors become messages and exit codes.
enum Brokers {
    /// Tells the error, with what the client said meanwhile, and with what the command ends for it.
    static func failure(_ error: KafkaError, _ news: BrokerNews = BrokerNews()) -> ExitCode {
        if error.isOfProperties {
            complain("kafka.properties: \(error)")
            return .configuration
        }
        complain("\(error)" + (news.last.map { "; librdkafka says: \($0)" } ?? ""))
        return error.isFatal ? .failure : .unreachable
    }
}
