import Foundation
import Sandbox

/// A running `rollcall sandbox`, as a person has it in a terminal.
final class SandboxProcess {
    private let stage: Stage
    private let child: ChildProcess
    private let output: String
    private let environment: [String: String]

    /// Starts it and waits until it says that it runs.
    init(_ arguments: [String], in stage: Stage) throws {
        self.stage = stage
        output = "\(stage.directory)/sandbox-\(UUID().uuidString)"
        environment = try Self.environment(in: stage)
        child = try ChildProcess(
            Stage.executable, ["sandbox"] + arguments, environment: environment,
            standardOutput: .file(output), standardError: .file(output))
        try stage.wait("the sandbox runs", atMost: .seconds(120)) {
            if let status = child.poll() {
                throw ScenarioFault("the sandbox has ended: \(status)\n\(text)")
            }
            return text.contains("Until then")
        }
    }

    deinit {
        guard child.poll() == nil else { return }
        // It then stops what it has started.
        child.terminate(SIGTERM)
        child.wait()
    }

    /// Of the tests' own settings it gets none.
    static func environment(in stage: Stage) throws -> [String: String] {
        let temporary = "\(stage.directory)/tmp"
        try FileManager.default.createDirectory(
            atPath: temporary, withIntermediateDirectories: true)
        return [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "TMPDIR": temporary,
        ]
    }

    var text: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

    /// The lines that are to be copied.
    var lines: [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("  ") }.map {
            $0.dropFirst(2).description
        }
    }

    /// A line to copy, after the exports.
    func script(_ word: String) -> String {
        lines.filter { $0.hasPrefix("export ") || $0.contains(word) }.joined(separator: "\n")
    }

    /// Runs lines with sh.
    func shell(_ script: String) throws -> (status: Sandbox.ExitStatus, output: String) {
        let path = "\(stage.directory)/shell-\(UUID().uuidString)"
        let child = try ChildProcess(
            "sh", ["-c", script], environment: environment, standardOutput: .file(path),
            standardError: .file(path))
        guard let status = child.wait(timeout: .seconds(120)) else {
            _ = child.terminate(SIGKILL)
            throw ScenarioFault("did not end within 120 s: \(script)")
        }
        return (status, try String(contentsOfFile: path, encoding: .utf8))
    }

    /// Asks the database with the printed psql line.
    func ask(_ sql: String) throws -> String {
        guard let psql = lines.first(where: { $0.hasPrefix("psql ") }) else {
            throw ScenarioFault("expected a psql line, got none in\n\(text)")
        }
        let (status, output) = try shell("\(psql) -XAt -c '\(sql)'")
        guard status.isSuccess else { throw ScenarioFault("\(sql): \(output)") }
        return output.trimmingCharacters(in: .newlines)
    }

    func signal(_ number: Int32) { child.terminate(number) }

    /// Presses Ctrl-C and waits for the end.
    func interrupt() throws -> Sandbox.ExitStatus {
        signal(SIGINT)
        return try awaitEnd()
    }

    func awaitEnd() throws -> Sandbox.ExitStatus {
        guard let status = child.wait(timeout: .seconds(60)) else {
            throw ScenarioFault("expected the sandbox to end within 60 s:\n\(text)")
        }
        return status
    }

    /// Every process that it has started, and those that these have.
    func descendants() throws -> [pid_t] {
        var parents: [pid_t: pid_t] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let pid = pid_t(name), let parent = Self.stat(pid)?.parent else { continue }
            parents[pid] = parent
        }
        var found: [pid_t] = [child.pid]
        for ancestor in 0... {
            guard ancestor < found.count else { break }
            found += parents.filter { $0.value == found[ancestor] }.keys
        }
        return Array(found.dropFirst())
    }

    /// The workers among them.
    func workers() throws -> [pid_t] {
        try descendants().filter { pid in
            let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return String(decoding: words, as: UTF8.self).hasSuffix("rollcall\0worker\0")
        }
    }

    /// Whether a process is there and no zombie.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard let state = stat(pid)?.state else { return false }
        return state != "Z"
    }

    private static func stat(_ pid: pid_t) -> (state: String, parent: pid_t)? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (String(fields[0]), parent)
    }
}
