import Foundation
import Kafka
import Logging
import Postgres
import Sandbox
import Store
import Testing

@testable import WorkerPool

/// A database with the status schema, a broker with a dead-letter topic, and publishers for both.
final class LetterBench {
    static let topic = "letters"

    let broker: EmbeddedBroker
    let connection: Connection
    private let conninfo: String
    private let database: TestDatabase?

    /// - Parameter conninfo: an empty database; nil for one of the shared server.
    init(partitions: Int32 = 4, conninfo: String? = nil) throws {
        database =
            conninfo == nil
            ? try SharedPostgres.database(template: "letters") { conninfo in
                let connection = try Connection(conninfo, applicationName: "prepare")
                _ = try Migrator(StatusSchema()).migrate(on: connection)
                connection.close()
            } : nil
        self.conninfo = conninfo ?? database!.conninfo
        connection = try Connection(self.conninfo, applicationName: "bench")
        if conninfo != nil { _ = try Migrator(StatusSchema()).migrate(on: connection) }
        broker = try EmbeddedBroker()
        try broker.createTopic(Self.topic, partitions: partitions)
    }

    var properties: Properties {
        [
            "bootstrap.servers": broker.bootstrapServers, "reconnect.backoff.ms": "10",
            "reconnect.backoff.max.ms": "100",
        ]
    }

    func publisher(
        _ name: String = "one", kafka: Properties = [:], idleTimeout: Duration = .seconds(60)
    ) -> OutboxPublisher {
        publisher(
            of: DeadLetterPages(StatusSchema(), group: "workers"), name, kafka: kafka,
            idleTimeout: idleTimeout)
    }

    /// One of job events, which are the ids of their jobs.
    func eventPublisher(_ name: String = "one", kafka: Properties = [:]) -> OutboxPublisher {
        publisher(
            of: JobEventPages(StatusSchema(), text: { "\($0.job.id) \($0.rejections.count)" }),
            name, kafka: kafka, idleTimeout: .seconds(60))
    }

    private func publisher(
        of outbox: any Outbox, _ name: String, kafka: Properties, idleTimeout: Duration
    ) -> OutboxPublisher {
        OutboxPublisher(
            outbox,
            OutboxPublisher.Settings(
                workerID: name, conninfo: conninfo, connectTimeoutSeconds: 5, schema: "rollcall",
                transaction: Receipts.TransactionLimits(
                    statementTimeout: .seconds(30), lockTimeout: .seconds(20),
                    idleTimeout: idleTimeout),
                kafka: properties.merging(kafka) { $1 }, topic: Self.topic,
                retryFirstDelay: .milliseconds(20), retryMaxDelay: .milliseconds(100)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Another session of the database.
    func connect() throws -> Connection { try Connection(conninfo, applicationName: "bench") }

    /// Keeps letters whose number is their offset; key and value are SQL of that number `n`.
    func keep(_ numbers: ClosedRange<Int>, key: String = "n % 7", value: String = "n") throws {
        try connection.script(
            """
            INSERT INTO rollcall.dead_letter (topic, "partition", "offset", recorded_at, code,
                reason, headers, key, value)
            SELECT 'jobs', 0, n, now(), 'not-json', 'no', '[]',
                convert_to((\(key))::text, 'UTF8'), convert_to((\(value))::text, 'UTF8')
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n ORDER BY n
            """)
    }

    /// How many letters of the view fulfil a condition.
    func count(_ condition: String) throws -> Int {
        try connection.execute("SELECT count(*) FROM rollcall.dead_letters WHERE \(condition)")
            .int(0, 0)
    }

    /// How many records the topic has.
    func onTopic() throws -> Int {
        let admin = try Admin(properties, log: { _ in })
        return try admin.lag(group: "nobody", topics: [Self.topic], timeoutMilliseconds: 10_000)
            .reduce(0) { $0 + Int($1.high) }
    }

    /// Reads the topic from its beginning.
    func records(_ count: Int) throws -> [Record] {
        let consumer = try Consumer(
            properties.merging(["session.timeout.ms": "5000"]) { $1 }, group: "reader",
            listener: Reader(), log: { _ in })
        defer { consumer.close() }
        try consumer.subscribe([Self.topic])
        var records: [Record] = []
        try wait("\(count) records are read") {
            _ = consumer.poll(max: 10_000, timeoutMilliseconds: 100, into: &records)
            return records.count >= count
        }
        return records
    }

    func wait(_ what: String, until condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "waited in vain until \(what)")
            usleep(5_000)
        }
    }
}

private final class Reader: RebalanceListener {
    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] { [:] }
    func revoked(_ partitions: [TopicPartition], consumer: Consumer) {}
    func lost(_ partitions: [TopicPartition]) {}
}
