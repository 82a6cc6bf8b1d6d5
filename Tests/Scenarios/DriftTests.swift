import Foundation
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// The tables change while a worker runs: it notices, and no job fails for it.
@Suite struct DriftTests {
    /// A worker with one table that jobs write, and jobs of which each has a number of its own.
    private final class Bench {
        let stage: Stage
        let connection: Connection
        let worker: ChildProcess
        private var jobs = 0

        init(environment: [String: String] = [:]) throws {
            stage = try Stage(partitions: 1)
            connection = try stage.connect()
            try connection.script(
                """
                CREATE TYPE school.mark AS ENUM ('good');
                CREATE TABLE school.owner (id int PRIMARY KEY);
                INSERT INTO school.owner SELECT generate_series(1, 1000);
                CREATE TABLE school.note (user_id int, name text, score int DEFAULT 1,
                  mark school.mark, short varchar(3), UNIQUE (user_id, name));
                CREATE TABLE school.audit (line text);
                """)
            let catalog = "\(stage.directory)/notes.yaml"
            try """
            catalog: notes
            relations:
              note:
                table: school.note
                target: user_id
                member: name
                attributes: [score, mark, short]
                conflict: { update: [score] }
            """.write(toFile: catalog, atomically: true, encoding: .utf8)
            worker = try stage.startWorker(
                "worker",
                environment: environment.merging([
                    "ROLLCALL_CATALOG": "\(Stage.root)/Config/catalogs/school.yaml:\(catalog)",
                    "ROLLCALL_HEARTBEAT_INTERVAL": "200ms",
                ]) { a, _ in a })
        }

        deinit { _ = worker.terminate(SIGKILL) }

        /// Sends a job for each target; the members are JSON.
        func send(
            _ kind: String = "assign", _ targets: some Sequence<Int>, _ members: String = "\"a\""
        ) throws {
            try stage.produce(targets.map { target in message(kind, target, members) })
        }

        func message(
            _ kind: String, _ target: Int, _ members: String, relation: String = "note"
        ) -> DemoTraffic.Message {
            jobs += 1
            let digits = String(jobs)
            let zeros = String(repeating: "0", count: 12 - digits.count)
            return DemoTraffic.Message(
                key: "\(relation)/\(target)",
                value: """
                    {"specversion":"1.0","id":"00000000-0000-4000-8000-\(zeros)\(digits)",\
                    "source":"/test","type":"rollcall.\(kind)",\
                    "data":{"relation":"\(relation)","target":\(target),"members":[\(members)]}}
                    """)
        }

        func wait(until what: String, _ condition: () throws -> Bool) throws {
            do {
                try stage.wait(what, until: condition)
            } catch {
                throw ScenarioFault("\(error): \(stage.logText("worker").suffix(3_000))")
            }
        }

        func finish() throws {
            try wait(until: "\(jobs) jobs are done") {
                try count("rollcall.jobs") == jobs
            }
        }

        /// Starts with a few jobs, so that the plans of the start are in use.
        func warmUp() throws {
            try send("assign", 1...5)
            try finish()
        }

        func count(_ table: String) throws -> Int {
            try connection.execute("SELECT count(*) FROM \(table)").int(0, 0)
        }

        func lines(_ query: String) throws -> [String] {
            let rows = try connection.execute(query)
            return (0..<rows.count).map { rows.optionalString($0, 0) ?? "NULL" }
        }

