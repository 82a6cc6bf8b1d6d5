import Catalog
import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// What is done once and not again, and never twice at the same time.
@Suite struct BackfillGateTests {
    private static func catalog(_ word: String, gate: String = "gate: definition") -> String {
        """
        catalog: c
        backfills:
          words:
            \(gate)
            parameters: { id: { type: integer, optional: true } }
            steps:
              - name: words
                chunk: { over: t, by: id, rows: 5, where: "(:id IS NULL OR id = :id)" }
                sql: UPDATE public.t SET word = '\(word)' WHERE id BETWEEN :from AND :to AND word <> '\(word)'
        """
    }

    private func desk(_ word: String = "a", gate: String = "gate: definition") throws
        -> BackfillDesk
    {
        try BackfillDesk(
            tables: """
                CREATE TABLE t (id integer PRIMARY KEY, word text NOT NULL);
                INSERT INTO t SELECT n, '' FROM generate_series(1, 20) n
                """, catalog: Self.catalog(word, gate: gate))
    }

    /// Another definition takes the place of the one before, as after a deployment.
    private func define(_ word: String, on desk: BackfillDesk) throws {
        let catalog = try Catalog(files: [("test.yaml", Self.catalog(word))])
        desk.plans = try BackfillPlan.compile(catalog, on: desk.connection).plans
    }

    @Test func anUnchangedDefinitionIsSkippedInTwoStatements() throws {
        let desk = try desk()
        try desk.ask("words")
        try desk.run()
        let message = try desk.message("words")
        let again = try desk.ask(message)
        #expect(try desk.job(again) == "succeeded skipped|0|0|0|0|-")
        #expect(try desk.run() == 0)
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_run") == "1")
    }

    @Test func goingBackAndForthRunsEachTime() throws {
        let desk = try desk("a")
        for word in ["a", "b", "a", "b"] {
            try define(word, on: desk)
            let job = try desk.ask("words")
            try desk.run()
            #expect(try desk.job(job) == "succeeded|20|0|20|0|-", "\(word)")
            let again = try desk.ask("words")
            #expect(try desk.job(again) == "succeeded skipped|0|0|0|0|-", "\(word)")
        }
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_version") == "1")
    }

