import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import WorkerPool

/// The publisher of job events alone, with a real database and a broker.
@Suite struct JobEventPublisherTests {
    private static let trace = "4BF92F3577B34DA6A3CE929D0E0E4736"

    private func id(_ number: Int) -> String {
        "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(number)".count)
            + "\(number)"
    }

    /// What a worker's transaction leaves behind: jobs that have ended, and a row that names them.
    private func end(
        _ numbers: ClosedRange<Int>, trace: String? = nil, rejected: Int = 0,
        on connection: Connection
    ) throws {
        try connection.script(
            """
            WITH job AS (
                INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at,
                    finished_at, "partition", items, created, rejected, attempts, dry_run, kind,
                    state, relation, target, source, mode, topic, worker, trace_id)
                SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 0, n, now(),
                    now(), now(), 0, 3, 3 - \(rejected), \(rejected), 1, false, 'assign',
                    'succeeded', 'enrollment', '7', '/test', 'partial', 'jobs', 'w',
                    \(trace.map { "'\($0)'" } ?? "NULL")
                FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n
                RETURNING id
            ), refused AS (
                INSERT INTO rollcall.rejection (job_id, item, member, code, message)
                SELECT id, item, 'm', 'unknown', 'no' FROM job, generate_series(1, \(rejected)) item
            )
            INSERT INTO rollcall.job_event (jobs) SELECT array_agg(id) FROM job
            """)
    }

    private func left(_ bench: LetterBench) throws -> Int {
        try bench.connection.execute("SELECT count(*) FROM rollcall.job_event").int(0, 0)
    }

    private func texts(_ records: [Record]) -> [String] {
        records.map { String(decoding: $0.value ?? [], as: UTF8.self) }
    }

    @Test("an event a job, with its id as the key and the producer's trace as a header")
    func events() throws {
        let bench = try LetterBench()
        try end(1...3, rejected: 2, on: bench.connection)
        try end(4...4, trace: Self.trace, on: bench.connection)
        let publisher = bench.eventPublisher()
        publisher.start()
        try bench.wait("they are published") { try left(bench) == 0 }
        publisher.stop(within: .seconds(10))
        let records = try bench.records(4)
        #expect(Set(texts(records)) == [id(1) + " 2", id(2) + " 2", id(3) + " 2", id(4) + " 0"])
        for record in records {
            let key = String(decoding: record.key ?? [], as: UTF8.self)
            #expect(texts([record])[0].hasPrefix(key + " "))
            let headers = Dictionary(
                uniqueKeysWithValues: record.headers.map {
                    ($0.name, String(decoding: $0.value ?? [], as: UTF8.self))
                })
            #expect(headers["content-type"] == "application/cloudevents+json; charset=UTF-8")
            #expect(
                headers["traceparent"]
                    == (key == id(4)
                        ? "00-\(Self.trace.lowercased())-8000000000000004-01" : nil))
        }
        #expect(try bench.onTopic() == 4)
    }

    @Test("what commits late, behind a later number, is published; what rolls back never is")
    func lateCommit() throws {
        let bench = try LetterBench()
        let (slow, lost) = (try bench.connect(), try bench.connect())
        try slow.script("BEGIN")
        try end(1...2, on: slow)
        try lost.script("BEGIN")
        try end(7...9, on: lost)
        try end(3...4, on: bench.connection)
        let publisher = bench.eventPublisher()
        publisher.start()
        try bench.wait("the later ones are published") { try bench.onTopic() == 2 }
        try slow.script("COMMIT")
        try lost.script("ROLLBACK")
        publisher.wake()
        try bench.wait("the earlier ones are, too") { try bench.onTopic() == 4 }
        publisher.stop(within: .seconds(10))
        #expect(try Set(texts(bench.records(4))) == Set((1...4).map { id($0) + " 0" }))
        #expect(try left(bench) == 0)
    }

    @Test("a transaction that dies after the events were sent sends them again: the same")
    func diesBetweenSendingAndCommit() throws {
        let bench = try LetterBench()
        try end(1...3, on: bench.connection)
        // Commits of the publisher wait for this lock.
        try bench.connection.script(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER wait AFTER DELETE ON rollcall.job_event
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
            SELECT pg_advisory_lock(1);
            """)
        let publisher = bench.eventPublisher()
        publisher.start()
        let committing = """
            SELECT pid FROM pg_stat_activity WHERE datname = current_database()
              AND application_name = 'rollcall/one' AND query = 'COMMIT' AND wait_event_type = 'Lock'
            """
        try bench.wait("the publisher waits in its COMMIT") {
            try bench.connection.execute(committing).count == 1
        }
        #expect(try bench.onTopic() == 3)
        let pid = try bench.connection.execute(committing).int(0, 0)
        try bench.connection.execute("SELECT pg_terminate_backend(\(pid))")
        try bench.wait("it sends them again") { try bench.onTopic() == 6 }
        try bench.connection.script("SELECT pg_advisory_unlock(1)")
        try bench.wait("they are published") { try left(bench) == 0 }
        publisher.stop(within: .seconds(10))
        let texts = try texts(bench.records(6))
        for number in 1...3 { #expect(texts.count { $0 == id(number) + " 0" } == 2) }
    }

    @Test("five thousand jobs, a batch that is larger than a page, and two workers: each once")
    func twoPublishers() throws {
        let bench = try LetterBench()
        try end(1...2_600, on: bench.connection)
        for first in stride(from: 2_601, through: 5_000, by: 30) {
            try end(first...min(first + 29, 5_000), on: bench.connection)
        }
        let publishers = ["one", "two"].map { bench.eventPublisher($0) }
        let begun = ContinuousClock.now
        for publisher in publishers { publisher.start() }
        try bench.wait("all are published") { try left(bench) == 0 }
        print("5,000 job events published in \(ContinuousClock.now - begun)")
        for publisher in publishers { publisher.stop(within: .seconds(10)) }
        #expect(try bench.onTopic() == 5_000)
        #expect(try Set(texts(bench.records(5_000))).count == 5_000)
    }

    @Test("what the broker does not take now is told later, and what was told stays told")
    func refusedOnce() throws {
        let bench = try LetterBench(partitions: 1)
        try end(1...5, on: bench.connection)
        // The batch, MSG_SIZE_TOO_LARGE; then each alone, and of these the fourth again for a reason
        // that is not its own, TOPIC_AUTHORIZATION_FAILED.
        bench.broker.failRequests(apiKey: 0, errors: [10, 0, 0, 0, 29, 0])
        let publisher = bench.eventPublisher(kafka: ["linger.ms": "300"])
        publisher.start()
        try bench.wait("all are published") { try left(bench) == 0 }
        publisher.stop(within: .seconds(10))
        #expect(try Set(texts(bench.records(5))) == Set((1...5).map { id($0) + " 0" }))
        // Only the one that had to wait was left in the row.
        #expect(try bench.onTopic() == 5)
    }

    @Test("a job that is gone is nobody's news")
    func gone() throws {
        let bench = try LetterBench()
        try end(1...3, on: bench.connection)
        try bench.connection.script("DELETE FROM rollcall.job WHERE \"offset\" = 2")
        let publisher = bench.eventPublisher()
        publisher.start()
        try bench.wait("all are dealt with") { try left(bench) == 0 }
        publisher.stop(within: .seconds(10))
        #expect(try bench.onTopic() == 2)
    }
}
