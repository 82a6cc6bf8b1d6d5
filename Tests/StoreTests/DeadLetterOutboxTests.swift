import Jobs
import Postgres
import Sandbox
import Testing

@testable import Store

@Suite struct DeadLetterOutboxTests {
    private let fixture: StatusQueryFixture
    private let outbox = DeadLetterOutbox(StatusSchema())

    init() throws { fixture = try StatusQueryFixture() }

    private func letter(_ offset: Int64, bytes: Int = 10) -> DeadLetter {
        DeadLetter(
            origin: Origin(
                topic: "jobs", partition: 3, offset: offset,
                timestamp: Timestamp(milliseconds: 1_700_000_000_123)),
            key: offset % 2 == 0 ? nil : [UInt8(truncatingIfNeeded: offset), 0, 255],
            value: [UInt8](repeating: 0xFE, count: bytes),
            headers: [("a", [0, 255]), ("a", nil), ("é", Array("€".utf8))], code: "not-json",
            reason: "no", jobID: offset % 2 == 0 ? StatusQueryFixture.id(UInt64(offset)) : nil)
    }

    private func keep(_ letters: [DeadLetter]) throws {
        try Receipts(StatusSchema(), worker: "w").insert(letters, on: fixture.connection)
    }

    /// Claims in a transaction that is rolled back.
    private func offsets(letters: Int = 100, bytes: Int = 1_000_000) throws -> [Int64] {
        try fixture.connection.script("BEGIN")
        let page = try outbox.claim(letters: letters, bytes: bytes, on: fixture.connection)
        try fixture.connection.script("ROLLBACK")
        return try (0..<page.count).map { try page.letter($0).origin.offset }
    }

    @Test("a letter comes out as it went in")
    func roundTrip() throws {
        let letters = [letter(1), letter(2, bytes: 100_000)]
        try keep(letters)
        let page = try outbox.claim(letters: 10, bytes: 1_000_000, on: fixture.connection)
        #expect(page.count == 2)
        for (row, kept) in letters.enumerated() {
            let read = try page.letter(row)
            #expect(read.origin == kept.origin)
            #expect(read.key == kept.key && read.value == kept.value)
            #expect(read.headers.map(\.name) == kept.headers.map(\.name))
            #expect(read.headers.map(\.value) == kept.headers.map(\.value))
            #expect((read.code, read.reason) == (kept.code, kept.reason))
            #expect(read.jobID == kept.jobID)
        }
    }

    @Test("a page is the oldest letters, as many as fit, and never none")
    func pages() throws {
        try keep((1...5).map { letter($0, bytes: $0 == 3 ? 5_000 : 1_000) })
        #expect(try offsets() == [1, 2, 3, 4, 5])
        #expect(try offsets(letters: 2) == [1, 2])
        #expect(try offsets(bytes: 1) == [1])
        #expect(try offsets(bytes: 2_000) == [1, 2])
        #expect(try offsets(bytes: 3_000) == [1, 2, 3])
    }

    @Test("what one transaction has claimed is not another's; what is marked is nobody's")
    func marks() throws {
        try keep((1...4).map { letter($0) })
        let other = try Connection(fixture.database.conninfo, applicationName: "other")
        try other.script("BEGIN")
        let page = try outbox.claim(letters: 2, bytes: 1_000_000, on: other)
        #expect(try offsets() == [3, 4])
        try outbox.mark(
            [
                DeadLetterOutbox.Mark(id: page.id(0), refusal: nil),
                DeadLetterOutbox.Mark(id: page.id(1), refusal: "for a\0reason"),
            ], on: other)
        try other.script("COMMIT")
        #expect(try offsets() == [3, 4])
        let rows = try fixture.connection.execute(
            """
            SELECT published_at IS NOT NULL, publish_error FROM rollcall.dead_letters ORDER BY id
            """)
        #expect((0..<4).map { rows.bool($0, 0) } == [true, false, false, false])
        #expect(
            (0..<4).map { rows.optionalString($0, 1) } == [nil, "for a\u{FFFD}reason", nil, nil])
    }

    @Test("among many published letters the few others are found by their index")
    func index() throws {
        try fixture.connection.script(
            """
            INSERT INTO rollcall.dead_letter (topic, "partition", "offset", recorded_at, code,
                reason, headers, published_at)
            SELECT 'jobs', 0, n, now(), 'not-json', 'no', '[]', now()
            FROM generate_series(1, 20000) n
            """)
        // Without statistics, as after a burst, and with them.
        for statistics in ["", "ANALYZE rollcall.dead_letter"] {
            try fixture.connection.script(statistics)
            let receipts = Receipts(StatusSchema(), worker: "w")
            let plan = try fixture.connection.transaction {
                try receipts.limit(
                    Receipts.TransactionLimits(
                        statementTimeout: .seconds(5), lockTimeout: .seconds(1),
                        idleTimeout: .seconds(5)), on: fixture.connection)
                var parameters = Parameters()
                parameters.append(500)
                parameters.append(1_000)
                return try fixture.connection.execute(
                    "EXPLAIN \(StatusSchema().statements.claimLetters)", parameters)
            }
            let text = (0..<plan.count).map { plan.string($0, 0) }.joined(separator: "\n")
            #expect(text.contains("Index Scan using dead_letter_unpublished"), "\(text)")
            #expect(!text.contains("Seq Scan"), "\(text)")
        }
    }
}
