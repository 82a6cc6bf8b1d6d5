import Foundation
import Kafka
import Postgres
import Sandbox

/// The embedded broker of a sandbox, and its workers: this program, as processes.
final class SandboxCrew {
    /// What every program must be told to work in the sandbox, beside what the user has set.
    let variables: [(name: String, value: String)]
    let bootstrapServers: String
    /// Where the workers write their logs.
    let directory: String
    private(set) var hasFailed = false

    private let place: SandboxDatabase
    private let settings: Settings
    private let broker: EmbeddedBroker
    private var workers: [SandboxWorker] = []

    /// - Parameter config: the file of settings that the command line names.
    init(_ place: SandboxDatabase, _ settings: Settings, config: String?) throws {
        self.place = place
        self.settings = settings
        broker = try EmbeddedBroker()
        bootstrapServers = broker.bootstrapServers
        for topic in settings.kafka.topics.jobs + [settings.kafka.topics.jobEvents] {
            try broker.createTopic(topic, partitions: Int32(settings.kafka.partitions))
        }
        var variables = [
            ("ROLLCALL_DATABASE_URL", place.conninfo),
            ("ROLLCALL_KAFKA_BROKERS", broker.bootstrapServers),
            ("ROLLCALL_CATALOG", settings.catalog.map(Self.absolute).joined(separator: ":")),
        ]
        if let config { variables.append(("ROLLCALL_CONFIG", Self.absolute(config))) }
        if !place.isPrivate {
            // Real workers on this database remember their own offsets under their group's name.
            variables.append(("ROLLCALL_KAFKA_GROUP", "rollcall-sandbox"))
        }
        if let protocolName = settings.kafka.properties["security.protocol"],
            protocolName.lowercased() != "plaintext"
        {
            variables.append(
                ("ROLLCALL_KAFKA_PROPERTIES", Self.properties(["security.protocol": "plaintext"])))
        }
        self.variables = variables
        fileOptions =
            settings.catalog.flatMap { ["--catalog", Self.absolute($0)] }
            + (config.map { ["--config", Self.absolute($0)] } ?? [])
        directory = try Self.makeDirectory()
    }

    /// The log files, as a person names them.
    var logs: String {
        workers.count == 1 ? workers[0].log.path : "\(directory)/*.log"
    }

    var workerCount: Int { workers.count }

    /// The options that name catalog and settings again.
    let fileOptions: [String]

    // MARK: Life

    /// Starts the workers and waits until they share all partitions.
    func start(_ count: Int, _ signals: StopSignals) throws {
        let prefix = place.isPrivate ? "worker" : "sandbox-\(Self.uniqueText())"
        for number in 1...count {
            let name = "\(prefix)-\(number)"
            workers.append(
                try SandboxWorker(
                    name: name, log: "\(directory)/\(name).log",
                    environment: workerEnvironment(name)))
        }
        let connection = try place.connect(settings)
        defer { connection.close() }
        let expected = settings.kafka.topics.jobs.count * settings.kafka.partitions
        let deadline = ContinuousClock.now + .seconds(60)
        while try partitionsAssigned(prefix, on: connection) < expected {
            try signals.throwIfStopped()
            for worker in workers {
                guard let end = worker.end() else { continue }
                throw SandboxFault(end.joined(separator: "\n"))
            }
            guard ContinuousClock.now < deadline else {
                throw SandboxFault(
                    "expected the workers to share \(expected) partitions within 60 s")
            }
            signals.wait(.milliseconds(50))
        }
    }

    private func partitionsAssigned(_ prefix: String, on connection: Connection) throws -> Int {
        var parameters = Parameters()
        parameters.append(prefix)
        let schema = quoteIdentifier(settings.database.schema)
        return try Database.reporting {
            try connection.execute(
                """
                SELECT coalesce(sum(partitions), 0) FROM \(schema).workers
                WHERE starts_with(id, $1 || '-')
                """, parameters
            ).int(0, 0)
        }
    }

    /// What there is to tell since the last time: warnings of the workers, and that one has ended.
    func news() -> [String] {
        var lines: [String] = []
        for worker in workers {
            lines += worker.warnings()
            if let end = worker.end() {
                hasFailed = true
                lines += end
            }
        }
        if !lines.isEmpty, workers.allSatisfy({ !$0.isRunning }) {
            lines.append("no worker is left: jobs wait. Ctrl-C ends the sandbox")
        }
        return lines
    }

    /// Stops the workers and removes their logs; stopping twice is harmless.
    func stop() {
        for worker in workers { worker.askToStop() }
        for worker in workers { worker.awaitEnd() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: What the workers are told

    private func workerEnvironment(_ name: String) -> [String: String] {
        var all = ProcessInfo.processInfo.environment
        if place.isPrivate {
            all = all.filter { name, _ in !SandboxDatabase.isLibpqVariable(name) }
        }
        for variable in variables { all[variable.name] = variable.value }
        all["ROLLCALL_WORKER_ID"] = name
        all["ROLLCALL_LOG_FORMAT"] = "text"
        all["ROLLCALL_HEARTBEAT_INTERVAL"] = "1s"
        // Several on one machine: each takes a port that is free.
        all["ROLLCALL_ENDPOINT_PORT"] = "0"
        // The embedded broker ends a rebalance only when the session is nearly over.
        all["ROLLCALL_KAFKA_SESSION_TIMEOUT"] = "6s"
        all["ROLLCALL_KAFKA_PROPERTIES"] = Self.properties([
            // It answers a fetch only when its wait is over, whatever comes meanwhile.
            "fetch.wait.max.ms": "10",
            "security.protocol": "plaintext",
        ])
        return all
    }

    /// The properties that the user's environment gives, with these in place of its own.
    private static func properties(_ ours: [String: String]) -> String {
        let given = ProcessInfo.processInfo.environment["ROLLCALL_KAFKA_PROPERTIES"] ?? ""
        let others = given.split(separator: ";").map { String($0).trimmed }.filter { pair in
            ours[String(pair.prefix { $0 != "=" }).trimmed] == nil && !pair.isEmpty
        }
        return (others + ours.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
            .joined(separator: ";")
    }

    private static func absolute(_ path: String) -> String {
        URL(filePath: path).standardizedFileURL.path
    }

    private static func uniqueText() -> String {
        String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16)
    }

    private static func makeDirectory() throws -> String {
        let path = NSTemporaryDirectory() + "rollcall-sandbox-\(uniqueText())"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw SandboxFault(
                "expected a directory for log files, got \(path): \(error.localizedDescription)")
        }
        return path
    }
}
