import Foundation
import Jobs
import Kafka
import Postgres
import Sandbox
import Store
import Testing

@testable import rollcall

/// The three roles, each with what is printed for it and nothing else.
@Suite struct GrantTests {
    private let stage: Stage
    private let connection: Connection
    private let roles: Grants.Roles
    private let leaving: Leaving

    init() throws {
        stage = try Stage(partitions: 1)
        connection = try stage.connect()
        // Roles are the server's, and other tests use it, too.
        let name = "r\(UInt32.random(in: 1...UInt32.max))"
        roles = Grants.Roles(
            worker: "\(name) Worker", reader: "\(name)_reader", operator: "\(name)_operator")
        let printed = try stage.run([
            "migrate", "--print-grants", "--worker-role", roles.worker, "--reader-role",
            roles.reader, "--operator-role", roles.operator,
        ])
        guard printed.status.isSuccess else { throw ScenarioFault(printed.errors) }
        try connection.script(printed.output)
        leaving = Leaving(roles, connection)
    }

    private func role(_ name: String) -> [String: String] {
        ["PGOPTIONS": "-c role=\(name.replacing(" ", with: "\\ "))"]
    }

    private func run(
        _ role: String, _ arguments: String...
    ) throws -> (status: Sandbox.ExitStatus, output: String, errors: String) {
        try stage.run(arguments, environment: self.role(role))
    }

    private func may(_ role: String, _ sql: String) throws -> Bool {
        try connection.script("BEGIN; SET LOCAL ROLE \(quoteIdentifier(role))")
        var isAllowed = true
        do {
            try connection.script(sql)
        } catch {
            guard error.sqlState == .insufficientPrivilege else { throw error }
            isAllowed = false
        }
        try connection.script("ROLLBACK")
        return isAllowed
    }

