import Dispatch
import Execution
import Logging
import Postgres
import Store
import Synchronization

/// Deletes what has been kept for long enough, a few rows at a time.
///
/// All workers look from time to time, and one of them sweeps: whoever gets the lock first. A batch is a
/// transaction that waits for nobody, and between two of them there is a pause, so that nobody waits for
/// it either. It has a queue of its own, and a connection only while there is something to do.
// @unchecked because the variables are touched on `queue` alone, which is serial.
final class Sweeper: @unchecked Sendable {
    /// How often a worker looks.
    private static let interval = Duration.seconds(600)
    /// Between two batches: a thousand rows each are at most five thousand a second.
    private static let pause = Duration.milliseconds(200)
    /// How long a batch waits for a lock; nobody should hold one.
    private static let lockTimeout = Duration.milliseconds(100)

    private let queue = DispatchQueue(label: "rollcall.sweep")
    private let settings: PoolSettings
    private let receipts: Receipts
    private let sweep: Sweep
    private let logger: Logger
    private let stopSignal = StopSignal()
    private let swept = Mutex<[Sweep.Table: Int]>([:])
    private var connection: OwnConnection
    private var isTroubled = false

    init(_ settings: PoolSettings, receipts: Receipts, schema: StatusSchema, logger: Logger) {
        self.settings = settings
        self.receipts = receipts
        self.logger = logger
        sweep = Sweep(schema)
        connection = OwnConnection(settings)
    }

    /// How many rows of each table it has deleted.
    var counts: [Sweep.Table: Int] { swept.withLock { $0 } }

    func start() { queue.async { self.look() } }

    /// Ends after the batch in hand; what is left another worker sweeps, or the next one that starts.
    func stop(within limit: Duration) {
        stopSignal.stop()
        let isStill = DispatchSemaphore(value: 0)
        queue.async {
            self.connection.close()
            isStill.signal()
        }
        _ = isStill.wait(timeout: .now() + limit.seconds)
    }

    // MARK: On the queue

    private func look() {
        guard !stopSignal.isStopped else { return }
        var rows: [Sweep.Table: Int] = [:]
        let begun = ContinuousClock.now
        do {
            try sweepAll(&rows)
            isTroubled = false
        } catch {
            if !isTroubled, !stopSignal.isStopped {
                logger.warning("sweeping has to wait", metadata: ["error": "\(error)"])
            }
            isTroubled = true
        }
        connection.close()
        if !rows.isEmpty { report(rows, took: ContinuousClock.now - begun) }
        // Workers shall not come in step.
        let wait = Self.interval * Double.random(in: 0.75...1.25)
        queue.asyncAfter(deadline: .now() + wait.seconds) { self.look() }
    }

    private func sweepAll(_ rows: inout [Sweep.Table: Int]) throws {
        var place: Sweep.Place?
        let age = settings.retention.jobs
        let limit = settings.retention.batch
        let jobs = { (connection: Connection) throws(PostgresError) -> Sweep.Batch in
            try self.sweep.jobs(olderThan: age, from: place, rows: limit, on: connection)
        }
        while let batch = try inTransaction(jobs) {
            place = batch.place
            note(batch, &rows)
            guard try goesOn(after: batch) else { break }
        }
        let rest = { (connection: Connection) throws(PostgresError) -> Sweep.Batch in
            try self.sweep.rest(olderThan: age, rows: limit, on: connection)
        }
        while let batch = try inTransaction(rest) {
            note(batch, &rows)
            guard try goesOn(after: batch) else { break }
        }
    }

    /// Nil if another worker sweeps, or this one stops.
    private func inTransaction(
        _ body: (Connection) throws(PostgresError) -> Sweep.Batch
    ) throws -> Sweep.Batch? {
        guard !stopSignal.isStopped else { return nil }
        let limits = Receipts.TransactionLimits(
            statementTimeout: settings.execution.transaction.statementTimeout,
            lockTimeout: Self.lockTimeout,
            idleTimeout: settings.execution.transaction.idleTimeout)
        let connection = try connection.usable()
        return try connection.transaction {
            try receipts.limit(limits, on: connection)
            guard try sweep.begin(on: connection) else { return nil }
            return try body(connection)
        }
    }

    private func goesOn(after batch: Sweep.Batch) throws -> Bool {
        guard !batch.isLast else { return false }
        return stopSignal.wait(Self.pause)
    }

    private func note(_ batch: Sweep.Batch, _ rows: inout [Sweep.Table: Int]) {
        rows.merge(batch.rows, uniquingKeysWith: +)
        swept.withLock { $0.merge(batch.rows, uniquingKeysWith: +) }
    }

    private func report(_ rows: [Sweep.Table: Int], took time: Duration) {
        var metadata: Logger.Metadata = ["took": "\(time)"]
        for (table, count) in rows { metadata[table.rawValue] = "\(count)" }
        logger.info("swept what was kept for long enough", metadata: metadata)
    }
}

/// How long what has ended is kept.
public struct SweepSettings: Sendable {
    let jobs: Duration
    /// How many rows are deleted in one transaction.
    let batch: Int

    public init(jobs: Duration, batch: Int) {
        self.jobs = jobs
        self.batch = batch
    }
}
