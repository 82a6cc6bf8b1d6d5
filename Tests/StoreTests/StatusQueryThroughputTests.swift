import Jobs
import Postgres
import Testing

@testable import Store

@Suite struct StatusQueryThroughputTests {
    @Test("jobs of one beginning are a batch; parts count when they end")
    func throughput() throws {
        let fixture = try StatusQueryFixture()
        let begin = try fixture.connection.execute("SELECT now() - interval '90 s'").string(0, 0)
        let ago = "'\(begin)'::timestamptz"
        for number in 1...3 {
            try fixture.insert(
                StatusQueryFixture.id(UInt64(number)), started: ago, items: 10, rejected: 1)
        }
        try fixture.insert(StatusQueryFixture.id(4), started: "now() - interval '1 s'", items: 7)
        try fixture.insert(StatusQueryFixture.id(5), started: "now() - interval '2 h'", items: 9)
        try fixture.insert(StatusQueryFixture.id(6), state: "running", kind: "backfill")
        try fixture.connection.script(
            """
            INSERT INTO rollcall.job_part (job_id, items, created, rejected, step, number, state,
              started_at, finished_at)
            VALUES ('\(StatusQueryFixture.id(6))', 50, 20, 5, 1, 1, 'done',
                now() - interval '4 s', now() - interval '2 s'),
              ('\(StatusQueryFixture.id(6))', 50, 0, 0, 1, 2, 'running', now(), NULL)
            """)
        let stretches = try fixture.query.throughput(
            stretches: 3, ofMilliseconds: 60_000, on: fixture.connection)
        #expect(stretches.map(\.transactions) == [0, 1, 2])
        #expect(stretches.map(\.batches) == [0, 1, 1])
        #expect(stretches.map(\.jobs) == [0, 3, 1])
        #expect(stretches.map(\.items) == [0, 30, 32])
        #expect(stretches[0].milliseconds == nil)
        #expect(stretches[1].milliseconds.map { Int($0.rounded()) } == 400)
        #expect(stretches[2].milliseconds.map { Int($0.rounded()) } == 1_200)
        let view = try fixture.connection.execute(
            "SELECT sum(jobs), sum(items), sum(transactions) FROM rollcall.throughput")
        #expect((0..<3).map { view.string(0, $0) } == ["5", "71", "4"])
    }

    @Test("workers: those that are silent are lost, and last")
    func workers() throws {
        let fixture = try StatusQueryFixture()
        try fixture.connection.script(
            """
            INSERT INTO rollcall.worker (id, started_at, heartbeat_at, lanes, in_flight, partitions,
              host, version, state, waits_for)
            VALUES ('a', now() - interval '1 h', now() - interval '31 s', 4, 0, 0, 'h', '1', 'running', NULL),
              ('b', now() - interval '2 h', now() - interval '2 s', 8, 5, 12, 'i', '2', 'draining', 'x')
            """)
        let workers = try fixture.query.workers(on: fixture.connection)
        #expect(workers.map(\.id) == ["b", "a"])
        #expect(workers.map(\.isLost) == [false, true])
        #expect(workers[0].partitions == 12 && workers[0].inFlight == 5 && workers[0].lanes == 8)
        #expect(workers[0].waitsFor == "x" && workers[0].state == "draining")
        #expect(workers[0].upMilliseconds / 60_000 == 120)
    }
}
