import Foundation
import Postgres
import ProofKit
import Sandbox
import Testing

/// What real workers sweep.
@Suite struct RetentionTests {
    @Test("a worker sweeps what is old, says so in a line and counts it; what is young stays")
    func sweeps() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, attempts, dry_run, kind, state, relation, target,
                source, mode, topic, worker)
            SELECT gen_random_uuid(), n, n, t, t, t, 0, 1, 1, 1, false, 'assign', 'succeeded',
                'enrollment', '7', '/test', 'partial', 'elsewhere', 'w'
            FROM generate_series(1, 3000) n,
                LATERAL (SELECT now() - n * interval '1 minute') x (t);
            INSERT INTO rollcall.job_duplicate (job_id, topic, "partition", "offset")
            SELECT id, topic, 0, 9 FROM rollcall.job
            """)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_RETENTION_JOBS": "10h", "ROLLCALL_RETENTION_REDELIVERY": "1h",
                "ROLLCALL_RETENTION_BATCH": "400",
            ])
        try stage.wait("it says so") { stage.logText("worker").contains("swept what was kept") }
        // A minute may have passed since.
        let left = try connection.execute("SELECT count(*) FROM rollcall.jobs").int(0, 0)
        #expect((598...600).contains(left))
        #expect(
            try connection.execute("SELECT count(*) FROM rollcall.job_duplicate").int(0, 0) == left)
        let lines = stage.logText("worker").split(separator: "\n")
            .filter { $0.contains("swept what was kept") }
        #expect(lines[0].contains(" job=\(3_000 - left) "), "\(lines[0])")
        #expect(lines[0].contains(" job_duplicate=\(3_000 - left) "))
        #expect(lines.count == 1)
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        try stage.wait("it is counted") {
            try visitor.get("/metrics").body
                .contains("rollcall_swept_total{table=\"job\"} \(3_000 - left)\n")
        }
        #expect(
            try visitor.get("/metrics").body
                .contains("rollcall_swept_total{table=\"dead_letter\"} 0\n"))
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("jobs are kept for at least as long as their messages may come again")
    func settings() throws {
        let stage = try Stage(partitions: 1)
        let run = try stage.run(
            ["config", "check"], environment: ["ROLLCALL_RETENTION_JOBS": "7d"])
        #expect(run.status == .exited(78))
        #expect(run.errors.contains("retention.redelivery"), "\(run.errors)")
        #expect(run.errors.contains("at most retention.jobs"), "\(run.errors)")
    }
}
