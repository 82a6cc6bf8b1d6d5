import Dispatch
import Jobs
import Postgres
import Sandbox
import Synchronization
import Testing

@testable import Execution

/// Executors that want the same rows take them in one order, so they wait in no circle.
///
/// Another session holds the row in the middle. When the executor waits for it, all that is behind
/// it must still be free, although the batch names the last row first.
@Suite struct ConcurrencyTests {
    private let desk: Desk
    private let backwards = (1...100).reversed().map(String.init).joined(separator: ",")

    init() throws { desk = try Desk.school() }

    private func expectInOrder(
        _ messages: [Message], holding: String, thenTaking: String
    ) throws {
        let other = try Connection(desk.database.conninfo, applicationName: "other")
        try other.script("BEGIN; SET LOCAL lock_timeout = '2s'; \(holding)")
        let conninfo = desk.database.conninfo
        let executor = desk.executor
        let batch = Desk.batch(messages)
        let result = Mutex<Result<BatchResult, any Error>?>(nil)
        let group = DispatchGroup()
        DispatchQueue(label: "waiting").async(group: group) {
            let made = Result {
                let mine = try Connection(conninfo, applicationName: "waiting")
                return try executor.execute(batch, on: mine)
            }
            result.withLock { $0 = made }
        }
        while result.withLock({ $0 }) == nil, try !desk.isSomebodyWaiting() {}
        #expect(result.withLock { $0 } == nil, "nobody waited")
        #expect(throws: Never.self) { try other.script(thenTaking) }
        try other.script("ROLLBACK")
        group.wait()
        let ended = try #require(result.withLock { $0 }).get()
        #expect(ended.jobs == messages.count)
        #expect(ended.items.total == messages.reduce(0) { $0 + $1.itemCount })
    }

    private static func insertion(_ users: String) -> String {
        """
        INSERT INTO school.enrollment (id, course_id, user_id)
        SELECT 'other' || n, 7, n FROM generate_series(\(users)) AS n
        """
    }

    @Test func rowsAreWrittenInTheOrderOfTheirKeys() throws {
        try expectInOrder(
            [try desk.enrollment("assign", course: 7, backwards)],
            holding: Self.insertion("50, 50"), thenTaking: Self.insertion("51, 100"))
    }

    @Test(arguments: ["assign", "unassign"])
    func rowsAreLockedInTheOrderOfTheirKeys(_ kind: String) throws {
        try desk.execute(try desk.enrollment("assign", course: 7, backwards))
        // In a table of some size the batch looks each row up, in the order in which it names them.
        try desk.connection.script(
            """
            INSERT INTO school.enrollment (id, course_id, user_id)
            SELECT 'x' || n, 101 + n % 90, n FROM generate_series(101, 6000) AS n;
            ANALYZE school.enrollment;
            """)
        let role = #""attributes":{"role":"ta"}"#
        try expectInOrder(
            [try desk.enrollment(kind, course: 7, backwards, kind == "assign" ? role : "")],
            holding: "SELECT FROM school.enrollment WHERE user_id = 50 FOR UPDATE",
            thenTaking: "SELECT FROM school.enrollment WHERE user_id > 50 FOR UPDATE NOWAIT")
    }

    @Test func receiptsAreWrittenInTheOrderOfTheirIDs() throws {
        let messages = try (1...9).map { try desk.enrollment("assign", course: $0, "1") }
        let ids = messages.compactMap { $0.job?.id }.sorted()
        func insertion(_ ids: some Sequence<JobID>) -> String {
            let list = ids.map { "('\($0)')" }.joined(separator: ",")
            return """
                INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at,
                    finished_at, "partition", items, attempts, dry_run, kind, state, relation,
                    target, source, mode, topic, worker)
                SELECT id::uuid, 1, 1, now(), now(), now(), 0, 0, 1, false, 'assign', 'succeeded',
                    'enrollment', '7', '/tests', 'partial', 'rollcall.assignments', 'other'
                FROM (VALUES \(list)) AS v (id)
                """
        }
        try expectInOrder(
            messages.reversed(), holding: insertion([ids[4]]), thenTaking: insertion(ids[5...]))
    }
}
