import Dispatch
import Jobs
import Postgres
import Sandbox
import Synchronization
import Testing

@testable import Execution

/// A job takes effect once, however often and by whomever it is executed.
@Suite struct ClaimTests {
    private let desk: Desk

    init() throws { desk = try Desk.school() }

    private func assign(
        _ members: String, id: JobID, offset: Int64? = nil, _ more: String = ""
    ) throws -> Message {
        try desk.message(
            "assign",
            #""relation":"enrollment","target":7,"members":[\#(members)]\#(more)"#, id: id,
            offset: offset)
    }

    @Test func aJobThatEndedIsNotExecutedAgain() throws {
        let id = desk.freshID()
        try desk.execute(try assign("1,2", id: id, offset: 10))
        try desk.connection.execute("DELETE FROM school.enrollment WHERE user_id = 1")
        let again = try assign("1,2", id: id, offset: 10)
        let result = try desk.execute(again)
        #expect(result.jobs == 0)
        #expect(try desk.enrolled(7) == ["2|student"])
        // The same delivery again is no duplicate.
        #expect(try desk.receipt(again) == Receipt(created: 2))
        #expect(try desk.deadLetters().isEmpty)
    }

    @Test func aDuplicateIsCountedOnceForEveryPlaceItStandsAt() throws {
        let id = desk.freshID()
        let first = try assign("1", id: id, offset: 10)
        try desk.execute(first)
        for offset: Int64 in [11, 12, 11, 10, 12] {
            let again = try assign("1", id: id, offset: offset)
            #expect(try desk.execute(again).duplicates == 1)
        }
        #expect(try desk.receipt(first) == Receipt(created: 1, duplicates: 2))
    }

    @Test func aDuplicateInTheSameBatchIsCounted() throws {
        let id = desk.freshID()
        let messages = [
            try assign("1", id: id, offset: 10), try assign("1", id: id, offset: 11),
            try assign("1", id: id, offset: 10),
        ]
        #expect(try desk.execute(messages).jobs == 1)
        #expect(try desk.receipt(messages[0]) == Receipt(created: 1, duplicates: 1))
    }

    @Test func otherWhitespaceAndOrderOfKeysAreTheSameContent() throws {
        let id = desk.freshID()
        let first = try assign("1, 2", id: id, offset: 10)
        try desk.execute(first)
        let again = try desk.message(
            "assign", #""members" : [1,2],"target":7,  "relation":"enrollment""#, id: id,
            offset: 11)
        try desk.execute(again)
        #expect(try desk.receipt(first) == Receipt(created: 2, duplicates: 1))
        #expect(try desk.deadLetters().isEmpty)
    }

