import Postgres
import Testing

@testable import Store

@Suite("How much there is and how fast it goes")
struct StatusQueryOverviewTests {
    private let fixture: StatusQueryFixture

    init() throws { fixture = try StatusQueryFixture() }

    /// Many finished jobs of one item, that began over the time before now.
    private func insert(_ count: Int, over time: String) throws {
        try fixture.connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, attempts, dry_run, kind, state, relation, target,
                source, mode, topic, worker)
            SELECT gen_random_uuid(), 1, i, t, t, t, 0, 1, 1, 1, false, 'assign', 'succeeded',
                'enrollment', 't' || i, '/sis', 'partial', 't', 'w'
            FROM generate_series(1, \(count)) i,
                LATERAL (SELECT now() - interval '\(time)' * i / \(count)) x (t);
            ANALYZE rollcall.job
            """)
    }

    private func overview() throws -> StatusQuery.Overview {
        try fixture.query.overview(on: fixture.connection)
    }

    @Test("Nothing at all")
    func nothing() throws {
        #expect(
            try overview() == .init(jobs: 0, isEstimate: false, workers: 0, itemsPerSecond: 0))
    }

    @Test("Few jobs are counted")
    func counted() throws {
        try insert(1_284, over: "3 days")
        let overview = try overview()
        #expect(overview.jobs == 1_284)
        #expect(!overview.isEstimate)
    }

    @Test("Many jobs are estimated, closely")
    func estimated() throws {
        try insert(25_000, over: "3 days")
        let overview = try overview()
        #expect(overview.isEstimate)
        #expect((24_000...26_000).contains(overview.jobs))
    }

    @Test("Without statistics there are at least as many as were counted")
    func withoutStatistics() {
        let overview = StatusQuery.Overview(
            counted: 10_001, estimate: nil, workers: 0, itemsPerSecond: 0, waits: [])
        #expect(overview.jobs == 10_001)
        #expect(overview.isEstimate)
    }

    @Test("Workers that cannot go on are named while they are alive")
    func waits() throws {
        try fixture.connection.script(
            """
            INSERT INTO rollcall.worker (id, started_at, heartbeat_at, lanes, in_flight, partitions,
                host, version, state, waits_for)
            SELECT 'worker-' || n, now(), now() - n * interval '20 seconds', 4, 0, 0, 'h', '1',
                'running', CASE WHEN n <> 3 THEN E'a lock\nof ' || n END
            FROM generate_series(0, 3) AS n
            """)
        #expect(
            try overview().waits == [
                "worker-0 waits for a lock of 0", "worker-1 waits for a lock of 1",
            ])
    }

    @Test("The rate is that of the last minute")
    func rate() throws {
        // In one transaction the present stands still.
        try fixture.connection.transaction {
            try insert(1_200, over: "2 minutes")
            #expect(abs(try overview().itemsPerSecond - 10) < 0.1)
        }
    }

    @Test("The rate of very many jobs comes from the newest of them")
    func sampledRate() throws {
        try fixture.connection.transaction {
            try insert(30_000, over: "30 s")
            #expect(abs(try overview().itemsPerSecond - 1_000) < 1)
        }
    }

    @Test("Workers count while their last sign of life is younger than 30 seconds")
    func workers() throws {
        try fixture.connection.script(
            """
            INSERT INTO rollcall.worker (id, started_at, heartbeat_at, lanes, in_flight, partitions,
                host, version, state)
            SELECT 'w' || s, now(), now() - interval '1 s' * s, 4, 0, 1, 'h', '1', 'running'
            FROM unnest(ARRAY[0, 20, 40]) s
            """)
        #expect(try overview().workers == 2)
    }

    @Test("A page of a big table is read by the index, also from a cursor on")
    func pagePlan() throws {
        try insert(25_000, over: "3 days")
        let middle = try fixture.connection.execute(
            "SELECT id FROM rollcall.jobs ORDER BY started_at OFFSET 12000 LIMIT 1",
            binaryResult: true
        ).uuid(0, 0)
        for cursor in [nil, middle] {
            var parameters = Parameters()
            parameters.append(uuid: cursor)
            parameters.appendNull(.textArray)
            parameters.appendNull(.textArray)
            for _ in 0..<3 { parameters.appendNull(.text) }
            parameters.appendNull(.timestamptz)
            parameters.appendNull(.int8)
            parameters.append(21)
            let rows = try fixture.connection.execute(
                "EXPLAIN (ANALYZE, TIMING OFF) " + StatusSchema().statements.selectJobsPage,
                parameters)
            let plan = (0..<rows.count).map { rows.string($0, 0) }.joined(separator: "\n")
            #expect(plan.contains("using job_started_at"), "\(plan)")
            #expect(!plan.contains("Seq Scan on job\n"), "\(plan)")
            #expect(!plan.contains("Rows Removed"), "\(plan)")
            #expect(!plan.contains("Sort"), "\(plan)")
        }
    }
}
