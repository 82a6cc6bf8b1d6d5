import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Dead letters on their way to the dead-letter topic, with worker processes.
@Suite struct DeadLetterTests {
    private static let topic = Settings.Topics().deadLetters

    private struct Message {
        var key: [UInt8]?
        var value: [UInt8]
        var headers: [Header] = []

        init(_ key: [UInt8]?, _ value: [UInt8], _ headers: [Header] = []) {
            self.key = key
            self.value = value
            self.headers = headers
        }

        init(key: String, _ value: String) { self.init(Array(key.utf8), Array(value.utf8)) }
    }

    /// A stage with a dead-letter topic of one partition.
    private func stage() throws -> Stage {
        let stage = try Stage(partitions: 1)
        try stage.broker.createTopic(Self.topic, partitions: 1)
        return stage
    }

    private func produce(_ messages: [Message], _ stage: Stage) throws {
        let producer = try Producer(
            ["bootstrap.servers": stage.broker.bootstrapServers], log: { _ in })
        for (tag, message) in messages.enumerated() {
            try producer.send(
                topic: Stage.topic, key: message.key, value: message.value,
                headers: message.headers, tag: tag)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            _ = try delivery.result.get()
        }
    }

    private func job(_ number: Int, key: String, members: String = "1", _ more: String = "")
        -> Message
    {
        Message(
            key: key,
            """
            {"specversion":"1.0","id":"00000000-0000-4000-8000-00000000000\(number)",\
            "source":"/test","type":"rollcall.assign",\
            "data":{"relation":"enrollment","target":7,"members":[\(members)]\(more)}}
            """)
    }

    /// The records of the dead-letter topic, in their order.
    private func records(_ count: Int, _ stage: Stage) throws -> [Record] {
        let consumer = try Consumer(
            [
                "bootstrap.servers": stage.broker.bootstrapServers, "session.timeout.ms": "6000",
            ], group: "reader-\(UUID().uuidString)", listener: Reader(), log: { _ in })
        defer { consumer.close() }
        try consumer.subscribe([Self.topic])
        var records: [Record] = []
        try stage.wait("\(count) records are on the dead-letter topic") {
            _ = consumer.poll(max: 1_000, timeoutMilliseconds: 100, into: &records)
            return records.count >= count
        }
        return records
    }

    /// How many records the dead-letter topic has.
    private func onTopic(_ stage: Stage) throws -> Int64 {
        let admin = try Admin(
            ["bootstrap.servers": stage.broker.bootstrapServers], log: { _ in })
        return try admin.lag(group: "nobody", topics: [Self.topic], timeoutMilliseconds: 10_000)
            .reduce(0) { $0 + $1.high }
    }

    private func letters(_ condition: String, _ connection: Connection) throws -> Int {
        try connection.execute("SELECT count(*) FROM rollcall.dead_letters WHERE \(condition)")
            .int(0, 0)
    }

