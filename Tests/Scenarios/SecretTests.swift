import Foundation
import Postgres
import ProofKit
import Sandbox
import Testing

@testable import rollcall

/// That what is secret is nowhere to be seen.
@Suite struct SecretTests {
    private static let canary = "canary-6c1f9a"

    private func commandLine(of process: ChildProcess) -> String {
        let bytes = FileManager.default.contents(atPath: "/proc/\(process.pid)/cmdline") ?? Data()
        return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }

    @Test("no log, page, listing or process title shows a password, whichever way it came")
    func canaries() throws {
        let stage = try Stage()
        let url = "\(stage.directory)/url"
        let conninfo = "\(stage.database.conninfo) password=\(Self.canary)"
        try conninfo.write(toFile: url, atomically: true, encoding: .utf8)
        let properties = "\(stage.directory)/properties"
        // The client is to say all that it can say.
        try """
        sasl.username=worker
        sasl.password=\(Self.canary)
        ssl.key.password=\(Self.canary)
        debug=all
        """.write(toFile: properties, atomically: true, encoding: .utf8)
        let environment = [
            "ROLLCALL_DATABASE_URL": "", "ROLLCALL_KAFKA_PROPERTIES_FILE": properties,
            "ROLLCALL_LOG_LEVEL": "debug",
        ]
        let fromFile = environment.merging(["ROLLCALL_DATABASE_URL_FILE": url]) { $1 }
        let first = try stage.startWorker("first", environment: fromFile)
        let second = try ChildProcess(
            Stage.executable, ["worker", "--database", conninfo],
            environment: stage.environment(environment),
            standardOutput: .file(stage.log("second")), standardError: .file(stage.log("second")))
        defer { _ = second.terminate(SIGKILL) }
        for name in ["first", "second"] {
            try stage.wait("\(name) is ready") {
                guard let visitor = Visitor(log: stage.logText(name)) else { return false }
                return try visitor.get("/readyz").status == 200
            }
            let visitor = try #require(Visitor(log: stage.logText(name)))
            for path in ["/readyz", "/livez", "/metrics"] {
                #expect(!(try visitor.get(path).body.contains(Self.canary)), "\(path)")
            }
        }
        let shown = commandLine(of: second)
        #expect(shown.contains("--database") && shown.contains("password=***"), "\(shown)")
        #expect(!shown.contains(Self.canary))
        let connection = try stage.connect()
        let sessions = try connection.execute(
            "SELECT FROM pg_stat_activity WHERE to_jsonb(pg_stat_activity)::text LIKE '%\(Self.canary.dropLast())%' AND pid <> pg_backend_pid()"
        )
        #expect(sessions.count == 0)
        for worker in [first, second] {
            worker.terminate()
            #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        }
        for arguments in [["config", "check"], ["config", "check", "--database", conninfo]] {
            let check = try stage.run(
                arguments, environment: arguments.count == 2 ? fromFile : environment)
            #expect(check.status == .exited(0), "\(check.errors)")
            #expect(check.output.contains("password=***"))
            #expect(check.output.contains("kafka.properties.sasl.password\t***"))
            #expect(!(check.output + check.errors).contains(Self.canary))
        }
        let gone = try stage.run([
            "status", "--database", "host=\(stage.directory) password=\(Self.canary)",
        ])
        #expect(gone.status == .exited(69))
        for text in [stage.logText("first"), stage.logText("second"), gone.errors] {
            #expect(!text.isEmpty)
            #expect(!text.contains(Self.canary))
        }
        // The client did say what it knows.
        #expect(stage.logText("first").contains("librdkafka"))
    }
}
