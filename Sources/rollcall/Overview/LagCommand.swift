import ArgumentParser
import Foundation
import Kafka

/// `rollcall lag`: how far the workers are behind, partition by partition.
struct LagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lag",
        abstract: "Shows how many messages of each partition are still to be done.",
        discussion: """
            The columns are those of kafka-consumer-groups, and the age of the oldest message that \
            is not done. It needs the brokers only.

            Examples:
              rollcall lag
              rollcall lag --watch
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "The form") var form: ListingForm

    /// For all questions to the brokers together.
    private static let patienceMilliseconds: Int32 = 10_000

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        let kafka = settings.kafka
        let news = BrokerNews()
        do {
            let admin = try Admin(kafka.clientProperties, log: { news.take($0) })
            let reader = try RecordReader(
                kafka.clientProperties, group: kafka.group, log: { _ in })
            try form.show {
                let partitions = try admin.lag(
                    group: kafka.group, topics: kafka.topics.jobs,
                    timeoutMilliseconds: Self.patienceMilliseconds)
                guard !partitions.isEmpty else {
                    complain(
                        "expected the topics \(kafka.topics.jobs.joined(separator: ", ")), got none"
                    )
                    throw ExitCode.failure
                }
                let behind = partitions.filter { $0.lag > 0 }
                let oldest = try reader.first(
                    at: Dictionary(
                        behind.map { ($0.topicPartition, max($0.committed ?? $0.low, $0.low)) },
                        uniquingKeysWith: { first, _ in first }),
                    timeoutMilliseconds: Self.patienceMilliseconds)
                return Self.listing(
                    partitions, group: kafka.group, oldest: oldest.mapValues(\.timestamp))
            }
        } catch let error as KafkaError {
            throw Brokers.failure(error, news)
        }
    }

    /// - Parameter oldest: when the first message of each partition was written that is not done;
    ///   nil where the broker does not say.
    static func listing(
        _ partitions: [PartitionLag], group: String, oldest: [TopicPartition: Int64?],
        now: Int64 = Int64(Date().timeIntervalSince1970 * 1_000)
    ) -> Listing {
        Listing(
            columns: [
                .init(head: "GROUP", name: "group"), .init(head: "TOPIC", name: "topic"),
                .init(head: "PARTITION", name: "partition", isRight: true),
                .init(head: "CURRENT-OFFSET", name: "current_offset", isRight: true),
                .init(head: "LOG-END-OFFSET", name: "log_end_offset", isRight: true),
                .init(head: "LAG", name: "lag", isRight: true),
                .init(head: "OLDEST", name: "oldest_s", isRight: true),
            ],
            rows: partitions.map { partition in
                let place = partition.topicPartition
                let written = oldest[place] ?? nil
                return [
                    .init(group), .init(place.topic), .init(Int(place.partition)),
                    partition.committed.map { offset($0) } ?? .none, offset(partition.high),
                    .init(Int(partition.lag), color: partition.lag > 0 ? .yellow : nil),
                    written.map { age(now - $0) } ?? .none,
                ]
            }, name: "partitions")
    }

    /// As kafka-consumer-groups writes it.
    private static func offset(_ offset: Int64) -> Listing.Cell {
        .init("\(offset)", exact: "\(offset)", json: .integer(Int(offset)))
    }

    private static func age(_ milliseconds: Int64) -> Listing.Cell {
        let milliseconds = max(0, milliseconds)
        let seconds = TimeText.seconds(milliseconds)
        return .init(TimeText.age(milliseconds), exact: seconds, json: .number(seconds))
    }
}
