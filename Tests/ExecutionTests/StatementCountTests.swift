import Jobs
import Postgres
import Testing

@testable import Execution

/// The server says how many statements a batch costs.
@Suite(.enabled("needs pg_stat_statements", StatementCounter.isThere))
struct StatementCountTests {
    private let desk: Desk

    init() throws {
        desk = try Desk.school()
    }

    enum Kind: String, CaseIterable, Sendable {
        case create, update, repetition, unassign, mixed
    }

    /// How many jobs of how many items.
    private static let sizes = [(1, 1), (1, 100), (1, 5_000), (500, 10)]

    @Test(arguments: Kind.allCases)
    func aBatchOfAnySizeCostsTheSameNumberOfStatements(_ kind: Kind) throws {
        var counts: [Int] = []
        for (jobs, items) in Self.sizes {
            try desk.connection.script("TRUNCATE school.enrollment")
            if kind != .create { try desk.execute(try batch("assign", jobs, items, role: "ta")) }
            let messages =
                switch kind {
                case .create: try batch("assign", jobs, items, role: "ta")
                case .update: try batch("assign", jobs, items, role: "teacher")
                case .repetition: try batch("assign", jobs, items, role: "ta")
                case .unassign: try batch("unassign", jobs, items, role: nil)
                case .mixed: try mixed(jobs, items)
                }
            counts.append(try StatementCounter.count(on: desk) { try desk.execute(messages) })
        }
        print("statements of a batch, \(kind): \(counts[0])")
        #expect(Set(counts).count == 1, "\(counts)")
        #expect(counts[0] <= 13)
    }

    /// Courses with many or few members, swept by one job or by many.
    @Test(arguments: ["assign", "unassign"])
    func sweepingCostsTheSameNumberOfStatements(_ kind: String) throws {
        var counts: [Int] = []
        for (jobs, items) in [(1, 1), (50, 1), (1, 5_000), (50, 5_000), (50, 100)] {
            try desk.connection.script("TRUNCATE school.enrollment")
            try desk.execute(try batch("assign", 1, items, role: "ta"))
            let messages = try (0..<jobs).map { job in
                try desk.message(
                    kind,
                    #""relation":"enrollment","target":1,"members":"#
                        + (kind == "assign" ? "[\(5_001 + job),5900],\"exact\":true" : "\"all\""))
            }
            counts.append(try StatementCounter.count(on: desk) { try desk.execute(messages) })
            #expect(
                try desk.value("SELECT count(*) FROM school.enrollment")
                    == (kind == "assign" ? "2" : "0"))
        }
        print("statements of a batch, sweeping by \(kind): \(counts[0])")
        #expect(Set(counts).count == 1, "\(counts)")
        #expect(counts[0] <= 12)
    }

    @Test func aDuplicateBatchCostsTheClaimAndANote() throws {
        var counts: [Int] = []
        for (jobs, items) in Self.sizes {
            let messages = try batch("assign", jobs, items, role: "ta")
            try desk.execute(messages)
            let again = messages.map { message in
                desk.message(message.content, bytes: message.value ?? [])
            }
            counts.append(try StatementCounter.count(on: desk) { try desk.execute(again) })
        }
        #expect(Set(counts) == [5], "\(counts)")
    }

    /// Jobs for courses that are open, no pair twice.
    private func batch(
        _ kind: String, _ jobs: Int, _ items: Int, role: String?
    ) throws -> [Message] {
        try (0..<jobs).map { job in
            let first = job / 99 * items + 1
            let members = (first..<(first + items)).map(String.init).joined(separator: ",")
            return try desk.enrollment(
                kind, course: 1 + job % 99, members,
                role.map { #""attributes":{"role":"\#($0)"}"# } ?? "")
        }
    }

    /// Every outcome, a dead letter, a duplicate and a job that fails.
    private func mixed(_ jobs: Int, _ items: Int) throws -> [Message] {
        var messages = try batch("assign", jobs, items, role: "teacher")
        messages += try (0..<jobs).flatMap { job -> [Message] in
            let course = 101 + job % 99
            let members = (1...items).map { String($0 + job) }.joined(separator: ",")
            return [
                try desk.enrollment("assign", course: course, members),
                try desk.enrollment("unassign", course: course, "1,\(5_900 + job / 99)"),
                try desk.enrollment("assign", course: course, "99999,\"x\""),
                try desk.enrollment("assign", course: course, "1,99999", #""mode":"atomic""#),
            ]
        }
        let again = messages[0]
        messages.append(desk.message(again.content, bytes: again.value ?? []))
        messages.append(desk.message(.fault(MessageFault(.notJSON, "no")), bytes: [1]))
        return messages
    }
}
