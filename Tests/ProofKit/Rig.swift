import Foundation
import Kafka
import Postgres
import Sandbox
import Store

/// A database with the ``World``, a broker, and worker processes that a proof is run with.
///
/// It is used by one thread at a time.
public final class Rig {
    public static let group = "rollcall"
    /// Settings under which there is a middle to be interrupted in.
    public static let smallBatches = [
        "ROLLCALL_LANES": "3", "ROLLCALL_BATCH_JOBS": "8", "ROLLCALL_BATCH_WINDOW": "2ms",
    ]
    /// The embedded broker gives up a member after this, and ends a rebalance a second before.
    private static let sessionTimeout = "4s"

    public let server: PrivatePostgres
    public let broker: EmbeddedBroker
    public let brokers: Int
    public let directory: String
    /// The conninfo of the database, over the socket.
    public let conninfo: String
    public let tcpConninfo: String
    public private(set) var workers: [String: ChildProcess] = [:]
    /// Where each message that was sent stands.
    public private(set) var places: [Place] = []

    /// The names of all workers that were started.
    public private(set) var started: [String] = []
    private let database: TestDatabase?
    private let environment: [String: String]
    private let producer: Producer

    /// - Parameters:
    ///   - hasOwnServer: for a test that stops the server or fills it.
    ///   - environment: settings of every worker.
    public init(
        brokers: Int = 1, hasOwnServer: Bool = false, environment: [String: String] = smallBatches
    ) throws {
        if hasOwnServer {
            server = try PrivatePostgres()
            database = nil
            try server.createDatabase("proof")
            conninfo = server.conninfo(database: "proof")
            tcpConninfo = server.tcpConninfo(database: "proof")
            try Self.prepare(conninfo)
        } else {
            let database = try SharedPostgres.database(template: "proof", prepare: Self.prepare)
            server = database.server
            self.database = database
            conninfo = database.conninfo
            tcpConninfo = database.tcpConninfo
        }
        self.brokers = brokers
        broker = try EmbeddedBroker(brokers: brokers)
        for topic in JobStream.topics {
            try broker.createTopic(topic, partitions: JobStream.partitions)
        }
        directory = NSTemporaryDirectory() + "rollcall-proof-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try World.catalog.write(
            toFile: "\(directory)/proof.yaml", atomically: true, encoding: .utf8)
        producer = try Producer(["bootstrap.servers": broker.bootstrapServers], log: { _ in })
        self.environment = environment
    }

    deinit {
        for worker in workers.values { worker.terminate(SIGKILL) }
        if database == nil { server.stop() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func prepare(_ conninfo: String) throws {
        let connection = try Connection(conninfo, applicationName: "prepare")
        try World.build(on: connection)
        _ = try Migrator(StatusSchema()).migrate(on: connection)
        connection.close()
    }

    public func connect() throws -> Connection {
        try Connection(conninfo, applicationName: "proof")
    }

    /// The connection string of clients that connect through a proxy.
    public func conninfo(through proxy: Proxy) -> String {
        tcpConninfo.replacing("port=\(server.port)", with: "port=\(proxy.port)")
            + " sslmode=disable gssencmode=disable"
    }

    /// Ends the sessions of all workers.
    public func endSessions(on connection: Connection) throws {
        _ = try connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'rollcall/%'
            """)
    }

    // MARK: Workers

    /// The program that was built beside the tests.
    private static let executable = URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "rollcall").path

    /// Starts a worker; its log is a file in the rig's directory.
    @discardableResult
    public func start(
        _ name: String, environment more: [String: String] = [:]
    ) throws -> ChildProcess {
        var all = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
            "ROLLCALL_DATABASE_URL": conninfo,
            "ROLLCALL_KAFKA_BROKERS": broker.bootstrapServers,
            "ROLLCALL_KAFKA_GROUP": Self.group,
            "ROLLCALL_CATALOG": "\(directory)/proof.yaml",
            "ROLLCALL_KAFKA_SESSION_TIMEOUT": Self.sessionTimeout,
            "ROLLCALL_RETRY_MAX_DELAY": "500ms",
            "ROLLCALL_HEARTBEAT_INTERVAL": "200ms",
            "ROLLCALL_KAFKA_COMMIT_INTERVAL": "50ms",
            "ROLLCALL_KAFKA_PROPERTIES": "heartbeat.interval.ms=300",
            "ROLLCALL_LOG_FORMAT": "text",
            "ROLLCALL_ENDPOINT_PORT": "0",
            "ROLLCALL_WORKER_ID": name,
        ]
        all.merge(environment) { $1 }
        all.merge(more) { $1 }
        let worker = try ChildProcess(
            Self.executable, ["worker"], environment: all,
            standardOutput: .file(log(name)), standardError: .file(log(name)))
        workers[name] = worker
        started.append(name)
        return worker
    }

    public func log(_ name: String) -> String { "\(directory)/\(name).log" }

    public func logText(_ name: String) -> String {
        (try? String(contentsOfFile: log(name), encoding: .utf8)) ?? ""
    }

    /// The last words of all workers that there were.
    var logs: String {
        started.map { "\($0):\n\(logText($0).suffix(2_000))" }.joined(separator: "\n")
    }

    /// Ends a worker on the spot.
    public func kill(_ name: String) {
        guard let worker = workers.removeValue(forKey: name) else { return }
        worker.terminate(SIGCONT)
        worker.terminate(SIGKILL)
        worker.wait()
    }

    /// Asks a worker to stop, once it takes signals.
    ///
    /// - Returns: what is wrong with its end; nil if nothing is.
    public func stop(_ name: String) throws -> String? {
        guard let worker = workers[name] else { return nil }
        try wait("\(name) is there") {
            worker.poll() != nil || logText(name).contains("worker started")
        }
        workers[name] = nil
        worker.terminate()
        guard let status = worker.wait(timeout: .seconds(60)) else {
            worker.terminate(SIGKILL)
            return "worker \(name): expected it to stop within 60 s\n\(logText(name))"
        }
        return status.isSuccess
            ? nil : "worker \(name): expected exit code 0, got \(status)\n\(logText(name))"
    }

    /// What there is to say of a worker that ended by itself.
    var unexpectedEnd: String? {
        for (name, worker) in workers {
            guard let status = worker.poll() else { continue }
            return "worker \(name) ended with \(status)\n\(logText(name))"
        }
        return nil
    }

    /// Whether the process stands still after SIGSTOP.
    public static func isStopped(_ process: ChildProcess) -> Bool {
        let stat = (try? String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)) ?? ""
        // The state follows the name, which may hold anything but ends with the last bracket.
        return stat.split(separator: ")").last?.hasPrefix(" T") == true
    }

    /// Waits until a condition holds; asks again every few milliseconds.
    public func wait(
        _ what: String, atMost limit: Duration = .seconds(60), until condition: () throws -> Bool
    ) throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw Trouble("waited \(limit) in vain until \(what)\n\(logs)")
            }
            usleep(10_000)
        }
    }

    /// Waits until a worker has all partitions, or so many of them.
    public func waitForPartitions(_ name: String, _ count: Int? = nil) throws {
        let all = JobStream.topics.count * Int(JobStream.partitions)
        let connection = try connect()
        try wait("\(name) has \(count ?? all) partitions") {
            try connection.execute(
                "SELECT FROM rollcall.worker WHERE id = '\(name)' AND partitions = \(count ?? all)"
            ).count == 1
        }
    }

    // MARK: Messages

    /// Sends messages of the stream, each to the partition of its key.
    public func send(_ messages: some Collection<JobStream.Message>, of stream: JobStream) throws {
        let records = messages.map { message in
            let group = stream.group(of: message)
            return (group.topic, group.partition, group.key, message.value.map { Array($0.utf8) })
        }
        for (number, record) in records.enumerated() {
            try producer.send(
                topic: record.0, partition: record.1, key: record.2.map { Array($0.utf8) },
                value: record.3, tag: number)
        }
        var placements: [Int: Placement] = [:]
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            placements[delivery.tag] = try delivery.result.get()
        }
        for (number, record) in records.enumerated() {
            guard let placement = placements[number] else {
                throw Trouble("message \(number) was not delivered")
            }
            places.append(
                Place(
                    partition: TopicPartition(topic: record.0, partition: placement.partition),
                    offset: placement.offset))
        }
    }

    /// How many messages have left something behind.
    public static func accounted(on connection: Connection) throws -> Int {
        try connection.execute(
            """
            SELECT count(*) FROM (
              SELECT topic, "partition", "offset" FROM rollcall.job
              UNION SELECT topic, "partition", "offset" FROM rollcall.job_duplicate
              UNION SELECT topic, "partition", "offset" FROM rollcall.dead_letter) AS done
            """
        ).int(0, 0)
    }

    // MARK: Offsets

    /// How far the group is behind, in all of its partitions.
    public func lags() throws -> [PartitionLag] {
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers], log: { _ in })
        return try admin.lag(
            group: Self.group, topics: JobStream.topics, timeoutMilliseconds: 20_000)
    }

    /// How far each partition is done as the database remembers it.
    func remembered(on connection: Connection) throws -> [TopicPartition: Int64] {
        let rows = try connection.execute(
            """
            SELECT topic, "partition", "offset" FROM rollcall.progress
            WHERE consumer_group = '\(Self.group)' AND "offset" IS NOT NULL
            """)
        return (0..<rows.count).reduce(into: [:]) { places, row in
            let partition = TopicPartition(
                topic: rows.string(row, 0), partition: Int32(rows.int(row, 1)))
            places[partition] = Int64(rows.int(row, 2))
        }
    }

    /// Something that keeps the rig from proving anything.
    public struct Trouble: Error, CustomStringConvertible {
        public let description: String

        public init(_ description: String) { self.description = description }
    }
}
