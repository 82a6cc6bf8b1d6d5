import Foundation
import Postgres
import Sandbox

/// `rollcall catalog` as a process, with a database and a catalog of the test's own.
final class CatalogProgram {
    struct Run {
        let code: Int32
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    let database: TestDatabase
    let connection: Connection
    private let directory: String

    /// - Parameters:
    ///   - relations: the relations of the catalog, each a line of YAML.
    ///   - rosters: the rosters, likewise.
    init(_ tables: String, _ relations: String..., rosters: [String] = []) throws {
        database = try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "test")
        try connection.script(tables)
        directory = NSTemporaryDirectory() + "rollcall-catalog-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let text =
            "catalog: test\nrelations:\n" + relations.map { "  \($0)\n" }.joined()
            + (rosters.isEmpty ? "" : "rosters:\n" + rosters.map { "  \($0)\n" }.joined())
        try text.write(toFile: path("catalog.yaml"), atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Writes a file of jobs and returns its path.
    func sample(_ lines: String...) throws -> String {
        let name = path("\(UUID().uuidString).jsonl")
        try lines.map { "\($0)\n" }.joined()
            .write(toFile: name, atomically: true, encoding: .utf8)
        return name
    }

    func run(_ arguments: String...) throws -> Run {
        let name = UUID().uuidString
        let child = try ChildProcess(
            StatusProgram.executable, ["catalog"] + arguments,
            environment: [
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
                "ROLLCALL_DATABASE_URL": database.conninfo,
                "ROLLCALL_CATALOG": path("catalog.yaml"),
            ],
            standardOutput: .file(path("\(name).out")), standardError: .file(path("\(name).err")))
        guard case .exited(let code)? = child.wait(timeout: .seconds(60)) else {
            _ = child.terminate(SIGKILL)
            throw CocoaError(.executableLoad)
        }
        return Run(
            code: code, output: try String(contentsOfFile: path("\(name).out"), encoding: .utf8),
            errors: try String(contentsOfFile: path("\(name).err"), encoding: .utf8))
    }
}
