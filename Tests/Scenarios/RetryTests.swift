import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Jobs that somebody has done once more.
@Suite struct RetryTests {
    private func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    private func job(_ number: Int, _ data: String, type: String = "assign") -> (
        String?, String?, [Header]
    ) {
        (
            "own key",
            """
            {"specversion":"1.0","id":"\(id(number))","source":"/test","type":"rollcall.\(type)",\
            "data":{\(data)}}
            """, []
        )
    }

    private func ended(_ count: Int, _ stage: Stage, _ connection: Connection) throws {
        try stage.wait("\(count) jobs have ended") {
            try connection.execute("SELECT FROM rollcall.jobs WHERE finished_at IS NOT NULL").count
                == count
        }
    }

    /// Does jobs once more.
    ///
    /// - Returns: the new ids.
    private func retry(_ arguments: [String], _ stage: Stage) throws -> [String] {
        let run = try stage.run(["retry"] + arguments)
        #expect(run.status == .exited(0), "\(run.errors)")
        return run.output.split(separator: "\n").map { line in
            String(line.split(separator: " ").last ?? "")
        }
    }

    private func refused(_ arguments: [String], _ text: String, _ stage: Stage) throws {
        let run = try stage.run(["retry"] + arguments)
        #expect(run.status == .exited(1), "\(run.output)")
        #expect(run.errors.contains(text), "\(run.errors)")
    }

