import Execution
import Foundation
import Jobs
import Postgres
import Sandbox
import Testing

/// What Kolibri's batches cost, told by the server.
@Suite struct KolibriCostTests {
    private typealias Member = KolibriJob.Member

    private static let size = KolibriSeed.Size(facilities: 1, classes: 50, users: 5_000)

    private let desk: KolibriDesk
    private let facility: KolibriSeed.Facility

    init() throws {
        desk = try KolibriDesk(size: Self.size)
        facility = desk.seed.facilities[0]
    }

    /// The classes and users of a batch's pairs.
    enum Shape: String, CaseIterable, Sendable {
        case membersOfOneClass, coachesOfOneClass, coachesOfManyClasses

        var table: KolibriOracle.Kind { self == .membersOfOneClass ? .membership : .role }

        var sizes: [(targets: Int, members: Int)] {
            self == .coachesOfManyClasses
                ? [(1, 1), (50, 2), (2, 50), (50, 100)] : [(1, 1), (1, 100), (1, 5_000)]
        }
    }

    @Test(arguments: Shape.allCases)
    func aBatchOfAnySizeCostsTheSameNumberOfStatements(_ shape: Shape) throws {
        var counts: [[Int]] = []
        for (targets, members) in shape.sizes {
            try desk.connection.script("TRUNCATE kolibriauth_role, kolibriauth_membership")
            let assign = job(shape.table, targets, members)
            var unassign = assign
            unassign.isAssign = false
            counts.append([
                try desk.desk.statements { try desk.execute(assign) },
                try desk.desk.statements { try desk.execute(assign) },
                try desk.desk.statements { try desk.execute(unassign) },
            ])
            #expect(
                try desk.rows("SELECT count(*) FROM kolibriauth_\(shape.table)")
                    == ["\(shape.table == .role ? members : 0)"])
        }
        print("statements of \(shape), of its repetition, and of taking it back: \(counts[0])")
        #expect(Set(counts).count == 1, "\(counts)")
        #expect(counts[0].allSatisfy { $0 <= 16 }, "\(counts[0])")
    }

    /// Off by default: `ROLLCALL_BENCH=1`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["ROLLCALL_BENCH"] != nil))
    func figures() throws {
        let figures: [(String, KolibriJob)] = [
            ("3,000 users into one class", job(.membership, 1, 3_000)),
            ("one coach to 40 classes", job(.role, 40, 1)),
        ]
        for (name, assign) in figures {
            var unassign = assign
            unassign.isAssign = false
            var times: [[Double]] = [[], [], []]
            var calls: [Int] = []
            for _ in 0..<7 {
                try desk.connection.script(
                    "TRUNCATE kolibriauth_role, kolibriauth_membership, morango_deletedmodels")
                calls = []
                for (index, job) in [assign, assign, unassign].enumerated() {
                    calls.append(
                        try desk.desk.statements { times[index].append(try milliseconds(of: job)) })
                }
            }
            let medians = times.map { $0.sorted()[3] }
            for (index, what) in ["assign", "the same again", "unassign"].enumerated() {
                let time = String(format: "%.1f", medians[index])
                print("kolibri, \(name), \(what): \(time) ms, \(calls[index]) statements")
            }
        }
    }

    private func milliseconds(of job: KolibriJob) throws -> Double {
        let message = try desk.message(job)
        let start = ContinuousClock.now
        try desk.desk.execute([message])
        return (ContinuousClock.now - start) / .milliseconds(1)
    }

    private func job(_ table: KolibriOracle.Kind, _ targets: Int, _ members: Int) -> KolibriJob {
        KolibriJob(
            table: table, targets: facility.classes.prefix(targets).map(\.id),
            members: facility.users.prefix(members).map {
                Member(user: $0, kind: table == .role ? "coach" : nil)
            })
    }
}
