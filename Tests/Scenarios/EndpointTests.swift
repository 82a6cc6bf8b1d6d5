import Foundation
import Kafka
import Postgres
import ProofKit
import Sandbox
import Store
import Testing

@testable import rollcall

/// What a worker says of itself while things are well, and while they are not.
@Suite struct EndpointTests {
    private func visitor(_ stage: Stage, _ worker: String = "worker") throws -> Visitor {
        try stage.wait("the endpoint listens") { Visitor(log: stage.logText(worker)) != nil }
        return try #require(Visitor(log: stage.logText(worker)))
    }

    private func wait(
        _ stage: Stage, until path: String, of visitor: Visitor, is status: Int,
        with line: String = ""
    ) throws {
        var last = ""
        do {
            try stage.wait("\(path) is \(status) with \"\(line)\"") {
                let answer = try visitor.get(path)
                last = answer.body
                return answer.status == status && (line.isEmpty || answer.body.contains(line))
            }
        } catch {
            throw ScenarioFault("\(error), got: \(last)")
        }
    }

    private func job(_ number: Int, course: Int, _ members: String = "1") -> DemoTraffic.Message {
        DemoTraffic.Message(
            key: "enrollment/\(course)",
            value: """
                {"specversion":"1.0","id":"00000000-0000-4000-8000-00000000000\(number)",\
                "source":"/test","type":"rollcall.assign",\
                "data":{"relation":"enrollment","target":\(course),"members":[\(members)]}}
                """)
    }

    @Test(
        "a worker that is well is alive and ready, shows jobs, and listens no more when it is gone")
    func well() throws {
        let stage = try Stage()
        let worker = try stage.startWorker("worker")
        let visitor = try visitor(stage)
        try wait(stage, until: "/readyz", of: visitor, is: 200, with: "partitions: 12 assigned")
        let ready = try visitor.get("/readyz").body
        for check in [
            "ok    database: answers", "ok    schema: the schema fits", "ok    kafka: answers",
        ] {
            #expect(ready.contains(check), "\(ready)")
        }
        let alive = try visitor.get("/livez")
        #expect(alive.status == 200)
        #expect(alive.body.contains("ok    poll loop: at its turn for"), "\(alive.body)")
        #expect(alive.body.contains("ok    lane 3: idle for"), "\(alive.body)")

        try stage.produce([job(1, course: 7, "1,2,9999")])
        let id = "00000000-0000-4000-8000-000000000001"
        try wait(stage, until: "/jobs/\(id)", of: visitor, is: 200, with: "succeeded")
        let page = try visitor.get("/jobs/\(id)")
        #expect(page.head.contains("Content-Type: application/json"))
        #expect(page.body == (try stage.run(["status", id, "--json"]).output))

        let unknown = try visitor.get("/jobs/00000000-0000-4000-8000-000000000002")
        #expect(unknown.status == 404)
        #expect(unknown.body.contains("no worker has read it yet"))
        let malformed = try visitor.get("/jobs/7c1f")
        #expect(malformed.status == 400)
        #expect(malformed.body == "expected /jobs/ and a whole job id, a UUID, got \"7c1f\"\n")
        #expect(try visitor.get("/nothing").status == 404)

        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(throws: (any Error).self) { try visitor.get("/livez") }
    }

