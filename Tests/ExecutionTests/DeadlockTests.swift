import Foundation
import Jobs
import Postgres
import Sandbox
import Synchronization
import Testing

@testable import Execution

/// Lanes that write the same few rows under different keys never wait for each other in a circle.
@Suite struct DeadlockTests {
    private static let lanes = 4
    private static let batchesOfLane = 100

    /// What lanes may find in each other's way.
    enum Theme: String, CaseIterable, Sendable {
        /// Rows come and go, also unnamed, and what is there is changed.
        case mixed
        /// The same, and batches that need several runs.
        case runs
    }

    @Test(arguments: Theme.allCases)
    func fourLanesOverFewRowsEndWithoutADeadlock(_ theme: Theme) throws {
        let seed =
            ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: .min ... .max)
        print("deadlocks, \(theme): seed \(seed)")
        let desk = try Desk.school()
        var generator = SeededGenerator(seed: seed)
        let work = try (0..<Self.lanes).map { _ in
            try (0..<Self.batchesOfLane).map { _ in
                try (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    try Self.job(desk, theme, &generator)
                }
            }
        }
        let conninfo = desk.database.conninfo
        let executor = desk.executor
        let deadlocks = Mutex(0)
        let failures = sideBySide(Self.lanes) { lane in
            let connection = try Connection(conninfo, applicationName: "lane \(lane)")
            for messages in work[lane] {
                while true {
                    do {
                        _ = try executor.execute(Desk.batch(messages), on: connection)
                        break
                    } catch let error as PostgresError
                        where error.sqlState == .deadlockDetected
                    {
                        deadlocks.withLock { $0 += 1 }
                    }
                }
            }
        }
        #expect(failures.isEmpty, "\(failures)")
        #expect(deadlocks.withLock { $0 } == 0)
        let rows = try desk.value("SELECT count(*) FROM school.enrollment")
        #expect(try desk.value("SELECT sum(created) - sum(removed) FROM rollcall.job") == rows)
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.job")
                == "\(work.joined().reduce(0) { $0 + $1.count })")
    }

    /// A job for one of a few courses, so that lanes hit the same rows.
    private static func job(
        _ desk: Desk, _ theme: Theme, _ generator: inout SeededGenerator
    ) throws -> Message {
        let members = (1...8).shuffled(using: &generator)
            .prefix(Int.random(in: 1...6, using: &generator))
        let isAssign = Int.random(in: 0..<10, using: &generator) < 6
        // In one run all of a row say the same attributes.
        let roles = theme == .mixed ? ["ta", "teacher"] : ["ta", "teacher", ""]
        let sweeps = theme == .mixed && Int.random(in: 0..<6, using: &generator) == 0
        if sweeps, !isAssign {
            return try desk.message(
                "unassign",
                "\"relation\":\"enrollment\",\"members\":\"all\","
                    + "\"target\":\(Int.random(in: 1...3, using: &generator))")
        }
        let role = roles[Int.random(in: 0..<roles.count, using: &generator)]
        let isIgnoring = theme == .runs && Int.random(in: 0..<3, using: &generator) == 0
        return try desk.enrollment(
            isAssign ? "assign" : "unassign", course: Int.random(in: 1...3, using: &generator),
            members.map(String.init).joined(separator: ","),
            [
                isAssign && !role.isEmpty ? #""attributes":{"role":"\#(role)"}"# : nil,
                isAssign && isIgnoring ? #""on_conflict":"ignore""# : nil,
                sweeps ? #""exact":true"# : nil,
            ].compactMap(\.self).joined(separator: ","))
    }
}
