import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

@Suite("rollcall status as a program")
struct StatusProgramTests {
    private static let first = "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11"
    private static let second = "4410bb09-5e0b-4a43-9a4e-0f6f4f2b7c12"
    private static let unread = "99999999-5e0b-4a43-9a4e-0f6f4f2b7c12"

    private let program: StatusProgram

    init() throws { program = try StatusProgram() }

    /// A broker with so many messages that nobody has read.
    private func broker(messages: Int) throws -> EmbeddedBroker {
        let broker = try EmbeddedBroker()
        for topic in Settings.Topics().jobs { try broker.createTopic(topic, partitions: 2) }
        let producer = try Producer(
            ["bootstrap.servers": broker.bootstrapServers], log: { _ in })
        for tag in 0..<messages {
            try producer.send(
                topic: "rollcall.assignments", key: Array("k\(tag)".utf8), value: [0], headers: [],
                tag: tag)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            _ = try delivery.result.get()
        }
        return broker
    }

    @Test("The list goes to standard output and what stands below it to standard error")
    func list() throws {
        let broker = try broker(messages: 3)
        try program.insert(Self.first, secondsAgo: 5)
        try program.insert(Self.second, "running")
        let run = try program.run(
            environment: ["ROLLCALL_KAFKA_BROKERS": broker.bootstrapServers])
        #expect(run.code == 0)
        #expect(run.lines.count == 3)
        #expect(
            run.lines[1].hasPrefix("\(Self.first)\tassign\tenrollment/42\tsucceeded\t100\t3\t3"))
        #expect(run.lines[2].hasPrefix("\(Self.second)\tassign\tenrollment/42\trunning\t33\t1\t3"))
        #expect(run.errors == "2 of 2 jobs        lag 3 messages · 0 workers · 0 items/s\n")
    }

    @Test("A page says where the next one begins, and that one begins there")
    func pages() throws {
        for number in 0..<5 {
            try program.insert(
                "\(number)aaaaaaa-5e0b-4a43-9a4e-0f6f4f2b7c11", secondsAgo: number)
        }
        let first = try program.run("--limit", "2")
        #expect(first.errors.contains("· next: rollcall status --limit 2 --after 1aaaaaaa  "))
        let second = try program.run("--limit", "2", "--after", "1aaaaaaa")
        #expect(second.lines.dropFirst().map { $0.prefix(2) } == ["2a", "3a"])
        let last = try program.run("--limit", "2", "--after", "3aaa")
        #expect(last.lines.count == 2)
        #expect(!last.errors.contains("next"))
        #expect(try program.run("--after", Self.unread).code == 3)
    }

    @Test("No jobs are no error")
    func empty() throws {
        let run = try program.run()
        #expect(run.code == 0)
        #expect(run.lines.count == 1)
        #expect(run.errors.hasPrefix("rollcall: no jobs yet\n0 of 0 jobs"))
        #expect(
            try program.run("--json").output == #"{"api_version":"1","jobs":[],"next":null}"# + "\n"
        )
    }

    @Test("A broker that does not answer changes only the lag")
    func silentBroker() throws {
        try program.insert(Self.first)
        let run = try program.run(environment: ["ROLLCALL_KAFKA_BROKERS": "127.0.0.1:9"])
        #expect(run.code == 0)
        #expect(run.lines.count == 2)
        #expect(run.errors.contains("lag unknown: Kafka does not answer · 0 workers"))
    }

    @Test("A job is named by its id, a beginning of it, or as the last one")
    func names() throws {
        #expect(try program.run("@last").code == 3)
        try program.insert(Self.first, secondsAgo: 9)
        try program.insert(Self.second, secondsAgo: 5)
        for name in [Self.second, Self.second.uppercased(), "4410b", "4410BB09-5e", "@last"] {
            let run = try program.run(name)
            #expect(run.code == 0)
            #expect(run.lines.first == "id\t\(Self.second)")
            #expect(run.errors.isEmpty)
        }
        let both = try program.run("4410a", "@last", "4410b", "--jsonl")
        #expect(both.lines.map { $0.prefix(16) } == [#"{"id":"4410ad09-"#, #"{"id":"4410bb09-"#])
    }

    @Test("A beginning of several ids lists them")
    func ambiguous() throws {
        try program.insert(Self.first)
        try program.insert(Self.second)
        let run = try program.run("4410")
        #expect(run.code == 2)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("rollcall: 4410 is ambiguous; it could be\n  \(Self.first)  "))
        #expect(run.errors.contains("\n  \(Self.second)  assign  enrollment/42  succeeded  1m ago"))
        #expect(try program.run("441").code == 2)
        #expect(try program.run("nonsense").code == 2)
    }

    @Test("No such job, and a job that no worker has read yet")
    func missing() throws {
        let broker = try broker(messages: 118)
        try program.insert(Self.first)
        let prefix = try program.run("9999")
        #expect(prefix.code == 3)
        #expect(prefix.errors == "rollcall: no such job: 9999\n")
        let whole = try program.run(
            Self.unread, environment: ["ROLLCALL_KAFKA_BROKERS": broker.bootstrapServers])
        #expect(whole.code == 3)
        #expect(
            whole.errors
                == "rollcall: \(Self.unread): no worker has read it yet; lag 118 messages\n")
        let mixed = try program.run(Self.first, Self.unread)
        #expect(mixed.code == 3)
        #expect(mixed.lines.first == "id\t\(Self.first)")
    }

    @Test("A message that became no job is not waited for")
    func deadLetter() throws {
        try program.connection.script(
            """
            INSERT INTO rollcall.dead_letter
                ("offset", recorded_at, job_id, "partition", topic, code, reason, headers)
            VALUES (1, now(), '\(Self.unread)', 0, 't', 'invalid-data', 'expected target', '[]')
            """)
        let run = try program.run(Self.unread, "--wait", "--timeout", "50s")
        #expect(run.code == 5)
        #expect(run.errors.contains("its message is a dead letter: invalid-data: expected target"))
        #expect(try program.run(Self.unread).code == 3)
    }

    @Test(
        "Without --wait every state is shown with 0",
        arguments: [
            "waiting", "running", "succeeded", "succeeded_with_rejections", "failed", "cancelled",
        ])
    func shown(_ state: String) throws {
        try program.insert(Self.first, state)
        let run = try program.run("4410")
        #expect(run.code == 0)
        #expect(run.lines.contains("state\t\(state)"))
    }

    @Test(
        "With --wait the exit code tells the state",
        arguments: [
            ("succeeded", 0), ("succeeded_with_rejections", 6), ("failed", 5), ("cancelled", 7),
        ] as [(String, Int32)])
    func waited(_ state: String, _ code: Int32) throws {
        try program.insert(Self.first, state)
        let run = try program.run("4410", "--wait", "--json")
        #expect(run.code == code)
        #expect(run.output.contains(#""state":"\#(state)""#))
        let tolerant = try program.run("4410", "--wait", "--allow-rejections")
        #expect(tolerant.code == (code == 6 ? 0 : code))
        #expect(try program.run("4410", "--watch").code == 0)
        #expect(try program.run("4410", "--watch", "--wait").code == code)
    }

    @Test("A wait that is too long ends with 124, and shows the job as it is")
    func timeout() throws {
        try program.insert(Self.first, "running")
        let running = try program.run("4410", "--wait", "--timeout", "10ms")
        #expect(running.code == 124)
        #expect(running.lines.contains("state\trunning"))
        #expect(running.errors.contains("timed out after 10ms: \(Self.first) is running"))
        let unread = try program.run(Self.unread, "--wait", "--timeout", "0s")
        #expect(unread.code == 124)
        #expect(unread.errors.contains("no worker has read it yet; lag unknown"))
    }

    @Test("A job is waited for before a worker has read it, and while it runs")
    func waits() throws {
        let child = try program.start([Self.first, "--wait", "--csv"], name: "wait")
        _ = try program.sessionThatLooked()
        try program.insert(Self.first, "running")
        try program.connection.script(
            """
            UPDATE rollcall.job SET state = 'succeeded', created = 3, finished_at = now()
            """)
        let run = try program.finish(child, name: "wait")
        #expect(run.code == 0)
        #expect(run.lines.count == 2)
    }

    @Test("A wait outlives its connection")
    func reconnects() throws {
        try program.insert(Self.first, "running")
        let child = try program.start([Self.first, "--wait"], name: "wait")
        let session = try program.sessionThatLooked()
        try program.connection.execute("SELECT pg_terminate_backend(\(session))")
        _ = try program.sessionThatLooked(otherThan: session)
        try program.connection.script(
            "UPDATE rollcall.job SET state = 'cancelled', finished_at = now()")
        let run = try program.finish(child, name: "wait")
        #expect(run.code == 7)
        #expect(run.errors.contains("still waiting"))
    }

    @Test("Ctrl-C ends a wait with 130")
    func interrupt() throws {
        try program.insert(Self.first, "running")
        for option in ["--wait", "--watch"] {
            let child = try program.start([Self.first, option], name: option)
            let session = try program.sessionThatLooked()
            child.terminate(SIGINT)
            #expect(try program.finish(child, name: option).code == 130)
            // The next round must not take this session for its own.
            try program.soon { try program.sessions(with: "").contains(session) ? nil : () }
        }
    }

    @Test("Off a terminal --watch writes a line a change")
    func watch() throws {
        try program.insert(Self.first, "running")
        let child = try program.start(["4410", "--watch"], name: "watch")
        try program.soon { program.text("watch", "out").isEmpty ? nil : () }
        try program.connection.script(
            "UPDATE rollcall.job SET state = 'succeeded', created = 3, finished_at = now()")
        let run = try program.finish(child, name: "watch")
        #expect(run.code == 0)
        #expect(run.lines.count == 2)
        #expect(run.lines[0].contains(" \(Self.first) running done=1 total=3 rejected=0"))
        #expect(run.lines[1].contains(" \(Self.first) succeeded done=3 total=3 rejected=0"))
    }

    @Test("Rejections: all of them off a terminal, or as many as asked for")
    func rejections() throws {
        try program.insert(Self.first, "failed")
        #expect(try program.run("4410").lines.count { $0.contains("unknown-user") } == 3)
        #expect(
            try program.run("4410", "--rejections", "1").lines
                .count { $0.contains("unknown-user") } == 1)
        #expect(try program.run("4410", "--json").output.contains(#""by_code":{"unknown-user":3}"#))
        let list = try program.run("--json")
        #expect(list.output.contains(#""rejections":{"by_code":{"unknown-user":3},"items":[]}"#))
        #expect(try program.run("--json", "--rejections", "2").output.contains(#""item":2"#))
    }

    @Test("A reader that goes away ends it quietly")
    func brokenPipe() throws {
        try program.connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, created, attempts, dry_run, kind, state, relation, target,
                source, mode, topic, worker)
            SELECT gen_random_uuid(), 1, i, now(), now(), now(), 0, 1, 1, 1, false, 'assign',
                'succeeded', 'enrollment', repeat('t', 200), '/sis', 'partial', 't', 'w'
            FROM generate_series(1, 2000) i
            """)
        let run = try program.shell(
            "( rollcall status --limit 2000; echo \"exit $?\" >&2 ) | head -n 1")
        #expect(run.lines.count == 1)
        #expect(run.errors == "exit 0\n")
    }

    @Test("A database without the schema, without the right, or away")
    func database() throws {
        let bare = try StatusProgram(isMigrated: false)
        #expect(try bare.run().code == 75)
        let role = "nobody_\(program.database.name)"
        try program.connection.script("CREATE ROLE \(role) LOGIN")
        defer { try? program.connection.script("DROP ROLE \(role)") }
        let conninfo = program.database.conninfo.replacing("user=postgres", with: "user=\(role)")
        let denied = try program.run(environment: ["ROLLCALL_DATABASE_URL": conninfo])
        #expect(denied.code == 4)
        let away = try program.run(environment: ["ROLLCALL_DATABASE_URL": "host=127.0.0.1 port=9"])
        #expect(away.code == 69)
        #expect(away.output.isEmpty)
    }
}
