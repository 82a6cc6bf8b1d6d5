import Jobs
import Postgres
import Sandbox
import Testing

@testable import Store

/// What is deleted after a while, and what is not.
@Suite struct SweepTests {
    private let fixture: StatusQueryFixture
    private let connection: Connection
    private let sweep = Sweep(StatusSchema())
    private let month = Duration.seconds(30 * 86_400)

    init() throws {
        fixture = try StatusQueryFixture()
        connection = fixture.connection
    }

    private func id(_ number: UInt64) -> JobID { StatusQueryFixture.id(number) }

    /// Sweeps all there is, a transaction a batch; what went, by table.
    private func sweepAll(rows: Int = 1_000) throws -> [Sweep.Table: Int] {
        var gone: [Sweep.Table: Int] = [:]
        var place: Sweep.Place?
        for _ in 0..<100 {
            let batch = try connection.transaction {
                try sweep.jobs(olderThan: month, from: place, rows: rows, on: connection)
            }
            gone.merge(batch.rows, uniquingKeysWith: +)
            place = batch.place
            if batch.isLast { break }
        }
        for _ in 0..<100 {
            let batch = try connection.transaction {
                try sweep.rest(olderThan: month, rows: rows, on: connection)
            }
            gone.merge(batch.rows, uniquingKeysWith: +)
            if batch.isLast { break }
        }
        return gone
    }

    private func jobs() throws -> [Int] {
        let rows = try connection.execute(
            "SELECT ('x' || right(id::text, 4))::bit(16)::integer FROM rollcall.job ORDER BY 1",
            Parameters(),
            binaryResult: true)
        return (0..<rows.count).map { rows.int($0, 0) }
    }

    private func count(_ table: String) throws -> Int {
        try connection.execute("SELECT count(*) FROM rollcall.\(table)").int(0, 0)
    }

    /// Says up to where the partition of the fixture's jobs is done; they have offset 7.
    private func progress(_ offset: Int?, partition: Int = 3) throws {
        try connection.script(
            """
            INSERT INTO rollcall.progress (consumer_group, topic, "partition", "offset")
            VALUES ('rollcall', 'rollcall.assignments', \(partition), \(offset.map(String.init) ?? "NULL"))
            ON CONFLICT (consumer_group, topic, "partition")
            DO UPDATE SET "offset" = excluded."offset"
            """)
    }

