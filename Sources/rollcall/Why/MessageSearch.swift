import Jobs
import Kafka

/// Looks for a job's message among those that are not done yet.
struct MessageSearch {
    /// Where a message stands, and what its job is.
    struct Found: Equatable {
        let place: TopicPartition
        let offset: Int64
        /// How many messages of its partition are not done before it.
        let before: Int64
        /// Nil for a message that is no job.
        let kind: Job.Kind?
        let entry: String
    }

    enum Result: Equatable {
        case found(Found, lag: Int64)
        /// All was looked at.
        case absent(lag: Int64)
        /// There is more than could be looked at in the time.
        case unfinished(lag: Int64)
        case unknown(why: String)
    }

    private static let questionMilliseconds: Int32 = 3_000
    private static let searchMilliseconds: Int32 = 5_000

    static func look(for job: JobID, _ settings: Settings) -> Result {
        let kafka = settings.kafka
        guard !kafka.brokers.isEmpty else { return .unknown(why: "no brokers are configured") }
        do {
            let admin = try Admin(kafka.clientProperties, log: { _ in })
            let behind = try admin.lag(
                group: kafka.group, topics: kafka.topics.jobs,
                timeoutMilliseconds: questionMilliseconds
            ).filter { $0.lag > 0 }
            let lag = behind.reduce(0) { $0 + $1.lag }
            let starts = Dictionary(
                behind.map { ($0.topicPartition, max($0.committed ?? $0.low, $0.low)) },
                uniquingKeysWith: { first, _ in first })
            let reader = try RecordReader(
                kafka.clientProperties, group: kafka.group, log: { _ in })
            var found: Found?
            let isWhole = try reader.forEach(
                from: starts, timeoutMilliseconds: searchMilliseconds
            ) { record in
                guard let event = record.event(depth: settings.limits.jsonDepth), event.id == job
                else { return true }
                let place = record.topicPartition
                let work = try? Job(event)
                found = Found(
                    place: place, offset: record.offset,
                    before: max(0, record.offset - (starts[place] ?? 0)), kind: work?.kind,
                    entry: work?.entry ?? "")
                return false
            }
            if let found { return .found(found, lag: lag) }
            return isWhole ? .absent(lag: lag) : .unfinished(lag: lag)
        } catch {
            let isSilent = ["_TIMED_OUT", "_TRANSPORT", "_ALL_BROKERS_DOWN", "_RESOLVE"]
            return .unknown(
                why: isSilent.contains(error.name) ? "Kafka does not answer" : error.message)
        }
    }
}

extension Record {
    /// The event in it; nil where there is none.
    func event(depth: Int) -> CloudEvent? {
        value.flatMap { value in
            try? CloudEvent(
                value: value, headers: headers.map { ($0.name, $0.value) }, depth: depth)
        }
    }
}
