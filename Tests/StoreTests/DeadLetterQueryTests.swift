import Jobs
import Postgres
import Testing

@testable import Store

@Suite struct DeadLetterQueryTests {
    private let fixture: StatusQueryFixture
    private let query = DeadLetterQuery(StatusSchema())

    init() throws {
        fixture = try StatusQueryFixture()
        let letters = (1...5).map { Self.letter($0) }
        try Receipts(StatusSchema(), worker: "w").insert(letters, on: fixture.connection)
    }

    private static func letter(_ number: Int) -> DeadLetter {
        let value: [UInt8]? = number == 2 ? nil : [1, 0, 254]
        return DeadLetter(
            origin: Origin(
                topic: number == 5 ? "other" : "jobs", partition: 3, offset: Int64(number),
                timestamp: Timestamp(milliseconds: 1_700_000_000_123)),
            key: [0, 255], value: value, headers: [("a", [0, 255]), ("a", nil)],
            code: number % 2 == 0 ? "not-json" : "invalid-data", reason: "no \(number)",
            jobID: number == 3 ? StatusQueryFixture.id(3) : nil)
    }

    private func offsets(
        before: Int64? = nil, limit: Int = 10,
        _ change: (inout DeadLetterQuery.Filter) -> Void = { _ in }
    ) throws -> [Int64] {
        var filter = DeadLetterQuery.Filter()
        change(&filter)
        return try query.page(filter, before: before, limit: limit, on: fixture.connection)
            .map(\.offset)
    }

    @Test("the newest come first, in pages, and only those that were asked for")
    func pages() throws {
        #expect(try offsets() == [5, 4, 3, 2, 1])
        let first = try query.page(
            DeadLetterQuery.Filter(), before: nil, limit: 2, on: fixture.connection)
        #expect(first.map(\.offset) == [5, 4])
        #expect(try offsets(before: first.last?.id, limit: 2) == [3, 2])
        #expect(try offsets { $0.code = "not-json" } == [4, 2])
        #expect(try offsets { $0.topic = "other" } == [5])
        #expect(try offsets { $0.job = StatusQueryFixture.id(3) } == [3])
        #expect(first[0].bytes == 3)
        #expect(first[0].reason == "no 5")
    }

    @Test("a letter has its bytes")
    func bytes() throws {
        let page = try query.page(
            DeadLetterQuery.Filter(), before: nil, limit: 10, on: fixture.connection)
        let (summary, letter) = try #require(
            try query.letter(page[0].id, on: fixture.connection))
        #expect(summary.offset == 5)
        #expect(letter.key == [0, 255])
        #expect(letter.value == [1, 0, 254])
        #expect(letter.headers.map(\.value) == [[0, 255], nil])
        #expect(letter.origin.timestamp.milliseconds == 1_700_000_000_123)
        #expect(try query.letter(page[3].id, on: fixture.connection)?.letter.value == nil)
        #expect(try query.letter(-1, on: fixture.connection) == nil)
    }

    @Test("what somebody has dealt with is off the list, and nobody deals with it twice")
    func resolve() throws {
        let id = try #require(
            try query.page(
                DeadLetterQuery.Filter(), before: nil, limit: 1, on: fixture.connection
            ).first?.id)
        #expect(try query.resolve(id, .discarded, on: fixture.connection))
        #expect(try !query.resolve(id, .requeued, on: fixture.connection))
        #expect(try offsets() == [4, 3, 2, 1])
        #expect(try offsets { $0.includesResolved = true } == [5, 4, 3, 2, 1])
        let letter = try query.letter(id, on: fixture.connection)
        #expect(letter?.summary.resolution == "discarded")
    }
}
