import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// What `rollcall why` says of jobs that wait.
@Suite struct WhyTests {
    private func job(_ number: Int, target: Int = 7) -> (String?, String?, [Header]) {
        (
            "k\(target)",
            """
            {"specversion":"1.0","id":"\(id(number))","source":"/test","type":"rollcall.assign",\
            "data":{"relation":"enrollment","target":\(target),"members":[1]}}
            """, []
        )
    }

    private func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    private func why(
        _ job: String, _ stage: Stage, status: Sandbox.ExitStatus = .exited(0),
        environment: [String: String] = [:]
    ) throws -> [String] {
        let run = try stage.run(["why", job], environment: environment)
        #expect(run.status == status, "\(run.output)\(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

    private func isThere(_ stage: Stage) throws {
        let connection = try stage.connect()
        try stage.wait("the worker is there") {
            try connection.execute("SELECT FROM rollcall.workers WHERE partitions > 0").count == 1
        }
    }

    @Test("a job that is not read yet is found, with its pause and the want of workers")
    func unread() throws {
        let stage = try Stage(partitions: 1)
        try stage.produce([job(1), job(2), job(3)])
        let alone = try why(id(3), stage)
        #expect(alone[0] == "\(id(3)): unread")
        #expect(alone[1] == "- no worker is alive")
        #expect(
            alone.contains(
                "- no worker has done it yet: it stands at rollcall.assignments[0] @ 2, behind 2 "
                    + "messages of its partition; 0 workers alive"), "\(alone)")
        #expect(try stage.run(["pause", "relation", "enrollment"]).status == .exited(0))
        #expect(try stage.run(["pause", "relation", "nothing"]).status == .exited(2))
        #expect(try stage.run(["pause", "kind", "unassign"]).status == .exited(0))
        _ = try stage.startWorker("worker")
        try isThere(stage)
        let paused = try why(id(2), stage)
        #expect(paused[1].hasPrefix("- relation enrollment is paused since "), "\(paused)")
        #expect(paused[2] == "  what to do: rollcall resume relation enrollment")
        #expect(!paused.joined().contains("unassign"))
        let json = try stage.run(["why", id(2), "--json"])
        #expect(json.output.hasPrefix(#"{"api_version":"1","job":""#))
        #expect(json.output.contains(#""reasons":[{"code":"paused","text":"relation enrollment"#))
        // What nobody has sent is nowhere.
        let unknown = try why(id(9), stage, status: .exited(3))
        #expect(unknown.contains { $0.contains("it is not among what they have still to read") })
        // Without Kafka the rest is said.
        let away = try why(
            id(2), stage, status: .exited(3),
            environment: ["ROLLCALL_KAFKA_BROKERS": "127.0.0.1:1"])
        #expect(away[1].contains("if it is one of these it waits for that"))
        #expect(away.contains { $0.contains("Kafka does not answer") }, "\(away)")
        #expect(try stage.run(["resume", "relation", "enrollment"]).status == .exited(0))
        try stage.wait("it is done") {
            try stage.run(["why", id(2)]).output.contains("it has succeeded: 1 item")
        }
    }

    @Test("a lock is named with who holds it")
    func locked() throws {
        let stage = try Stage(partitions: 1)
        _ = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "20s", "ROLLCALL_HEARTBEAT_INTERVAL": "200ms",
            ])
        try isThere(stage)
        let holder = try Connection(stage.database.conninfo, applicationName: "migration")
        try holder.script("BEGIN; LOCK TABLE school.enrollment")
        let pid = try holder.execute("SELECT pg_backend_pid()").int(0, 0)
        try stage.produce([job(1)])
        try stage.wait("it says who holds the lock") {
            try stage.run(["why", id(1)]).output.contains("held by migration (pid \(pid), user ")
        }
        let lines = try why(id(1), stage)
        #expect(lines[1].contains("worker has waited"), "\(lines)")
        #expect(lines[1].contains("for a lock on school.enrollment"), "\(lines)")
        #expect(lines[2].contains("pg_terminate_backend(\(pid))"))
        try holder.script("ROLLBACK")
    }

    @Test("an import says which parts are missing, and one behind another says so")
    func imports() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        func part(_ number: Int, _ job: Int, of: Int) -> (String?, String?, [Header]) {
            (
                "course-roster/42",
                """
                {"specversion":"1.0","id":"\(id(job))","source":"/test",\
                "type":"rollcall.roster-import","data":{"roster":"course-roster","target":42,\
                "part":{"number":\(number),"of":\(of)},"format":"csv",\
                "header":["username","full_name","role"],"content":"ada,Ada,student\\r\\n"}}
                """, []
            )
        }
        #expect(try stage.run(["pause", "kind", "roster-import"]).status == .exited(0))
        _ = try stage.startWorker("worker")
        try stage.produce([part(1, 1, of: 3), part(1, 2, of: 1), part(1, 3, of: 1)])
        try stage.wait("all have been read") {
            try connection.execute("SELECT FROM rollcall.jobs").count == 3
        }
        let missing = try why(id(1), stage)
        #expect(missing[0] == "\(id(1)): roster-import course-roster/42, waiting")
        #expect(
            missing.contains {
                $0.contains("2 of the 3 parts of the import have not come: part 2")
                    && $0.contains("it fails in 59m")
            }, "\(missing)")
        let first = try why(id(2), stage)
        #expect(first[1].hasPrefix("- kind roster-import is paused"), "\(first)")
        let second = try why(id(3), stage)
        #expect(
            second.contains("- another import into the same target is before it: job \(id(2))"),
            "\(second)")
        #expect(try stage.run(["resume", "kind", "roster-import"]).status == .exited(0))
        try stage.wait("both are done") {
            try connection.execute("SELECT FROM rollcall.jobs WHERE finished_at IS NOT NULL").count
                == 2
        }
    }
}
