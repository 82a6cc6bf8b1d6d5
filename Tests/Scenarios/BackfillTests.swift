import Foundation
import Postgres
import Sandbox
import Testing

/// Backfills by real workers: 400 users in 40 parts.
@Suite struct BackfillTests {
    private let stage: Stage
    private let connection: Connection
    private let environment: [String: String]

    private static let catalog = """
        catalog: school
        relations:
          enrollment:
            table: school.enrollment
            target: course_id
            member: user_id
            set: { id: "md5(item.course_id || '/' || item.user_id)" }
            identity: [course_id, user_id]
        backfills:
          everybody:
            parameters: { course_id: { type: integer } }
            steps:
              - name: enrol
                chunk: { over: school.users, by: id, rows: 10 }
                sql: |
                  INSERT INTO school.enrollment (id, course_id, user_id)
                  SELECT md5(:course_id || '/' || u.id), :course_id, u.id FROM school.users u
                  WHERE u.id BETWEEN :from AND :to
                  ON CONFLICT (course_id, user_id) DO NOTHING
              - name: promote
                chunk: { over: school.enrollment, by: id, rows: 50, where: course_id = :course_id }
                sql: |
                  UPDATE school.enrollment e SET role = 'ta'
                  WHERE e.id BETWEEN :from AND :to AND e.course_id = :course_id AND e.role <> 'ta'
        """

    init() throws {
        stage = try Stage()
        connection = try stage.connect()
        let path = "\(stage.directory)/backfill.yaml"
        try Self.catalog.write(toFile: path, atomically: true, encoding: .utf8)
        environment = [
            "ROLLCALL_CATALOG": path, "ROLLCALL_LANES": "2",
            "ROLLCALL_BACKFILL_POLL_INTERVAL": "50ms",
            "ROLLCALL_KAFKA_SESSION_TIMEOUT": "4s",
            "ROLLCALL_KAFKA_PROPERTIES": "heartbeat.interval.ms=300",
        ]
    }

    private func start(_ name: String, _ more: [String: String] = [:]) throws -> ChildProcess {
        try stage.startWorker(name, environment: environment.merging(more) { $1 })
    }

