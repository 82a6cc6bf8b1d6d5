import Foundation
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// `rollcall sandbox`, as a person uses it: by what it prints.
@Suite struct SandboxTests {
    private static let catalog = "\(Stage.root)/Config/catalogs/school.yaml"

    /// A dump of the school's tables, with users, courses and an owner that is no role elsewhere.
    private func dump(in stage: Stage) throws -> String {
        let connection = try stage.connect()
        let owner = "owner_\(stage.database.name)"
        try connection.script(
            """
            CREATE ROLE \(owner);
            ALTER TABLE school.enrollment OWNER TO \(owner);
            CREATE FUNCTION school.one() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
            """)
        let path = "\(stage.directory)/school.sql"
        let child = try ChildProcess(
            "pg_dump", ["--dbname", stage.database.conninfo, "--schema", "school"],
            standardOutput: .file(path))
        #expect(child.wait().isSuccess)
        // Roles are the server's, which other tests share.
        try connection.script(
            "ALTER TABLE school.enrollment OWNER TO postgres; DROP ROLE \(owner)")
        return path
    }

    private func expectGone(_ pids: [pid_t], _ directories: [String], in stage: Stage) throws {
        try stage.wait("its processes have gone", atMost: .seconds(30)) {
            !pids.contains(where: SandboxProcess.isAlive)
        }
        try stage.wait("its directories have gone", atMost: .seconds(30)) {
            !directories.contains(where: FileManager.default.fileExists)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(stage.directory)/tmp")
        #expect(left == [])
    }

    @Test("a job goes through by the printed lines, and Ctrl-C leaves nothing behind")
    func printedLines() throws {
        let stage = try Stage()
        let sandbox = try SandboxProcess(
            ["--schema", try dump(in: stage), "--catalog", Self.catalog], in: stage)
        #expect(sandbox.text.contains("ok: enrollment: school.enrollment"))
        #expect(sandbox.text.contains("made it, without a login"))
        let processes = try sandbox.descendants()
        let directory = try sandbox.ask("SHOW data_directory")

        #expect(sandbox.lines.contains { $0.hasSuffix("--members 1,2,3 --wait") })
        let enqueue = try sandbox.shell(sandbox.script(" enqueue assign "))
        #expect(enqueue.status == .exited(0), "\(enqueue.output)")
        #expect(enqueue.output.contains("created 3"))
        #expect(try sandbox.ask("SELECT count(*) FROM school.enrollment") == "3")
        // The dump's own data and functions are there too.
        #expect(try sandbox.ask("SELECT count(*) * school.one() FROM school.users") == "400")
        let status = try sandbox.shell(
            sandbox.lines.filter { $0.hasPrefix("export ") || $0.hasSuffix(" status") }
                .joined(separator: "\n"))
        #expect(status.output.contains("enrollment/1\tsucceeded"), "\(status.output)")
        let watch = try sandbox.shell(sandbox.script(" status --watch") + " --timeout 2s")
        #expect(watch.output.contains("succeeded"), "\(watch.output)")

        #expect(try sandbox.interrupt() == .exited(0), "\(sandbox.text)")
        #expect(processes.count > 5)
        try expectGone(processes, [directory], in: stage)
    }

    @Test("an existing database is migrated after saying so, and keeps what is in it")
    func existingDatabase() throws {
        let stage = try Stage(isMigrated: false)
        let connection = try stage.connect()
        try School.build(Stage.school, on: connection)
        let arguments = [
            "--database", stage.database.conninfo, "--catalog", Self.catalog, "--workers", "2",
        ]
        for round in 1...2 {
            let sandbox = try SandboxProcess(arguments, in: stage)
            #expect(sandbox.text.contains("upgrading the schema rollcall in host=") == (round == 1))
            let enqueue = try sandbox.shell(sandbox.script(" enqueue assign "))
            #expect(enqueue.status == .exited(0), "\(enqueue.output)")
            #expect(enqueue.output.contains(round == 1 ? "created 3" : "unchanged 3"))
            #expect(try sandbox.workers().count == 2)
            let processes = try sandbox.descendants()
            #expect(try sandbox.interrupt() == .exited(0))
            try expectGone(processes, [], in: stage)
        }
        let rows = try connection.execute(
            """
            SELECT (SELECT count(*) FROM school.enrollment), (SELECT count(*) FROM rollcall.jobs),
                   (SELECT count(*) FROM rollcall.progress WHERE consumer_group = 'rollcall')
            """)
        #expect((0..<3).map { rows.int(0, $0) } == [3, 2, 0])
    }

    @Test("what --keep leaves can be started again by the printed lines")
    func keep() throws {
        let stage = try Stage()
        let sandbox = try SandboxProcess(
            ["--schema", try dump(in: stage), "--catalog", Self.catalog, "--keep"], in: stage)
        #expect(try sandbox.shell(sandbox.script(" enqueue assign ")).status == .exited(0))
        let processes = try sandbox.descendants()
        #expect(try sandbox.interrupt() == .exited(0))
        #expect(sandbox.text.contains("The database stays in "), "\(sandbox.text)")
        try stage.wait("its processes have gone") {
            !processes.contains(where: SandboxProcess.isAlive)
        }

        let lines = Array(sandbox.lines.suffix(4))
        let start = try sandbox.shell(lines[0])
        #expect(start.status == .exited(0), "\(start.output)")
        let marker = " sandbox --database "
        let rest = try #require(lines[1].firstRange(of: marker)).upperBound
        let words = lines[1][rest...].split(separator: " ").map(String.init)
        let again = try SandboxProcess(["--database"] + words, in: stage)
        let enqueue = try again.shell(again.script(" enqueue assign "))
        #expect(enqueue.output.contains("unchanged 3"), "\(enqueue.output)")
        let directory = try again.ask("SHOW data_directory")
        #expect(try again.interrupt() == .exited(0))
        for line in lines[2...] {
            let end = try sandbox.shell(line)
            #expect(end.status == .exited(0), "\(end.output)")
        }
        try expectGone([], [directory], in: stage)
    }

    @Test("nothing outlives a sandbox that is killed", arguments: [SIGKILL, SIGHUP])
    func killed(signal: Int32) throws {
        let stage = try Stage()
        let sandbox = try SandboxProcess(
            ["--schema", try dump(in: stage), "--catalog", Self.catalog], in: stage)
        let processes = try sandbox.descendants()
        let directory = try sandbox.ask("SHOW data_directory")
        sandbox.signal(signal)
        _ = try sandbox.awaitEnd()
        try stage.wait("its processes have gone", atMost: .seconds(60)) {
            !processes.contains(where: SandboxProcess.isAlive)
        }
        try stage.wait("the server's directory has gone") {
            !FileManager.default.fileExists(atPath: directory)
        }
    }

    @Test("warnings of a worker are shown, and that it has ended")
    func news() throws {
        let stage = try Stage()
        let sandbox = try SandboxProcess(
            ["--schema", try dump(in: stage), "--catalog", Self.catalog], in: stage)
        let workers = try sandbox.workers()
        #expect(workers.count == 1)
        _ = try sandbox.ask("ALTER TABLE rollcall.job RENAME TO gone")
        _ = try sandbox.shell(sandbox.script(" enqueue assign ").replacing(" --wait", with: ""))
        try stage.wait("a warning is shown") {
            sandbox.text.contains("worker-1  ") && sandbox.text.contains(" warning ")
        }
        for worker in workers { kill(worker, SIGKILL) }
        try stage.wait("the end of the worker is told") {
            sandbox.text.contains("worker-1 has ended: signal 9; it said last:")
                && sandbox.text.contains("no worker is left")
        }
        #expect(try sandbox.interrupt() == .exited(1))
    }

    @Test("a statement that fails is named with its line, and exits 1")
    func badSchema() throws {
        let stage = try Stage()
        let path = "\(stage.directory)/bad.sql"
        let environment = try SandboxProcess.environment(in: stage)
        func run(_ sql: String) throws -> (status: Sandbox.ExitStatus, errors: String) {
            try sql.write(toFile: path, atomically: true, encoding: .utf8)
            let run = try stage.run(
                ["sandbox", "--schema", path, "--catalog", Self.catalog], environment: environment)
            return (run.status, run.errors)
        }
        let unknown = try run("CREATE TABLE a ();\n\nCREATE TABLE b (\n  id int REFERENCES nope);")
        #expect(unknown.status == .exited(1))
        #expect(
            unknown.errors.contains(
                "bad.sql:3: relation \"nope\" does not exist (42P01) - while executing "
                    + "`CREATE TABLE b ( id int REFERENCES nope)`"), "\(unknown.errors)")
        let data = try run("CREATE TABLE a (b int);\nCOPY a FROM stdin;\n1\nx\n\\.\n")
        #expect(data.status == .exited(1))
        #expect(data.errors.contains("bad.sql:2: invalid input syntax"), "\(data.errors)")
        let open = try run("BEGIN;\nCREATE TABLE a ();")
        #expect(open.errors.contains("expected a COMMIT"), "\(open.errors)")
        #expect(try run("\\connect app\n").errors.contains("bad.sql:1: expected SQL, got the psql"))
        try FileManager.default.removeItem(atPath: path)
        let missing = try stage.run(
            ["sandbox", "--schema", path, "--catalog", Self.catalog], environment: environment)
        #expect(missing.status == .exited(2))
        #expect(missing.errors.contains("--schema: expected a readable file, got \(path)"))
        try expectGone([], [], in: stage)
    }