    @Test("a job goes when it ended long enough ago, with all that is kept of it, and no other")
    func age() throws {
        try fixture.insert(
            id(1), started: "now() - interval '31 days'", rejected: 2)
        // It began long ago and has just ended; it began long ago and has not ended; it is young.
        try fixture.insert(
            id(2), started: "now() - interval '31 days'", finished: "now() - interval '29 days'")
        try fixture.insert(id(3), started: "now() - interval '31 days'", state: "running")
        try fixture.insert(id(4), started: "now() - interval '29 days'")
        for number: UInt64 in [1, 2] {
            try connection.script(
                """
                INSERT INTO rollcall.rejection SELECT '\(id(number))', n, 'm', 'c', '' FROM generate_series(1, 2) n;
                INSERT INTO rollcall.job_duplicate VALUES ('\(id(number))', 9, 3, 't');
                INSERT INTO rollcall.job_part (job_id, items, step, number, state)
                VALUES ('\(id(number))', 1, 1, 1, 'done');
                INSERT INTO rollcall.roster_part (job_id, digest, number, rows, lines, file)
                VALUES ('\(id(number))', 1, 1, 1, 1, 'f');
                INSERT INTO rollcall.control (subject, name) VALUES ('job', '\(id(number))');
                INSERT INTO rollcall.backfill_run (job_id, digest, steps, is_dry_run, is_forced,
                    is_gated, state, backfill, scope, arguments)
                VALUES ('\(id(number))', 1, 1, false, false, true, 'ended', 'b', '', '[]');
                INSERT INTO rollcall.backfill_version (backfill, scope, digest, job_id, recorded_at)
                VALUES ('b', '\(number)', 1, '\(id(number))', now() - interval '1 year')
                """)
        }
        #expect(
            try sweepAll() == [
                .job: 1, .rejection: 2, .jobDuplicate: 1, .jobPart: 1, .rosterPart: 1, .control: 1,
                .backfillRun: 1,
            ])
        #expect(try jobs() == [2, 3, 4])
        for table in ["job_duplicate", "job_part", "roster_part", "control", "backfill_run"] {
            #expect(try count(table) == 1, "\(table)")
        }
        // Later runs are compared with what was last finished, however long ago that is.
        #expect(try count("backfill_version") == 2)
        #expect(try sweepAll() == [:])
    }

    @Test("a job stays while its partition is not known to be done behind it")
    func redelivery() throws {
        try fixture.insert(id(1), started: "now() - interval '31 days'")
        for offset in [nil, 0, 7] {
            try progress(offset)
            #expect(try sweepAll() == [:], "\(offset.map(String.init) ?? "nothing known")")
        }
        // Another partition's progress is none of its own.
        try progress(0, partition: 4)
        try progress(8)
        #expect(try sweepAll() == [.job: 1])
    }

    @Test("work in parts stays until it is over")
    func unfinishedRun() throws {
        try fixture.insert(id(1), started: "now() - interval '31 days'", kind: "backfill")
        try connection.script(
            """
            INSERT INTO rollcall.backfill_run (job_id, digest, steps, is_dry_run, is_forced,
                is_gated, state, backfill, scope, arguments)
            VALUES ('\(id(1))', 1, 1, false, false, true, 'active', 'b', '', '[]')
            """)
        #expect(try sweepAll() == [:])
        try connection.script("UPDATE rollcall.backfill_run SET state = 'ended'")
        #expect(try sweepAll() == [.job: 1, .backfillRun: 1])
    }

    @Test("an import is gone at once, the rows of its files go a batch at a time, and it last")
    func importRows() throws {
        try fixture.insert(id(1), started: "now() - interval '31 days'", kind: "roster-import")
        try connection.script(
            """
            INSERT INTO rollcall.roster_import (job_id, parts, is_waiting, roster, arguments)
            VALUES ('\(id(1))', 1, false, 'r', '[]'), ('\(id(2))', 1, true, 'r', '[]');
            INSERT INTO rollcall.roster_row (job_id, part, line, "values")
            SELECT '\(id(1))', 1, n, '{}' FROM generate_series(1, 250) n
            """)
        try fixture.insert(id(2), state: "waiting", kind: "roster-import")
        let first = try connection.transaction {
            try sweep.jobs(olderThan: month, from: nil, rows: 100, on: connection)
        }
        #expect(first.rows == [.job: 1])
        for (rows, left) in [(100, 150), (100, 50), (50, 0)] {
            let batch = try connection.transaction {
                try sweep.rest(olderThan: month, rows: 100, on: connection)
            }
            #expect(batch.rows[.rosterRow] == rows)
            #expect(batch.rows[.rosterImport] == (left == 0 ? 1 : nil))
            #expect(batch.isLast == (left == 0))
        }
        // The other one still waits for its parts.
        #expect(try count("roster_import") == 1)
        #expect(try jobs() == [2])
    }

    @Test("a batch has about as many rows as it may, and what must stay holds up nothing behind it")
    func batches() throws {
        // Those of partition 4 stay.
        try progress(0, partition: 4)
        for number: UInt64 in 1...30 {
            try fixture.insert(
                id(number), started: "now() - interval '40 days' + interval '\(number) s'",
                rejected: number == 18 ? 9 : 0)
        }
        try connection.script(
            """
            UPDATE rollcall.job SET "partition" = 4
                WHERE ('x' || right(id::text, 4))::bit(16)::integer <= 12;
            INSERT INTO rollcall.rejection
            SELECT '\(id(18))', n, 'm', 'c', '' FROM generate_series(1, 9) n
            """)
        var place: Sweep.Place?
        var sizes: [Int] = []
        while sizes.count < 50 {
            let batch = try connection.transaction {
                try sweep.jobs(olderThan: month, from: place, rows: 5, on: connection)
            }
            sizes.append(batch.rows.values.reduce(0, +))
            place = batch.place
            if batch.isLast { break }
        }
        #expect(try jobs() == Array(1...12))
        #expect(sizes.reduce(0, +) == 18 + 9)
        // The one of ten rows goes with those before it that fit, or alone.
        #expect(sizes.allSatisfy { $0 <= 5 + 9 })
        #expect(sizes.count < 12)
    }

    @Test("one sweeps at a time, and a row that somebody holds is not waited for")
    func locks() throws {
        try fixture.insert(id(1), started: "now() - interval '31 days'")
        try fixture.insert(id(2), started: "now() - interval '31 days'")
        let other = try Connection(fixture.database.conninfo, applicationName: "other")
        let (first, second) = try connection.transaction {
            let first = try sweep.begin(on: connection)
            return (first, try other.transaction { try sweep.begin(on: other) })
        }
        #expect((first, second) == (true, false))
        let third = try other.transaction { try sweep.begin(on: other) }
        #expect(third)
        try other.script("BEGIN; SELECT FROM rollcall.job WHERE id = '\(id(1))' FOR UPDATE")
        try connection.script("SET lock_timeout = '10ms'")
        #expect(try sweepAll() == [.job: 1])
        try other.script("COMMIT")
        #expect(try sweepAll() == [.job: 1])
    }

    @Test("what else is kept goes when nobody needs it any more")
    func rest() throws {
        try progress(8)
        try connection.script(
            """
            INSERT INTO rollcall.dead_letter (topic, "partition", "offset", recorded_at, code, reason,
                headers, published_at, resolved_at, resolution)
            SELECT topic, 3, n, now(), 'not-json', '', '[]', published, resolved,
                CASE WHEN resolved IS NOT NULL THEN 'discarded' END
            FROM (VALUES
                (1, 'rollcall.assignments', now(), now() - interval '31 days'),
                (2, 'rollcall.assignments', now(), now() - interval '29 days'),
                (3, 'rollcall.assignments', now(), NULL),
                (4, 'rollcall.assignments', NULL, now() - interval '31 days'),
                (8, 'rollcall.assignments', now(), now() - interval '31 days')
            ) AS l (n, topic, published, resolved);
            INSERT INTO rollcall.job_event (at, jobs)
            VALUES (now() - interval '31 days', '{}'), (now() - interval '29 days', '{}');
            INSERT INTO rollcall.attempt (topic, "partition", "offset", attempts)
            VALUES ('rollcall.assignments', 3, 7, 1), ('rollcall.assignments', 3, 8, 1),
                ('unknown', 3, 7, 1);
            INSERT INTO rollcall.worker (id, started_at, heartbeat_at, lanes, in_flight, partitions,
                host, version, state)
            SELECT n, now(), now() - n * interval '1 day', 1, 0, 0, '', '', 'running'
            FROM unnest(ARRAY[28, 29, 31]) n
            """)
        #expect(try sweepAll() == [.deadLetter: 1, .jobEvent: 1, .attempt: 1, .worker: 1])
        let letters = try connection.execute(
            #"SELECT "offset" FROM rollcall.dead_letter ORDER BY 1"#, Parameters(),
            binaryResult: true)
        #expect((0..<letters.count).map { letters.int($0, 0) } == [2, 3, 4, 8])
        #expect(try count("attempt") == 2)
        #expect(try count("worker") == 2)
    }
}
