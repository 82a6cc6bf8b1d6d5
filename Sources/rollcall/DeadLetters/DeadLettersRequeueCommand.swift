import ArgumentParser
import Jobs
import Kafka
import Postgres
import Store

/// `rollcall dead-letters requeue`.
struct DeadLettersRequeueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Sends dead letters again, to the topic that they came from.",
        discussion: """
            They are sent as they were: mend the catalog or the tables first. Behind what was sent \
            meanwhile under the same key they come late. A job that has failed is not done again \
            under its id: use `rollcall retry`.

            Exits with 1 if one of them was not sent.

            Examples:
              rollcall dead-letters requeue 17 18
              rollcall dead-letters requeue --code unknown-relation
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var choice: DeadLetterChoice

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        let connection = try Database.open(settings)
        let query = DeadLetterQuery(StatusSchema(name: settings.database.schema))
        let post = try LetterPost(settings.kafka)
        var code = ExitCode.success
        try choice.forEach(query, on: connection) { number in
            do {
                try requeue(number, query, post, on: connection)
                print("\(number) requeued")
            } catch let refusal as Refusal {
                complain("\(number): \(refusal.reason)")
                code = .failure
            }
        }
        if code != .success { throw code }
    }

    private struct Refusal: Error {
        let reason: String
    }

    /// Sends a letter and notes it in one transaction: a command that dies in between sends it twice,
    /// which its job's id makes one.
    private func requeue(
        _ number: Int64, _ query: DeadLetterQuery, _ post: LetterPost, on connection: Connection
    ) throws {
        do {
            try connection.transaction {
                guard let (_, letter) = try query.letter(number, on: connection) else {
                    throw Refusal(reason: "expected a dead letter, got none")
                }
                guard letter.code != MessageFault.Code.jobFailed.rawValue else {
                    let job = letter.jobID.map { "\($0)" } ?? "it"
                    throw Refusal(
                        reason: "expected a message that became no job, got job \(job), which has "
                            + "failed: rollcall retry \(job)")
                }
                guard try query.resolve(number, .requeued, on: connection) else {
                    throw Refusal(reason: "expected an open dead letter, got one that is done")
                }
                do {
                    try post.send(letter)
                } catch let error as KafkaError {
                    throw Refusal(reason: "\(error)")
                } catch let error as LetterPost.ValueGone {
                    throw Refusal(reason: error.reason)
                }
            }
        } catch let error as PostgresError {
            throw Database.failure(error)
        }
    }
}

/// Sends letters where they came from.
struct LetterPost {
    private let producer: Producer
    private let reader: RecordReader

    /// For one letter.
    private static let patienceMilliseconds: Int32 = 30_000

    init(_ settings: Settings.Kafka) throws {
        do {
            let properties = settings.clientProperties
            producer = try Producer(
                properties.merging(["message.max.bytes": "1000000000"]) { own, _ in own },
                queueTimeoutMilliseconds: Self.patienceMilliseconds, log: { _ in })
            reader = try RecordReader(properties, group: settings.group, log: { _ in })
        } catch {
            complain("\(error)")
            throw ExitCode.failure
        }
    }

    /// The value is not kept, and the topic does not have it any more.
    struct ValueGone: Error {
        let reason: String
    }

    /// - Throws: `KafkaError`, or ``ValueGone``.
    func send(_ letter: DeadLetter) throws {
        let value = try letter.value ?? valueInTopic(of: letter)
        try producer.send(
            topic: letter.origin.topic, key: letter.key, value: value,
            headers: letter.headers.map { Header(name: $0.name, value: $0.value) }, tag: 0)
        for delivery in try producer.flush(timeoutMilliseconds: Self.patienceMilliseconds) {
            _ = try delivery.result.get()
        }
    }

    /// The value of a message whose letter was kept without it.
    private func valueInTopic(of letter: DeadLetter) throws -> [UInt8]? {
        let place = TopicPartition(topic: letter.origin.topic, partition: letter.origin.partition)
        let found = try reader.first(
            at: [place: letter.origin.offset], timeoutMilliseconds: Self.patienceMilliseconds)
        // A topic that was made anew has other messages at the same offsets.
        guard let record = found[place], record.offset == letter.origin.offset,
            record.timestamp == letter.origin.timestamp.milliseconds
        else {
            throw ValueGone(
                reason: "expected the message at \(letter.origin), which alone has the value, got "
                    + "none")
        }
        return record.value
    }
}
