import Foundation
import ProofKit
import Sandbox
import Testing

/// PgBouncer between the workers and Postgres.
@Suite struct PoolerTests {
    @Test("failure 17: everything works through PgBouncer in transaction mode")
    func transactionMode() throws {
        let stream = StreamGenerator.stream(seed: scenarioSeed(), .init(messages: 300))
        let trial = try Trial(stream, on: try Rig())
        let rig = trial.rig
        let pooler = try Pooler(for: rig.server, in: rig.directory)
        // More lanes than server connections: transactions of one lane meet several sessions.
        let through = [
            "ROLLCALL_DATABASE_URL": pooler.conninfo(rig.conninfo), "ROLLCALL_LANES": "4",
        ]
        for name in ["one", "two"] { try rig.start(name, environment: through) }
        try trial.send()
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
        #expect(try pooler.sessions(on: trial.connection) <= Pooler.size, "\(pooler.log)")
        #expect(try pooler.sessions(on: trial.connection) > 0, "nobody went through the pooler")
    }
}
