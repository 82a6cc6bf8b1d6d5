import Kafka
import Postgres
import Sandbox
import Testing

@testable import WorkerPool

/// The publisher alone, with a real database and a broker.
@Suite struct DeadLetterPublisherTests {
    @Test("letters that were left behind are published at the start, others when it is woken")
    func startAndWake() throws {
        let bench = try LetterBench()
        try bench.keep(1...3)
        let publisher = bench.publisher()
        publisher.start()
        try bench.wait("the first are published") { try bench.count("published_at > at") == 3 }
        try bench.keep(4...5)
        publisher.wake()
        try bench.wait("the others are published") { try bench.count("published_at > at") == 5 }
        // Sooner than the next look that was planned.
        let limit = PublishPace.interval / 2
        #expect(try bench.count("published_at - at < interval '\(limit.seconds) s'") == 5)
        publisher.stop(within: .seconds(10))
        let records = try bench.records(5)
        #expect(
            records.map { $0.value.map { String(decoding: $0, as: UTF8.self) } ?? "" }.sorted()
                == ["1", "2", "3", "4", "5"])
        #expect(try bench.onTopic() == 5)
    }

    @Test(
        "ten thousand letters: as many statements for every page, the order kept",
        .enabled("needs pg_stat_statements", serverCountsStatements))
    func manyLetters() throws {
        let bench = try LetterBench()
        try bench.connection.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        try bench.keep(1...10_000)
        try bench.connection.execute(
            """
            SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database
            WHERE datname = current_database()
            """)
        let publisher = bench.publisher()
        let begun = ContinuousClock.now
        publisher.start()
        publisher.stop(within: .seconds(60))
        print("10,000 dead letters published in \(ContinuousClock.now - begun)")
        #expect(try bench.count("published_at IS NULL") == 0)
        // 20 pages of BEGIN, limits, claim, mark, COMMIT; a look at an empty outbox at the end of
        // the start and one of the stop.
        let calls = try bench.connection.execute(
            """
            SELECT sum(s.calls)::integer FROM pg_stat_statements s
            JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = current_database() AND s.query NOT LIKE '%pg_stat_statements%'
              AND s.query NOT LIKE '%generate_series%' AND s.query NOT LIKE '%count(*)%'
            """
        ).int(0, 0)
        #expect(calls == 20 * 5 + 2 * 4)
        let records = try bench.records(10_000)
        #expect(records.count == 10_000)
        for partition in Dictionary(grouping: records, by: \.partition).values {
            let offsets = partition.map { record in
                record.headers.first { $0.name == "rollcall_original_offset" }?.value
                    .flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
            }
            #expect(offsets == offsets.sorted())
        }
    }

    @Test("letters of megabytes go a few at a time")
    func largeLetters() throws {
        let bench = try LetterBench()
        try bench.keep(1...3, key: "n", value: "repeat('x', 3000000)")
        let publisher = bench.publisher()
        publisher.start()
        publisher.stop(within: .seconds(30))
        #expect(try bench.count("published_at IS NOT NULL") == 3)
        // One transaction took two of them, another the third.
        let times = "SELECT count(DISTINCT xmin::text) FROM rollcall.dead_letter"
        #expect(try bench.connection.execute(times).int(0, 0) == 2)
        #expect(try bench.onTopic() == 3)
    }

    @Test("two workers that publish at the same time share the letters, each of them once")
    func twoPublishers() throws {
        let bench = try LetterBench()
        try bench.keep(1...4_000)
        let publishers = ["one", "two"].map { bench.publisher($0) }
        for publisher in publishers { publisher.start() }
        try bench.wait("all are published") { try bench.count("published_at IS NULL") == 0 }
        for publisher in publishers { publisher.stop(within: .seconds(10)) }
        #expect(try bench.onTopic() == 4_000)
    }

    @Test("a letter that the client does not take is noted, and holds up none behind it")
    func tooLargeForTheClient() throws {
        let bench = try LetterBench()
        try bench.keep(1...1, value: "repeat('x', 20000)")
        try bench.keep(2...20)
        let publisher = bench.publisher(kafka: ["message.max.bytes": "10000"])
        publisher.start()
        publisher.stop(within: .seconds(20))
        #expect(try bench.count("published_at IS NOT NULL AND publish_error IS NULL") == 19)
        let error =
            #""offset" = 1 AND published_at IS NULL AND publish_error LIKE '%MSG_SIZE_TOO_LARGE%'"#
        #expect(try bench.count(error) == 1)
        #expect(try bench.onTopic() == 19)
        // A person who has made room has it tried again.
        try bench.connection.script("UPDATE rollcall.dead_letter SET publish_error = NULL")
        let next = bench.publisher()
        next.start()
        next.stop(within: .seconds(20))
        #expect(try bench.count("published_at IS NOT NULL") == 20)
        #expect(try bench.onTopic() == 20)
    }

    @Test("a batch that the broker refuses is sent one by one: only a letter alone is at fault")
    func tooLargeForTheBroker() throws {
        let bench = try LetterBench(partitions: 1)
        try bench.keep(1...5)
        // The batch of five, and then the second alone; MSG_SIZE_TOO_LARGE.
        bench.broker.failRequests(apiKey: 0, errors: [10, 0, 10, 0, 0, 0])
        // All five leave together.
        let publisher = bench.publisher(kafka: ["linger.ms": "500"])
        publisher.start()
        publisher.stop(within: .seconds(30))
        let refused = try bench.connection.execute(
            #"SELECT "offset" FROM rollcall.dead_letters WHERE publish_error IS NOT NULL"#)
        #expect((0..<refused.count).map { refused.int($0, 0) } == [2])
        #expect(try bench.count("published_at IS NOT NULL") == 4)
        #expect(try bench.onTopic() == 4)
    }

    @Test("a row that somebody made unreadable is noted, and holds up none behind it")
    func unreadable() throws {
        let bench = try LetterBench()
        try bench.keep(1...3)
        try bench.connection.script(
            #"UPDATE rollcall.dead_letter SET headers = '[7]' WHERE "offset" = 2"#)
        let publisher = bench.publisher()
        publisher.start()
        publisher.stop(within: .seconds(20))
        #expect(try bench.count(#""offset" = 2 AND publish_error LIKE 'headers: expected%'"#) == 1)
        #expect(try bench.onTopic() == 2)
    }

    @Test("a transaction that dies after the letters were sent sends them again")
    func diesBetweenSendingAndCommit() throws {
        let bench = try LetterBench()
        try bench.keep(1...3)
        // Commits of the publisher wait for this lock.
        try bench.connection.script(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON rollcall.dead_letter
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
            SELECT pg_advisory_lock(1);
            """)
        let publisher = bench.publisher()
        publisher.start()
        try bench.wait("the publisher waits in its COMMIT") { try committers(bench).count == 1 }
        #expect(try bench.onTopic() == 3)
        #expect(try bench.count("published_at IS NOT NULL") == 0)
        try bench.connection.execute(
            "SELECT pg_terminate_backend(\(try committers(bench).int(0, 0)))")
        try bench.wait("it tries again") {
            try committers(bench).count == 1 && bench.onTopic() == 6
        }
        try bench.connection.script("SELECT pg_advisory_unlock(1)")
        try bench.wait("they are published") { try bench.count("published_at IS NULL") == 0 }
        publisher.stop(within: .seconds(10))
        #expect(try bench.onTopic() == 6)
    }

    private func committers(_ bench: LetterBench) throws -> Rows {
        try bench.connection.execute(
            """
            SELECT pid FROM pg_stat_activity WHERE datname = current_database()
              AND application_name = 'rollcall/one' AND query = 'COMMIT' AND wait_event_type = 'Lock'
            """)
    }

    @Test("a database that was restarted is waited for")
    func databaseRestarted() throws {
        let server = try PrivatePostgres()
        defer { server.stop() }
        try server.createDatabase("letters")
        let bench = try LetterBench(conninfo: server.conninfo(database: "letters"))
        let publisher = bench.publisher()
        try bench.keep(1...3)
        publisher.start()
        try bench.wait("the first are published") { try bench.count("published_at IS NULL") == 0 }
        try server.restart(mode: .immediate)
        try bench.connection.reconnect()
        try bench.keep(4...6)
        publisher.wake()
        try bench.wait("the others are published") { try bench.count("published_at IS NULL") == 0 }
        publisher.stop(within: .seconds(10))
        #expect(try bench.onTopic() == 6)
    }

    @Test("while the broker is away nothing is lost, no row stays locked, and stopping is quick")
    func brokerAway() throws {
        let bench = try LetterBench()
        try bench.broker.setDown(broker: -1)
        try bench.keep(1...3)
        // Pages are given up after a second.
        let publisher = bench.publisher(idleTimeout: .seconds(2))
        publisher.start()
        try bench.wait("a page was given up") {
            try bench.connection.execute(
                """
                SELECT FROM pg_stat_activity WHERE datname = current_database()
                  AND application_name = 'rollcall/one' AND state = 'idle' AND query = 'COMMIT'
                """
            ).count > 0
        }
        let begun = ContinuousClock.now
        publisher.stop(within: .seconds(2))
        #expect(ContinuousClock.now - begun < .seconds(4))
        #expect(try bench.count("published_at IS NULL AND publish_error IS NULL") == 3)
        try bench.broker.setUp(broker: -1)
        let next = bench.publisher("two")
        next.start()
        try bench.wait("they are published") { try bench.count("published_at IS NULL") == 0 }
        next.stop(within: .seconds(10))
        #expect(try bench.onTopic() >= 3)
    }

    @Test("stopping publishes what is committed, and leaves no connection")
    func stopping() throws {
        let bench = try LetterBench()
        let publisher = bench.publisher()
        publisher.start()
        try bench.keep(1...700)
        publisher.stop(within: .seconds(20))
        #expect(try bench.count("published_at IS NULL") == 0)
        // The server notices the end of a connection a moment later.
        try bench.wait("its connection is gone") {
            try bench.connection.execute(
                """
                SELECT FROM pg_stat_activity WHERE datname = current_database()
                  AND application_name = 'rollcall/one'
                """
            ).count == 0
        }
        // Whoever wakes it now is late.
        try bench.keep(701...701)
        publisher.wake()
        publisher.stop(within: .seconds(1))
        #expect(try bench.count("published_at IS NULL") == 1)
    }
}

/// Whether the library is there to be preloaded; a server that does not start fails the tests.
private func serverCountsStatements() -> Bool {
    let libraries = Result {
        try LetterBench().connection.execute("SHOW shared_preload_libraries").string(0, 0)
    }
    guard case .success(let names) = libraries else { return true }
    return names.contains("pg_stat_statements")
}
