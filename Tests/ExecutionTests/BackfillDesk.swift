import Catalog
import Dispatch
import Jobs
import Postgres
import Sandbox
import Store
import Synchronization

@testable import Execution

/// A database of its own with tables and a catalog of backfills, for one test.
final class BackfillDesk {
    let database: TestDatabase
    let connection: Connection
    let catalog: Catalog
    /// The statements of now; another catalog may take their place.
    var plans: [String: BackfillPlan]
    var attempts = 5
    var statementTimeout = Duration.seconds(60)
    var lockTimeout = Duration.seconds(30)
    /// The waits before tries; for most tests there is nothing to wait for.
    var delay = Duration.zero
    private var nextID: UInt64 = 0
    private var nextOffset: Int64 = 0

    init(tables: String, catalog text: String) throws {
        database = try SharedPostgres.database(template: "receipts") { conninfo in
            let connection = try Connection(conninfo, applicationName: "execution-tests")
            _ = try Migrator(StatusSchema()).migrate(on: connection)
            connection.close()
        }
        connection = try Connection(database.conninfo, applicationName: "execution-tests")
        try connection.script(tables)
        catalog = try Catalog(files: [("test.yaml", text)])
        let (plans, findings) = try BackfillPlan.compile(catalog, on: connection)
        for finding in findings where finding.level == .error { throw Desk.Unfit(finding: finding) }
        self.plans = plans
    }

    /// A worker of the given name.
    func executor(_ worker: String = "tester") -> BackfillExecutor {
        let delay = delay
        return BackfillExecutor(
            plans: plans, store: BackfillStore(StatusSchema(recordsEvents: true), worker: worker),
            limits: BackfillExecutor.Limits(
                transaction: Receipts.TransactionLimits(
                    statementTimeout: statementTimeout, lockTimeout: lockTimeout,
                    idleTimeout: .seconds(60)),
                textLength: 1_000, attempts: attempts, delay: { _ in delay }),
            recompile: { _, _ in false })
    }

    func another() throws -> Connection {
        try Connection(database.conninfo, applicationName: "execution-tests")
    }

    /// A worker that may be used on any thread.
    func worker(_ name: String = "tester") -> BackfillWorker {
        let backfills = executor(name)
        return BackfillWorker(
            conninfo: database.conninfo, backfills: backfills,
            batches: BatchExecutor(
                plans: [:], receipts: Receipts(StatusSchema(recordsEvents: true), worker: name),
                limits: ExecutionLimits(
                    transaction: backfills.limits.transaction, textLength: 1_000, jobItems: 1_000,
                    storedRejections: 10), backfills: backfills))
    }

    // MARK: Asking