    @Test("a worker with its grants and no more assigns, imports a file and runs a backfill")
    func worker() throws {
        let worker = try stage.startWorker("worker", environment: role(roles.worker))
        let path = "\(stage.directory)/roster.csv"
        try "username,full_name,role\r\nnew-one,New One,student\r\nuser3,Three,ta\r\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        let orders = [
            ["enqueue", "assign", "--relation", "enrollment", "--target", "7", "--members", "1,2"],
            ["enqueue", "unassign", "--relation", "enrollment", "--target", "7", "--members", "2"],
            ["enqueue", "roster-import", "--roster", "course-roster", "--target", "42", path],
            ["enqueue", "backfill", "--backfill", "everybody", "--scope", "course_id=1"],
        ]
        for order in orders {
            let run = try stage.run(order + ["--wait", "--timeout", "60s"])
            #expect(run.status.isSuccess, "\(order): \(run.errors) \(stage.logText("worker"))")
        }
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(!stage.logText("worker").contains("permission denied"))
        #expect(try !may(roles.worker, "CREATE TABLE rollcall.mine ()"))
        #expect(try !may(roles.worker, "TRUNCATE rollcall.job"))
        #expect(try !may(roles.worker, "DELETE FROM school.users"))
        #expect(try !may(roles.worker, "DELETE FROM rollcall.schema_migration"))
        #expect(try may(roles.worker, "DELETE FROM rollcall.job"))
    }

    @Test("a reader sees everything by the views, and is told what it may not do")
    func reader() throws {
        try connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at,
                "partition", items, attempts, dry_run, kind, state, relation, target, source,
                mode, topic, worker)
            VALUES ('00000000-0000-4000-8000-000000000001', 0, 0, now(), now(), 0, 0, 1, false,
                'roster-import', 'waiting', 'course-roster', '7', '/test', 'partial', 't', 'w');
            INSERT INTO rollcall.roster_import (job_id, parts, roster, arguments)
            VALUES ('00000000-0000-4000-8000-000000000001', 2, 'course-roster', '[]')
            """)
        for arguments in [
            ["status"], ["status", "0000", "--rejections=all", "--parts"], ["workers"], ["lag"],
            ["throughput"], ["dead-letters", "list"],
        ] {
            let run = try stage.run(arguments, environment: role(roles.reader))
            // A job that is not over has a code of its own.
            #expect([.exited(0), .exited(8)].contains(run.status), "\(arguments): \(run.errors)")
        }
        let cancel = try run(roles.reader, "cancel", "0000")
        #expect(cancel.status == .exited(4))
        #expect(
            cancel.errors.contains("this takes a privilege that the database role does not have"),
            "\(cancel.errors)")
        for sql in [
            "SELECT FROM rollcall.job", "SELECT FROM rollcall.roster_row",
            "SELECT FROM rollcall.control", "SELECT FROM school.users",
            "UPDATE rollcall.workers SET state = ''",
        ] {
            #expect(try !may(roles.reader, sql), "\(sql)")
        }
        // Nothing has changed.
        #expect(try run(roles.operator, "status", "0000", "--json").output.contains("waiting"))
    }

    @Test("an operator pauses, cancels and deals with dead letters, and writes no job")
    func operating() throws {
        try connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at,
                "partition", items, attempts, dry_run, kind, state, relation, target, source,
                mode, topic, worker)
            SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 0, n, now(), now(), 0, 0,
                1, false, CASE n WHEN 1 THEN 'roster-import' ELSE 'backfill' END,
                CASE n WHEN 1 THEN 'waiting' ELSE 'running' END, 'course-roster', '7', '/test',
                'partial', 't', 'w'
            FROM generate_series(1, 2) n;
            INSERT INTO rollcall.roster_import (job_id, parts, roster, arguments)
            VALUES ('00000000-0000-4000-8000-000000000001', 2, 'course-roster', '[]');
            INSERT INTO rollcall.backfill_run (job_id, digest, steps, is_dry_run, is_forced,
                is_gated, state, backfill, scope, arguments)
            VALUES ('00000000-0000-4000-8000-000000000002', 0, 1, false, false, true, 'active',
                'b', '', '[]');
            INSERT INTO rollcall.dead_letter (topic, "partition", "offset", recorded_at, code,
                reason, headers)
            VALUES ('t', 0, 0, now(), 'not-json', 'no', '[]')
            """)
        for arguments in [
            ["pause", "kind", "backfill"], ["resume", "kind", "backfill"],
            ["cancel", "00000000-0000-4000-8000-000000000001"],
            ["cancel", "00000000-0000-4000-8000-000000000002"],
            ["rejections", "00000000-0000-4000-8000-000000000001"],
            ["dead-letters", "discard", "1"], ["status"],
        ] {
            let run = try stage.run(arguments, environment: role(roles.operator))
            #expect(run.status.isSuccess, "\(arguments): \(run.errors)")
        }
        let states = try connection.execute(
            "SELECT string_agg(state, ' ') FROM rollcall.jobs")
        #expect(states.string(0, 0) == "cancelled cancelled")
        for sql in [
            "DELETE FROM rollcall.job", "INSERT INTO rollcall.rejection DEFAULT VALUES",
            "DELETE FROM rollcall.dead_letter", "SELECT FROM school.users",
        ] {
            #expect(try !may(roles.operator, sql), "\(sql)")
        }
    }

    @Test("every table and view of the schema is in somebody's grants")
    func complete() throws {
        let rows = try connection.execute(
            """
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = 'rollcall'::regnamespace AND c.relkind IN ('r', 'v')
              AND NOT has_table_privilege('\(roles.worker)', c.oid, 'SELECT')
            """)
        #expect((0..<rows.count).map { rows.string($0, 0) } == [])
        // Other tests on this server may be asking just now.
        try stage.wait("no role stays that was made to ask with") {
            try connection.execute("SELECT FROM pg_roles WHERE rolname LIKE 'rollcall_probe_%'")
                .count
                == 0
        }
    }
}

/// Takes the roles away again, whatever the test has found.
private final class Leaving {
    private let roles: Grants.Roles
    private let connection: Connection

    init(_ roles: Grants.Roles, _ connection: Connection) {
        self.roles = roles
        self.connection = connection
    }

    deinit {
        let all = [roles.worker, roles.reader, roles.operator].map(quoteIdentifier)
            .joined(separator: ", ")
        try? connection.script("DROP OWNED BY \(all); DROP ROLE \(all)")
    }
}
