import Foundation
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// The database goes back in time while Kafka does not.
@Suite struct RestoreTests {
    private func traffic(_ count: Int) -> DemoTraffic {
        DemoTraffic(
            count: count, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    @Test("failure 13: an idle worker notices that its database was replaced")
    func underAnIdleWorker() throws {
        let stage = try Stage()
        let all = traffic(600)
        let first = try stage.startWorker("first")
        var connection = try stage.connect()
        try stage.wait("the first worker is there") {
            try connection.execute("SELECT FROM rollcall.workers WHERE partitions > 0").count == 1
        }
        #expect(first.terminate())
        #expect(first.wait(timeout: .seconds(30)) == .exited(0))
        connection.close()
        let copy = try copy(stage.database)
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_HEARTBEAT_INTERVAL": "500ms"])
        try stage.produce(all.messages)
        connection = try stage.connect()
        try stage.waitUntilDone(all, on: connection)
        connection.close()
        try stage.wait("nothing is left to do") { try stage.lag() == 0 }
        try restore(copy, over: stage.database)
        connection = try stage.connect()
        try stage.waitUntilDone(all, on: connection)
        try stage.audit(all, on: connection)
        connection.close()
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    /// Puts a copy of a database in its place, as a restored backup would.
    private func restore(_ copy: String, over database: TestDatabase) throws {
        let admin = try Connection(
            database.server.conninfo(), applicationName: "restore")
        // Those who are connected would be in the way, and come back at once.
        var failure: PostgresError?
        repeat {
            failure = nil
            do {
                try admin.script("DROP DATABASE \"\(database.name)\" WITH (FORCE)")
            } catch {
                failure = error
            }
        } while failure?.sqlState?.rawValue == "55006"
        if let failure { throw failure }
        try admin.script("ALTER DATABASE \"\(copy)\" RENAME TO \"\(database.name)\"")
        admin.close()
    }

    private func copy(_ database: TestDatabase) throws -> String {
        let name = "copy_of_\(database.name)"
        let admin = try Connection(
            database.server.conninfo(), applicationName: "copy")
        try admin.script("CREATE DATABASE \"\(name)\" TEMPLATE \"\(database.name)\"")
        admin.close()
        return name
    }

    @Test("failure 13: what a restored database has forgotten is executed again by the next worker")
    func betweenWorkers() throws {
        let stage = try Stage()
        let all = traffic(1_200)
        let first = try stage.startWorker("first", environment: ["ROLLCALL_BATCH_JOBS": "20"])
        try stage.produce(all.messages.prefix(400))
        var connection = try stage.connect()
        try stage.wait("the first part is done") {
            try DemoAudit.accountedFor(on: connection) == 400
        }
        // The watermark is there, too, before the worker goes.
        #expect(first.terminate())
        #expect(first.wait(timeout: .seconds(30)) == .exited(0))
        connection.close()
        let copy = try copy(stage.database)
        let second = try stage.startWorker("second")
        try stage.produce(all.messages.dropFirst(400))
        connection = try stage.connect()
        try stage.waitUntilDone(all, on: connection)
        connection.close()
        #expect(second.terminate())
        #expect(second.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try stage.lag() == 0)

        try restore(copy, over: stage.database)
        connection = try stage.connect()
        #expect(try DemoAudit.accountedFor(on: connection) == 400)
        let third = try stage.startWorker("third")
        try stage.waitUntilDone(all, on: connection)
        try stage.audit(all, on: connection)
        #expect(stage.logText("third").contains("reading from where the database remembers"))
        connection.close()
        #expect(third.terminate())
        #expect(third.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try stage.lag() == 0)
    }

    @Test("failure 13: what is forgotten under a running worker is executed again by itself")
    func underAWorker() throws {
        let stage = try Stage()
        let all = traffic(1_200)
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_KAFKA_COMMIT_INTERVAL": "50ms"])
        try stage.produce(all.messages.prefix(400))
        var connection = try stage.connect()
        try stage.wait("the first part is done") {
            try DemoAudit.accountedFor(on: connection) == 400
        }
        connection.close()
        // A copy wants the database for itself; the worker keeps asking for it.
        let admin = try Connection(stage.database.server.conninfo(), applicationName: "test")
        try admin.script("ALTER DATABASE \"\(stage.database.name)\" ALLOW_CONNECTIONS false")
        try admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '\(stage.database.name)'"
        )
        let copy = try copy(stage.database)
        for name in [stage.database.name, copy] {
            try admin.script("ALTER DATABASE \"\(name)\" ALLOW_CONNECTIONS true")
        }
        admin.close()
        try stage.produce(all.messages.dropFirst(400))
        connection = try stage.connect()
        try stage.wait("more is done") { try DemoAudit.accountedFor(on: connection) > 900 }
        connection.close()
        try restore(copy, over: stage.database)
        connection = try stage.connect()
        try stage.waitUntilDone(all, on: connection)
        try stage.audit(all, on: connection)
        connection.close()
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try stage.lag() == 0, "\(stage.logText("worker"))")
        #expect(stage.logText("worker").contains("reading from where the database remembers"))
    }
}
