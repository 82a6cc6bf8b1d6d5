import Foundation
import Postgres
import ProofKit
import Testing

/// Workers whose clocks are wrong.
@Suite struct ClockTests {
    /// Built beside the tests.
    private static let library = URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "libClockShift.so").path

    private static func clock(wrongBy hours: Int) -> [String: String] {
        ["LD_PRELOAD": library, "CLOCK_SHIFT": "\(hours * 3_600)"]
    }

    @Test("failure 25: workers hours early and late lose nothing and write no time of their own")
    func shifted() throws {
        let trial = try Trial(
            StreamGenerator.stream(seed: scenarioSeed(), .init(messages: 240)), on: try Rig())
        let rig = trial.rig
        let begun = try trial.connection.execute("SELECT now()::text").string(0, 0)
        let before = Date.now
        try rig.start("late", environment: Self.clock(wrongBy: -26))
        try rig.start("early", environment: Self.clock(wrongBy: 26))
        try rig.waitForPartitions("late", 3)
        try rig.waitForPartitions("early", 3)
        // They do believe in another day.
        #expect(rig.logText("late").contains("\n\(Self.day(before, -26))T"))
        #expect(rig.logText("early").contains("\n\(Self.day(before, 26))T"))
        try trial.send(80)
        try trial.waitUntilDone(40)
        // What one of them leaves behind the other takes over at once, whatever its clock says.
        rig.kill("late")
        try trial.send()
        try trial.waitUntilDone()
        try rig.start("late-again", environment: Self.clock(wrongBy: -26))
        try rig.waitForPartitions("late-again", 3)
        let live = try trial.connection.execute(
            "SELECT FROM rollcall.worker WHERE heartbeat_at > now() - interval '5 s'")
        #expect(live.count == 2)
        for column in try Self.ownTimes(trial.connection) {
            let wrong = try trial.connection.execute(
                """
                SELECT count(*) FROM rollcall.\(column.table)
                WHERE \(column.name) NOT BETWEEN '\(begun)' AND clock_timestamp()
                """
            ).int(0, 0)
            #expect(wrong == 0, "\(column.table).\(column.name)")
        }
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    private static func day(_ moment: Date, _ hours: Double) -> String {
        String(moment.addingTimeInterval(hours * 3_600).ISO8601Format().prefix(10))
    }

    /// The times that workers write, other than those that messages bring along.
    private static func ownTimes(
        _ connection: Connection
    ) throws -> [(table: String, name: String)] {
        let rows = try connection.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'rollcall' AND data_type = 'timestamp with time zone'
              AND column_name NOT IN ('requested_at', 'recorded_at')
              AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'rollcall')
              AND table_name <> 'schema_migration'
            """)
        let columns = (0..<rows.count).map { (rows.string($0, 0), rows.string($0, 1)) }
        // Jobs, dead letters, workers and progress at the least.
        #expect(Set(columns.map(\.0)).isSuperset(of: ["job", "dead_letter", "worker", "progress"]))
        return columns
    }
}
