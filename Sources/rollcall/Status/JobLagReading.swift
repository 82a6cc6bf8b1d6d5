import Dispatch
import Kafka
import Synchronization

/// A question to Kafka for the lag that goes on while other things are done.
final class JobLagReading: Sendable {
    private static let patienceMilliseconds: Int32 = 1_000

    private let answer = Mutex<JobLag?>(nil)
    private let isAnswered = DispatchSemaphore(value: 0)

    /// Asks, unless no brokers are configured.
    init(_ settings: Settings.Kafka) {
        guard !settings.brokers.isEmpty else {
            answer.withLock { $0 = .unknown(why: "no brokers are configured") }
            isAnswered.signal()
            return
        }
        DispatchQueue(label: "rollcall.status.lag").async { [self] in
            let lag = Self.ask(settings)
            answer.withLock { $0 = lag }
            isAnswered.signal()
        }
    }

    /// The answer; waits for it, in all about a second.
    func result() -> JobLag {
        isAnswered.wait()
        isAnswered.signal()
        return answer.withLock { $0 } ?? .unknown(why: "Kafka does not answer")
    }

    private static func ask(_ settings: Settings.Kafka) -> JobLag {
        do {
            let admin = try Admin(settings.clientProperties, log: { _ in })
            let partitions = try admin.lag(
                group: settings.group, topics: settings.topics.jobs,
                timeoutMilliseconds: patienceMilliseconds)
            guard !partitions.isEmpty else { return .unknown(why: "there are no job topics") }
            return .messages(Int(partitions.reduce(0) { $0 + $1.lag }))
        } catch {
            let isSilent = ["_TIMED_OUT", "_TRANSPORT", "_ALL_BROKERS_DOWN", "_RESOLVE"]
            return .unknown(
                why: isSilent.contains(error.name) ? "Kafka does not answer" : error.message)
        }
    }
}
