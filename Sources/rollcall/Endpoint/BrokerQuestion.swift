import Kafka

/// Asks the brokers over a client of its own how far the group is behind.
///
/// The worker's own consumer knows the ends of partitions only as of its last fetch, and not while it is
/// paused.
// @unchecked because `admin` is touched on the queue of its probe alone, which is serial.
final class BrokerQuestion: @unchecked Sendable {
    private static let timeoutMilliseconds: Int32 = 5_000

    private let settings: Settings.Kafka
    private var admin: Admin?

    init(_ settings: Settings.Kafka) { self.settings = settings }

    func answer() -> Result<[PartitionLag], KafkaError> {
        do throws(KafkaError) {
            let admin = try usable()
            return .success(
                try admin.lag(
                    group: settings.group, topics: settings.topics.jobs,
                    timeoutMilliseconds: Self.timeoutMilliseconds))
        } catch {
            return .failure(error)
        }
    }

    private func usable() throws(KafkaError) -> Admin {
        if let admin { return admin }
        // What goes wrong is in the answer.
        let fresh = try Admin(settings.clientProperties, log: { _ in })
        admin = fresh
        return fresh
    }
}