    @Test("a catalog that does not fit ends it with 78 and the words of catalog check")
    func badCatalog() throws {
        let stage = try Stage()
        let path = "\(stage.directory)/catalog.yaml"
        try String(contentsOfFile: Self.catalog, encoding: .utf8)
            .replacing("attributes: [role]", with: "attributes: [rolle]")
            .replacing("{ update: [role] }", with: "ignore")
            .replacing("attributes: { role: ", with: "attributes: { rolle: ")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let environment = try SandboxProcess.environment(in: stage)
        let check = try stage.run(["catalog", "check", "--catalog", path])
        let run = try stage.run(
            ["sandbox", "--schema", try dump(in: stage), "--catalog", path],
            environment: environment)
        #expect(run.status == .exited(78))
        let words = "expected a column rolle in school.enrollment, got none; did you mean role?"
        #expect(check.output.contains(words))
        #expect(run.output.hasSuffix(check.output), "\(run.output)")
        let unread = try stage.run(
            ["sandbox", "--schema", "\(stage.directory)/school.sql", "--catalog", "none.yaml"],
            environment: environment)
        #expect(unread.status == .exited(78))
        #expect(unread.errors.contains("expected a readable file in UTF-8, got none.yaml"))
        try expectGone([], [], in: stage)
    }

    @Test("a database that is away is exit 69, wrong usage 2")
    func exitCodes() throws {
        let stage = try Stage()
        func status(_ arguments: String...) throws -> Sandbox.ExitStatus {
            try stage.run(["sandbox", "--catalog", Self.catalog] + arguments).status
        }
        #expect(try status("--database", "host=\(stage.directory) dbname=x") == .exited(69))
        #expect(try status() == .exited(2))
        #expect(try status("--schema", "a.sql", "--database", "dbname=x") == .exited(2))
        #expect(try status("--database", "dbname=x", "--keep") == .exited(2))
        #expect(try status("--schema", "a.sql", "--workers", "0") == .exited(2))
    }
}
