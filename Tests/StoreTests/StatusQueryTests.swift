import Jobs
import Postgres
import Testing

@testable import Store

@Suite("Reading the status of jobs")
struct StatusQueryTests {
    private let fixture: StatusQueryFixture

    init() throws { fixture = try StatusQueryFixture() }

    private func page(
        _ filter: StatusQuery.Filter = .init(), limit: Int = 20, after: JobID? = nil
    ) throws -> StatusQuery.Page {
        try fixture.query.page(filter, limit: limit, after: after, on: fixture.connection)
    }

    private func id(_ number: UInt64) -> JobID { StatusQueryFixture.id(number) }

    @Test("A job is read with all that is known of it")
    func wholeJob() throws {
        try fixture.insert(
            id(1), started: "'2026-11-21 02:14:08Z'::timestamptz", state: "failed",
            target: "bio-10",
            rejected: 10)
        try fixture.connection.script(
            """
            UPDATE rollcall.job SET trace_id = '4bf9', dry_run = true, attempts = 3;
            INSERT INTO rollcall.job_duplicate (job_id, topic, "partition", "offset")
            SELECT id, topic, "partition", o FROM rollcall.job, generate_series(8, 9) o
            """)
        let job = try #require(try fixture.query.jobs([id(1)], on: fixture.connection).first)
        #expect(job.id == id(1))
        #expect(job.kind == "assign")
        #expect(job.state == .failed)
        #expect((job.relation, job.target, job.source) == ("enrollment", "bio-10", "/sis"))
        #expect((job.mode, job.isDryRun, job.isSkipped) == ("partial", true, false))
        #expect(job.items == 10)
        #expect(job.counts.rejected == 10)
        #expect(job.counts.total == 10)
        #expect(job.pending == 0)
        #expect((job.attempts, job.duplicates) == (3, 2))
        #expect(job.error == Rejection(code: "item-rejected", message: "for a reason"))
        #expect(job.requestedAt.description == "2026-11-21T02:14:07.100Z")
        #expect(job.startedAt.description == "2026-11-21T02:14:08.000Z")
        #expect(job.finishedAt?.description == "2026-11-21T02:14:08.400Z")
        #expect((job.topic, job.partition, job.offset) == ("rollcall.assignments", 3, 7))
        #expect((job.worker, job.traceID) == ("worker-1", "4bf9"))
    }

    @Test("Items without an outcome are pending while the job runs")
    func pending() throws {
        try fixture.insert(id(1), state: "running")
        let job = try #require(try page().jobs.first)
        #expect(job.pending == 10)
        #expect(job.finishedAt == nil)
        #expect(job.error == nil)
    }

    @Test("Pages show every job once, newest first, also when many began at the same moment")
    func pages() throws {
        for number in 1...25 as ClosedRange<UInt64> {
            // Five began together each time.
            try fixture.insert(
                id(number), started: "'2026-11-21'::timestamptz + interval '1 s' * \(number / 5)")
        }
        var seen: [JobID] = []
        var after: JobID?
        var hasMore = true
        while hasMore {
            let page = try page(limit: 4, after: after)
            seen += page.jobs.map(\.id)
            after = page.jobs.last?.id
            hasMore = page.hasMore
        }
        #expect(seen == (1...25).reversed().map { id($0) })
    }

    @Test("A page that ends with the last job has none after it")
    func lastPage() throws {
        for number in 1...4 as ClosedRange<UInt64> { try fixture.insert(id(number)) }
        #expect(try page(limit: 4).hasMore == false)
        #expect(try page(limit: 3).hasMore)
        #expect(try page(after: id(99)).jobs.isEmpty)
    }

