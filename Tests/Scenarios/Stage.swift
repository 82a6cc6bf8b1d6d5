import Foundation
import Kafka
import Postgres
import Sandbox
import Store
import Synchronization
import Testing

@testable import rollcall

/// A database with the school, a broker, and this program as processes: what a user would run.
final class Stage: Sendable {
    static let school = School.Size(users: 400, courses: 150)
    static let topic = "rollcall.assignments"

    let database: TestDatabase
    let broker: EmbeddedBroker
    let directory: String
    private let workers = Mutex<[ChildProcess]>([])

    /// - Parameter isMigrated: false for a database without the status schema.
    init(isMigrated: Bool = true, partitions: Int32 = 4) throws {
        database =
            isMigrated
            ? try SharedPostgres.database(template: "school") { conninfo in
                let connection = try Connection(conninfo, applicationName: "prepare")
                try School.build(Self.school, on: connection)
                _ = try Migrator(StatusSchema()).migrate(on: connection)
                connection.close()
            } : try SharedPostgres.database()
        broker = try EmbeddedBroker()
        for topic in Settings.Topics().jobs + [Settings.Topics().jobEvents] {
            try broker.createTopic(topic, partitions: partitions)
        }
        directory = NSTemporaryDirectory() + "rollcall-scenario-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        // A worker that no test has ended would outlive all of them.
        for worker in workers.withLock({ $0 }) { _ = worker.terminate(SIGKILL) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The repository's root.
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// The program that was built beside the tests.
    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "rollcall").path

    func connect() throws -> Connection {
        try Connection(database.conninfo, applicationName: "scenario")
    }

    /// What the program is told, and nothing from outside.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        var all = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
            "ROLLCALL_DATABASE_URL": database.conninfo,
            "ROLLCALL_KAFKA_BROKERS": broker.bootstrapServers,
            "ROLLCALL_CATALOG": "\(Self.root)/Config/catalogs/school.yaml",
            // The embedded broker ends a rebalance only when the session is nearly over.
            "ROLLCALL_KAFKA_SESSION_TIMEOUT": "6s",
            "ROLLCALL_RETRY_MAX_DELAY": "500ms",
            "ROLLCALL_LOG_FORMAT": "text",
            "ROLLCALL_ENDPOINT_PORT": "0",
        ]
        all.merge(more) { $1 }
        return all
    }

    /// Starts a worker; its log is a file in the stage's directory.
    func startWorker(
        _ name: String, environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let worker = try ChildProcess(
            Self.executable, ["worker"],
            environment: self.environment(
                environment.merging(["ROLLCALL_WORKER_ID": name]) { a, _ in a }),
            standardOutput: .file(log(name)), standardError: .file(log(name)))
        workers.withLock { $0.append(worker) }
        return worker
    }

    func log(_ name: String) -> String { "\(directory)/\(name).log" }

    func logText(_ name: String) -> String {
        (try? String(contentsOfFile: log(name), encoding: .utf8)) ?? ""
    }

    /// Runs a command to its end.
    func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Sandbox.ExitStatus, output: String, errors: String) {
        let name = "command-\(UUID().uuidString)"
        let child = try ChildProcess(
            Self.executable, arguments, environment: self.environment(environment),
            standardOutput: .file(log(name + "-out")), standardError: .file(log(name)))
        guard let status = child.wait(timeout: .seconds(120)) else {
            _ = child.terminate(SIGKILL)
            throw ScenarioFault("rollcall \(arguments) did not end within 120 s: \(logText(name))")
        }
        return (status, logText(name + "-out"), logText(name))
    }

    /// Sends values to the assignments topic, each with its key.
    func produce(_ messages: some Sequence<DemoTraffic.Message>) throws {
        try produce(messages.map { ($0.key, $0.value, []) })
    }

    func produce(_ messages: [(key: String?, value: String?, headers: [Header])]) throws {
        let producer = try Producer(
            ["bootstrap.servers": broker.bootstrapServers, "message.max.bytes": "10000000"],
            log: { _ in })
        for (tag, message) in messages.enumerated() {
            try producer.send(
                topic: Self.topic, key: message.key.map { Array($0.utf8) },
                value: message.value.map { Array($0.utf8) }, headers: message.headers, tag: tag)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            _ = try delivery.result.get()
        }
    }

    /// Waits until a condition holds; asks again every few milliseconds.
    func wait(
        _ what: String, atMost limit: Duration = .seconds(60), until condition: () throws -> Bool
    ) throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw ScenarioFault("waited \(limit) in vain until \(what)")
            }
            usleep(10_000)
        }
    }

    /// Waits until all of the traffic is accounted for.
    func waitUntilDone(_ traffic: DemoTraffic, on connection: Connection) throws {
        try wait("\(traffic.messages.count) messages are done", atMost: .seconds(90)) {
            try DemoAudit.accountedFor(on: connection) == traffic.messages.count
        }
    }

    /// Everything that the demo checks, of this traffic.
    func audit(_ traffic: DemoTraffic, on connection: Connection) throws {
        for finding in try DemoAudit(connection: connection, traffic: traffic).findings() {
            #expect(finding.isRight, "\(finding.line)")
        }
    }

    /// The offsets of the group are those of the ends of its topics.
    func lag() throws -> Int64 {
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers], log: { _ in })
        return try admin.lag(group: "rollcall", topics: [Self.topic], timeoutMilliseconds: 10_000)
            .reduce(0) { $0 + $1.lag }
    }
}

struct ScenarioFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A seed for the random parts of a test; ROLLCALL_SEED repeats a run.
func scenarioSeed() -> UInt64 {
    let seed =
        ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap(UInt64.init)
        ?? UInt64.random(in: 1...999_999)
    print("seed \(seed)")
    return seed
}
