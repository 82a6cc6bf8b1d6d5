import Foundation
import Postgres
import Sandbox
import Store
import Testing

@testable import rollcall

/// What a worker and its commands say when they cannot start.
@Suite struct StartTests {
    @Test("two workers on an empty database say what to do and exit 75")
    func emptyDatabase() throws {
        let stage = try Stage(isMigrated: false)
        let workers = try ["one", "two"].map { try stage.startWorker($0) }
        for (worker, name) in zip(workers, ["one", "two"]) {
            #expect(worker.wait(timeout: .seconds(30)) == .exited(75))
            #expect(
                stage.logText(name).contains(
                    "expected schema version \(StatusSchema().version), got none: "
                        + "run `rollcall migrate`"))
        }
    }

    @Test("several migrations at once apply each step once")
    func migrateAtOnce() throws {
        let stage = try Stage(isMigrated: false)
        let children = try (0..<4).map { _ in
            try ChildProcess(
                Stage.executable, ["migrate"], environment: stage.environment(),
                standardOutput: .pipe)
        }
        let outputs = try children.map {
            try $0.standardOutput?.readToEnd(timeout: .seconds(30)) ?? ""
        }
        for child in children { #expect(child.wait() == .exited(0)) }
        let steps = StatusSchema().migrations.map { "applied \($0.version) \($0.name)\n" }
        #expect(outputs.count { $0 == steps.joined() } == 1)
        #expect(outputs.count { $0 == "nothing to do\n" } == 3)
        #expect(try stage.run(["migrate", "--check"]).status == .exited(0))
    }

    @Test("the printed migration makes the same schema")
    func printedMigration() throws {
        let stage = try Stage(isMigrated: false)
        let script = try stage.run(["migrate", "--print"]).output
        let connection = try stage.connect()
        try connection.script(script)
        #expect(try stage.run(["migrate", "--check"]).status == .exited(0))
    }

    @Test("a schema of a later version is refused")
    func newerSchema() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        try connection.script("INSERT INTO rollcall.schema_migration VALUES (99, 'later', 'x')")
        for command in ["worker", "migrate"] {
            let (status, _, errors) = try stage.run([command])
            #expect(status == .exited(75))
            #expect(errors.contains("this rollcall is too old"))
        }
    }

    @Test("a migration that was edited is noticed")
    func alteredSchema() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        try connection.script("UPDATE rollcall.schema_migration SET checksum = 'edited'")
        let (status, _, errors) = try stage.run(["migrate"])
        #expect(status == .exited(75))
        #expect(errors.contains("expected migration 1 as this rollcall has it"))
    }

    @Test("faulty settings are all told at once, and exit 78")
    func faultySettings() throws {
        let stage = try Stage()
        let (status, _, errors) = try stage.run(
            ["worker"],
            environment: ["ROLLCALL_LANES": "0", "ROLLCALL_BATCH_WINDOW": "soon"])
        #expect(status == .exited(78))
        #expect(errors.contains("lanes"))
        #expect(errors.contains("batch.window"))
    }

    @Test(
        "a catalog that does not fit the database stops the worker with 78 and the words of catalog check",
        arguments: [
            (
                "table: school.enrollment", "table: school.enrolment",
                "expected the table school.enrolment, got none"
            ),
            (
                "attributes: [role]", "attributes: [role, seat]",
                "expected a column seat in school.enrollment, got none"
            ),
            (
                "identity: [course_id, user_id]", "identity: [course_id]",
                "expected a unique index on (course_id)"
            ),
            (
                "course {course_id} is closed\"",
                "x\"\n      - code: y\n        when: \"nonsense(item.role)\"",
                "function nonsense(text) does not exist"
            ),
        ])
    func wrongCatalog(from: String, to: String, message: String) throws {
        let stage = try Stage()
        let path = "\(stage.directory)/catalog.yaml"
        let text = try String(
            contentsOfFile: "\(Stage.root)/Config/catalogs/school.yaml", encoding: .utf8)
        #expect(text.contains(from))
        try text.replacingOccurrences(of: from, with: to)
            .write(toFile: path, atomically: true, encoding: .utf8)
        let environment = ["ROLLCALL_CATALOG": path]
        let check = try stage.run(["catalog", "check"], environment: environment)
        #expect(check.status == .exited(78))
        #expect(check.output.contains(message), "\(check.output)")
        let worker = try stage.run(["worker"], environment: environment)
        #expect(worker.status == .exited(78))
        #expect(worker.errors.contains(message), "\(worker.errors)")
    }

    @Test("the database of a command that is away is exit 69, wrong usage 2")
    func exitCodes() throws {
        let stage = try Stage()
        let away = try stage.run(
            ["migrate"], environment: ["ROLLCALL_DATABASE_URL": "host=\(stage.directory) dbname=x"])
        #expect(away.status == .exited(69))
        #expect(try stage.run(["migrat"]).status == .exited(2))
        #expect(try stage.run(["worker", "--lanse", "3"]).status == .exited(2))
        #expect(try stage.run(["version"]).output == "rollcall \(Version.current)\n")
    }

    @Test("the demo agrees with itself and leaves nothing behind")
    func demo() throws {
        let stage = try Stage()
        let temporary = "\(stage.directory)/tmp"
        try FileManager.default.createDirectory(
            atPath: temporary, withIntermediateDirectories: true)
        // Postgres runs as another user and must get through.
        chmod(stage.directory, 0o755)
        chmod(temporary, 0o777)
        let (status, output, errors) = try stage.run(
            [
                "demo", "--messages", "400", "--catalog",
                "\(Stage.root)/Config/catalogs/school.yaml",
            ],
            environment: ["TMPDIR": temporary])
        #expect(status == .exited(0), "\(output)\(errors)")
        #expect(output.contains("Tables, receipts and what was asked for agree."))
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
    }
}
