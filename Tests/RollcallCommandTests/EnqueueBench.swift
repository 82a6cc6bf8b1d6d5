import Foundation
import Jobs
import Kafka
import Sandbox
import Testing

/// An embedded broker with the topics of jobs, and the program as a process.
final class EnqueueBench: Sendable {
    static let topic = "rollcall.assignments"

    let broker: EmbeddedBroker
    let directory: String

    init() throws {
        broker = try EmbeddedBroker()
        try broker.createTopic(Self.topic, partitions: 3)
        directory = NSTemporaryDirectory() + "rollcall-enqueue-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The program that was built beside the tests.
    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "rollcall").path

    /// What a process wrote and how it ended.
    struct Answer {
        let status: Sandbox.ExitStatus
        let output: String
        let errors: String
    }

    /// Starts `rollcall enqueue` with nothing of our environment.
    func start(
        _ arguments: [String], input: ChildProcess.Stream = .null,
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        var all = [
            "ROLLCALL_KAFKA_BROKERS": broker.bootstrapServers, "TMPDIR": directory,
            "ROLLCALL_DATABASE_URL": "host=/nonexistent",
        ]
        all.merge(environment) { $1 }
        return try ChildProcess(
            Self.executable, ["enqueue"] + arguments, environment: all, standardInput: input,
            standardOutput: .pipe, standardError: .pipe)
    }

    /// Runs `rollcall enqueue` to its end.
    func run(
        _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
    ) throws -> Answer {
        let child = try start(
            arguments, input: input == nil ? .null : .pipe, environment: environment)
        if let input { try child.standardInput?.write(input) }
        child.standardInput?.close()
        return try answer(of: child)
    }

    /// Waits for a process; what it writes fits the pipes.
    func answer(of child: ChildProcess) throws -> Answer {
        let errors = try child.standardError?.readToEnd(timeout: .seconds(60)) ?? ""
        let output = try child.standardOutput?.readToEnd(timeout: .seconds(60)) ?? ""
        return Answer(status: child.wait(), output: output, errors: errors)
    }

    /// Writes a file and says its path.
    func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    func file(_ name: String, _ text: String) throws -> String { try file(name, text.utf8) }

    /// Takes the records of a topic, all that are there or are on their way.
    func records(_ count: Int, of topic: String = topic) throws -> [Record] {
        let consumer = try Consumer(
            [
                "bootstrap.servers": broker.bootstrapServers,
                "session.timeout.ms": "3000", "heartbeat.interval.ms": "200",
                "auto.offset.reset": "earliest",
            ], group: "bench", listener: IdleListener(), log: { _ in })
        defer { consumer.close() }
        try consumer.subscribe([topic])
        var records: [Record] = []
        let deadline = ContinuousClock.now + .seconds(30)
        while records.count < count {
            _ = consumer.poll(max: 1_000, timeoutMilliseconds: 100, into: &records)
            try #require(
                ContinuousClock.now < deadline, "\(records.count) of \(count) records in 30 s")
        }
        return records
    }
}

/// Has nothing to settle when partitions go.
private final class IdleListener: RebalanceListener {
    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] { [:] }
    func revoked(_ partitions: [TopicPartition], consumer: Consumer) {}
    func lost(_ partitions: [TopicPartition]) {}
}

extension Record {
    /// The job in it, as a worker reads it.
    var job: Job {
        get throws {
            try Job(
                CloudEvent(
                    value: value ?? [], headers: headers.map { ($0.name, $0.value) }, depth: 32))
        }
    }

    var keyText: String? { key.map { String(decoding: $0, as: UTF8.self) } }
    var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
}
