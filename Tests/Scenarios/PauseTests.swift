import Foundation
import Jobs
import Kafka
import Postgres
import ProofKit
import Sandbox
import Testing

@testable import rollcall

/// What people pause is left alone by all workers, and nothing of it is lost.
@Suite struct PauseTests {
    private static let other = Settings.Topics().jobs.first { $0 != Stage.topic } ?? ""

    /// A school with a second table that jobs write.
    private func stage(partitions: Int32 = 1) throws -> (Stage, Connection, [String: String]) {
        let stage = try Stage(partitions: partitions)
        let connection = try stage.connect()
        try connection.script(
            "CREATE TABLE school.badge (user_id int, name text, UNIQUE (user_id, name))")
        let catalog = "\(stage.directory)/badges.yaml"
        try """
        catalog: badges
        relations:
          badge: { table: school.badge, target: user_id, member: name }
        """.write(toFile: catalog, atomically: true, encoding: .utf8)
        return (
            stage, connection,
            [
                "ROLLCALL_CATALOG": "\(Stage.root)/Config/catalogs/school.yaml:\(catalog)",
                "ROLLCALL_HEARTBEAT_INTERVAL": "200ms",
            ]
        )
    }

    private func job(
        _ number: Int, _ relation: String = "enrollment", kind: String = "assign", target: Int = 7
    ) -> DemoTraffic.Message {
        let digits = String(number)
        let id =
            "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        let member = relation == "badge" ? "\"gold\"" : "1"
        return DemoTraffic.Message(
            key: "\(target)",
            value: """
                {"specversion":"1.0","id":"\(id)","source":"/test","type":"rollcall.\(kind)",\
                "data":{"relation":"\(relation)","target":\(target),"members":[\(member)]}}
                """)
    }

    private func produce(_ messages: [DemoTraffic.Message], to topic: String, _ stage: Stage) throws
    {
        let producer = try Producer(
            ["bootstrap.servers": stage.broker.bootstrapServers], log: { _ in })
        for (tag, message) in messages.enumerated() {
            try producer.send(
                topic: topic, key: Array(message.key.utf8), value: Array(message.value.utf8),
                headers: [], tag: tag)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            _ = try delivery.result.get()
        }
    }

    private func count(_ table: String, on connection: Connection) throws -> Int {
        try connection.execute("SELECT count(*) FROM \(table)").int(0, 0)
    }

    private func rollcall(_ arguments: [String], _ stage: Stage, _ own: [String: String]) throws
        -> String
    {
        let run = try stage.run(arguments, environment: own)
        #expect(run.status == .exited(0), "\(run.errors)")
        return run.output
    }

