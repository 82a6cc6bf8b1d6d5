import Foundation
import Kafka
import Postgres
import Sandbox
import Store

/// What the demo runs on: a private Postgres, an embedded broker, worker processes.
final class DemoStage {
    /// 20,000 users and 2,000 courses.
    static let school = School.Size(users: 20_000, courses: 2_000)
    private static let database = "school"
    private static let topic = "rollcall.assignments"
    private static let partitions: Int32 = 12

    let connection: Connection
    private let postgres: PrivatePostgres
    private let broker: EmbeddedBroker
    private let directory: String
    private let environment: [String: String]
    private var workers: [ChildProcess] = []

    init(catalog: String) throws {
        postgres = try PrivatePostgres()
        try postgres.createDatabase(Self.database)
        let conninfo = postgres.conninfo(database: Self.database)
        connection = try Connection(conninfo, applicationName: "rollcall demo")
        try School.build(Self.school, on: connection)
        _ = try Migrator(StatusSchema()).migrate(on: connection)
        broker = try EmbeddedBroker()
        for topic in Settings.Topics().jobs + [Settings.Topics().jobEvents] {
            try broker.createTopic(topic, partitions: Self.partitions)
        }
        directory = NSTemporaryDirectory() + "rollcall-demo-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        var environment = ProcessInfo.processInfo.environment.filter { name, _ in
            // What the user has set for a real deployment is not for the demo.
            !name.hasPrefix("ROLLCALL_") && !name.hasPrefix("PG")
        }
        environment["ROLLCALL_DATABASE_URL"] = conninfo
        environment["ROLLCALL_KAFKA_BROKERS"] = broker.bootstrapServers
        environment["ROLLCALL_CATALOG"] = catalog
        self.environment = environment
    }

    /// Starts worker processes, one after the other, and waits until they share all partitions.
    ///
    /// Two that join the embedded broker's new group in one moment may wait for each other for ever.
    func startWorkers(_ count: Int) throws {
        for number in 1...count {
            var environment = environment
            environment["ROLLCALL_WORKER_ID"] = "worker-\(number)"
            environment["ROLLCALL_HEARTBEAT_INTERVAL"] = "1s"
            // Several on one machine: each takes a port that is free.
            environment["ROLLCALL_ENDPOINT_PORT"] = "0"
            // The embedded broker ends a rebalance only when the session is nearly over.
            environment["ROLLCALL_KAFKA_SESSION_TIMEOUT"] = "6s"
            // It answers a fetch only when its wait is over, whatever comes meanwhile.
            environment["ROLLCALL_KAFKA_PROPERTIES"] = "fetch.wait.max.ms=10"
            workers.append(
                try ChildProcess(
                    executable, ["worker"], environment: environment,
                    standardOutput: .file(log(number)), standardError: .file(log(number)),
                    newSession: true))
            try waitForPartitions(sharedBy: number)
        }
    }

    private func waitForPartitions(sharedBy count: Int) throws {
        let partitions = Settings.Topics().jobs.count * Int(Self.partitions)
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let rows = try connection.execute(
                """
                SELECT count(*) FILTER (WHERE partitions > 0), coalesce(sum(partitions), 0)
                FROM rollcall.workers
                """)
            if rows.int(0, 0) == count, rows.int(0, 1) == partitions { return }
            try requireWorkers()
            guard ContinuousClock.now < deadline else {
                throw DemoFault("expected \(count) workers to share the partitions within 30 s")
            }
            usleep(20_000)
        }
    }

    /// Fails if a worker has ended.
    func requireWorkers() throws {
        for (number, worker) in workers.enumerated() {
            if let status = worker.poll() {
                throw DemoFault("expected worker-\(number + 1) to run, it has ended: \(status)")
            }
        }
    }

    func produce(_ messages: [DemoTraffic.Message]) throws {
        let producer = try Producer(
            ["bootstrap.servers": broker.bootstrapServers], log: { _ in })
        for (tag, message) in messages.enumerated() {
            try producer.send(
                topic: Self.topic, key: Array(message.key.utf8), value: Array(message.value.utf8),
                headers: [], tag: tag)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            if case .failure(let error) = delivery.result { throw error }
        }
    }

    /// Runs this program as a person would, with its output where ours goes.
    func rollcall(_ arguments: String...) throws {
        let child = try ChildProcess(executable, arguments, environment: environment)
        let status = child.wait()
        guard status.isSuccess else {
            throw DemoFault(
                "expected rollcall \(arguments.joined(separator: " ")) to succeed: \(status)")
        }
    }

    /// One dead letter, a line for each column.
    func deadLetter() throws -> String {
        let rows = try connection.execute(
            """
            SELECT topic || '[' || "partition" || '] @ ' || "offset", code, reason,
                   convert_from(value, 'UTF8')
            FROM rollcall.dead_letters WHERE job_id IS NULL ORDER BY id LIMIT 1
            """)
        guard rows.count == 1 else { return "none" }
        let names = ["message", "code", "reason", "value"]
        return names.enumerated().map { column, name in
            name.padding(toLength: 10, withPad: " ", startingAt: 0) + rows.string(0, column)
        }.joined(separator: "\n")
    }

    /// How to talk to what runs.
    var invitation: String {
        """
        export ROLLCALL_DATABASE_URL='\(environment["ROLLCALL_DATABASE_URL"] ?? "")'
        export ROLLCALL_KAFKA_BROKERS=\(broker.bootstrapServers)
        \(executable) status --watch
        \(executable) enqueue assign --relation enrollment --target 42 --members 1,2,3 --wait
        psql "$ROLLCALL_DATABASE_URL"
        """
    }

    /// The end of each worker's log, for somebody who looks for what went wrong.
    func showLogs() {
        for number in workers.indices {
            guard let text = try? String(contentsOfFile: log(number + 1), encoding: .utf8) else {
                continue
            }
            let lines = text.split(separator: "\n").suffix(15)
            complain("worker-\(number + 1) said:\n" + lines.joined(separator: "\n"))
        }
    }

    /// Stops everything and removes what was made.
    func clear() {
        for worker in workers { _ = worker.terminate(SIGTERM) }
        for worker in workers where worker.wait(timeout: .seconds(30)) == nil {
            _ = worker.terminate(SIGKILL)
            worker.wait()
        }
        connection.close()
        postgres.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func log(_ number: Int) -> String { "\(directory)/worker-\(number).log" }

    private var executable: String { OwnProgram.path }
}
