import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Worker processes, their signals and their crashes, with a real database and a broker.
@Suite struct WorkerTests {
    @Test("two workers do all jobs once; SIGTERM commits the offsets and exits 0")
    func twoWorkers() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = traffic(1_500)
        let workers = try ["one", "two"].map { try stage.startWorker($0) }
        try stage.produce(traffic.messages)
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        for worker in workers {
            #expect(worker.terminate())
            #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        }
        #expect(try stage.lag() == 0, "\(stage.logText("one"))\(stage.logText("two"))")
        #expect(try connection.execute("SELECT FROM rollcall.workers").count == 0)
    }

    @Test("a worker killed in the middle and started again leaves the same end state and counts")
    func killed() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = traffic(3_000)
        try stage.produce(traffic.messages)
        // Small batches, so that there is a middle.
        let small = ["ROLLCALL_BATCH_JOBS": "20", "ROLLCALL_LANES": "2"]
        let first = try stage.startWorker("first", environment: small)
        try stage.wait("some jobs are done") {
            try DemoAudit.accountedFor(on: connection) > 300
        }
        #expect(first.terminate(SIGKILL))
        #expect(first.wait() == .signaled(SIGKILL))
        let done = try DemoAudit.accountedFor(on: connection)
        #expect(done < traffic.messages.count, "it was killed too late to prove anything")
        let second = try stage.startWorker("second", environment: small)
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        #expect(second.terminate())
        #expect(second.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try stage.lag() == 0)
    }

    @Test("a worker stopped in the middle leaves the rest to the next")
    func stopped() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = traffic(3_000)
        try stage.produce(traffic.messages)
        let small = ["ROLLCALL_BATCH_JOBS": "20", "ROLLCALL_LANES": "2"]
        let first = try stage.startWorker("first", environment: small)
        try stage.wait("some jobs are done") {
            try DemoAudit.accountedFor(on: connection) > 300
        }
        #expect(first.terminate())
        #expect(first.wait(timeout: .seconds(30)) == .exited(0))
        let done = try DemoAudit.accountedFor(on: connection)
        #expect(done < traffic.messages.count, "it was stopped too late to prove anything")
        // It has committed what is done without a gap before it, and nothing beyond.
        let lag = try stage.lag()
        #expect(lag >= Int64(traffic.messages.count - done))
        #expect(lag < Int64(traffic.messages.count), "\(stage.logText("first"))")
        let second = try stage.startWorker("second", environment: small)
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        #expect(second.terminate())
        #expect(second.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("Postgres restarted in the middle is waited for and nothing is lost")
    func databaseRestarted() throws {
        // A server of its own: the other tests use the shared one.
        let server = try PrivatePostgres()
        defer { server.stop() }
        try server.createDatabase("school")
        let conninfo = server.conninfo(database: "school")
        let stage = try Stage()
        var connection = try Connection(conninfo, applicationName: "scenario")
        try School.build(Stage.school, on: connection)
        let own = ["ROLLCALL_DATABASE_URL": conninfo]
        #expect(try stage.run(["migrate"], environment: own).status == .exited(0))
        let traffic = traffic(3_000)
        try stage.produce(traffic.messages)
        let worker = try stage.startWorker(
            "worker", environment: own.merging(["ROLLCALL_BATCH_JOBS": "20"]) { $1 })
        try stage.wait("some jobs are done") {
            try DemoAudit.accountedFor(on: connection) > 300
        }
        try server.restart(mode: .immediate)
        connection = try Connection(conninfo, applicationName: "scenario")
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let log = stage.logText("worker")
        #expect(log.components(separatedBy: "database does not answer").count == 2, "\(log)")
        #expect(log.components(separatedBy: "database answers again").count == 2, "\(log)")
    }

    @Test("SIGTERM ends a worker whose Postgres hangs, and nothing is lost")
    func databaseHangs() throws {
        let server = try PrivatePostgres()
        defer { server.stop() }
        try server.createDatabase("school")
        let conninfo = server.conninfo(database: "school")
        let stage = try Stage()
        let connection = try Connection(conninfo, applicationName: "scenario")
        try School.build(Stage.school, on: connection)
        let own = ["ROLLCALL_DATABASE_URL": conninfo, "ROLLCALL_SHUTDOWN_GRACE": "1s"]
        #expect(try stage.run(["migrate"], environment: own).status == .exited(0))
        let traffic = traffic(200)
        let worker = try stage.startWorker("worker", environment: own)
        try stage.wait("the worker is there") {
            try connection.execute("SELECT FROM rollcall.workers WHERE partitions > 0").count == 1
        }
        let backends = try connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'rollcall/%'")
        #expect(backends.count > 0)
        let postmaster = try connection.execute(
            "SELECT (string_to_array(pg_read_file('postmaster.pid'), E'\\n'))[1]"
        ).int(0, 0)
        // Nobody answers any more: those who do, and the one who would let others in.
        var stopped = [pid_t(postmaster)] + (0..<backends.count).map { pid_t(backends.int($0, 0)) }
        for pid in stopped { kill(pid, SIGSTOP) }
        defer { for pid in stopped { kill(pid, SIGCONT) } }
        try stage.produce(traffic.messages)
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0), "\(stage.logText("worker"))")
        for pid in stopped { kill(pid, SIGCONT) }
        stopped = []
        let next = try stage.startWorker("next", environment: own)
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        #expect(next.terminate())
        #expect(next.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("a broker that is away is waited for, with one line of news")
    func brokerAway() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = traffic(200)
        let worker = try stage.startWorker("worker")
        try stage.produce(traffic.messages)
        try stage.waitUntilDone(traffic, on: connection)
        try stage.broker.setDown(broker: 1)
        try stage.wait("the worker says so") {
            stage.logText("worker").contains("Kafka does not answer")
        }
        try stage.broker.setUp(broker: 1)
        let more = DemoTraffic.Message(
            key: "enrollment/1",
            value: """
                {"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001","source":"/test",
                 "type":"rollcall.assign",
                 "data":{"relation":"enrollment","target":1,"members":[1]}}
                """)
        try stage.produce([more])
        try stage.wait("the job behind the outage is done") {
            try DemoAudit.accountedFor(on: connection) == traffic.messages.count + 1
        }
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let log = stage.logText("worker")
        #expect(log.components(separatedBy: "Kafka does not answer").count == 2, "\(log)")
    }

    @Test("a second signal ends a worker that is busy, and nothing is lost")
    func secondSignal() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "20s", "ROLLCALL_SHUTDOWN_GRACE": "60s",
            ])
        try stage.wait("the worker has read the schema") {
            stage.logText("worker").contains("worker started")
        }
        // Somebody holds what the job wants, so the worker cannot finish.
        let blocker = try stage.connect()
        try blocker.script("BEGIN; LOCK TABLE school.enrollment")
        let traffic = traffic(50)
        try stage.produce(traffic.messages)
        try stage.wait("a lane waits for the lock") {
            try connection.execute(
                """
                SELECT FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND datname = current_database()
                """
            ).count > 0
        }
        #expect(worker.terminate())
        #expect(worker.poll() == nil)
        // The first signal has been taken once the worker says that it stops.
        try stage.wait("the worker is stopping") {
            if worker.terminate() { return worker.wait(timeout: .milliseconds(50)) != nil }
            return true
        }
        #expect(worker.wait() == .exited(130))
        try blocker.script("ROLLBACK")
        let next = try stage.startWorker("next")
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        #expect(next.terminate())
        #expect(next.wait(timeout: .seconds(30)) == .exited(0))
    }

    private func traffic(_ count: Int) -> DemoTraffic {
        DemoTraffic(
            count: count, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}
