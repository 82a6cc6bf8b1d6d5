import Postgres
import Testing

@testable import ProofKit

/// The kit itself: it must notice what is wrong, and make it small.
@Suite struct ProofKitTests {
    /// Something done to one row behind the worker's back, and a part of what is said then.
    private static let tamperings: [(sql: String, says: String)] = [
        ("UPDATE proof.membership SET note = 'x' WHERE ctid = (TABLE one)", "rows of membership"),
        (
            "INSERT INTO proof.seat_history (team_id, person_id) VALUES (1, 1)",
            "rows of seat_history: surplus"
        ),
        ("DELETE FROM proof.badge WHERE ctid = (TABLE one)", "rows of badge"),
        (
            "DELETE FROM rollcall.job WHERE id = (SELECT id FROM rollcall.job LIMIT 1)",
            "expected a receipt"
        ),
        (
            """
            UPDATE rollcall.job SET created = created + 1, unchanged = unchanged - 1
            WHERE id = (
              SELECT id FROM rollcall.job WHERE unchanged > 0 AND relation = 'seat' LIMIT 1)
            """, "alone it is"
        ),
        (
            """
            UPDATE rollcall.job SET superseded = superseded + 1, absent = absent - 1
            WHERE id = (
              SELECT id FROM rollcall.job WHERE absent > 0 AND relation = 'seat' LIMIT 1)
            """, "alone it is"
        ),
        (
            """
            UPDATE rollcall.job SET state = 'succeeded_with_rejections'
            WHERE id = (SELECT id FROM rollcall.job WHERE state = 'succeeded' LIMIT 1)
            """, "state: expected"
        ),
        ("DELETE FROM rollcall.rejection WHERE ctid = (TABLE one)", "got no rejection"),
        ("UPDATE rollcall.rejection SET code = 'odd' WHERE ctid = (TABLE one)", "got odd"),
        ("DELETE FROM rollcall.dead_letter WHERE ctid = (TABLE one)", "dead letter at"),
        ("UPDATE rollcall.dead_letter SET code = 'odd' WHERE ctid = (TABLE one)", "dead letter at"),
        (
            #"UPDATE rollcall.dead_letter SET "offset" = 1000000 WHERE ctid = (TABLE one)"#,
            "dead letter at"
        ),
        ("DELETE FROM rollcall.job_duplicate WHERE ctid = (TABLE one)", "duplicate at"),
        (
            """
            INSERT INTO rollcall.job_duplicate (job_id, "offset", "partition", topic)
            SELECT id, "offset" + 1000, "partition", topic FROM rollcall.job LIMIT 1
            """, "duplicate at"
        ),
        (
            """
            UPDATE rollcall.job SET "offset" = "offset" + 1000
            WHERE id = (SELECT id FROM rollcall.job LIMIT 1)
            """, "place: expected"
        ),
        // Written again, the first job of a key is the last one.
        (
            """
            UPDATE rollcall.job SET attempts = attempts WHERE id = (
              SELECT id FROM rollcall.job WHERE topic = 'rollcall.assignments' AND "partition" = 0
              ORDER BY "offset" LIMIT 1)
            """, "expected it after message"
        ),
    ]

    @Test("the audit passes what is right and notices each thing that is not")
    func audit() throws {
        let stream = StreamGenerator.stream(seed: 7, .init(messages: 300))
        let trial = try Trial(stream, on: try Rig())
        try trial.send()
        // One job a transaction: then there is only one right count.
        try trial.rig.start("worker", environment: ["ROLLCALL_BATCH_JOBS": "1"])
        for finding in try trial.finish() { Issue.record("\(finding)") }
        for (sql, says) in Self.tamperings {
            let table = sql.split(separator: " ").first { $0.contains(".") } ?? ""
            try trial.connection.script("BEGIN")
            let changed = try trial.connection.execute(
                sql.replacing("(TABLE one)", with: "(SELECT min(ctid) FROM \(table))"))
            #expect(changed.affected == 1, "\(sql)")
            let findings = try trial.audit()
            #expect(findings.contains { $0.contains(says) }, "\(sql)\n\(findings)")
            try trial.connection.script("ROLLBACK")
        }
    }

    @Test("a failing stream becomes as small as it can be")
    func shrinking() throws {
        let stream = StreamGenerator.stream(seed: 11, .init(messages: 200))
        // Two messages are at fault, one of them for one of its members.
        let fails = { (stream: JobStream) in
            stream.messages.contains { $0.value == nil }
                && stream.messages.contains { $0.value?.contains(#""77""#) == true }
        }
        #expect(fails(stream))
        let small = try Shrinker.shrink(stream, tries: 1_000, while: fails)
        #expect(fails(small))
        #expect(small.messages.count == 2, "\(small.story)")
        #expect(small.messages.compactMap(\.job).map(\.entries.count) == [1], "\(small.story)")
    }

    @Test("a seed gives the same stream again")
    func seeds() {
        let one = StreamGenerator.stream(seed: 5, .init(messages: 100))
        #expect(one.story == StreamGenerator.stream(seed: 5, .init(messages: 100)).story)
        #expect(one.story != StreamGenerator.stream(seed: 6, .init(messages: 100)).story)
    }
}
