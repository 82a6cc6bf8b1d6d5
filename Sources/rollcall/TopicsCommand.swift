import ArgumentParser
import Kafka

/// `rollcall topics`.
struct TopicsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "Creates the topics.",
        discussion: """
            Examples:
              rollcall topics create --brokers localhost:9092
            """,
        subcommands: [TopicsCreateCommand.self])
}

/// `rollcall topics create`: creates the topics that are not there.
struct TopicsCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Creates the topics that are not there; leaves those that are as they are.",
        discussion: """
            Examples:
              rollcall topics create
              rollcall topics create --brokers kafka-1:9092,kafka-2:9092
            """)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        let news = BrokerNews()
        do {
            let admin = try Admin(settings.kafka.clientProperties, log: { news.take($0) })
            let answers = try admin.createTopics(newTopics(settings), timeoutMilliseconds: 15_000)
            var isFailed = false
            for (topic, error) in answers.sorted(by: { $0.key < $1.key }) {
                switch error {
                case nil: print("created \(topic)")
                case let error? where error.name == "TOPIC_ALREADY_EXISTS":
                    print("exists  \(topic)")
                case let error?:
                    complain("\(topic): \(error)")
                    isFailed = true
                }
            }
            if isFailed { throw ExitCode.failure }
        } catch let error as KafkaError {
            throw Brokers.failure(error, news)
        }
    }

    private func newTopics(_ settings: Settings) -> [NewTopic] {
        let kafka = settings.kafka
        func topic(_ name: String, _ configuration: [String: String]) -> NewTopic {
            NewTopic(
                name: name, partitions: Int32(kafka.partitions),
                replication: Int32(kafka.replication), configuration: configuration)
        }
        let size = ["max.message.bytes": "\(settings.limits.messageBytes + 64 * 1024)"]
        return kafka.topics.jobs.map { topic($0, size) } + [
            topic(kafka.topics.deadLetters, size),
            // The newest event of a job is the one that counts.
            topic(kafka.topics.jobEvents, ["cleanup.policy": "compact"]),
        ]
    }
}