    @Test("Filters leave out what does not fit, and go together")
    func filters() throws {
        try fixture.insert(id(1), state: "failed", kind: "assign", target: "a")
        try fixture.insert(id(2), state: "running", kind: "unassign", target: "b")
        try fixture.insert(id(3), started: "now() - interval '3 h'", relation: "roles", target: "a")
        try fixture.insert(id(4), kind: "backfill", target: "x/y", source: "it's")
        func found(_ change: (inout StatusQuery.Filter) -> Void) throws -> [UInt64] {
            var filter = StatusQuery.Filter()
            change(&filter)
            return try page(filter).jobs.map { $0.id.low & 0xFF }.sorted()
        }
        #expect(try found { _ in } == [1, 2, 3, 4])
        #expect(try found { $0.states = [.failed, .running] } == [1, 2])
        #expect(try found { $0.kinds = ["unassign"] } == [2])
        #expect(try found { $0.relation = "roles" } == [3])
        #expect(try found { $0.target = "a" } == [1, 3])
        #expect(try found { $0.target = "roles/a" } == [3])
        #expect(try found { $0.target = "x/y" } == [4])
        #expect(try found { $0.target = "enrollment/x/y" } == [4])
        #expect(try found { $0.source = "it's" } == [4])
        #expect(try found { $0.since = .ago(milliseconds: 3_600_000) } == [1, 2, 4])
        #expect(try found { $0.since = .time(Timestamp(milliseconds: 0)) } == [1, 2, 3, 4])
        #expect(
            try found {
                $0.target = "a"
                $0.states = [.failed]
            } == [1])
        #expect(try found { $0.target = "with a \u{0} in it" } == [])
    }

    @Test("Jobs come in the order asked for; those without a row are left out")
    func byID() throws {
        try fixture.insert(id(1))
        try fixture.insert(id(2))
        let jobs = try fixture.query.jobs([id(2), id(9), id(1)], on: fixture.connection)
        #expect(jobs.map(\.id) == [id(2), id(1)])
        #expect(try fixture.query.jobs([], on: fixture.connection).isEmpty)
    }

    @Test("A prefix finds the ids that start with it, and no others")
    func candidates() throws {
        for text in [
            "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c12",
            "4410ffff-ffff-ffff-ffff-ffffffffffff", "44110000-0000-0000-0000-000000000000",
        ] {
            try fixture.insert(try #require(JobID(text)))
        }
        func count(_ text: String, limit: Int = 10) throws -> Int {
            let prefix = try #require(StatusQuery.IDPrefix(text))
            return try fixture.query.candidates(prefix, limit: limit, on: fixture.connection).count
        }
        #expect(try count("4410") == 3)
        #expect(try count("4410", limit: 2) == 2)
        #expect(try count("4410AD09-5e0b") == 2)
        #expect(try count("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c12") == 1)
        #expect(try count("4410fffff") == 1)
        #expect(try count("9999") == 0)
    }

    @Test("A job knows how many characters of its id name it alone")
    func distinctLength() throws {
        let ids = try [
            "0199f3a2-7b1c-7a3e-8000-000000000001", "0199f3a2-7b1c-7a3f-8000-000000000001",
            "aaaa0000-0000-4000-8000-000000000000",
        ].map { try #require(JobID($0)) }
        for id in ids { try fixture.insert(id) }
        let jobs = try fixture.query.jobs(ids, on: fixture.connection)
        #expect(jobs.map(\.distinctLength) == [18, 18, 1])
        for job in jobs {
            let text = String(job.id.description.prefix(max(4, job.distinctLength)))
            let prefix = try #require(StatusQuery.IDPrefix(text))
            let found = try fixture.query.candidates(prefix, limit: 5, on: fixture.connection)
            #expect(found.map(\.id) == [job.id])
        }
    }

    @Test("The first rejections of each job, and how many have which code")
    func rejections() throws {
        try fixture.connection.script(
            """
            INSERT INTO rollcall.rejection (job_id, item, member, code, message)
            SELECT j.id::uuid, i, 'm' || i, CASE WHEN i % 3 = 0 THEN 'b' ELSE 'a' END, 'why'
            FROM (VALUES ('\(id(1))'), ('\(id(2))')) j (id), generate_series(9, 1, -1) i
            """)
        let first = try fixture.query.rejections(
            of: [id(1), id(3)], limit: 2, on: fixture.connection)
        #expect(first.count == 1)
        #expect(
            first[id(1)] == [
                .init(item: 1, member: "m1", code: "a", message: "why"),
                .init(item: 2, member: "m2", code: "a", message: "why"),
            ])
        let all = try fixture.query.rejections(
            of: [id(1), id(2)], limit: nil, on: fixture.connection)
        #expect(all.values.map(\.count) == [9, 9])
        #expect(try fixture.query.rejections(of: [id(1)], limit: 0, on: fixture.connection) == [:])
        let codes = try fixture.query.rejectionCodes(of: [id(1)], on: fixture.connection)
        #expect(codes == [id(1): [.init(code: "a", count: 6), .init(code: "b", count: 3)]])
    }

    @Test("A message that could not become its job is found")
    func deadLetters() throws {
        try fixture.connection.script(
            """
            INSERT INTO rollcall.dead_letter
                ("offset", recorded_at, job_id, "partition", topic, code, reason, headers)
            VALUES (1, now(), '\(id(1))', 0, 't', 'invalid-data', 'expected target', '[]'),
                (2, now(), NULL, 0, 't', 'not-json', 'x', '[]')
            """)
        let found = try fixture.query.deadLetters(of: [id(1), id(2)], on: fixture.connection)
        #expect(found == [id(1): Rejection(code: "invalid-data", message: "expected target")])
    }

    @Test("Another name of the schema")
    func otherSchema() throws {
        let schema = StatusSchema(name: "roll_call")
        let other = try StatusQueryFixture(schema: schema)
        let (query, connection) = (other.query, other.connection)
        #expect(try query.page(.init(), limit: 5, on: connection).jobs.isEmpty)
        #expect(try query.jobs([id(1)], on: connection).isEmpty)
        let prefix = try #require(StatusQuery.IDPrefix("0123"))
        #expect(try query.candidates(prefix, limit: 5, on: connection).isEmpty)
        #expect(try query.rejections(of: [id(1)], limit: 5, on: connection).isEmpty)
        #expect(try query.rejectionCodes(of: [id(1)], on: connection).isEmpty)
        #expect(try query.deadLetters(of: [id(1)], on: connection).isEmpty)
        #expect(try query.overview(on: connection).jobs == 0)
    }
}