    private func rollcall(_ arguments: String...) throws -> String {
        let (status, output, errors) = try stage.run(arguments, environment: environment)
        guard status.isSuccess else { throw ScenarioFault("\(arguments): \(status) \(errors)") }
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func ask(course: Int = 1) throws -> String {
        try rollcall(
            "enqueue", "backfill", "--backfill", "everybody", "--scope", "course_id=\(course)")
    }

    private func value(_ sql: String) throws -> String {
        try connection.execute(sql).optionalString(0, 0) ?? "NULL"
    }

    private func state(_ job: String) throws -> String {
        let rows = try connection.execute("SELECT state FROM rollcall.jobs WHERE id = '\(job)'")
        return rows.count == 1 ? rows.string(0, 0) : "unread"
    }

    private func waitUntilDone(_ job: String) throws {
        try stage.wait("\(job) has ended") { try state(job) == "succeeded" }
    }

    private func stop(_ worker: ChildProcess) {
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(60)) == .exited(0))
    }

    /// Job, parts and rows agree, each part was done once and no row twice.
    private func expectWhole(_ job: String, course: Int = 1, redone: Int = 0) throws {
        #expect(
            try value(
                "SELECT created || ' ' || updated || ' ' || items FROM rollcall.jobs WHERE id = '\(job)'"
            )
                == "400 400 800")
        #expect(
            try value(
                "SELECT count(*) || ' ' || count(*) FILTER (WHERE role = 'ta') FROM school.enrollment "
                    + "WHERE course_id = \(course)") == "400 400")
        #expect(
            try value(
                """
                SELECT count(*) || ' ' || sum(created) || ' ' || sum(updated) || ' ' || sum(attempts - 1)
                FROM rollcall.job_parts WHERE job_id = '\(job)' AND state = 'done'
                """) == "48 400 400 \(redone)")
    }

    // MARK: Failure 23

    @Test(
        "failure 23: a worker that dies in a part costs at most that part again",
        arguments: [
            ("during-part", 7, 1), ("inside-part", 1, 1), ("inside-part", 7, 1),
            ("inside-part", 41, 1),
            ("inside-part", 48, 1), ("after-part", 7, 0), ("after-part", 40, 0),
        ])
    func deathInAPart(place: String, number: Int, redone: Int) throws {
        let job = try ask()
        let first = try start("first", ["ROLLCALL_FAIL_POINT": "\(place):\(number):kill"])
        #expect(first.wait(timeout: .seconds(60)) == .signaled(SIGKILL))
        #expect(try state(job) == "running")
        let done = try value("SELECT sum(created) FROM rollcall.job_parts")
        #expect(done == "\(min(400, (place == "after-part" ? number : number - 1) * 10))")
        let second = try start("second")
        try waitUntilDone(job)
        stop(second)
        try expectWhole(job, redone: redone)
    }

    @Test("failure 23: the other worker goes on while one is dead")
    func deathBesideAnother() throws {
        let first = try start("first", ["ROLLCALL_FAIL_POINT": "inside-part:5:kill"])
        let second = try start("second")
        let job = try ask()
        #expect(first.wait(timeout: .seconds(60)) == .signaled(SIGKILL))
        try waitUntilDone(job)
        stop(second)
        try expectWhole(job, redone: 1)
        #expect(
            try value(
                "SELECT count(DISTINCT worker) FROM rollcall.job_parts WHERE job_id = '\(job)'")
                == "2")
    }

    // MARK: Failure 22

    @Test(
        "failure 22: a backfill is paused in the middle of a part, and goes on when it is resumed")
    func pause() throws {
        let hold = "\(stage.directory)/hold"
        _ = FileManager.default.createFile(atPath: hold, contents: nil)
        let worker = try start("worker", ["ROLLCALL_FAIL_POINT": "inside-part:12:hold=\(hold)"])
        let job = try ask()
        try stage.wait("a part is in hand") {
            FileManager.default.fileExists(atPath: hold + ".reached")
        }
        #expect(try rollcall("pause", "job", String(job.prefix(13))) == "job \(job) paused")
        try FileManager.default.removeItem(atPath: hold)
        try stage.wait("the part has ended") {
            try value("SELECT count(*) FROM rollcall.job_parts WHERE state = 'done'") == "12"
        }
        // Others are done meanwhile, and nothing of this one: the worker looks every 50 ms.
        let other = try ask(course: 2)
        try waitUntilDone(other)
        #expect(
            try value(
                "SELECT count(*) FROM rollcall.job_parts WHERE state = 'done' AND job_id = '\(job)'"
            )
                == "12")
        #expect(try rollcall("status", job).contains("paused\ttrue"))
        #expect(try rollcall("resume", "job", job) == "job \(job) goes on")
        try waitUntilDone(job)
        stop(worker)
        try expectWhole(job)
    }

    @Test(
        "failure 22: a backfill is cancelled in the middle of a part: that part ends, and no other begins"
    )
    func cancel() throws {
        let hold = "\(stage.directory)/hold"
        _ = FileManager.default.createFile(atPath: hold, contents: nil)
        let worker = try start("worker", ["ROLLCALL_FAIL_POINT": "inside-part:12:hold=\(hold)"])
        let job = try ask()
        let next = try ask()
        try stage.wait("a part is in hand") {
            FileManager.default.fileExists(atPath: hold + ".reached")
        }
        #expect(try rollcall("cancel", job) == "\(job) ends after 1 part in hand")
        #expect(try state(job) == "running")
        try FileManager.default.removeItem(atPath: hold)
        try stage.wait("the job has ended") { try state(job) == "cancelled" }
        #expect(
            try value("SELECT created || ' ' || items FROM rollcall.jobs WHERE id = '\(job)'")
                == "120 120")
        // The one that waited for it takes its place.
        try waitUntilDone(next)
        #expect(
            try value("SELECT created || ' ' || updated FROM rollcall.jobs WHERE id = '\(next)'")
                == "280 400")
        let (status, _, errors) = try stage.run(["cancel", next], environment: environment)
        #expect(status == .exited(1) && errors.contains("it has succeeded"), "\(errors)")
        stop(worker)
    }

    // MARK: Failure 24

    @Test("failure 24: two requests and two workers, one plan after the other, each part once")
    func twoRequests() throws {
        let jobs = [try ask(), try ask()]
        let workers = [try start("first"), try start("second")]
        for job in jobs { try waitUntilDone(job) }
        for worker in workers { stop(worker) }
        let begun = try value("SELECT id FROM rollcall.jobs ORDER BY finished_at LIMIT 1")
        let second = try #require(jobs.first { $0 != begun })
        try expectWhole(begun)
        #expect(try value("SELECT items FROM rollcall.jobs WHERE id = '\(second)'") == "0")
        #expect(try value("SELECT max(attempts) FROM rollcall.job_parts") == "1")
        // Their parts do not overlap in time.
        #expect(
            try value(
                """
                SELECT (SELECT max(finished_at) FROM rollcall.job_parts WHERE job_id = '\(begun)')
                  <= (SELECT min(started_at) FROM rollcall.job_parts WHERE job_id = '\(second)')
                """) == "t")
    }

    // MARK: Small jobs, and stopping

    @Test("small jobs keep their lanes while a backfill has its share in hand")
    func smallJobs() throws {
        let hold = "\(stage.directory)/hold"
        _ = FileManager.default.createFile(atPath: hold, contents: nil)
        let worker = try start("worker", ["ROLLCALL_FAIL_POINT": "inside-part:1:hold=\(hold)"])
        let job = try ask()
        try stage.wait("a part is in hand") {
            FileManager.default.fileExists(atPath: hold + ".reached")
        }
        for course in 50..<60 {
            _ = try rollcall(
                "enqueue", "assign", "--relation", "enrollment", "--target", "\(course)",
                "--members",
                "1,2,3", "--wait", "--timeout", "60s")
        }
        #expect(try value("SELECT count(*) FROM rollcall.job_parts WHERE state = 'running'") == "1")
        #expect(try value("SELECT count(*) FROM rollcall.job_parts WHERE state = 'done'") == "0")
        try FileManager.default.removeItem(atPath: hold)
        try waitUntilDone(job)
        stop(worker)
        try expectWhole(job)
    }

    @Test("a worker that stops ends its part in the grace period, or leaves it to the next one")
    func stopping() throws {
        // Somebody holds a row that a part wants.
        let other = try stage.connect()
        try other.script("BEGIN; INSERT INTO school.enrollment VALUES ('x', 1, 155)")
        let patient = [
            "ROLLCALL_DATABASE_LOCK_TIMEOUT": "50s", "ROLLCALL_DATABASE_STATEMENT_TIMEOUT": "55s",
            "ROLLCALL_SHUTDOWN_GRACE": "1s",
        ]
        let worker = try start("worker", patient)
        let job = try ask()
        try stage.wait("a part waits") {
            try value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "1"
        }
        stop(worker)
        #expect(
            try value("SELECT state || ' ' || attempts FROM rollcall.job_parts WHERE number = 16")
                == "pending 0")
        try other.script("ROLLBACK")
        let second = try start("second")
        try stage.wait("half of it is done") {
            try value("SELECT parts_done >= 24 FROM rollcall.jobs WHERE id = '\(job)'") == "t"
        }
        stop(second)
        let third = try start("third")
        try waitUntilDone(job)
        stop(third)
        try expectWhole(job)
    }
}
