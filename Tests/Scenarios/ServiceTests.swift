import Foundation
import Glibc
import Postgres
import ProofKit
import Sandbox
import Testing

@testable import rollcall

/// A worker as systemd and as a container's engine see it.
@Suite struct ServiceTests {
    /// The socket of a service's manager.
    private struct Manager: ~Copyable {
        let path: String
        private let descriptor: Int32

        init(in directory: String) throws {
            path = "\(directory)/notify"
            descriptor = socket(
                AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) {
                $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1))
            }
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(status == 0, "bind: \(String(cString: strerror(errno)))")
        }

        deinit { close(descriptor) }

        /// The messages that have come since the last time.
        func messages() -> [String] {
            var messages: [String] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { return messages }
                messages.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }
    }

    @Test("systemd is told of the start, of life as long as there is any, and of the stop")
    func notifications() throws {
        let stage = try Stage()
        let manager = try Manager(in: stage.directory)
        let hold = "\(stage.directory)/hold"
        _ = FileManager.default.createFile(atPath: hold, contents: nil)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "300000", "ROLLCALL_LANES": "1",
                "ROLLCALL_FAIL_POINT": "after-commit:hold=\(hold)",
                "ROLLCALL_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1s",
            ])
        var told: [String] = []
        try stage.wait("it is alive") {
            told += manager.messages()
            return told.count { $0 == "WATCHDOG=1" } >= 3
        }
        #expect(told.first == "READY=1", "\(told)")
        #expect(told.contains("STATUS=running"))
        try stage.wait("it has partitions") {
            guard let visitor = Visitor(log: stage.logText("worker")) else { return false }
            return try visitor.get("/readyz").body.contains("assigned")
        }
        // A lane that hangs outside of the database: as /livez says, it is dead.
        try stage.produce([
            DemoTraffic.Message(
                key: "enrollment/7",
                value: """
                    {"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001",\
                    "source":"/test","type":"rollcall.assign",\
                    "data":{"relation":"enrollment","target":7,"members":[1]}}
                    """)
        ])
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        try stage.wait("it is dead") { try visitor.get("/livez").status == 503 }
        _ = manager.messages()
        // Longer than the watchdog has patience.
        usleep(600_000)
        #expect(manager.messages() == [])
        try FileManager.default.removeItem(atPath: hold)
        try stage.wait("it is alive again") { manager.messages().contains("WATCHDOG=1") }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(manager.messages().contains("STOPPING=1"))
    }

    @Test("while the database is away the service has not started, and says what it waits for")
    func waiting() throws {
        let stage = try Stage()
        let manager = try Manager(in: stage.directory)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "NOTIFY_SOCKET": manager.path,
                "ROLLCALL_DATABASE_URL": "host=\(stage.directory) dbname=x",
            ])
        var told: [String] = []
        try stage.wait("it says what it waits for") {
            told += manager.messages()
            return !told.isEmpty
        }
        #expect(told.allSatisfy { $0.hasPrefix("STATUS=waiting: ") }, "\(told)")
        #expect(told[0].contains("No such file or directory"), "\(told)")
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("rollcall healthcheck says what the endpoint says, with an exit code")
    func healthcheck() throws {
        let stage = try Stage()
        let worker = try stage.startWorker("worker")
        try stage.wait("the endpoint listens") { Visitor(log: stage.logText("worker")) != nil }
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        // As in a container, where it listens everywhere.
        let everywhere = [
            "ROLLCALL_ENDPOINT_PORT": "\(visitor.port)", "ROLLCALL_ENDPOINT_ADDRESS": "0.0.0.0",
        ]
        let alive = try stage.run(["healthcheck"], environment: everywhere)
        #expect(alive.status == .exited(0), "\(alive.errors)")
        #expect(alive.output.hasPrefix("alive\n"))
        try stage.wait("it is ready") { try visitor.get("/readyz").status == 200 }
        let ready = try stage.run(["healthcheck", "--ready"], environment: everywhere)
        #expect(ready.status == .exited(0))
        #expect(ready.output.hasPrefix("ready\nok    database: answers\n"))

        let connection = try stage.connect()
        try connection.script("UPDATE rollcall.schema_migration SET checksum = 'edited'")
        try stage.wait("it is not ready") { try visitor.get("/readyz").status == 503 }
        let unready = try stage.run(["healthcheck", "--ready"], environment: everywhere)
        // Once the worker has seen it itself, it is gone.
        #expect([.exited(1), .exited(69)].contains(unready.status), "\(unready)")
        #expect(worker.wait(timeout: .seconds(30)) == .exited(75))
        let gone = try stage.run(["healthcheck"], environment: everywhere)
        #expect(gone.status == .exited(69))
        #expect(gone.errors.contains("expected a worker's answer at 0.0.0.0, port \(visitor.port)"))
        let off = try stage.run(["healthcheck"], environment: ["ROLLCALL_ENDPOINT_PORT": "off"])
        #expect(off.status == .exited(78))
        #expect(off.errors.contains("endpoint.port: expected the number"))
    }
}