    /// A message that asks for a backfill; `more` are further fields of its data.
    func message(_ backfill: String, _ more: String = "", id: JobID? = nil) throws -> Message {
        nextID += 1
        nextOffset += 1
        let id = id ?? JobID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0000 | nextID)
        let text = """
            {"specversion":"1.0","id":"\(id)","source":"/tests","type":"rollcall.backfill",\
            "data":{"backfill":"\(backfill)"\(more.isEmpty ? "" : ",\(more)")}}
            """
        let event = try CloudEvent(value: Array(text.utf8), headers: [], depth: 16)
        return Message(
            origin: Origin(
                topic: "rollcall.backfills", partition: 0, offset: nextOffset,
                timestamp: Timestamp(milliseconds: 1_000)),
            key: nil, value: Array(text.utf8), headers: [], content: .job(try Job(event)))
    }

    /// Takes a backfill in, as the lane does that gets its message.
    @discardableResult
    func ask(_ message: Message, on other: Connection? = nil) throws -> JobID {
        try worker().ask(message, on: other ?? connection)
        guard let job = message.job else { preconditionFailure("a message with a job") }
        return job.id
    }

    @discardableResult
    func ask(_ backfill: String, _ more: String = "") throws -> JobID {
        try ask(message(backfill, more))
    }

    // MARK: Executing

    /// One turn; nil if there was nothing to do.
    @discardableResult
    func turn(
        _ worker: String = "tester", on other: Connection? = nil
    ) throws -> BackfillExecutor.Turn? {
        let turn = try executor(worker).turn(on: other ?? connection, onClaim: {})
        if case .idle = turn { return nil }
        return turn
    }

    /// Turns until there is nothing to do; returns how many there were.
    @discardableResult
    func run(atMost limit: Int = 10_000) throws -> Int {
        var turns = 0
        while try turn() != nil {
            turns += 1
            guard turns < limit else { throw Endless(turns: turns) }
        }
        return turns
    }

    struct Endless: Error { let turns: Int }

    // MARK: What is there

    func value(_ sql: String) throws -> String? {
        try connection.execute(sql).optionalString(0, 0)
    }

    /// The rows of a query, their fields joined by a bar.
    func rows(_ sql: String) throws -> [String] {
        let rows = try connection.execute(sql)
        return (0..<rows.count).map { row in
            (0..<rows.columnCount).map { rows.optionalString(row, $0) ?? "NULL" }
                .joined(separator: "|")
        }
    }

    /// State, skipped, items, created, updated, removed and the error's code of a job.
    func job(_ id: JobID) throws -> String? {
        try expectEvents(on: connection)
        return try rows(
            """
            SELECT state || CASE WHEN skipped THEN ' skipped' ELSE '' END, items, created, updated,
              removed, coalesce(error_code, '-')
            FROM rollcall.jobs WHERE id = '\(id)'
            """
        ).first
    }

    /// What does not add up between a job, its backfill and its parts; nil if all does.
    func discrepancy(of id: JobID) throws -> String? {
        let sums = try rows(
            """
            SELECT r.parts = count(*) FILTER (WHERE p.state <> 'split')
                AND r.parts_done = count(*) FILTER (WHERE p.state = 'done')
                AND r.parts_open = count(*) FILTER (WHERE p.state IN ('pending', 'running'))
                AND r.items = coalesce(sum(p.items) FILTER (WHERE p.state <> 'split'), 0)
                AND r.done = coalesce(sum(p.items) FILTER (WHERE p.state = 'done'), 0)
                AND r.created = coalesce(sum(p.created), 0)
                AND r.updated = coalesce(sum(p.updated), 0)
                AND r.removed = coalesce(sum(p.removed), 0)
                AND (r.state <> 'ended' OR j.items = r.created + r.updated + r.removed
                    AND j.created = r.created AND r.parts_open = 0 AND NOT r.is_planning),
              r.*, string_agg(p.number || ':' || p.state || ':' || p.items, ' ' ORDER BY p.step, p.number)
            FROM rollcall.backfill_run r JOIN rollcall.job j ON j.id = r.job_id
            LEFT JOIN rollcall.job_part p ON p.job_id = r.job_id
            WHERE r.job_id = '\(id)' GROUP BY r.job_id, j.id
            """)
        guard let line = sums.first else { return "no run" }
        return line.hasPrefix("t|") ? nil : line
    }
}

/// A worker on whatever thread, with connections of its own.
struct BackfillWorker: Sendable {
    let conninfo: String
    let backfills: BackfillExecutor
    let batches: BatchExecutor

    func connect() throws -> Connection {
        try Connection(conninfo, applicationName: "execution-tests")
    }

    func ask(_ message: Message, on connection: Connection? = nil) throws {
        _ = try batches.execute(
            Batch([Batch.Entry(message: message, key: 0)]), on: connection ?? connect())
    }

    /// Turns until there is nothing to do; returns how many did something.
    @discardableResult
    func run() throws -> Int {
        let connection = try connect()
        var turns = 0
        while true {
            if case .idle = try backfills.turn(on: connection, onClaim: {}) { return turns }
            turns += 1
        }
    }
}

/// Does something on several threads at once; the first error is thrown.
func atOnce(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    let group = DispatchGroup()
    for number in 0..<count {
        // Plain queues: blocking calls on one that targets another run a few at a time.
        DispatchQueue(label: "at-once.\(number)").async(group: group) {
            do {
                try body(number)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }
    group.wait()
    if let error = failure.withLock({ $0 }) { throw error }
}