    /// Pauses, and waits until a worker obeys; in two seconds, with a margin for a busy machine.
    private func pause(
        _ subject: String, _ name: String, _ worker: String, _ stage: Stage, _ own: [String: String]
    ) throws {
        #expect(
            try rollcall(["pause", subject, name], stage, own) == "\(subject) \(name) paused\n")
        try stage.wait("the worker obeys", atMost: .seconds(6)) {
            stage.logText(worker).contains("nothing of it is begun")
        }
    }

    private func stop(_ worker: ChildProcess) {
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("a paused relation waits, others go on, a new worker obeys, and all is done when resumed")
    func relation() throws {
        let (stage, connection, own) = try stage()
        let worker = try stage.startWorker("worker", environment: own)
        try stage.wait("the worker is there") {
            try count("rollcall.workers WHERE partitions > 0", on: connection) == 1
        }
        try pause("relation", "enrollment", "worker", stage, own)
        // Of key 7 something waits, so that what is behind it waits too.
        try stage.produce([
            job(1), job(2, "badge", target: 8), job(3, kind: "unassign"), job(4, "badge"),
            job(5, target: 9), job(6, "badge", target: 10),
        ])
        try stage.wait("the others are done") {
            try count("rollcall.jobs", on: connection) == 2
        }
        let status = try stage.run(["status"], environment: own)
        #expect(
            status.errors.contains(
                ": relation enrollment · go on: rollcall resume relation enrollment"),
            "\(status.errors)")
        #expect(
            try rollcall(["workers", "--json"], stage, own)
                .contains(#""paused":[{"subject":"relation","name":"enrollment","since":""#))
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        let metrics = try visitor.get("/metrics").body
        #expect(metrics.contains(#"rollcall_paused{subject="relation",name="enrollment"} 1"#))
        #expect(metrics.contains(#"rollcall_paused{subject="relation",name="badge"} 0"#))
        stop(worker)

        let next = try stage.startWorker("next", environment: own)
        try stage.produce([job(7, "badge", target: 11)])
        try stage.wait("the next worker goes on") {
            try count("rollcall.jobs", on: connection) == 3
        }
        #expect(try count("school.enrollment", on: connection) == 0)
        #expect(stage.logText("next").components(separatedBy: "nothing of it is begun").count == 2)
        let list = try rollcall(["pause"], stage, own).split(separator: "\n")
        #expect(list.count == 2)
        #expect(list[1].hasPrefix("relation\tenrollment\t"))
        #expect(
            try rollcall(["resume", "relation", "enrollment"], stage, own)
                == "relation enrollment goes on\n")
        try stage.wait("all are done") { try count("rollcall.jobs", on: connection) == 7 }
        // In their order: what was assigned first is gone.
        #expect(try count("school.enrollment WHERE course_id = 7", on: connection) == 0)
        #expect(stage.logText("next").components(separatedBy: "resumed").count == 2)
        stop(next)
        #expect(try stage.lag() == 0)
    }

    @Test("of a paused kind no job begins, and what is behind one of the same key waits")
    func kind() throws {
        let (stage, connection, own) = try stage()
        try connection.script(
            "INSERT INTO school.enrollment (id, course_id, user_id) VALUES ('there', 8, 1)")
        #expect(try rollcall(["pause", "kind", "assign"], stage, own) == "kind assign paused\n")
        try stage.produce([job(1), job(2, kind: "unassign"), job(3, kind: "unassign", target: 8)])
        let worker = try stage.startWorker("worker", environment: own)
        try stage.wait("the other key is done") {
            try count("school.enrollment", on: connection) == 0
        }
        #expect(try count("rollcall.jobs", on: connection) == 1)
        _ = try rollcall(["resume", "kind", "assign"], stage, own)
        try stage.wait("all are done") { try count("rollcall.jobs", on: connection) == 3 }
        #expect(try count("school.enrollment", on: connection) == 0)
        stop(worker)
        #expect(try stage.lag() == 0)
    }

    @Test("a topic paused in the middle of much work is read on from the same place")
    func topic() throws {
        let (stage, connection, own) = try stage(partitions: 4)
        let traffic = DemoTraffic(
            count: 3_000, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.produce(traffic.messages)
        let small = own.merging(["ROLLCALL_BATCH_JOBS": "5", "ROLLCALL_LANES": "2"]) { $1 }
        let worker = try stage.startWorker("worker", environment: small)
        try stage.wait("some jobs are done") {
            try DemoAudit.accountedFor(on: connection) > 200
        }
        try pause("topic", Stage.topic, "worker", stage, own)
        try stage.wait("what was in hand has ended") {
            try count("rollcall.workers WHERE in_flight = 0", on: connection) == 1
        }
        let done = try DemoAudit.accountedFor(on: connection)
        #expect(done < traffic.messages.count, "it was paused too late to prove anything")
        // Other topics are read, and the worker is a member of its group.
        try produce([job(999_001, "badge", target: 3)], to: Self.other, stage)
        try stage.wait("another topic goes on") {
            try count("school.badge", on: connection) == 1
        }
        #expect(try DemoAudit.accountedFor(on: connection) == done + 1)
        #expect(try count("rollcall.workers WHERE partitions = 12", on: connection) == 1)
        #expect(try stage.lag() >= Int64(traffic.messages.count - done))
        // A second worker takes partitions over, and obeys from its first moment.
        let second = try stage.startWorker("second", environment: small)
        try stage.wait("both have partitions") {
            try count("rollcall.workers WHERE partitions > 0", on: connection) == 2
        }
        try produce([job(999_002, "badge", target: 4)], to: Self.other, stage)
        try stage.wait("another topic goes on") {
            try count("school.badge", on: connection) == 2
        }
        #expect(try DemoAudit.accountedFor(on: connection) == done + 2)
        _ = try rollcall(["resume", "topic", Stage.topic], stage, own)
        try stage.wait("all messages are done", atMost: .seconds(90)) {
            try DemoAudit.accountedFor(on: connection) == traffic.messages.count + 2
        }
        try connection.script("DELETE FROM rollcall.job WHERE relation = 'badge'")
        try stage.audit(traffic, on: connection)
        stop(worker)
        stop(second)
        #expect(try stage.lag() == 0)
    }

    @Test("what is held takes only its share: others go on however much waits")
    func room() throws {
        let (stage, connection, own) = try stage()
        let small = own.merging([
            "ROLLCALL_LIMITS_IN_FLIGHT_JOBS": "100", "ROLLCALL_BATCH_JOBS": "50",
        ]) { $1 }
        let worker = try stage.startWorker("worker", environment: small)
        try stage.wait("the worker is there") {
            try count("rollcall.workers WHERE partitions > 0", on: connection) == 1
        }
        // The worker is full of what is then paused.
        let holder = try stage.connect()
        try holder.script("BEGIN; LOCK TABLE school.enrollment")
        try stage.produce((1...400).map { job($0, target: $0 % 150 + 1) })
        try stage.wait("it is full") {
            try count("rollcall.workers WHERE in_flight >= 100", on: connection) == 1
        }
        try pause("relation", "enrollment", "worker", stage, own)
        try holder.script("ROLLBACK")
        try produce((1_001...1_300).map { job($0, "badge", target: $0) }, to: Self.other, stage)
        try stage.wait("the others go on") { try count("school.badge", on: connection) == 300 }
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        try stage.wait("what lanes had in hand has ended") {
            try visitor.get("/metrics").body.contains(
                #"rollcall_jobs_in_progress{kind="assign"} 0"#)
        }
        let done = try count("rollcall.jobs WHERE relation = 'enrollment'", on: connection)
        #expect(done <= 200)
        try produce([job(2_001, "badge", target: 2_001)], to: Self.other, stage)
        try stage.wait("the others go on") { try count("school.badge", on: connection) == 301 }
        #expect(try count("rollcall.jobs WHERE relation = 'enrollment'", on: connection) == done)
        _ = try rollcall(["resume", "relation", "enrollment"], stage, own)
        try stage.wait("all are done") { try count("rollcall.jobs", on: connection) == 701 }
        #expect(try count("rollcall.jobs WHERE duplicates > 0", on: connection) == 0)
        stop(worker)
        #expect(try stage.lag() == 0)
    }

    @Test("what is not there cannot be paused, and what was paused can be resumed")
    func names() throws {
        let (stage, connection, own) = try stage()
        func fails(_ arguments: [String], _ text: String) throws {
            let run = try stage.run(arguments, environment: own)
            #expect(run.status == .exited(2), "\(run.output)")
            #expect(run.errors.contains(text), "\(run.errors)")
        }
        try fails(
            ["pause", "relation", "enrolment"],
            #"relation: expected one of the catalog, got "enrolment"; did you mean enrollment?"#)
        try fails(["pause", "backfill", "everybodi"], "did you mean everybody?")
        try fails(["pause", "topic", "rollcall.assignment"], "did you mean \(Stage.topic)?")
        try fails(["pause", "kind", "asign"], "did you mean assign?")
        try fails(["pause", "colour", "red"], "colour")
        try fails(["pause", "relation"], "expected what to pause and its name")
        #expect(try count("rollcall.controls", on: connection) == 0)
        try connection.script(
            "INSERT INTO rollcall.control (subject, name) VALUES ('relation', 'gone')")
        #expect(
            try rollcall(["resume", "relation", "gone"], stage, own) == "relation gone goes on\n")
        #expect(
            try rollcall(["resume", "relation", "gone"], stage, own)
                == "relation gone was not paused\n")
        #expect(
            try rollcall(["pause", "--json"], stage, own) == #"{"api_version":"1","paused":[]}"#
                + "\n")
    }
}