    @Test("a port that is taken ends the worker with 78 and says what to do")
    func portInUse() throws {
        let stage = try Stage()
        let first = try stage.startWorker("worker")
        let port = try visitor(stage).port
        let second = try stage.run(["worker"], environment: ["ROLLCALL_ENDPOINT_PORT": "\(port)"])
        #expect(second.status == .exited(78))
        #expect(
            second.errors.contains(
                "endpoint.port: expected to listen at 127.0.0.1, port \(port), got: Address already in "
                    + "use; give each worker of a machine a port of its own, 0 for any that is free, "
                    + "or off"), "\(second.errors)")
        let third = try stage.startWorker("third", environment: ["ROLLCALL_ENDPOINT_PORT": "off"])
        try stage.wait("it works without") { stage.logText("third").contains("worker started") }
        #expect(!stage.logText("third").contains("endpoint listening"))
        for worker in [first, third] { worker.terminate() }
    }

    @Test("brokers that are away make a worker unready and not dead")
    func brokerAway() throws {
        let stage = try Stage()
        let worker = try stage.startWorker("worker")
        let visitor = try visitor(stage)
        try wait(stage, until: "/readyz", of: visitor, is: 200)
        try stage.broker.setDown(broker: 1)
        try wait(stage, until: "/readyz", of: visitor, is: 503, with: "not   kafka: ")
        let unready = try visitor.get("/readyz").body
        #expect(unready.contains("ok    database: answers"), "\(unready)")
        #expect(try visitor.get("/livez").status == 200)
        // What cannot be known is not shown.
        let metrics = try visitor.get("/metrics").body
        #expect(!metrics.contains("rollcall_consumer_lag{"), "\(metrics)")
        try stage.broker.setUp(broker: 1)
        try wait(stage, until: "/readyz", of: visitor, is: 200)
        worker.terminate(SIGKILL)
    }

    @Test(
        "a database that is away, before and after the start, makes a worker unready and not dead")
    func databaseAway() throws {
        let rig = try Rig(hasOwnServer: true)
        try rig.server.kill()
        try rig.start("worker")
        try rig.wait("the endpoint listens") { Visitor(log: rig.logText("worker")) != nil }
        let visitor = try #require(Visitor(log: rig.logText("worker")))
        func wait(_ status: Int, _ line: String) throws {
            try rig.wait("ready is \(status) with \"\(line)\"") {
                let answer = try visitor.get("/readyz")
                return answer.status == status && answer.body.contains(line)
            }
        }
        try wait(503, "not   database: ")
        let starting = try visitor.get("/readyz").body
        #expect(starting.contains("not   partitions: the worker is starting"), "\(starting)")
        #expect(starting.contains("ok    kafka: answers"), "\(starting)")
        #expect(try visitor.get("/livez").body == "alive\nok    the worker is starting\n")
        try rig.server.start()
        try wait(200, "assigned")
        try rig.server.kill()
        try wait(503, "not   database: ")
        #expect(try visitor.get("/livez").status == 200)
        let page = try visitor.get("/jobs/00000000-0000-4000-8000-000000000001")
        #expect(page.status == 503)
        #expect(page.body.hasPrefix("the job cannot be read now: "), "\(page.body)")
        try rig.server.start()
        try wait(200, "ok    database: answers")
    }

    @Test("a lane whose server stands still waits, however long, and is not taken for dead")
    func stoppedBackend() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_LANES": "1", "ROLLCALL_DATABASE_STATEMENT_TIMEOUT": "1s",
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "900ms",
                "ROLLCALL_DATABASE_CONNECT_TIMEOUT": "1s",
                "ROLLCALL_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1s",
            ])
        let visitor = try visitor(stage)
        try wait(stage, until: "/readyz", of: visitor, is: 200, with: "assigned")
        let other = try Connection(stage.database.conninfo, applicationName: "migration")
        try other.script("BEGIN; LOCK TABLE school.enrollment")
        try stage.produce([job(1, course: 7)])
        var backend: pid_t = 0
        try stage.wait("the lane waits for the lock") {
            let rows = try connection.execute(
                """
                SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                  AND application_name = 'rollcall/worker' AND wait_event_type = 'Lock'
                """, binaryResult: true)
            guard rows.count == 1 else { return false }
            backend = pid_t(rows.int(0, 0))
            return true
        }
        kill(backend, SIGSTOP)
        defer { kill(backend, SIGCONT) }
        // Longer than any statement may take, and longer than a lane may hang.
        try wait(
            stage, until: "/livez", of: visitor, is: 200,
            with: "longer than any statement may take: the server does not answer")
        let alive = try visitor.get("/livez").body
        #expect(alive.contains("ok    lane 0: at a batch for "), "\(alive)")
        #expect(try visitor.get("/readyz").status == 200)
        #expect(
            try visitor.get("/metrics").body.contains(
                "rollcall_db_connections{state=\"waiting\"} 1\n"))
        kill(backend, SIGCONT)
        try other.script("ROLLBACK")
        try stage.wait("the job is done") {
            try connection.execute("SELECT FROM rollcall.jobs").count == 1
        }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("a lane that hangs outside the database makes the worker dead, which names it")
    func hangingLane() throws {
        let stage = try Stage()
        let path = "\(stage.directory)/hold"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_LANES": "2", "ROLLCALL_FAIL_POINT": "after-commit:hold=\(path)",
                "ROLLCALL_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1s",
            ])
        let visitor = try visitor(stage)
        try wait(stage, until: "/readyz", of: visitor, is: 200, with: "assigned")
        try stage.produce([job(1, course: 7)])
        try wait(stage, until: "/livez", of: visitor, is: 503, with: "hangs lane")
        let dead = try visitor.get("/livez").body
        #expect(
            dead.contains(
                /not alive\nok .*hangs lane 0: at a batch for [6-9]\.. s, hangs outside the database for .*expected at most 6\.0 s/
                    .dotMatchesNewlines()), "\(dead)")
        #expect(dead.contains("ok    lane 1: idle"), "\(dead)")
        try FileManager.default.removeItem(atPath: path)
        try wait(stage, until: "/livez", of: visitor, is: 200)
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("a schema that is newer than the worker makes it unready")
    func schemaTooNew() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        // It looks itself with each heartbeat, and would stop.
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_HEARTBEAT_INTERVAL": "5m"])
        let visitor = try visitor(stage)
        try wait(stage, until: "/readyz", of: visitor, is: 200)
        try stage.wait("its first heartbeat is over") {
            let page = try visitor.get("/metrics").body
            return page.contains(/rollcall_worker_heartbeat_timestamp_seconds [1-9]/)
        }
        let version = StatusSchema().version
        try connection.script(
            """
            INSERT INTO rollcall.schema_migration (version, name, checksum)
            VALUES (\(version + 1), 'future', '')
            """)
        try wait(
            stage, until: "/readyz", of: visitor, is: 503,
            with:
                "not   schema: expected schema version \(version), got \(version + 1): this rollcall is "
                + "too old")
        #expect(try visitor.get("/readyz").body.contains("ok    database: answers"))
        #expect(try visitor.get("/livez").status == 200)
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }
}