    @Test func otherContentUnderAKnownIDIsADeadLetter() throws {
        let id = desk.freshID()
        let first = try assign("1", id: id, offset: 10)
        try desk.execute(first)
        for _ in 0..<2 { try desk.execute(try assign("1,2", id: id, offset: 11)) }
        try desk.execute(
            try desk.message(
                "unassign", #""relation":"enrollment","target":7,"members":[1]"#, id: id,
                offset: 12))
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try desk.receipt(first) == Receipt(created: 1))
        #expect(
            try desk.deadLetters() == ["conflicting-duplicate|11", "conflicting-duplicate|12"])
    }

    @Test func otherContentUnderAnIDOfTheSameBatchIsADeadLetter() throws {
        let id = desk.freshID()
        let messages = [
            try assign("1", id: id, offset: 10), try assign("2", id: id, offset: 11),
        ]
        try desk.execute(messages)
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try desk.deadLetters() == ["conflicting-duplicate|11"])
    }

    @Test func aFaultIsADeadLetterWithItsBytesOnceHoweverOftenItComes() throws {
        let bytes: [UInt8] = [0, 0x7B, 0xFF, 0x27, 0x0A]
        let fault = Message.Content.fault(MessageFault(.notJSON, "no value at byte 0"))
        for _ in 0..<2 { try desk.execute(desk.message(fault, bytes: bytes, offset: 33)) }
        #expect(try desk.deadLetters() == ["not-json|33"])
        let kept = try desk.connection.execute("SELECT value, reason FROM rollcall.dead_letters")
        #expect(kept.bytes(0, 0) == bytes)
        #expect(kept.string(0, 1) == "no value at byte 0")
    }

    @Test func aFailedJobIsNotTriedAgain() throws {
        let id = desk.freshID()
        let job = try assign(#"1,"x""#, id: id, offset: 10, #","mode":"atomic""#)
        try desk.execute(job)
        try desk.execute(try assign(#"1,"x""#, id: id, offset: 10, #","mode":"atomic""#))
        #expect(try desk.receipt(job) == Receipt(rejected: 2, error: "item-rejected"))
        #expect(try desk.deadLetters() == ["job-failed|10"])
    }

    @Test func aJobThatIsGivenUpSaysWhyAndItsNeighboursAreExecuted() throws {
        let bad = try assign("1,2", id: desk.freshID())
        let good = try assign("3", id: desk.freshID())
        var batch = Desk.batch([bad, good])
        batch.entries[0].failures = 3
        batch.entries[0].verdict = Rejection(code: "timeout", message: "too slow")
        let result = try desk.executor.execute(batch, on: desk.connection)
        #expect(result.failed == 1)
        #expect(try desk.enrolled(7) == ["3|student"])
        #expect(try desk.receipt(bad) == Receipt(rejected: 2, error: "timeout"))
        let kept = try desk.connection.execute(
            "SELECT member, code FROM rollcall.rejections ORDER BY item")
        #expect((0..<kept.count).map { kept.string($0, 0) } == ["1", "2"])
        #expect((0..<kept.count).allSatisfy { kept.string($0, 1) == "timeout" })
        #expect(try desk.deadLetters() == ["job-failed|\(bad.origin.offset)"])
    }

    // MARK: Two at once

    /// Somebody else's receipt that is committed only when this executor waits for it.
    private func receiptFromElsewhere(
        of id: JobID, digest: UInt64, meanwhile: Message
    ) throws -> BatchResult {
        let other = try Connection(desk.database.conninfo, applicationName: "zombie")
        try other.script(
            """
            BEGIN;
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, attempts, dry_run, kind, state, relation, target,
                source, mode, topic, worker)
            VALUES ('\(id)', \(Int64(bitPattern: digest)), 1, now(), now(), now(), 0, 1, 1, 1,
                false, 'assign', 'succeeded', 'enrollment', '7', '/tests', 'partial',
                'rollcall.assignments', 'zombie');
            """)
        let conninfo = desk.database.conninfo
        let executor = desk.executor
        let batch = Desk.batch([meanwhile])
        let result = Mutex<Result<BatchResult, any Error>?>(nil)
        let group = DispatchGroup()
        DispatchQueue(label: "waiting").async(group: group) {
            let made = Result {
                let mine = try Connection(conninfo, applicationName: "waiting")
                return try executor.execute(batch, on: mine)
            }
            result.withLock { $0 = made }
        }
        while result.withLock({ $0 }) == nil, try !desk.isSomebodyWaiting() {}
        try other.script("COMMIT")
        group.wait()
        return try #require(result.withLock { $0 }).get()
    }

    @Test func whoEndsAJobSecondTakesAllOfItBack() throws {
        let id = desk.freshID()
        let message = try assign("1,2,3", id: id)
        let digest = try #require(message.job?.digest)
        let result = try receiptFromElsewhere(of: id, digest: digest, meanwhile: message)
        #expect(result.jobs == 0)
        #expect(try desk.enrolled(7).isEmpty)
        #expect(try desk.value("SELECT worker FROM rollcall.job") == "zombie")
        #expect(try desk.value("SELECT created FROM rollcall.job") == "1")
    }

    @Test func whoEndsAnotherJobOfTheSameIDSecondKeepsADeadLetter() throws {
        let id = desk.freshID()
        let message = try assign("1,2,3", id: id)
        let result = try receiptFromElsewhere(of: id, digest: 42, meanwhile: message)
        #expect(result.deadLetters == 1)
        #expect(try desk.enrolled(7).isEmpty)
        #expect(
            try desk.deadLetters() == ["conflicting-duplicate|\(message.origin.offset)"])
    }

    @Test func twoExecutorsOfTheSameJobsWriteThemOnce() throws {
        let batches = try (0..<30).map { round in
            Desk.batch(
                try (0..<5).map { number in
                    try desk.enrollment(
                        number % 2 == 0 ? "assign" : "unassign", course: 1 + round % 3,
                        "\(number + 1),\(number + 2),\(round + 10)")
                })
        }
        let conninfo = desk.database.conninfo
        let executor = desk.executor
        let totals = Mutex(BatchResult())
        let failures = sideBySide { _ in
            let mine = try Connection(conninfo, applicationName: "twin")
            for batch in batches {
                let result = try executor.execute(batch, on: mine)
                totals.withLock { $0.add(result) }
            }
        }
        #expect(failures.isEmpty)
        #expect(totals.withLock { $0.jobs } == 150)
        #expect(try desk.value("SELECT count(*) FROM rollcall.job") == "150")
        #expect(
            try desk.value("SELECT sum(created) - sum(removed) FROM rollcall.job")
                == desk.value("SELECT count(*) FROM school.enrollment"))
    }

    // MARK: Counts

    @Test func countsThatDoNotAddUpAreRefusedByTheTable() throws {
        try desk.execute(try assign("1,2", id: desk.freshID()))
        for column in [
            "items", "created", "updated", "unchanged", "removed", "absent", "superseded",
            "rejected",
        ] {
            let error = #expect(throws: PostgresError.self) {
                try desk.connection.execute("UPDATE rollcall.job SET \(column) = \(column) + 1")
            }
            #expect(error?.constraint == "job_items_add_up")
        }
    }

    @Test func aReceiptThatDoesNotAddUpTakesTheRowsWithIt() throws {
        // A trigger stands for an executor that counts wrongly.
        try desk.connection.script(
            """
            CREATE FUNCTION miscount() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.created := NEW.created + 1; RETURN NEW; END';
            CREATE TRIGGER miscount BEFORE INSERT ON rollcall.job
            FOR EACH ROW EXECUTE FUNCTION miscount();
            """)
        let error = #expect(throws: PostgresError.self) {
            try desk.execute(try assign("1,2", id: desk.freshID()))
        }
        #expect(error?.constraint == "job_items_add_up")
        #expect(try desk.enrolled(7).isEmpty)
    }
}
