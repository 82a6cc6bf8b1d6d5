import Foundation
import Jobs
import Postgres
import Sandbox
import Testing

@testable import Store

/// The list of jobs does not get slower as it gets longer.
///
/// 300,000 jobs, or as many as ROLLCALL_ROWS says. What is counted is blocks and not time: they are as many
/// with ten million.
@Suite struct StatusSpeedTests {
    private let fixture: StatusQueryFixture
    private let connection: Connection
    private let rows: Int

    init() throws {
        rows = ProcessInfo.processInfo.environment["ROLLCALL_ROWS"].flatMap(Int.init) ?? 300_000
        fixture = try StatusQueryFixture()
        connection = fixture.connection
        // Blocks that other processes read are not counted here.
        try connection.script(
            """
            SET max_parallel_workers_per_gather = 0;
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, rejected, attempts, dry_run, kind, state, relation,
                target, source, mode, topic, worker, error_code)
            SELECT md5(i::text)::uuid, i, i, t, t, t + interval '200 ms', i % 12, 5, 5, 0, 1, false,
                CASE WHEN i % (\(rows) / 5) = 7 THEN 'backfill' WHEN i % 5 < 3 THEN 'assign'
                    ELSE 'unassign' END,
                CASE WHEN i % (\(rows) / 5) = 9 THEN 'cancelled' WHEN i % 1000 = 0 THEN 'failed'
                    ELSE 'succeeded' END,
                CASE WHEN i % (\(rows) / 5) = 11 THEN 'rare'
                    ELSE (ARRAY['enrollment', 'membership', 'permission'])[1 + i % 3] END,
                (hashint8(i) % 100000)::text,
                CASE WHEN i % (\(rows) / 5) = 13 THEN '/rare'
                    ELSE (ARRAY['/sis', '/admin', '/sync'])[1 + i % 7 % 3] END,
                'partial', 'rollcall.assignments', 'w',
                CASE WHEN i % (\(rows) / 5) <> 9 AND i % 1000 = 0 THEN 'x' END
            FROM generate_series(1::bigint, \(rows)) i,
                LATERAL (SELECT now() - interval '30 days' * (\(rows) - i) / \(rows)) x (t);
            """)
        try connection.script("VACUUM ANALYZE rollcall.job")
    }

    /// How many blocks this session has read that are not in the statistics yet.
    private func fetched() throws -> Int {
        try connection.execute(
            """
            SELECT sum(pg_stat_get_xact_blocks_fetched(c))::bigint
            FROM (SELECT 'rollcall.job'::regclass::oid UNION ALL
                  SELECT indexrelid FROM pg_index WHERE indrelid = 'rollcall.job'::regclass)
                AS relations (c)
            """, Parameters(), binaryResult: true
        ).int(0, 0)
    }