    private func stop(_ worker: ChildProcess) {
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("a failed job is done again under an id of its own, once however often it is asked for")
    func failed() throws {
        let stage = try Stage(partitions: 3)
        let connection = try stage.connect()
        try stage.produce([
            job(1, #""relation":"enrollment","target":7,"members":[1,900],"mode":"atomic""#),
            job(2, #""relation":"enrollment","target":7,"members":[2]"#),
        ])
        let first = try stage.startWorker("first")
        try ended(2, stage, connection)
        try refused([id(2)], "expected a job that has failed, it has succeeded", stage)
        #expect(try stage.run(["retry", id(9)]).status == .exited(3))
        stop(first)
        try connection.script("INSERT INTO school.users (id, username) VALUES (900, 'late')")
        let ids = try retry([id(1)], stage) + retry([id(1)], stage)
        #expect(Set(ids).count == 1)
        let second = try stage.startWorker("second")
        try ended(3, stage, connection)
        try stage.wait("the second delivery was recognised") {
            try connection.execute("SELECT FROM rollcall.jobs WHERE duplicates = 1").count == 1
        }
        let rows = try connection.execute(
            "SELECT id::text, state, retry_of::text, created, \"partition\", topic, source "
                + "FROM rollcall.jobs WHERE retry_of IS NOT NULL")
        #expect(rows.count == 1)
        #expect(rows.string(0, 0) == ids[0])
        #expect(rows.string(0, 1) == "succeeded")
        #expect(rows.string(0, 2) == id(1))
        #expect(rows.int(0, 3) == 2)
        // The same key: the same partition.
        let old = try connection.execute(
            "SELECT \"partition\" FROM rollcall.jobs WHERE id = '\(id(1))'")
        #expect(rows.int(0, 4) == old.int(0, 0))
        #expect(rows.string(0, 5) == Stage.topic)
        #expect(rows.string(0, 6) == "/test")
        #expect(
            try stage.run(["status", ids[0], "--json"]).output
                .contains(#""retry_of":"\#(id(1))""#))
        // It has ended: this is another one.
        let again = try retry([id(1)], stage)
        #expect(again != [ids[0]])
        try ended(4, stage, connection)
        #expect(
            try connection.execute("SELECT FROM rollcall.jobs WHERE unchanged = 2").count == 1)
        stop(second)
    }

    @Test("of what was rejected alone a new job is made; not of a part of it")
    func rejectedOnly() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try stage.produce([
            job(
                1,
                #""relation":"enrollment","targets":[7,8],"#
                    + #""members":[1,900,{"member":901,"role":"ta"}]"#)
        ])
        let first = try stage.startWorker("first")
        try ended(1, stage, connection)
        try refused([id(1)], "rollcall retry --rejected-only", stage)
        try connection.script("INSERT INTO school.users (id, username) VALUES (901, 'late')")
        let ids = try retry([id(1), "--rejected-only"], stage)
        #expect(ids.count == 1)
        try ended(2, stage, connection)
        let rows = try connection.execute(
            "SELECT items, created, rejected FROM rollcall.jobs WHERE retry_of = '\(id(1))'")
        let counts = (0..<3).map { rows.int(0, $0) }
        #expect(counts == [4, 2, 2])
        #expect(
            try connection.execute("SELECT FROM school.enrollment WHERE role = 'ta'").count == 2)
        stop(first)
        let second = try stage.startWorker(
            "second", environment: ["ROLLCALL_LIMITS_STORED_REJECTIONS": "1"])
        try stage.produce([job(2, #""relation":"enrollment","target":7,"members":[902,903]"#)])
        try ended(3, stage, connection)
        try refused(
            [id(2), "--rejected-only"],
            "expected the numbers of its 2 rejected items, got 1: no more are kept", stage)
        stop(second)
    }

    @Test("all parts of a failed import are sent again, and a failed backfill is asked for again")
    func partsAndBackfills() throws {
        let stage = try Stage(partitions: 2)
        let connection = try stage.connect()
        func part(_ number: Int, _ job: Int, mode: String) -> (String?, String?, [Header]) {
            let row = number == 1 ? "ada,Ada,student" : "grace,Grace,ta"
            return self.job(
                job,
                #""roster":"course-roster","target":999,"mode":"\#(mode)","#
                    + #""part":{"number":\#(number),"of":2},"format":"csv","#
                    + #""header":["username","full_name","role"],"content":"\#(row)\r\n""#,
                type: "roster-import")
        }
        // Others stand between them.
        try stage.produce([
            part(2, 1, mode: "atomic"), part(1, 2, mode: "partial"),
            job(3, #""backfill":"everybody","scope":{"course_id":"many"}"#, type: "backfill"),
            part(1, 1, mode: "atomic"), part(2, 2, mode: "partial"),
        ])
        let worker = try stage.startWorker("worker")
        try ended(3, stage, connection)
        let states = try connection.execute("SELECT state FROM rollcall.jobs ORDER BY id")
        #expect(
            (0..<3).map { states.string($0, 0) }
                == ["failed", "succeeded_with_rejections", "failed"])
        for arguments in [[id(2)], [id(2), "--rejected-only"]] {
            try refused(arguments, "rollcall rejections", stage)
        }
        try refused([id(3), "--rejected-only"], "expected a job that has succeeded with", stage)
        try connection.script("INSERT INTO school.course (id, title) VALUES (999, 'late')")
        let ids = try retry([id(1), id(3)], stage)
        #expect(ids.count == 2)
        try ended(5, stage, connection)
        let rows = try connection.execute(
            "SELECT state, kind FROM rollcall.jobs WHERE retry_of IS NOT NULL ORDER BY kind")
        #expect(rows.count == 2)
        #expect(rows.string(0, 0) == "failed")
        #expect(rows.string(0, 1) == "backfill")
        #expect(rows.string(1, 0) == "succeeded")
        #expect(
            try connection.execute("SELECT FROM school.enrollment WHERE course_id = 999").count
                == 2)
        stop(worker)
    }

    @Test("what nobody has any more is refused, with the place where it stood")
    func gone() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try stage.produce([job(1, #""relation":"enrollment","target":7,"members":[1,900]"#)])
        let worker = try stage.startWorker("worker")
        try ended(1, stage, connection)
        try connection.script("UPDATE rollcall.job SET \"offset\" = 5")
        try refused(
            [id(1), "--rejected-only"],
            "expected its message at \(Stage.topic)[0] @ 5, got none; the earliest offset there "
                + "is is 0", stage)
        try stage.produce([job(2, #""relation":"enrollment","target":7,"members":[2]"#)])
        try ended(2, stage, connection)
        try connection.script("UPDATE rollcall.job SET \"offset\" = 1 WHERE id = '\(id(1))'")
        try refused([id(1), "--rejected-only"], "@ 1, got another message", stage)
        stop(worker)
    }
}
