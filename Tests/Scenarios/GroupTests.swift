import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Workers come and go under load.
@Suite struct GroupTests {
    /// Short enough for many rebalances: the embedded broker ends one when a session is nearly over,
    /// and the first one after three seconds.
    private static let quick = [
        "ROLLCALL_KAFKA_SESSION_TIMEOUT": "4s",
        "ROLLCALL_KAFKA_PROPERTIES": "heartbeat.interval.ms=200",
        "ROLLCALL_BATCH_JOBS": "10", "ROLLCALL_LANES": "2",
    ]

    @Test("failure 1: workers come, go and die under load; nothing is lost and nothing done twice")
    func comeAndGo() throws {
        let steps =
            ProcessInfo.processInfo.environment["ROLLCALL_REBALANCES"].flatMap { Int($0) } ?? 8
        let stage = try Stage()
        let connection = try stage.connect()
        let seed = scenarioSeed()
        var generator = SeededGenerator(seed: seed)
        let traffic = DemoTraffic(
            count: steps * 250, school: Stage.school, seed: seed,
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        var workers: [ChildProcess] = []
        defer { for worker in workers { worker.terminate(SIGKILL) } }
        for step in 0..<steps {
            if workers.count < 2 || workers.count < 3 && Bool.random(using: &generator) {
                workers.append(
                    try stage.startWorker("worker-\(step)", environment: Self.quick))
            } else {
                let worker = workers.remove(
                    at: Int.random(in: 0..<workers.count, using: &generator))
                if Bool.random(using: &generator) {
                    #expect(worker.terminate(SIGKILL))
                    worker.wait()
                } else {
                    #expect(worker.terminate())
                    #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
                }
            }
            let (first, last) = (step * 250, min((step + 1) * 250, traffic.messages.count))
            try stage.produce(traffic.messages[first..<last])
            // The next change comes while this is under way.
            let done = first + Int.random(in: 0..<200, using: &generator)
            try stage.wait("\(done) messages are done") {
                try DemoAudit.accountedFor(on: connection) >= done
            }
        }
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        // Whoever has the partitions of the dead reads again what these did not commit.
        try stage.wait("the offsets are committed") { try stage.lag() == 0 }
        try stage.audit(traffic, on: connection)
        while let worker = workers.popLast() {
            #expect(worker.terminate())
            #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        }
        #expect(try connection.execute("SELECT FROM rollcall.attempt").count == 0)
    }

    @Test("failure 2: a worker that slept through a rebalance changes nothing when it wakes")
    func zombie() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = DemoTraffic(
            count: 1_500, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        let zombie = try stage.startWorker("zombie", environment: Self.quick)
        try stage.produce(traffic.messages)
        try stage.wait("the zombie has some of it") {
            try DemoAudit.accountedFor(on: connection) > 200
        }
        #expect(zombie.terminate(SIGSTOP))
        let done = try DemoAudit.accountedFor(on: connection)
        #expect(done < traffic.messages.count, "it was stopped too late to prove anything")
        let heir = try stage.startWorker("heir", environment: Self.quick)
        // What the zombie has open holds locks until the server ends its transactions.
        try stage.wait("the heir has the partitions") {
            try connection.execute(
                "SELECT FROM rollcall.workers WHERE id = 'heir' AND partitions = 12"
            ).count == 1
        }
        try stage.wait("the heir works") {
            try connection.execute("SELECT FROM rollcall.jobs WHERE worker = 'heir'").count > 100
        }
        #expect(zombie.terminate(SIGCONT))
        try stage.waitUntilDone(traffic, on: connection)
        try stage.wait("the offsets are committed") { try stage.lag() == 0 }
        try stage.audit(traffic, on: connection)
        for worker in [zombie, heir] {
            #expect(worker.terminate())
            #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        }
    }

    @Test("at the limits of what is in flight partitions are paused, and all is done in the end")
    func limits() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = DemoTraffic(
            count: 1_500, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.produce(traffic.messages)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_LIMITS_IN_FLIGHT_JOBS": "40", "ROLLCALL_BATCH_JOBS": "10",
                "ROLLCALL_LANES": "2", "ROLLCALL_LOG_LEVEL": "debug",
                "ROLLCALL_HEARTBEAT_INTERVAL": "100ms",
            ])
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        let log = stage.logText("worker")
        #expect(log.contains(" paused") && log.contains(" resumed"))
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try stage.lag() == 0)
    }
}