    /// Reads, and says how many blocks of the jobs and their indexes that took.
    private func blocks(
        _ what: String, _ body: (StatusQuery) throws -> Int
    ) throws -> (blocks: Int, found: Int) {
        let clock = ContinuousClock()
        return try connection.transaction {
            var found = 0
            let before = try fetched()
            let took = try clock.measure { found = try body(fixture.query) }
            let blocks = try fetched() - before
            print("\(rows) jobs, \(what): \(found) found, \(blocks) blocks, \(took)")
            if rows > 1_000_000 { #expect(took < .milliseconds(100), "\(what)") }
            return (blocks, found)
        }
    }

    private func page(
        _ what: String, limit: Int = 20, after: JobID? = nil, blocksMax: Int = 1_500,
        _ change: (inout StatusQuery.Filter) -> Void
    ) throws -> StatusQuery.Page {
        var filter = StatusQuery.Filter()
        change(&filter)
        var page = StatusQuery.Page(jobs: [], hasMore: false)
        let result = try blocks(what) { query in
            page = try query.page(filter, limit: limit, after: after, on: connection)
            return page.jobs.count
        }
        #expect(result.blocks < blocksMax, "\(what)")
        return page
    }

    @Test("every filter of the list, the next page, one job and the footer touch few blocks")
    func lists() throws {
        let newest = try page("all") { _ in }
        #expect(newest.jobs.count == 20)
        #expect(newest.hasMore)
        let next = try page("next page", after: newest.jobs.last?.id) { _ in }
        #expect(Set(next.jobs.map(\.id)).isDisjoint(with: newest.jobs.map(\.id)))
        let middle = try #require(
            try page("half a month ago") { $0.since = .ago(milliseconds: 15 * 86_400_000) }.jobs
                .last)
        #expect(middle.startedAt > next.jobs[19].startedAt)
        let old = try connection.execute(
            """
            SELECT id FROM rollcall.job WHERE started_at < now() - interval '20 days'
            ORDER BY started_at DESC LIMIT 1
            """, Parameters(), binaryResult: true
        ).uuid(0, 0)
        #expect(try page("a page in the depth", after: JobID(old)) { _ in }.jobs.count == 20)

        for state in [StatusQuery.State.succeeded, .failed, .cancelled, .running] {
            let found = try page("state \(state)") { $0.states = [state] }
            #expect(found.jobs.allSatisfy { $0.state == state })
            #expect(found.jobs.count == [.succeeded: 20, .failed: 20, .cancelled: 5][state] ?? 0)
        }
        #expect(
            try page("two states") { $0.states = [.failed, .cancelled] }.jobs.count == 20)
        for (kind, count) in [("assign", 20), ("backfill", 5), ("roster-import", 0)] {
            #expect(try page("kind \(kind)") { $0.kinds = [kind] }.jobs.count == count)
        }
        for (relation, count) in [("enrollment", 20), ("rare", 5), ("none", 0)] {
            #expect(try page("relation \(relation)") { $0.relation = relation }.jobs.count == count)
        }
        for (source, count) in [("/sis", 20), ("/rare", 5), ("/none", 0)] {
            #expect(try page("source \(source)") { $0.source = source }.jobs.count == count)
        }
        #expect(
            try page("two that never meet") {
                $0.relation = "rare"
                $0.source = "/rare"
            }.jobs.isEmpty)
        let target = try #require(newest.jobs.first?.target)
        #expect(try page("target") { $0.target = target }.jobs.allSatisfy { $0.target == target })
        #expect(try page("no such target") { $0.target = "none" }.jobs.isEmpty)
        #expect(
            try page("failed of a source, the next page", after: newest.jobs[10].id) {
                $0.states = [.failed]
                $0.source = "/sis"
            }.jobs.count == 20)

        let id = newest.jobs[3].id
        let prefix = try #require(StatusQuery.IDPrefix(String(id.description.prefix(12))))
        let candidates = try blocks("one job by its prefix") {
            try $0.candidates(prefix, limit: 10, on: connection).count
        }
        #expect(candidates.found >= 1)
        #expect(candidates.blocks < 100)
        let overview = try blocks("footer") { try $0.overview(on: connection).jobs }
        #expect(overview.blocks < 1_000)
        let few = try blocks("throughput of the last minutes") {
            try $0.throughput(stretches: 12, ofMilliseconds: 5_000, on: connection).count
        }
        #expect(few.blocks < 1_000)
    }

    @Test("the pages of a filter are the whole list, in its order, each job once")
    func pages() throws {
        var filter = StatusQuery.Filter()
        filter.states = [.failed, .cancelled]
        filter.kinds = ["assign", "unassign", "backfill"]
        let expected = try connection.execute(
            """
            SELECT id FROM rollcall.job WHERE state IN ('failed', 'cancelled')
            ORDER BY started_at DESC, id DESC
            """, Parameters(), binaryResult: true)
        var found: [JobID] = []
        while true {
            let page = try fixture.query.page(
                filter, limit: 37, after: found.last, on: connection)
            found += page.jobs.map(\.id)
            if !page.hasMore || found.count > 2_000 { break }
        }
        let all = (0..<min(expected.count, found.count)).map { JobID(expected.uuid($0, 0)) }
        #expect(found == all)
        #expect(found.count == min(expected.count, found.count))
        #expect(rows > 1_000_000 || found.count == expected.count)
    }
}
