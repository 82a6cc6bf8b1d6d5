import Foundation
import Postgres
import Sandbox
import Testing

/// Files of people, from the command line to the tables, by worker processes.
@Suite struct RosterTests {
    private struct Outcome {
        let state: String
        let counts: String
    }

    private func outcome(_ job: String, on connection: Connection) throws -> Outcome {
        let rows = try connection.execute(
            """
            SELECT state, format('%s created, %s updated, %s unchanged, %s removed, %s rejected of %s',
              created, updated, unchanged, removed, rejected, items)
            FROM rollcall.jobs WHERE id::text = '\(job)'
            """)
        #expect(rows.count == 1)
        return Outcome(state: rows.string(0, 0), counts: rows.string(0, 1))
    }

    private func count(_ condition: String, on connection: Connection) throws -> Int {
        try connection.execute(
            "SELECT count(*) FROM school.enrollment WHERE \(condition)", binaryResult: true
        ).int(0, 0)
    }

    /// Imports a file and waits for its end.
    private func send(
        _ text: String, _ name: String, _ options: [String] = [], exits: Int32, on stage: Stage
    ) throws -> String {
        let path = "\(stage.directory)/\(name).csv"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let run = try stage.run(
            ["enqueue", "roster-import", "--roster", "course-roster", "--target", "42", "--wait"]
                + options + [path])
        #expect(run.status == .exited(exits), "\(run.errors)")
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("a file is imported, its refused rows are mended, and sending it again changes nothing")
    func fileToTables() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        _ = try stage.startWorker("worker")
        let file = """
            Username,Name,Role\r\n ada ,Ada Lovelace,teacher\r\nuser7,"Seven,\r\nthe old",\r
            \r\nmallory,=cmd|' /c',king\r\nada,Ada again,\r\nshort,row\r\n
            """
        let first = try send(file, "people", exits: 6, on: stage)
        let imported = try outcome(first, on: connection)
        #expect(imported.state == "succeeded_with_rejections")
        #expect(imported.counts == "2 created, 0 updated, 0 unchanged, 0 removed, 3 rejected of 5")
        #expect(try count("course_id = 42", on: connection) == 2)
        let rejections = try connection.execute(
            "SELECT item, code FROM rollcall.rejections WHERE job_id::text = '\(first)' ORDER BY item"
        )
        #expect(
            (0..<rejections.count).map { "\(rejections.string($0, 0)) \(rejections.string($0, 1))" }
                == ["6 invalid-value", "7 duplicate-username", "8 row-width"])

        let path = "\(stage.directory)/refused.csv"
        let refused = try stage.run(["rejections", first, "--csv", path])
        #expect(refused.status == .exited(0), "\(refused.errors)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.hasPrefix("rejected because,Username,Name,Role\n"))
        #expect(text.contains(",mallory,'=cmd|' /c',king\n"))

        let mended = text.replacing("king", with: "ta")
        let second = try send(mended, "mended", exits: 6, on: stage)
        let again = try outcome(second, on: connection)
        #expect(again.counts == "1 created, 1 updated, 0 unchanged, 0 removed, 1 rejected of 3")
        let name = try connection.execute(
            "SELECT full_name FROM school.users WHERE username = 'mallory'")
        #expect(name.string(0, 0) == "=cmd|' /c'")

        let whole = "username,role\nada,student\nuser7,\nmallory,ta\n"
        let third = try send(whole, "whole", ["--exact"], exits: 0, on: stage)
        #expect(
            try outcome(third, on: connection).counts
                == "0 created, 0 updated, 3 unchanged, 0 removed, 0 rejected of 3")

        let tried = "username,role\nada,ta\nnobody,\nking,king\n"
        let dry = try send(
            tried, "tried", ["--exact", "--confirm-removals", "--dry-run"], exits: 6, on: stage)
        let report = try stage.run(["rejections", dry, "--all"])
        let gone = try ["user7", "mallory"].map {
            "removed,enrollment/42: \(try id($0, on: connection)) is not in the file"
        }
        #expect(
            report.output.split(separator: "\n").map(String.init) == [
                "outcome,rejected because,username,role", "updated,,ada,ta", "created,,nobody,",
                "rejected,\"invalid-value: role: expected one of student, ta, teacher, "
                    + "got \"\"king\"\"\",king,king",
            ] + gone, "\(report.errors)")
        #expect(try count("course_id = 42", on: connection) == 3)
    }

    private func id(_ name: String, on connection: Connection) throws -> String {
        try connection.execute("SELECT id FROM school.users WHERE username = '\(name)'").string(
            0, 0)
    }

    @Test("an import whose other parts do not come can be cancelled")
    func cancel() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        _ = try stage.startWorker("worker")
        let job = "01970000-0000-7000-8000-000000000001"
        let message = """
            {"specversion":"1.0","id":"\(job)","source":"/tests","type":"rollcall.roster-import",\
            "data":{"roster":"course-roster","target":42,"format":"csv","part":{"number":1,"of":2},\
            "header":["username"],"content":"ada\\n"}}
            """
        try stage.produce([(key: "k", value: message, headers: [])])
        try stage.wait("the first part is there") {
            try connection.execute("SELECT FROM rollcall.jobs WHERE state = 'waiting'").count == 1
        }
        let run = try stage.run(["cancel", job])
        #expect(run.status == .exited(0), "\(run.errors)")
        #expect(run.output == "\(job) cancelled\n")
        #expect(try outcome(job, on: connection).state == "cancelled")
        #expect(try connection.execute("SELECT FROM rollcall.roster_row").count == 0)
        #expect(try stage.run(["cancel", job]).status == .exited(1))
    }

    @Test("failure 24: workers that are killed while they import leave each row once")
    func killed() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let small = [
            "ROLLCALL_ROSTER_CHUNK_ROWS": "20", "ROLLCALL_BACKFILL_POLL_INTERVAL": "100ms",
        ]
        let rows = (1...2_000).map { "pupil\($0),Pupil \($0),student" }
        let path = "\(stage.directory)/people.csv"
        try (["username,name,role"] + rows).joined(separator: "\n")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let sent = try stage.run([
            "enqueue", "roster-import", "--roster", "course-roster", "--target", "42",
            "--part-size", "20KiB", path,
        ])
        #expect(sent.status == .exited(0), "\(sent.errors)")
        let job = sent.output.trimmingCharacters(in: .whitespacesAndNewlines)
        for name in ["first", "second"] {
            let done = try count("course_id = 42", on: connection)
            let worker = try stage.startWorker(name, environment: small)
            try stage.wait("\(name) has imported some rows") {
                try count("course_id = 42", on: connection) > done + 100
            }
            #expect(worker.terminate(SIGKILL))
            #expect(worker.wait() == .signaled(SIGKILL))
        }
        #expect(try count("course_id = 42", on: connection) < 2_000)
        _ = try stage.startWorker("last", environment: small)
        try stage.wait("the import has ended") {
            try outcome(job, on: connection).state == "succeeded"
        }
        #expect(
            try outcome(job, on: connection).counts
                == "2000 created, 0 updated, 0 unchanged, 0 removed, 0 rejected of 2000")
        #expect(try count("course_id = 42", on: connection) == 2_000)
        let staged = try connection.execute("SELECT FROM rollcall.roster_row").count
        #expect(staged == 0)
    }
}
