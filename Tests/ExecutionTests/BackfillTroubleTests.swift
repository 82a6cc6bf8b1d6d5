import Dispatch
import Foundation
import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// Parts that do not end well, workers that die, and people who stop a backfill.
@Suite struct BackfillTroubleTests {
    /// 95 teams with three members each: ten parts, then fifteen, then one.
    private let desk: BackfillDesk

    init() throws { desk = try BackfillRunTests.desk() }

    private static let whole = "succeeded|573|285|285|3|-"

    // MARK: Workers that die

    /// A part is claimed, and its worker is gone: nobody holds its row.
    private func die() throws {
        let claim = try desk.executor().store.claim(
            desk.executor().known, on: desk.connection)
        #expect(claim != nil)
        // As much later as a worker takes at the most from its claim to its transaction.
        try desk.connection.script(
            "UPDATE rollcall.job_part SET not_before = now() WHERE state = 'running'")
    }

    @Test func aPartWhoseWorkerDiedIsDoneOnceMore() throws {
        let job = try desk.ask("pairs")
        try desk.turn()
        try die()
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(
            try desk.rows("SELECT number, attempts FROM rollcall.job_parts WHERE attempts > 1") == [
                "2|2"
            ])
    }

    @Test func aPartThatAWorkerHasInHandIsNobodyElses() throws {
        let job = try desk.ask("pairs")
        let other = try desk.another()
        let mine = desk.executor("slow")
        let part = try #require(try mine.store.claim(mine.known, on: other))
        try desk.connection.script("UPDATE rollcall.job_part SET not_before = now()")
        try other.script("BEGIN")
        #expect(try mine.store.hold(part, on: other))
        // All but that part are done by others; the step does not end without it.
        try desk.run()
        #expect(
            try desk.rows("SELECT state, count(*) FROM rollcall.job_parts GROUP BY 1 ORDER BY 1")
                == ["done|9", "running|1"])
        try other.script("ROLLBACK")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
    }

    @Test func aWorkerThatWasTakenForDeadLeavesThePartToItsSuccessor() throws {
        let job = try desk.ask("pairs")
        let zombie = desk.executor("zombie")
        let part = try #require(try zombie.store.claim(zombie.known, on: desk.connection))
        try desk.connection.script("UPDATE rollcall.job_part SET not_before = now()")
        try desk.turn()
        #expect(try zombie.execute(part, on: desk.connection, { false }) == nil)
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test func aPartThatKillsItsWorkersFailsTheJob() throws {
        desk.attempts = 3
        let job = try desk.ask("pairs")
        for _ in 0..<4 { try die() }
        try desk.run()
        #expect(try desk.job(job) == "failed|0|0|0|0|worker-lost")
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(
            try desk.rows("SELECT state, count(*) FROM rollcall.job_parts GROUP BY 1 ORDER BY 1")
                == ["cancelled|9", "failed|1"])
    }

    @Test func whatAWorkerGivesUpOnStoppingCountsAsNoAttempt() throws {
        try desk.connection.script("ALTER TABLE pair ADD CHECK (team_id < 15)")
        let job = try desk.ask("pairs")
        try desk.turn()
        _ = try desk.executor().turn(on: desk.connection, onClaim: {}, isStopping: { true })
        #expect(
            try desk.value("SELECT max(attempts) FROM rollcall.job_parts WHERE state = 'pending'")
                == "0")
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
    }

    // MARK: Errors

    @Test func aPermanentErrorFailsTheJobAndCancelsTheRest() throws {
        try desk.connection.script("ALTER TABLE pair ADD CONSTRAINT small CHECK (team_id <> 35)")
        let job = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(job) == "failed|90|90|0|0|small")
        #expect(
            try desk.value("SELECT error_message FROM rollcall.jobs")
                == "step \"pairs\", part 4: new row for relation \"pair\" violates check constraint \"small\""
        )
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(
            try desk.rows(
                "SELECT state, count(*), max(error_code) FROM rollcall.job_parts GROUP BY 1 ORDER BY 1"
            )
                == ["cancelled|6|NULL", "done|3|NULL", "failed|1|small"])
        #expect(try desk.value("SELECT count(*) FROM pair") == "90")
    }

    @Test func aPermanentErrorLetsPartsInHandEnd() throws {
        try desk.connection.script("ALTER TABLE pair ADD CONSTRAINT small CHECK (team_id <> 5)")
        let job = try desk.ask("pairs")
        // One worker has the second part in hand while the first one fails.
        try desk.connection.script(
            "UPDATE rollcall.job_part SET not_before = now() + interval '1 hour' WHERE number = 1")
        let other = try desk.another()
        let slow = desk.executor("slow")
        let part = try #require(try slow.store.claim(slow.known, on: other))
        try desk.connection.script("UPDATE rollcall.job_part SET not_before = now()")
        try other.script("BEGIN")
        #expect(try slow.store.hold(part, on: other))
        try desk.run()
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
        let standing = try slow.store.end(part, RowCounts(created: 7), on: other)
        try slow.store.settle(standing, of: job, on: other)
        try other.script("COMMIT")
        #expect(try desk.job(job) == "failed|7|7|0|0|small")
        #expect(try desk.discrepancy(of: job) == nil)
    }

    /// A second part is refused while the backfill ends already for the first one, or for a person.
    @Test(arguments: [true, false])
    func aPermanentErrorWhileItEndsLetsItEnd(_ isCancelled: Bool) throws {
        try desk.connection.script(
            """
            ALTER TABLE pair ADD CONSTRAINT small CHECK (team_id > 20);
            SELECT pg_advisory_lock(7);
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF pg_catalog.current_setting('application_name') = 'rollcall/slow' THEN
                PERFORM pg_advisory_xact_lock(7);
              END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER wait BEFORE INSERT ON pair FOR EACH STATEMENT EXECUTE FUNCTION wait()
            """)
        let job = try desk.ask("pairs")
        let slow = desk.worker("slow")
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue(label: "slow").async {
            _ = try? slow.backfills.turn(on: slow.connect(), onClaim: {})
            ended.signal()
        }
        // Other databases of the server have the same lock.
        while try desk.value(
            """
            SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE NOT l.granted AND l.objid = 7 AND d.datname = current_database()
            """) == "0"
        {
            Thread.sleep(forTimeInterval: 0.01)
        }
        if isCancelled {
            _ = try desk.connection.transaction {
                try desk.executor().store.close(job, .cancelled, on: desk.connection)
            }
        } else {
            try desk.run()
        }
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
        try desk.connection.script("SELECT pg_advisory_unlock(7)")
        ended.wait()
        try desk.run()
        #expect(try desk.job(job) == (isCancelled ? "cancelled|0|0|0|0|-" : "failed|0|0|0|0|small"))
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test func aStatementThatTakesTooLongIsSplitUntilItDoesNot() throws {
        try desk.connection.script(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF (SELECT count(DISTINCT team_id) FROM written) > 3 THEN RAISE query_canceled; END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER slow AFTER INSERT ON pair REFERENCING NEW TABLE AS written
            FOR EACH STATEMENT EXECUTE FUNCTION slow()
            """)
        let job = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(
            try desk.rows(
                "SELECT DISTINCT items, error_code FROM rollcall.job_parts WHERE state = 'split' ORDER BY 1"
            )
                == ["5|timeout", "10|timeout"])
    }

    @Test func aSingleKeyThatTakesTooLongFailsTheJob() throws {
        desk.attempts = 3
        try desk.connection.script(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF EXISTS (SELECT FROM written WHERE team_id = 4) THEN RAISE query_canceled; END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER slow AFTER INSERT ON pair REFERENCING NEW TABLE AS written
            FOR EACH STATEMENT EXECUTE FUNCTION slow()
            """)
        let job = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(job)?.hasSuffix("|timeout") == true)
        #expect(try desk.discrepancy(of: job) == nil)
        #expect(
            try desk.rows(
                "SELECT items, attempts, lower_bound, upper_bound FROM rollcall.job_parts WHERE state = 'failed'"
            )
                == [#"1|3|["4"]|["4"]"#])
    }

    @Test func aRealTimeoutIsSplitToo() throws {
        desk.statementTimeout = .milliseconds(300)
        try desk.connection.script(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              PERFORM pg_sleep(0.04 * (SELECT count(DISTINCT team_id) FROM written));
              RETURN NULL;
            END $$;
            CREATE TRIGGER slow AFTER INSERT ON pair REFERENCING NEW TABLE AS written
            FOR EACH STATEMENT EXECUTE FUNCTION slow();
            DELETE FROM team WHERE id > 10
            """)
        let job = try desk.ask("pairs")
        try desk.run()
        #expect(try desk.job(job)?.hasPrefix("succeeded|") == true)
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.job_parts WHERE state = 'split'") != "0")
        #expect(try desk.discrepancy(of: job) == nil)
    }

    /// Somebody's migration locks the whole table: parts wait, and are not split into crumbs.
    @Test func aLockedTableFailsNothingAndMakesFewParts() throws {
        desk.lockTimeout = .milliseconds(10)
        let job = try desk.ask("pairs")
        let other = try desk.another()
        try other.script("BEGIN; LOCK TABLE pair")
        for _ in 0..<60 { try desk.turn() }
        try other.script("ROLLBACK")
        let parts = try desk.value("SELECT count(*) FROM rollcall.job_parts")
        #expect(try #require(parts.flatMap { Int($0) }) < 160)
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.discrepancy(of: job) == nil)
    }

    /// Then a part cannot be halved either, and still it is nobody else's business.
    @Test func aLockedTableThatIsWalkedHoldsOnlyItsOwnPartsBack() throws {
        desk.lockTimeout = .milliseconds(10)
        let job = try desk.ask("pairs")
        let other = try desk.another()
        try other.script("BEGIN; LOCK TABLE team; LOCK TABLE pair")
        for _ in 0..<30 { try desk.turn() }
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.job_parts WHERE state = 'running'") == "0"
        )
        try other.script("ROLLBACK")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.discrepancy(of: job) == nil)
    }

    @Test func aTableThatIsGoneIsWaitedFor() throws {
        let job = try desk.ask("pairs")
        try desk.turn()
        try desk.connection.script("ALTER TABLE pair RENAME TO pairs")
        try desk.turn()
        let reason = try desk.value("SELECT waits_for FROM rollcall.jobs")
        #expect(reason?.contains("42P01") == true, "\(reason ?? "nothing")")
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
        try desk.connection.script("ALTER TABLE pairs RENAME TO pair")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
        #expect(try desk.value("SELECT coalesce(waits_for, '-') FROM rollcall.jobs") == "-")
    }

    @Test func aConnectionThatIsCutLeavesADebtAndNoAttempt() throws {
        let job = try desk.ask("pairs")
        try desk.connection.script(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE TRIGGER cut AFTER INSERT ON pair FOR EACH STATEMENT EXECUTE FUNCTION cut()
            """)
        let other = try desk.another()
        let failed = #expect(throws: PartFailed.self) { try desk.turn(on: other) }
        #expect(
            failed?.cause.isConnectionLost == true || failed?.cause.sqlState?.rawValue == "57P01")
        try desk.connection.script("DROP TRIGGER cut ON pair")
        if let debt = failed?.debt {
            #expect(try desk.executor().settle(debt, on: desk.connection))
        }
        #expect(
            try desk.value(
                "SELECT string_agg(state || attempts, ',') FROM rollcall.job_parts WHERE number = 1"
            )
                == "pending0")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
    }

    /// A part takes longer than a worker is given before it is taken for dead, and is cut again and
    /// again: others claim it before its worker can say that it lives.
    @Test func connectionsThatAreCutFailNoJob() throws {
        desk.attempts = 2
        let job = try desk.ask("pairs")
        try desk.connection.script(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE TRIGGER cut AFTER INSERT ON pair FOR EACH STATEMENT EXECUTE FUNCTION cut()
            """)
        for number in 1...6 {
            let worker = desk.executor("worker-\(number)")
            let other = try desk.another()
            let failed = #expect(throws: PartFailed.self) {
                try worker.turn(on: other, onClaim: {})
            }
            let debt = try #require(failed?.debt)
            try desk.connection.script(
                "UPDATE rollcall.job_part SET not_before = now() WHERE state = 'running'")
            let next = desk.executor("next")
            let claim = try #require(try next.store.claim(next.known, on: desk.connection))
            // Whoever has it in hand is not waited for.
            let hand = try desk.another()
            try hand.script("BEGIN")
            #expect(try next.store.hold(claim, on: hand))
            #expect(try !worker.settle(debt, on: desk.connection))
            try hand.script("ROLLBACK")
            #expect(try worker.settle(debt, on: desk.connection))
            _ = try next.store.release(
                claim, isCounted: false, because: nil, after: .zero, on: desk.connection)
        }
        try desk.connection.script("DROP TRIGGER cut ON pair")
        try desk.run()
        #expect(try desk.job(job) == Self.whole)
    }

    /// A part of one key that has waited for locks is given all of its attempts nevertheless.
    @Test func waitingIsNoAttempt() throws {
        try desk.connection.script(
            """
            DELETE FROM team WHERE id <> 4;
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE query_canceled; END $$;
            CREATE TRIGGER slow AFTER INSERT ON pair FOR EACH STATEMENT EXECUTE FUNCTION slow()
            """)
        let job = try desk.ask("pairs")
        try desk.connection.script("UPDATE rollcall.job_part SET tries = 10")
        try desk.turn()
        #expect(try desk.job(job)?.hasPrefix("running|") == true)
        try desk.connection.script("DROP TRIGGER slow ON pair")
        try desk.run()
        #expect(try desk.job(job)?.hasPrefix("succeeded|") == true)
    }

    /// Others look for parts that nobody has while a worker decides what becomes of one that failed.
    @Test func aPartThatFailsIsNotTakenForLostMeanwhile() throws {
        try desk.connection.script(
            "ALTER TABLE pair ADD CONSTRAINT small CHECK (team_id > 10); DELETE FROM team WHERE id > 20"
        )
        _ = try desk.ask("pairs")
        let mine = desk.executor("mine")
        let part = try #require(try mine.store.claim(mine.known, on: desk.connection))
        try desk.connection.script("UPDATE rollcall.job_part SET not_before = now()")
        let other = desk.worker("other")
        let slow = BackfillExecutor(
            plans: mine.plans, store: mine.store, limits: mine.limits,
            recompile: { _, _ in
                // The second part is done, the first one left alone.
                _ = try? other.run()
                return false
            })
        _ = try slow.execute(part, on: desk.connection, { false })
        #expect(
            try desk.rows("SELECT number, state, attempts, lost FROM rollcall.job_part ORDER BY 1")
                == ["1|failed|1|0", "2|done|1|0"])
    }

    // MARK: Rate

    @Test func theRateHoldsPartsBack() throws {
        let job = try desk.ask("pairs", #""max_rows_per_second":1"#)
        // A second's worth may be made good; then the next part has to wait for its time.
        var turns = 0
        while try desk.turn() != nil { turns += 1 }
        #expect(turns <= 2)
        guard case .idle(let due?) = try desk.executor().turn(on: desk.connection, onClaim: {})
        else {
            Issue.record("nobody says when it goes on")
            return
        }
        #expect(due > .seconds(5) && due <= .seconds(21))
        try desk.connection.script("UPDATE rollcall.backfill_run SET next_at = now()")
        #expect(try desk.turn() != nil)
        #expect(try desk.discrepancy(of: job) == nil)
    }
}
