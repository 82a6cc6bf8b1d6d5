import Foundation
import Postgres
import ProofKit
import Sandbox
import Store
import Testing

@testable import rollcall

/// A rolling upgrade: workers of two versions on one group and one schema.
@Suite struct UpgradeTests {
    private static let heartbeat = ["ROLLCALL_HEARTBEAT_INTERVAL": "100ms"]

    /// What a later version brings: a column that may be left out, and a table.
    private func later(_ mark: String) -> StatusSchema {
        let own = StatusSchema()
        let sql = """
            \(mark)
            ALTER TABLE rollcall.job ADD COLUMN later text;
            CREATE TABLE rollcall.later (id integer PRIMARY KEY);
            """
        return own.with(
            migrations: own.migrations + [
                StatusSchema.Migration(
                    version: own.version + 1, name: "later", sql: sql, checksum: "later")
            ])
    }

    private func ready(_ stage: Stage, _ name: String, with text: String) throws {
        try stage.wait("\(name) is ready") {
            guard let visitor = Visitor(log: stage.logText(name)) else { return false }
            let answer = try visitor.get("/readyz")
            return answer.status == 200 && answer.body.contains(text)
        }
    }

    @Test("an addition is applied under a worker's feet; old and new ones share the work")
    func rolling() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let traffic = DemoTraffic(
            count: 900, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        let old = try stage.startWorker("old", environment: Self.heartbeat)
        try ready(stage, "old", with: "schema: the schema fits")
        try stage.produce(traffic.messages.prefix(300))
        let version = StatusSchema().version
        let applied = try Migrator(later("-- works-from: \(version)")).migrate(on: connection)
        #expect(applied.map(\.name) == ["later"])
        // The next version's worker comes; of the same program, for which the schema is newer.
        let new = try stage.startWorker("new", environment: Self.heartbeat)
        try ready(
            stage, "new",
            with:
                "the schema fits: it is of version \(version + 1), which version \(version) works with"
        )
        try stage.wait("both have partitions") {
            try ["old", "new"].allSatisfy {
                let visitor = try #require(Visitor(log: stage.logText($0)))
                return try visitor.get("/readyz").body.contains(/partitions: [1-9][0-9]* assigned/)
            }
        }
        try stage.produce(traffic.messages.dropFirst(300).prefix(300))
        try ready(stage, "old", with: "the schema fits: it is of version \(version + 1)")
        old.terminate()
        #expect(old.wait(timeout: .seconds(30)) == .exited(0))
        try stage.produce(traffic.messages.dropFirst(600))
        try stage.waitUntilDone(traffic, on: connection)
        try stage.audit(traffic, on: connection)
        #expect(try stage.run(["migrate", "--check"]).status == .exited(0))
        #expect(try stage.run(["migrate"]).output == "nothing to do\n")
        #expect(try stage.run(["status"]).status == .exited(0))
        new.terminate()
        #expect(new.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("what a worker cannot work with waits for it; forced, it stops the worker with 75")
    func breaking() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        let worker = try stage.startWorker("worker", environment: Self.heartbeat)
        try stage.wait("it says that it is alive") {
            try connection.execute("SELECT FROM rollcall.worker").count == 1
        }
        #expect(throws: MigrationBlocked.self) { try Migrator(later("")).migrate(on: connection) }
        // A database administrator who runs the script by hand.
        let version = StatusSchema().version
        try connection.script(
            """
            INSERT INTO rollcall.schema_migration (version, name, checksum)
            VALUES (\(version + 1), 'later', 'later')
            """)
        let message =
            "expected schema version \(version), got \(version + 1): this rollcall is too old"
        #expect(worker.wait(timeout: .seconds(30)) == .exited(75))
        #expect(stage.logText("worker").contains(message))
        // Whoever comes now writes nothing, nor does a worker for which the schema is too old.
        try stage.produce([
            DemoTraffic.Message(
                key: "enrollment/7",
                value: """
                    {"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001",\
                    "source":"/test","type":"rollcall.assign",\
                    "data":{"relation":"enrollment","target":7,"members":[1]}}
                    """)
        ])
        #expect(try stage.run(["worker"]).status == .exited(75))
        try connection.script(
            "DELETE FROM rollcall.schema_migration WHERE version >= \(version)")
        let (status, _, errors) = try stage.run(["worker"])
        #expect(status == .exited(75))
        #expect(errors.contains("got \(version - 1): run `rollcall migrate`"), "\(errors)")
        for table in ["rollcall.job", "school.enrollment", "rollcall.worker"] {
            #expect(try connection.execute("SELECT FROM \(table)").count == 0, "\(table)")
        }
    }
}