    private func value(_ name: String, _ record: Record) -> String? {
        record.headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("bad messages and failed jobs arrive on the topic with key, value, headers and origin")
    func arrive() throws {
        let stage = try stage()
        let connection = try stage.connect()
        let messages: [Message] = [
            job(1, key: "good"),
            Message(
                [0xFF, 0], [0xFE, 0, 0x7B],
                [
                    Header(name: "null", value: nil), Header(name: "empty", value: []),
                    Header(name: "bytes", value: [0, 255]),
                    Header(name: "text", value: Array("é \" \\".utf8)),
                    Header(name: "text", value: Array("again".utf8)),
                ]),
            Message(nil, Array("{".utf8)),
            job(2, key: "failed", members: "1,99999", #","mode":"atomic""#),
            Message([], []),
        ]
        try produce(messages, stage)
        let worker = try stage.startWorker("worker")
        let records = try records(4, stage)
        #expect(records.count == 4)
        for record in records {
            let offset = try #require(value("rollcall_original_offset", record).flatMap { Int($0) })
            let original = messages[offset]
            #expect(record.key == original.key && record.value == original.value)
            #expect(Array(record.headers.prefix(original.headers.count)) == original.headers)
            #expect(value("rollcall_original_topic", record) == Stage.topic)
            #expect(value("rollcall_original_partition", record) == "0")
            #expect(value("rollcall_consumer_group", record) == "rollcall")
            #expect(
                record.headers.first { $0.name == "kafka_dlt-original-offset" }?.value
                    == [0, 0, 0, 0, 0, 0, 0, UInt8(offset)])
            let time = try #require(value("rollcall_original_timestamp", record))
            #expect(abs(try Date(time, strategy: Self.rfc3339).timeIntervalSinceNow) < 120)
            let isJob = offset == 3
            #expect(value("rollcall_code", record) == (isJob ? "job-failed" : "not-json"))
            #expect(
                value("rollcall_job_id", record)
                    == (isJob ? "00000000-0000-4000-8000-000000000002" : nil))
            #expect(value("rollcall_reason", record)?.isEmpty == false)
        }
        try stage.wait("the table says so") {
            try letters("published_at >= at AND publish_error IS NULL", connection) == 4
        }
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try onTopic(stage) == 4)
    }

    private static let rfc3339 = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    @Test("a letter is not published before its transaction is committed")
    func notBeforeCommit() throws {
        let stage = try stage()
        let connection = try stage.connect()
        // The COMMIT of a letter with this key waits for this lock.
        try connection.script(
            """
            CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON rollcall.dead_letter
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.key = 'held')
                EXECUTE FUNCTION public.hold();
            SELECT pg_advisory_lock(1);
            """)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "50s",
                "ROLLCALL_DATABASE_STATEMENT_TIMEOUT": "60s",
            ])
        try produce([Message(key: "held", "{")], stage)
        try stage.wait("a lane is in the COMMIT of the letter") {
            try connection.execute(
                """
                SELECT FROM pg_stat_activity WHERE datname = current_database()
                  AND query = 'COMMIT' AND wait_event_type = 'Lock'
                """
            ).count == 1
        }
        // A later letter of another lane is published meanwhile: the publisher has looked.
        try produce([Message(key: "free", "{")], stage)
        try stage.wait("the other letter is published") {
            try letters("published_at IS NOT NULL", connection) == 1
        }
        #expect(try onTopic(stage) == 1)
        try connection.script("SELECT pg_advisory_unlock(1)")
        let keys = try records(2, stage).map { $0.key.map { String(decoding: $0, as: UTF8.self) } }
        #expect(keys == ["free", "held"])
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    enum Trouble: String, CaseIterable, Sendable {
        case unknownTopic, refusedRequests
    }

    @Test(
        "failure 27: a topic that cannot be written holds up no job, and nothing is dropped",
        arguments: Trouble.allCases)
    func topicAway(_ trouble: Trouble) throws {
        let stage = try stage()
        let connection = try stage.connect()
        try produce([Message(key: "a", "{"), Message(key: "b", "["), job(1, key: "c")], stage)
        switch trouble {
        case .unknownTopic: stage.broker.setTopicError(Self.topic, code: 3)
        case .refusedRequests:
            // TOPIC_AUTHORIZATION_FAILED
            stage.broker.failRequests(apiKey: 0, errors: Array(repeating: 29, count: 1_000))
        }
        let worker = try stage.startWorker("worker")
        try stage.wait("the worker says so") {
            stage.logText("worker").contains("publishing dead letters has to wait")
        }
        #expect(try letters("published_at IS NULL AND publish_error IS NULL", connection) == 2)
        // What this test sends would be refused, too, while requests are.
        if trouble == .unknownTopic {
            try produce([job(2, key: "d"), Message(key: "e", "no")], stage)
            try stage.wait("jobs go on") {
                try connection.execute("SELECT FROM rollcall.jobs").count == 2
                    && letters("true", connection) == 3
            }
        }
        let count = trouble == .unknownTopic ? 3 : 2
        #expect(try letters("published_at IS NULL AND publish_error IS NULL", connection) == count)
        switch trouble {
        case .unknownTopic: stage.broker.setTopicError(Self.topic, code: 0)
        case .refusedRequests: stage.broker.clearFailures(apiKey: 0)
        }
        let records = try records(count, stage)
        #expect(Set(records.compactMap { value("rollcall_original_offset", $0) }).count == count)
        try stage.wait("the table says so") {
            try letters("published_at IS NOT NULL AND publish_error IS NULL", connection) == count
        }
        try stage.wait("the worker says that it is over") {
            stage.logText("worker").contains("dead letters are published again")
        }
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0), "\(stage.logText("worker"))")
        let log = stage.logText("worker")
        for news in ["publishing dead letters has to wait", "dead letters are published again"] {
            #expect(log.components(separatedBy: news).count == 2, "\(log)")
        }
        #expect(try stage.lag() == 0)
    }

    @Test("what a killed worker has committed and not published the next one publishes")
    func killed() throws {
        let stage = try stage()
        let connection = try stage.connect()
        stage.broker.setTopicError(Self.topic, code: 3)
        try produce([Message(key: "a", "{"), job(1, key: "b"), Message(key: "c", "[")], stage)
        let first = try stage.startWorker("first")
        try stage.wait("the letters are committed") { try letters("true", connection) == 2 }
        #expect(first.terminate(SIGKILL))
        #expect(first.wait() == .signaled(SIGKILL))
        #expect(try letters("published_at IS NULL", connection) == 2)
        stage.broker.setTopicError(Self.topic, code: 0)
        #expect(try onTopic(stage) == 0)
        let second = try stage.startWorker("second")
        let records = try records(2, stage)
        #expect(records.compactMap { value("rollcall_original_offset", $0) } == ["0", "2"])
        try stage.wait("the table says so") {
            try letters("published_at IS NOT NULL", connection) == 2
        }
        #expect(second.terminate())
        #expect(second.wait(timeout: .seconds(30)) == .exited(0))
        // Read again or not, a message is one letter.
        #expect(try letters("true", connection) == 2)
        #expect(try onTopic(stage) == 2)
    }
}

private final class Reader: RebalanceListener {
    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] { [:] }
    func revoked(_ partitions: [TopicPartition], consumer: Consumer) {}
    func lost(_ partitions: [TopicPartition]) {}
}
