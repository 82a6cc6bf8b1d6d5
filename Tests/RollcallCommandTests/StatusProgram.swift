import Foundation
import Jobs
import Kafka
import Postgres
import Sandbox
import Store

/// The program as a process, with a database that has jobs and, if asked for, a broker.
final class StatusProgram {
    struct Run {
        let code: Int32
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    let database: TestDatabase
    let connection: Connection
    private let directory: String

    init(isMigrated: Bool = true) throws {
        database =
            isMigrated
            ? try SharedPostgres.database(template: "status_program") { conninfo in
                let connection = try Connection(conninfo, applicationName: "prepare")
                _ = try Migrator(StatusSchema()).migrate(on: connection)
                connection.close()
            } : try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "test")
        directory = NSTemporaryDirectory() + "rollcall-status-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The program that was built beside the tests.
    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "rollcall").path

    func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
            "ROLLCALL_DATABASE_URL": database.conninfo,
        ].merging(more) { $1 }
    }

    /// Starts `rollcall status`; what it writes goes to files with this name.
    func start(
        _ arguments: [String], environment: [String: String] = [:], name: String,
        output: String? = nil
    ) throws -> ChildProcess {
        try ChildProcess(
            Self.executable, ["status"] + arguments, environment: self.environment(environment),
            standardOutput: .file(output ?? path(name, "out")),
            standardError: .file(path(name, "err")))
    }

    /// Waits for the end of a process that was started under this name.
    func finish(_ child: ChildProcess, name: String) throws -> Run {
        guard let status = child.wait(timeout: .seconds(60)) else {
            _ = child.terminate(SIGKILL)
            throw Unfinished()
        }
        guard case .exited(let code) = status else { throw Unfinished() }
        return Run(code: code, output: text(name, "out"), errors: text(name, "err"))
    }

    /// Runs `rollcall status` to its end.
    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Run {
        let name = UUID().uuidString
        let child = try start(arguments, environment: environment, name: name)
        return try finish(child, name: name)
    }

    /// Runs a shell script with `rollcall` in its path.
    func shell(_ script: String) throws -> Run {
        let name = UUID().uuidString
        let bin = URL(filePath: Self.executable).deletingLastPathComponent().path
        let child = try ChildProcess(
            "/bin/sh", ["-c", script], environment: environment(["PATH": "\(bin):/usr/bin:/bin"]),
            standardOutput: .file(path(name, "out")), standardError: .file(path(name, "err")))
        return try finish(child, name: name)
    }

    /// Inserts a job that began a minute ago.
    func insert(_ id: String, _ state: String = "succeeded", secondsAgo: Int = 60) throws {
        let isOver = state != "running" && state != "waiting"
        let rejected = state == "failed" ? 3 : state == "succeeded_with_rejections" ? 1 : 0
        try connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, rejected, attempts, dry_run, kind, state, relation,
                target, source, mode, topic, worker, error_code)
            VALUES ('\(id)', 1, 7, now() - interval '61 s', now() - interval '\(secondsAgo) s',
                \(isOver ? "now()" : "NULL"), 3, 3, \(isOver ? 3 - rejected : 1),
                \(rejected), 1, false, 'assign', '\(state)', 'enrollment', '42', '/sis', 'partial',
                'rollcall.assignments', 'worker-1',
                \(state == "failed" ? "'item-rejected'" : "NULL"));
            INSERT INTO rollcall.rejection
            SELECT '\(id)', i, 'u-' || i, 'unknown-user', 'no such user'
            FROM generate_series(1, \(rejected)) i
            """)
    }

    /// The sessions of the program that have sent a statement with this text.
    func sessions(with text: String) throws -> [Int] {
        let rows = try connection.execute(
            """
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'rollcall'
                AND query LIKE '%\(text)%'
            """)
        return (0..<rows.count).map { rows.int($0, 0) }
    }

    /// Waits until the program has looked at jobs in another session than this, and answers which.
    func sessionThatLooked(otherThan other: Int? = nil) throws -> Int {
        try soon { try sessions(with: "rollcall.jobs").first { $0 != other } }
    }

    /// Asks again and again for half a minute at most.
    func soon<Answer>(_ ask: () throws -> Answer?) throws -> Answer {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if let answer = try ask() { return answer }
            usleep(5_000)
        }
        throw Unfinished()
    }

    func path(_ name: String, _ suffix: String) -> String { "\(directory)/\(name).\(suffix)" }

    func text(_ name: String, _ suffix: String) -> String {
        (try? String(contentsOfFile: path(name, suffix), encoding: .utf8)) ?? ""
    }

    struct Unfinished: Error {}
}