        /// Every job has ended as it should have, and none was tried in vain for its own sake.
        func close(rejected: Int = 0) throws {
            try finish()
            #expect(
                try lines(
                    "SELECT state || ' ' || coalesce(error_message, '') FROM rollcall.jobs "
                        + "WHERE state NOT LIKE 'succeeded%'") == [])
            #expect(try count("rollcall.rejections") == rejected)
            #expect(try count("rollcall.dead_letters") == 0)
            #expect(worker.terminate())
            #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
            #expect(try stage.lag() == 0)
        }
    }

    @Test("a default, a wider type, a longer text, a new label: what comes afterwards has them")
    func silentChanges() throws {
        let bench = try Bench()
        try bench.warmUp()
        try bench.connection.script("ALTER TABLE school.note ALTER score SET DEFAULT 7")
        try bench.send("assign", 11...30)
        try bench.finish()
        #expect(try bench.count("school.note WHERE score = 7") == 20)

        try bench.connection.script("ALTER TABLE school.note ALTER score TYPE bigint")
        try bench.send("assign", 11...30, #"{"member":"big","score":4294967296}"#)
        try bench.finish()
        #expect(try bench.count("school.note WHERE score = 4294967296") == 20)

        try bench.connection.script("ALTER TYPE school.mark ADD VALUE 'better'")
        try bench.send("assign", 11...30, #"{"member":"label","mark":"better"}"#)
        try bench.finish()
        #expect(try bench.count("school.note WHERE mark = 'better'") == 20)

        try bench.connection.script("ALTER TABLE school.note ALTER short TYPE text")
        try bench.send("assign", 11...30, #"{"member":"long","short":"longer"}"#)
        try bench.finish()
        #expect(try bench.count("school.note WHERE short = 'longer'") == 20)

        try bench.connection.script(
            """
            ALTER TABLE school.note ADD extra text NOT NULL DEFAULT 'x',
              ALTER user_id TYPE bigint
            """)
        try bench.send("assign", [5_000_000_000])
        try bench.close()
        #expect(try bench.count("school.note WHERE user_id = 5000000000 AND extra = 'x'") == 1)
    }

    @Test(
        "a CHECK, a foreign key, an index: what violates them is rejected by its name, and nothing else"
    )
    func newConstraints() throws {
        let bench = try Bench()
        try bench.warmUp()
        try bench.connection.script(
            "ALTER TABLE school.note ADD CONSTRAINT is_low CHECK (score < 10)")
        try bench.send("assign", 11...20, #""b",{"member":"c","score":10}"#)
        try bench.finish()
        #expect(
            try bench.lines("SELECT DISTINCT code || ': ' || message FROM rollcall.rejections")
                == ["is_low: expected (score < 10), got score \"10\""])

        try bench.connection.script(
            "ALTER TABLE school.note ADD CONSTRAINT owned FOREIGN KEY (user_id) REFERENCES school.owner"
        )
        try bench.send("assign", [21, 22, 2_000, 23])
        try bench.finish()
        #expect(
            try bench.lines("SELECT code FROM rollcall.rejections WHERE code <> 'is_low'")
                == ["unknown-user"])

        // The parent is another table from now on, and another one has its name.
        try bench.connection.script(
            """
            BEGIN;
            ALTER TABLE school.owner RENAME TO old_owner;
            CREATE TABLE school.owner (id int PRIMARY KEY);
            COMMIT;
            """)
        try bench.send("assign", 31...40)
        try bench.finish()
        #expect(try bench.count("school.note WHERE user_id BETWEEN 31 AND 40") == 10)

        try bench.connection.script("CREATE UNIQUE INDEX one ON school.note (user_id, short)")
        try bench.send("assign", 41...50, #"{"member":"x","short":"s"},{"member":"y","short":"s"}"#)
        try bench.close(rejected: 10 + 1 + 10)
        #expect(try bench.count("rollcall.rejections WHERE code = 'one'") == 10)
    }

    @Test("a trigger sees every change from its first moment on")
    func newTrigger() throws {
        let bench = try Bench()
        try bench.warmUp()
        try bench.connection.script(
            """
            CREATE FUNCTION school.note_down() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO school.audit VALUES (TG_OP || ' ' || coalesce(NEW.user_id, OLD.user_id));
              RETURN NULL;
            END $$;
            CREATE TRIGGER note_down AFTER INSERT OR DELETE ON school.note
            FOR EACH ROW EXECUTE FUNCTION school.note_down()
            """)
        // In one batch each pair would be nothing at all, if nobody watched.
        try bench.stage.produce(
            (11...30).flatMap { target in
                [
                    bench.message("assign", target, "\"a\""),
                    bench.message("unassign", target, "\"a\""),
                ]
            })
        try bench.close()
        #expect(try bench.count("school.audit WHERE line LIKE 'INSERT %'") == 20)
        #expect(try bench.count("school.audit WHERE line LIKE 'DELETE %'") == 20)
    }

    @Test(
        "what the catalog does not fit any more waits, says why, and goes on when mended",
        arguments: [
            (
                "ALTER TABLE school.note ADD due date NOT NULL DEFAULT now(); ALTER TABLE school.note ALTER due DROP DEFAULT",
                "ALTER TABLE school.note ALTER due DROP NOT NULL",
                "expected a value for due, which is NOT NULL without a default"
            ),
            (
                "ALTER TABLE school.note RENAME short TO brief",
                "ALTER TABLE school.note RENAME brief TO short",
                "expected a column short in school.note, got none"
            ),
            (
                "ALTER TABLE school.note DROP score", "ALTER TABLE school.note ADD score int",
                "expected a column score in school.note, got none"
            ),
            (
                "ALTER TABLE school.note RENAME TO memo", "ALTER TABLE school.memo RENAME TO note",
                "expected the table school.note, got none"
            ),
            (
                "ALTER TABLE school.note DROP CONSTRAINT note_user_id_name_key",
                "ALTER TABLE school.note ADD UNIQUE (user_id, name)",
                "expected a unique index on (user_id, name)"
            ),
            (
                "ALTER TABLE school.note RENAME TO memo; CREATE VIEW school.note AS SELECT * FROM school.memo",
                "DROP VIEW school.note; ALTER TABLE school.memo RENAME TO note",
                "expected a table, got the view school.note"
            ),
        ])
    func misfits(_ breaking: String, _ mending: String, _ reason: String) throws {
        let bench = try Bench()
        try bench.warmUp()
        try bench.connection.script("BEGIN; TRUNCATE school.note; \(breaking); COMMIT")
        try bench.send("assign", 11...30)
        try bench.wait(until: "the worker says why it waits") {
            try bench.lines("SELECT waits_for FROM rollcall.workers")
                .contains { $0.hasPrefix("note: ") && $0.contains(reason) }
        }
        try bench.stage.produce(
            (1...20).map { bench.message("assign", $0, "300", relation: "enrollment") })
        try bench.wait(until: "others go on") { try bench.count("school.enrollment") == 20 }
        #expect(try bench.count("rollcall.jobs WHERE relation = 'note'") == 5)
        try bench.connection.script("BEGIN; \(mending); COMMIT")
        try bench.close()
        #expect(try bench.count("school.note") == 20)
    }

    @Test("migrations and jobs at once: every job does what it would have done alone")
    func storm() throws {
        let bench = try Bench(environment: [
            "ROLLCALL_BATCH_JOBS": "5", "ROLLCALL_LANES": "3", "ROLLCALL_BATCH_WINDOW": "0ms",
        ])
        try bench.warmUp()
        var random = SeededGenerator(seed: scenarioSeed())
        let changes = [
            ["ALTER TABLE school.note ALTER score TYPE bigint"],
            ["ALTER TABLE school.note ALTER score TYPE int"],
            ["ALTER TABLE school.note ADD IF NOT EXISTS more text NOT NULL DEFAULT ''"],
            ["ALTER TABLE school.note DROP IF EXISTS more"],
            ["ALTER TABLE school.note ALTER score SET DEFAULT 7"],
            [
                "ALTER TABLE school.note RENAME name TO title",
                "ALTER TABLE school.note RENAME title TO name",
            ],
            ["ALTER TABLE school.note RENAME TO memo", "ALTER TABLE school.memo RENAME TO note"],
            [
                """
                ALTER TABLE school.note DROP CONSTRAINT note_user_id_name_key,
                  ADD CONSTRAINT note_user_id_name_key UNIQUE (user_id, name)
                """
            ],
            ["CREATE INDEX ON school.note (score)"],
            [
                """
                ALTER TABLE school.note DROP CONSTRAINT IF EXISTS c,
                  ADD CONSTRAINT c CHECK (score < 1000)
                """
            ],
            [
                """
                CREATE OR REPLACE FUNCTION school.pass() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RETURN NEW; END';
                DROP TRIGGER IF EXISTS pass ON school.note;
                CREATE TRIGGER pass BEFORE INSERT ON school.note
                FOR EACH ROW EXECUTE FUNCTION school.pass()
                """
            ],
            ["DROP TRIGGER IF EXISTS pass ON school.note"],
        ]
        var expected: Set<Int> = []
        for round in 0..<40 {
            let targets = (100 + round * 20)..<(120 + round * 20)
            try bench.send("assign", targets)
            // Each third is removed again.
            try bench.send("unassign", targets.filter { $0 % 3 == 0 })
            expected.formUnion(targets.filter { $0 % 3 != 0 })
            for statement in changes.randomElement(using: &random) ?? [] {
                try bench.connection.script(statement)
            }
        }
        try bench.finish()
        let found = try bench.lines("SELECT user_id FROM school.note WHERE user_id >= 100")
        #expect(Set(found.compactMap { Int($0) }) == expected)
        #expect(
            try bench.count("school.note WHERE user_id >= 100 AND score NOT IN (1, 7)") == 0)
        try bench.close()
    }
}
