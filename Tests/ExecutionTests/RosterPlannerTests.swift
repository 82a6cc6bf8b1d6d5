import Jobs
import Postgres
import Testing

@testable import Execution

/// The statements over all rows of an import, when the planner takes these for a few.
@Suite struct RosterPlannerTests {
    private static let rows = 1_000

    @Test("no row is compared with each other row, whatever the statistics say")
    func staleStatistics() throws {
        let desk = try RosterDesk(tables: RosterSchool.tables, catalog: RosterSchool.catalog)
        // Of the rows of an import that nobody has counted the planner believes that there is one.
        try desk.connection.script("ALTER TABLE rollcall.roster_row SET (autovacuum_enabled = off)")
        for part in try desk.parts(
            "people", ["username\n" + Self.names("early"), "last\n"], id: desk.freshID()
        ).dropLast() { try desk.stage(part) }
        try desk.connection.script("ANALYZE rollcall.roster_row")
        let id = try desk.send(
            "people", "username\n" + Self.names("late"), #""target":1,"exact":true"#)
        try desk.connection.script(
            """
            INSERT INTO person (username) SELECT 'late' || n FROM generate_series(1, \(Self.rows)) n;
            INSERT INTO seat SELECT 1, id FROM person;
            """)
        // The rows get their places.
        try desk.turn()
        let file = try #require(desk.plans["people"]?.files.first)
        let removal = try #require(file.steps.lazy.compactMap(\.removal).first)
        var job = Parameters()
        job.append(uuid: (id.high, id.low))
        let all = RosterRange.all.parameters(id, "1")
        let statements =
            [(file.sql.check, job)] + file.sql.repetitions.map { ($0, job) }
            + [(removal.select, all), (removal.count, all)]
        for (statement, parameters) in statements {
            let plan = try Self.explained(statement, parameters, on: desk.connection)
            #expect(plan.contains("actual rows=\(Self.rows)"), "\(plan)")
            #expect(!plan.contains("Rows Removed by Join Filter"), "\(plan)")
        }
    }

    private static func names(_ prefix: String) -> String {
        (1...rows).map { "\(prefix)\($0)\n" }.joined()
    }

    private static func explained(
        _ statement: String, _ parameters: Parameters, on connection: Connection
    ) throws -> String {
        try connection.script("BEGIN")
        let answer = try connection.execute(
            "EXPLAIN (ANALYZE, TIMING off, COSTS off) " + statement, parameters)
        let lines = (0..<answer.count).map { answer.string($0, 0) }
        try connection.script("ROLLBACK")
        return lines.joined(separator: "\n")
    }
}
