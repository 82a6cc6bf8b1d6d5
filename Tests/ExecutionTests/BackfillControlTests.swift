import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// Cancel and pause at every edge.
@Suite struct BackfillControlTests {
    private let desk: BackfillDesk
    private let store: BackfillStore

    init() throws {
        desk = try BackfillRunTests.desk()
        store = desk.executor().store
    }

    private static let whole = "succeeded|573|285|285|3|-"
    /// How many turns a whole backfill takes: 26 parts, and the plans of two steps.
    private static let turns = 28

    @discardableResult
    private func cancel(_ job: JobID) throws -> BackfillStanding? {
        try desk.connection.transaction {
            try store.close(job, .cancelled, on: desk.connection)
        }
    }

    @Test(arguments: 0...turns)
    func cancelAfterAnyTurnLeavesExactCounts(_ turns: Int) throws {
        let job = try desk.ask("pairs")
        for _ in 0..<turns { try desk.turn() }
        let isOver = try desk.job(job)?.hasPrefix("succeeded|") == true
        let standing = try cancel(job)
        #expect((standing == nil) == isOver)
        #expect(try desk.run() == 0)
        let written = try desk.rows(
            """
            SELECT sum(created) + sum(updated) + sum(removed), sum(created), sum(updated), sum(removed)
            FROM rollcall.job_parts
            """)[0]
        #expect(try desk.job(job) == (isOver ? Self.whole : "cancelled|\(written)|-"))
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(
            try desk.value("SELECT count(*) FROM pair")
                == desk.value("SELECT sum(created) - sum(removed) FROM rollcall.job_parts"))
        // What was not done is done by the next one, and nothing twice.
        let next = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(next)?.hasPrefix("succeeded|") == true)
        #expect(
            try desk.rows("SELECT sum(created), sum(updated), sum(removed) FROM rollcall.jobs")
                == (isOver ? ["288|288|6"] : ["285|285|3"]))
    }

    @Test func cancelLetsAPartInHandEnd() throws {
        let job = try desk.ask("pairs")
        let other = try desk.another()
        let part = try #require(try store.claim(desk.executor().known, on: other))
        try other.script("BEGIN")
        #expect(try store.hold(part, on: other))
        #expect(try cancel(job)?.openParts == 1)
        #expect(try cancel(job) == nil)
        #expect(try desk.value("SELECT cancelling FROM rollcall.jobs") == "t")
        #expect(try desk.job(job) == "running|0|0|0|0|-")
        let standing = try store.end(part, RowCounts(created: 30), on: other)
        try store.settle(standing, of: job, on: other)
        try other.script("COMMIT")
        #expect(try desk.job(job) == "cancelled|30|30|0|0|-")
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test func aCancelledPartWhoseWorkerDiesEndsTheJob() throws {
        let job = try desk.ask("pairs")
        let other = try desk.another()
        let part = try #require(try store.claim(desk.executor().known, on: other))
        try other.script("BEGIN")
        #expect(try store.hold(part, on: other))
        try cancel(job)
        other.close()
        try desk.connection.script("UPDATE rollcall.job_part SET not_before = now()")
        try desk.run()
        #expect(try desk.job(job) == "cancelled|0|0|0|0|-")
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test func cancelOfOneThatWaitsEndsItAtOnce() throws {
        let first = try desk.ask("pairs")
        let second = try desk.ask("pairs")
        #expect(try cancel(second)?.openParts == 0)
        #expect(try desk.job(second) == "cancelled|0|0|0|0|-")
        try desk.run()
        #expect(try desk.job(first) == Self.whole)
    }

    @Test func cancelOfTheFirstLetsTheNextOneBegin() throws {
        let first = try desk.ask("pairs")
        let second = try desk.ask("pairs")
        for _ in 0..<3 { try desk.turn() }
        try cancel(first)
        try desk.run()
        #expect(try desk.job(second) == "succeeded|483|195|285|3|-")
    }

    // MARK: Pause

    @Test(arguments: [Control.Subject.job, .backfill, .kind], [0, 1, 9, 10, 11, 20, 27])
    func pauseAfterAnyTurnStopsAtThePartsEdge(
        _ subject: Control.Subject, _ turns: Int
    ) throws {
        let job = try desk.ask("pairs")
        for _ in 0..<turns { try desk.turn() }
        let name =
            switch subject {
            case .job: "\(job)"
            case .backfill: "pairs"
            case .kind: "backfill"
            case .topic, .relation: preconditionFailure("it is none of work in parts")
            }
        let before = try desk.job(job)
        #expect(try controls.pause(Control(subject, name), on: desk.connection))
        #expect(try !controls.pause(Control(subject, name), on: desk.connection))
        #expect(try desk.run() == 0)
        #expect(try desk.job(job) == before)
        #expect(try desk.value("SELECT paused FROM rollcall.jobs") == "t")
        #expect(try controls.resume(Control(subject, name), on: desk.connection))
        #expect(try !controls.resume(Control(subject, name), on: desk.connection))
        #expect(try desk.value("SELECT paused FROM rollcall.jobs") == "f")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test func aPauseOfAnotherIsNobodysBusiness() throws {
        let job = try desk.ask("pairs")
        _ = try controls.pause(Control(.backfill, "roles"), on: desk.connection)
        _ = try controls.pause(Control(.job, "pairs"), on: desk.connection)
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
    }

    @Test func whatIsPausedCanBeCancelled() throws {
        let job = try desk.ask("pairs")
        try desk.turn()
        _ = try controls.pause(Control(.job, "\(job)"), on: desk.connection)
        try cancel(job)
        #expect(try desk.job(job) == "cancelled|30|30|0|0|-")
    }

    // MARK: Many workers

    @Test(arguments: [2, 4])
    func manyWorkersDoEachPartOnce(_ count: Int) throws {
        try desk.connection.script(
            """
            INSERT INTO team SELECT n, 'team ' || n FROM generate_series(100, 700) n;
            INSERT INTO member SELECT t, u FROM generate_series(100, 700) t, generate_series(1, 2) u
            """)
        let job = try desk.ask("pairs")
        let workers = (0..<count).map { desk.worker("worker-\($0)") }
        while try desk.job(job)?.hasPrefix("running|") == true {
            try atOnce(count) { _ = try workers[$0].run() }
        }
        let removed = 3 + 601 * 2
        let created = 285 + 601 * 2
        #expect(
            try desk.job(job)
                == "succeeded|\(created * 2 + removed)|\(created)|\(created)|\(removed)|-")
        #expect(try desk.discrepancy(of: job) == nil)
        // A worker that stands still for seconds, as on a busy machine, is rightly taken for dead.
        #expect(try desk.value("SELECT max(attempts - lost) FROM rollcall.job_part") == "1")
    }
}
