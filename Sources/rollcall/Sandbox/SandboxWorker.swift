import Foundation
import Sandbox

/// A worker process of the sandbox, and what it writes.
final class SandboxWorker {
    let name: String
    private(set) var log: WorkerLog
    private let process: ChildProcess
    private var isEndTold = false

    /// - Parameter log: the path of its log file.
    init(name: String, log: String, environment: [String: String]) throws {
        self.name = name
        self.log = WorkerLog(path: log)
        // The worker goes with us even when we are killed. It has a session of its own, because a
        // Ctrl-C is for us alone, who then stop everything in order.
        process = try ChildProcess(
            "setpriv", ["--pdeathsig", "SIGTERM", OwnProgram.path, "worker"],
            environment: environment, standardOutput: .file(log), standardError: .file(log),
            newSession: true)
    }

    var isRunning: Bool { process.poll() == nil }

    /// The warnings and errors that it has logged since the last time.
    func warnings() -> [String] { log.warnings().map { "\(name)  \($0)" } }

    /// How it ended, and what it wrote last; nil while it runs and once that was told.
    func end() -> [String]? {
        guard !isEndTold, let status = process.poll() else { return nil }
        isEndTold = true
        return ["\(name) has ended: \(status); it said last:"] + log.lastLines(10).map { "  \($0)" }
    }

    func askToStop() { process.terminate(SIGTERM) }

    /// Waits until it has ended; longer than a worker takes for its grace only with a signal.
    func awaitEnd() {
        guard process.wait(timeout: .seconds(30)) == nil else { return }
        process.terminate(SIGKILL)
        process.wait()
    }
}

/// Reads a worker's log file as it grows.
struct WorkerLog {
    let path: String
    private var position: UInt64 = 0
    /// What was read of a line that has no end yet.
    private var pending = Data()

    init(path: String) { self.path = path }

    /// The lines of level warning and above that have come since the last time.
    mutating func warnings() -> [String] {
        newLines().filter(Self.isWarning)
    }

    func lastLines(_ count: Int) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").suffix(count)
            .map(String.init)
    }

    private mutating func newLines() -> [String] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: position)) != nil, let data = try? file.readToEnd() else {
            return []
        }
        position += UInt64(data.count)
        pending += data
        var lines = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What follows the last line break is a line to come.
        pending = lines.popLast().map { Data($0) } ?? Data()
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }

    /// A line of the log is its time, its level and the rest.
    static func isWarning(_ line: String) -> Bool {
        let words = line.split(separator: " ", maxSplits: 2)
        return words.count > 1 && ["warning", "error", "critical"].contains(words[1])
    }
}