    @Test func eachScopeIsItsOwn() throws {
        let desk = try desk()
        let one = try desk.ask("words", #""scope":{"id":1}"#)
        try desk.run()
        #expect(try desk.job(one) == "succeeded|1|0|1|0|-")
        let other = try desk.ask("words", #""scope":{"id":2}"#)
        try desk.run()
        #expect(try desk.job(other) == "succeeded|1|0|1|0|-")
        // A value may be written in more than one way.
        let again = try desk.ask("words", #""scope":{"id":"1"}"#)
        #expect(try desk.job(again) == "succeeded skipped|0|0|0|0|-")
        let all = try desk.ask("words", #""scope":{"id":null}"#)
        try desk.run()
        #expect(try desk.job(all) == "succeeded|18|0|18|0|-")
    }

    @Test func forceRunsItAgain() throws {
        let desk = try desk()
        try desk.ask("words")
        try desk.run()
        try desk.connection.script("UPDATE t SET word = 'z' WHERE id < 4")
        let forced = try desk.ask("words", #""force":true"#)
        try desk.run()
        #expect(try desk.job(forced) == "succeeded|3|0|3|0|-")
    }

    @Test func onlyWhatHasSucceededAndWritesIsRemembered() throws {
        let desk = try desk()
        try desk.ask("words", #""dry_run":true"#)
        try desk.run()
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_version") == "0")
        try desk.connection.script("ALTER TABLE t ADD CHECK (id < 10 OR word <> 'a')")
        let failed = try desk.ask("words")
        try desk.run()
        #expect(try desk.job(failed)?.hasPrefix("failed|") == true)
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_version") == "0")
    }

    @Test func withoutAGateItRunsEachTime() throws {
        let desk = try desk(gate: "")
        for expected in ["succeeded|20|0|20|0|-", "succeeded|0|0|0|0|-"] {
            let job = try desk.ask("words")
            try desk.run()
            #expect(try desk.job(job) == expected)
        }
    }

    // MARK: Two at once

    @Test func theSecondForTheSameScopeWaitsForTheFirst() throws {
        let desk = try desk(gate: "")
        let first = try desk.ask("words")
        let second = try desk.ask("words")
        let third = try desk.ask("words")
        let other = try desk.ask("words", #""scope":{"id":3}"#)
        #expect(try desk.job(second) == "waiting|0|0|0|0|-")
        #expect(
            try desk.value("SELECT waits_for FROM rollcall.jobs WHERE id = '\(second)'")
                == "job \(first)")
        #expect(try desk.job(other) == "running|0|0|0|0|-")
        // However many wait, workers look at one for each scope.
        let executor = desk.executor()
        #expect(try executor.store.look(executor.known, on: desk.connection).count == 2)
        var seen: Set<String> = []
        while try desk.turn() != nil {
            let active = try desk.rows(
                "SELECT scope, count(*) FROM rollcall.backfill_run WHERE state = 'active' GROUP BY 1"
            )
            #expect(active.allSatisfy { $0.hasSuffix("|1") }, "\(active)")
            seen.formUnion(try desk.rows("SELECT id FROM rollcall.jobs WHERE state = 'running'"))
        }
        #expect(seen == Set([first, second, third, other].map { "\($0)" }))
        for job in [first, second, third, other] {
            #expect(try desk.job(job)?.hasPrefix("succeeded|") == true)
            #expect(try desk.discrepancy(of: job) == nil)
        }
        // Waiting for another one is no work.
        #expect(
            try desk.rows(
                "SELECT count(*) FROM rollcall.jobs a JOIN rollcall.jobs b ON a.started_at < b.started_at "
                    + "WHERE b.started_at < a.finished_at AND a.target = b.target") == ["0"])
        let ends = try desk.rows(
            "SELECT id FROM rollcall.jobs WHERE id <> '\(other)' ORDER BY finished_at")
        #expect(ends == [first, second, third].map { "\($0)" })
    }

    @Test func whatWaitedIsSkippedIfTheFirstHasFinishedTheSame() throws {
        let desk = try desk()
        let first = try desk.ask("words")
        let second = try desk.ask("words")
        let forced = try desk.ask("words", #""force":true"#)
        try desk.run()
        #expect(try desk.job(first) == "succeeded|20|0|20|0|-")
        #expect(try desk.job(second) == "succeeded skipped|0|0|0|0|-")
        #expect(try desk.job(forced) == "succeeded|0|0|0|0|-")
    }

    @Test func theSameMessageTwiceIsOneJob() throws {
        let desk = try desk()
        let message = try desk.message("words")
        try desk.ask(message)
        try desk.ask(message)
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_run") == "1")
        try desk.run()
        try desk.ask(message)
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_run") == "1")
        #expect(try desk.job(try #require(message.job?.id)) == "succeeded|20|0|20|0|-")
    }

    /// A zombie executes the message while its successor has it open.
    @Test func theSameMessageByTwoWorkersAtOnceIsOneJob() throws {
        let desk = try desk()
        let message = try desk.message("words")
        let worker = desk.worker()
        try atOnce(8) { _ in try worker.ask(message) }
        #expect(try desk.value("SELECT count(*) FROM rollcall.backfill_run") == "1")
        try desk.run()
        #expect(try desk.value("SELECT count(*) FROM rollcall.jobs") == "1")
    }

    @Test func manyRequestsAtOnceRunOneAfterTheOther() throws {
        let desk = try desk(gate: "")
        let messages = try (0..<6).map { _ in try desk.message("words") }
        let worker = desk.worker()
        try atOnce(messages.count) { try worker.ask(messages[$0]) }
        #expect(
            try desk.rows(
                "SELECT state, count(*) FROM rollcall.backfill_run GROUP BY 1 ORDER BY 1")
                == ["active|1", "waiting|5"])
        try desk.run()
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.jobs WHERE state = 'succeeded'") == "6")
    }

    // MARK: Another definition meanwhile

    /// A minute in which nobody did anything goes by.
    private static let age = """
        UPDATE rollcall.backfill_run SET touched_at = touched_at - interval '70 s',
          next_at = next_at - interval '70 s';
        UPDATE rollcall.job_part SET not_before = not_before - interval '70 s'
        """

    @Test func aWorkerWithAnotherDefinitionLeavesItAlone() throws {
        let desk = try desk("a", gate: "")
        let old = desk.plans
        let job = try desk.ask("words")
        try desk.turn()
        try define("b", on: desk)
        #expect(try desk.run() == 0)
        #expect(try desk.job(job) == "running|5|0|5|0|-")
        desk.plans = old
        try desk.run()
        #expect(try desk.job(job) == "succeeded|20|0|20|0|-")
    }

    @Test func whatNobodyCanFinishAnyMoreFailsAfterAWhile() throws {
        let desk = try desk("a")
        let job = try desk.ask("words")
        let waiting = try desk.ask("words")
        try desk.turn()
        try define("b", on: desk)
        let next = try desk.ask("words")
        #expect(try desk.run() == 0)
        // A pause may well be longer.
        _ = try controls.pause(Control(.backfill, "words"), on: desk.connection)
        try desk.connection.script(Self.age)
        #expect(try desk.run() == 0)
        _ = try controls.resume(Control(.backfill, "words"), on: desk.connection)
        try desk.connection.script(Self.age)
        try desk.run()
        #expect(try desk.job(job) == "failed|5|0|5|0|definition-changed")
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(try desk.job(waiting)?.hasPrefix("waiting|") == true)
        try desk.connection.script(Self.age)
        try desk.run()
        #expect(try desk.job(waiting) == "failed|0|0|0|0|definition-changed")
        #expect(try desk.job(next) == "succeeded|20|0|20|0|-")
    }

    @Test func whatAnotherDefinitionHasTouchedIsDoneAgain() throws {
        let desk = try desk("a")
        try desk.ask("words")
        try desk.run()
        try define("b", on: desk)
        let half = try desk.ask("words")
        try desk.turn()
        let store = desk.executor().store
        _ = try desk.connection.transaction {
            try store.close(half, .cancelled, on: desk.connection)
        }
        #expect(try desk.job(half) == "cancelled|5|0|5|0|-")
        try define("a", on: desk)
        let back = try desk.ask("words")
        try desk.run()
        #expect(try desk.job(back) == "succeeded|5|0|5|0|-")
        #expect(try desk.value("SELECT string_agg(DISTINCT word, ',') FROM t") == "a")
    }

    /// As after a deployment that is taken back at once.
    @Test func theDefinitionLastFinishedWaitsForAnotherThatRuns() throws {
        let desk = try desk("a")
        try desk.ask("words")
        try desk.run()
        let old = desk.plans
        try define("b", on: desk)
        let new = desk.plans
        let first = try desk.ask("words")
        try desk.turn()
        desk.plans = old
        let second = try desk.ask("words")
        #expect(try desk.job(second) == "waiting|0|0|0|0|-")
        desk.plans = new
        try desk.run()
        desk.plans = old
        try desk.run()
        #expect(try desk.job(first) == "succeeded|20|0|20|0|-")
        #expect(try desk.job(second) == "succeeded|20|0|20|0|-")
    }

    /// Somebody stops a backfill, and deploys a better one before its last part has ended.
    @Test func whatWasStoppedEndsAlsoWhereNobodyKnowsItAnyMore() throws {
        let desk = try desk("a", gate: "")
        let job = try desk.ask("words")
        let other = try desk.another()
        let store = desk.executor().store
        let part = try #require(try store.claim(desk.executor().known, on: other))
        try other.script("BEGIN")
        #expect(try store.hold(part, on: other))
        _ = try desk.connection.transaction {
            try store.close(job, .cancelled, on: desk.connection)
        }
        other.close()
        try define("b", on: desk)
        let next = try desk.ask("words")
        try desk.connection.script(Self.age)
        try desk.run()
        // The end of one is no news that would lead on to the next.
        try desk.run()
        #expect(try desk.job(job) == "cancelled|0|0|0|0|-")
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(try desk.job(next)?.hasPrefix("succeeded|") == true)
    }

    @Test func newRequestsDoNotKeepAnAbandonedOneAlive() throws {
        let desk = try desk("a", gate: "")
        let job = try desk.ask("words")
        try desk.turn()
        try define("b", on: desk)
        try desk.connection.script(Self.age)
        let next = try desk.ask("words")
        try desk.run()
        #expect(try desk.job(job) == "failed|5|0|5|0|definition-changed")
        #expect(try desk.job(next) == "succeeded|20|0|20|0|-")
    }

    /// A deployment is under way: the workers with the old definition are there still.
    @Test func whatHasToWaitForItsRateIsNotAbandoned() throws {
        let desk = try desk("a", gate: "")
        let job = try desk.ask("words", #""max_rows_per_second":1"#)
        while try desk.turn() != nil {}
        try desk.connection.script(
            """
            UPDATE rollcall.backfill_run SET touched_at = touched_at - interval '61 s';
            UPDATE rollcall.job_part SET not_before = not_before - interval '61 s'
            """)
        try define("b", on: desk)
        try desk.run()
        #expect(try desk.value("SELECT coalesce(error_code, '-') FROM rollcall.jobs") == "-")
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
    }

    @Test func whatAWorkerHasInHandForLongIsNotAbandoned() throws {
        let desk = try desk("a", gate: "")
        let job = try desk.ask("words")
        let slow = desk.executor("slow")
        let other = try desk.another()
        let part = try #require(try slow.store.claim(slow.known, on: other))
        try other.script("BEGIN")
        #expect(try slow.store.hold(part, on: other))
        try desk.connection.script(
            """
            UPDATE rollcall.backfill_run SET touched_at = touched_at - interval '61 s',
              next_at = next_at - interval '61 s';
            UPDATE rollcall.job_part SET not_before = not_before - interval '61 s'
            WHERE state = 'pending'
            """)
        try define("b", on: desk)
        try desk.run()
        #expect(
            try desk.value("SELECT is_planning OR ending IS NULL FROM rollcall.backfill_run") == "t"
        )
        try other.script("ROLLBACK")
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
    }

    /// Parts that wait for a lock are tried again and again, and none ends.
    @Test func whatIsTriedInVainIsNotAbandoned() throws {
        let desk = try desk("a", gate: "")
        desk.lockTimeout = .milliseconds(10)
        let job = try desk.ask("words")
        let old = desk.plans
        try define("b", on: desk)
        let new = desk.plans
        let other = try desk.another()
        try other.script("BEGIN; LOCK TABLE t")
        try desk.connection.script(Self.age)
        desk.plans = old
        for _ in 0..<3 { try desk.turn() }
        desk.plans = new
        for _ in 0..<3 { try desk.turn() }
        #expect(try desk.job(job) == "running|0|0|0|0|-")
        try other.script("ROLLBACK")
    }

    /// The worker that goes on with it has not had its turn yet.
    @Test(arguments: [Control.Subject.job, .backfill, .kind])
    func whatWasPausedForLongIsNotAbandonedAtOnce(_ subject: Control.Subject) throws {
        let desk = try desk("a", gate: "")
        let job = try desk.ask("words")
        let name =
            switch subject {
            case .job: "\(job)"
            case .backfill: "words"
            case .kind: "backfill"
            case .topic, .relation: preconditionFailure("it is none of work in parts")
            }
        _ = try controls.pause(Control(subject, name), on: desk.connection)
        try desk.connection.script(Self.age)
        _ = try controls.resume(Control(subject, name), on: desk.connection)
        try define("b", on: desk)
        try desk.run()
        #expect(try desk.job(job) == "running|0|0|0|0|-")
    }
}
