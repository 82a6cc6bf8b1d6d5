import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Locks, tables that are gone and full disks hold up what needs them, and nothing else.
@Suite struct HoldUpTests {
    /// A school with a second table that jobs write.
    private func stage() throws -> (Stage, Connection, catalog: String) {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try connection.script(
            "CREATE TABLE school.badge (user_id int, name text, UNIQUE (user_id, name))")
        let catalog = "\(stage.directory)/badges.yaml"
        try """
        catalog: badges
        relations:
          badge: { table: school.badge, target: user_id, member: name }
        """.write(toFile: catalog, atomically: true, encoding: .utf8)
        return (stage, connection, "\(Stage.root)/Config/catalogs/school.yaml:\(catalog)")
    }

    private func badge(_ number: Int) -> DemoTraffic.Message {
        message(number, "badge", target: number, members: "\"gold\"")
    }

    private func enrollment(_ number: Int, course: Int) -> DemoTraffic.Message {
        message(number, "enrollment", target: course, members: "\(number % 300 + 1)")
    }

    private func message(
        _ number: Int, _ relation: String, target: Int, members: String
    ) -> DemoTraffic.Message {
        let digits = String(number)
        let id =
            "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        return DemoTraffic.Message(
            key: "\(relation)/\(target)",
            value: """
                {"specversion":"1.0","id":"\(id)","source":"/test","type":"rollcall.assign",\
                "data":{"relation":"\(relation)","target":\(target),"members":[\(members)]}}
                """)
    }

    private func count(_ table: String, on connection: Connection) throws -> Int {
        try connection.execute("SELECT count(*) FROM \(table)").int(0, 0)
    }

    private func stop(_ worker: ChildProcess) {
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("failure 14: a locked table holds up its relation alone; the status names who holds it")
    func lockedTable() throws {
        let (stage, connection, catalog) = try stage()
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_CATALOG": catalog, "ROLLCALL_DATABASE_LOCK_TIMEOUT": "400ms",
                "ROLLCALL_HEARTBEAT_INTERVAL": "200ms", "ROLLCALL_LANES": "2",
            ])
        try stage.wait("the worker is there") {
            try count("rollcall.workers WHERE partitions > 0", on: connection) == 1
        }
        let migration = try Connection(stage.database.conninfo, applicationName: "migration")
        try migration.script("BEGIN; LOCK TABLE school.enrollment")
        try stage.produce((1...40).map { enrollment($0, course: $0) })
        try stage.wait("the relation waits") {
            stage.logText("worker").contains("relation waits, others go on")
        }
        try stage.produce((100..<160).map { badge($0) })
        try stage.wait("the others go on") { try count("school.badge", on: connection) == 60 }
        try stage.wait("the status says who is in the way") {
            let (_, output, errors) = try stage.run(["status"])
            return (output + errors).contains("held by migration")
        }
        // The worker is in its group still, and nothing has been given up.
        #expect(
            try connection.execute("SELECT FROM rollcall.workers WHERE partitions > 0").count == 1)
        #expect(try count("rollcall.jobs", on: connection) == 60)
        try migration.script("ROLLBACK")
        try stage.wait("the relation goes on") {
            try count("school.enrollment", on: connection) == 40
        }
        #expect(try count("rollcall.jobs WHERE attempts > 1", on: connection) == 0)
        try stage.wait("the status is calm again") {
            try count("rollcall.workers WHERE waits_for IS NULL", on: connection) == 1
        }
        stop(worker)
        #expect(try stage.lag() == 0)
    }

    @Test("failure 14: a worker that starts while a table is locked says so and waits")
    func lockedAtStart() throws {
        let (stage, connection, catalog) = try stage()
        let migration = try Connection(stage.database.conninfo, applicationName: "migration")
        try migration.script("BEGIN; LOCK TABLE school.enrollment")
        let worker = try stage.startWorker("worker", environment: ["ROLLCALL_CATALOG": catalog])
        try stage.wait("the worker says so") {
            stage.logText("worker").contains("tables cannot be checked yet, waiting")
        }
        try migration.script("ROLLBACK")
        try stage.wait("the worker works") {
            try count("rollcall.workers WHERE partitions > 0", on: connection) == 1
        }
        stop(worker)
    }

    @Test("failure 14: a locked row holds up its key alone")
    func lockedRow() throws {
        let (stage, connection, catalog) = try stage()
        try connection.script(
            "INSERT INTO school.enrollment (id, course_id, user_id) VALUES ('held', 7, 1)")
        let other = try stage.connect()
        try other.script("BEGIN; SELECT FROM school.enrollment WHERE course_id = 7 FOR UPDATE")
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_CATALOG": catalog, "ROLLCALL_DATABASE_LOCK_TIMEOUT": "400ms",
                "ROLLCALL_LANES": "1",
            ])
        // The key with the locked row stands in the middle of the batch, with another job behind.
        let blocked = [
            DemoTraffic.Message(
                key: "enrollment/7",
                value: enrollment(900, course: 7).value.replacing("[1]", with: "[1]").replacing(
                    "rollcall.assign", with: "rollcall.unassign")),
            message(901, "enrollment", target: 7, members: "2"),
        ]
        try stage.produce((1...30).map { enrollment($0, course: $0 + 10) })
        try stage.produce(blocked)
        try stage.produce((31...60).map { enrollment($0, course: $0 + 10) })
        try stage.wait("all other keys are done") {
            try count("rollcall.jobs", on: connection) == 60
        }
        #expect(
            try count("school.enrollment WHERE course_id = 7", on: connection) == 1)
        try other.script("ROLLBACK")
        try stage.wait("the key goes on") { try count("rollcall.jobs", on: connection) == 62 }
        stop(worker)
        #expect(try stage.lag() == 0)
    }

    @Test(
        "failure 26: a dropped table, a revoked privilege, a full disk: it waits, and goes on when mended",
        arguments: [
            ("ALTER TABLE school.badge RENAME TO gone", "ALTER TABLE school.gone RENAME TO badge"),
            ("REVOKE INSERT ON school.badge FROM clerk", "GRANT INSERT ON school.badge TO clerk"),
            (
                """
                CREATE FUNCTION school.fill() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END';
                CREATE TRIGGER fill BEFORE INSERT ON school.badge EXECUTE FUNCTION school.fill()
                """, "DROP TRIGGER fill ON school.badge"
            ),
        ])
    func mended(_ breaking: String, _ mending: String) throws {
        let (stage, connection, catalog) = try stage()
        // A role of this test's own, with no more than it needs.
        let role = "clerk_\(stage.database.name)"
        try connection.script(
            """
            CREATE ROLE \(role) LOGIN;
            GRANT USAGE ON SCHEMA rollcall, school TO \(role);
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rollcall, school TO \(role);
            """)
        defer { try? connection.script("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_CATALOG": catalog,
                "ROLLCALL_DATABASE_URL": stage.database.conninfo + " user=\(role)",
            ])
        try stage.produce([badge(1), enrollment(2, course: 2)])
        try stage.wait("the worker works") { try count("rollcall.jobs", on: connection) == 2 }
        try connection.script(breaking.replacing("clerk", with: role))
        try stage.produce((3...9).map { badge($0) })
        try stage.wait("the worker says that it waits") {
            let log = stage.logText("worker")
            return log.contains("relation waits") || log.contains("refuses the work")
        }
        #expect(try count("rollcall.jobs", on: connection) == 2)
        try connection.script(mending.replacing("clerk", with: role))
        try stage.wait("the rest is done") { try count("rollcall.jobs", on: connection) == 9 }
        #expect(try count("school.badge", on: connection) == 8)
        #expect(try count("rollcall.jobs WHERE state <> 'succeeded'", on: connection) == 0)
        #expect(try count("rollcall.dead_letters", on: connection) == 0)
        stop(worker)
    }

    @Test("failure 15: a job that times out again and again fails, its neighbours do not")
    func timeouts() throws {
        let (stage, connection, catalog) = try stage()
        try connection.script(
            """
            CREATE FUNCTION school.slow() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
            CREATE TRIGGER slow BEFORE INSERT ON school.badge
            FOR EACH ROW WHEN (NEW.user_id = 20) EXECUTE FUNCTION school.slow()
            """)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_CATALOG": catalog, "ROLLCALL_DATABASE_STATEMENT_TIMEOUT": "500ms",
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "200ms", "ROLLCALL_RETRY_ATTEMPTS": "2",
            ])
        try stage.produce((1...40).map { badge($0) })
        try stage.wait("all are done") { try count("rollcall.jobs", on: connection) == 40 }
        let failed = try connection.execute(
            "SELECT target, error_code, attempts FROM rollcall.jobs WHERE state = 'failed'")
        #expect(failed.count == 1)
        #expect(failed.string(0, 0) == "20")
        #expect(failed.string(0, 1) == "timeout")
        #expect(failed.int(0, 2) == 2)
        #expect(try count("school.badge", on: connection) == 39)
        let letters = try connection.execute("SELECT code, value FROM rollcall.dead_letters")
        #expect(letters.count == 1)
        #expect(letters.string(0, 0) == "job-failed")
        stop(worker)
        #expect(try stage.lag() == 0)
    }

    @Test(
        "failure 7: an item that a trigger refuses with a code of its own is rejected alone",
        arguments: ["45000", "54000", "0A000", "HV001", "42501", "55000", "XX000"])
    func oddCodes(_ code: String) throws {
        let (stage, connection, catalog) = try stage()
        try connection.script(
            """
            CREATE FUNCTION school.refuse() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION USING ERRCODE = ''\(code)''; END';
            CREATE TRIGGER refuse BEFORE INSERT ON school.badge
            FOR EACH ROW WHEN (NEW.user_id = 20) EXECUTE FUNCTION school.refuse()
            """)
        let worker = try stage.startWorker("worker", environment: ["ROLLCALL_CATALOG": catalog])
        try stage.produce((1...40).map { badge($0) })
        try stage.wait("all are done") { try count("rollcall.jobs", on: connection) == 40 }
        let rejected = try connection.execute("SELECT code FROM rollcall.rejections")
        #expect(rejected.count == 1)
        #expect(rejected.string(0, 0) == "sqlstate-\(code)")
        #expect(try count("school.badge", on: connection) == 39)
        stop(worker)
    }

    @Test("failure 29: status rows are written once, so that a held snapshot costs nothing")
    func writtenOnce() throws {
        let (stage, connection, catalog) = try stage()
        let holder = try stage.connect()
        try holder.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM rollcall.job")
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_CATALOG": catalog, "ROLLCALL_BATCH_JOBS": "10"])
        try stage.produce((1...300).map { badge($0) })
        try stage.wait("all are done") { try count("rollcall.jobs", on: connection) == 300 }
        stop(worker)
        // The statistics come when the worker's sessions have ended.
        let written = """
            SELECT coalesce(sum(n_tup_ins), 0), coalesce(sum(n_tup_upd + n_tup_del), 0)
            FROM pg_stat_user_tables WHERE schemaname = 'rollcall'
              AND relname IN ('job', 'rejection', 'dead_letter', 'job_duplicate', 'attempt')
            """
        try stage.wait("the statistics have come") {
            try connection.execute(written).int(0, 0) == 300
        }
        #expect(try connection.execute(written).int(0, 1) == 0)
        try holder.script("ROLLBACK")
    }
}
