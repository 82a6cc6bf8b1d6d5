import Dispatch
import Execution
import Jobs
import Logging
import Postgres
import Store
import Synchronization

/// One serial executor with its own database connection.
///
/// A batch is executed again and again until it is committed or the worker stops; what waits
/// behind it waits in the dispatcher.
// @unchecked because `connection` is touched on `queue` alone, which is serial.
final class Lane: @unchecked Sendable {
    /// How a batch ended.
    enum Ending: Sendable {
        case committed(BatchResult)
        /// The worker stopped first: nothing of the rest is written, another worker gets it.
        case abandoned
    }

    let number: Int
    private let queue: DispatchQueue
    private let settings: PoolSettings
    private let plans: PlanSource
    private let receipts: Receipts
    private let policy: RetryPolicy
    private let watch: DatabaseWatch
    private let stop: StopSignal
    private let logger: Logger
    private var connection: Connection?
    private let canceller = Mutex<Canceller?>(nil)

    init(
        number: Int, settings: PoolSettings, plans: PlanSource, receipts: Receipts,
        watch: DatabaseWatch, stop: StopSignal, logger: Logger
    ) {
        self.number = number
        self.settings = settings
        self.plans = plans
        self.receipts = receipts
        self.watch = watch
        self.stop = stop
        var logger = logger
        logger[metadataKey: "lane"] = "\(number)"
        self.logger = logger
        // A plain serial queue: one that targets another would share its few threads.
        queue = DispatchQueue(label: "rollcall.lane.\(number)")
        policy = RetryPolicy(
            firstDelay: settings.retryFirstDelay, maxDelay: settings.retryMaxDelay,
            attempts: settings.retryAttempts)
    }

    /// Executes a batch on the lane's queue, then calls back on it.
    func execute(_ batch: Batch, then: @escaping @Sendable (Ending) -> Void) {
        queue.async { then(self.run(batch)) }
    }

    /// Asks the server to stop what the lane is doing; its transaction is then rolled back.
    func cancel() {
        let canceller = canceller.withLock { $0 }
        try? canceller?.cancel()
    }

    /// Closes the connection once the lane has nothing to do.
    func close() {
        queue.sync {
            connection?.close()
            connection = nil
        }
    }

    private func run(_ batch: Batch) -> Ending {
        dispatchPrecondition(condition: .onQueue(queue))
        var total = BatchResult()
        var rest = [batch]
        var tries = 0
        while let current = rest.popLast() {
            if stop.isStopped { return .abandoned }
            let begun = ContinuousClock.now
            do {
                total.add(try attempt(current))
                watch.worked(begun: begun)
                tries = 0
            } catch {
                tries += 1
                guard let next = follow(current, error, tries: tries, begun: begun) else {
                    return .abandoned
                }
                // The halves are tried for the first time.
                if next.count > 1 { tries = 0 }
                rest += next
            }
        }
        return .committed(total)
    }

    private func attempt(_ batch: Batch) throws -> BatchResult {
        let connection = try usableConnection()
        let executor = BatchExecutor(
            plans: plans.current, receipts: receipts, limits: settings.execution)
        return try executor.execute(batch, on: connection)
    }

    private func usableConnection() throws -> Connection {
        if let connection {
            try connection.reconnectIfBroken()
            canceller.withLock { $0 = connection.canceller() }
            return connection
        }
        let fresh = try Connection(
            settings.conninfo, applicationName: "rollcall/\(settings.workerID)",
            connectTimeoutSeconds: settings.connectTimeoutSeconds)
        connection = fresh
        canceller.withLock { $0 = fresh.canceller() }
        return fresh
    }

    /// What to execute after a failure, the next last; nil to stop.
    private func follow(
        _ batch: Batch, _ error: any Error, tries: Int, begun: ContinuousClock.Instant
    ) -> [Batch]? {
        guard let error = error as? PostgresError else {
            preconditionFailure("executing a batch throws what the database says, got \(error)")
        }
        let failure = FailureClass(error)
        let isOwn = failure == .permanent || failure == .timeout
        if failure == .infrastructure {
            watch.failed(error, begun: begun)
            rereadSchema(after: error)
        } else if tries == 1 {
            logger.info(
                "batch failed", metadata: ["error": "\(error)", "jobs": "\(batch.entries.count)"])
        }
        var batch = batch
        let isAlone = batch.entries.count == 1
        if isOwn, isAlone { batch.entries[0].failures += 1 }
        let action = policy.action(
            after: failure, messages: batch.entries.count,
            failures: batch.entries.first?.failures ?? 0, tries: tries,
            random: Double.random(in: 0...1))
        switch action {
        case .wait(let delay), .count(let delay):
            return stop.wait(delay) ? [batch] : nil
        case .halve:
            let middle = batch.entries.count / 2
            return [Batch(Array(batch.entries[middle...])), Batch(Array(batch.entries[..<middle]))]
        case .giveUp:
            batch.entries[0].verdict = Self.verdict(error)
            return [batch]
        }
    }

    /// A statement that the schema does not fit any more was made for another schema.
    private func rereadSchema(after error: PostgresError) {
        guard let connection, error.sqlState?.class == "42", connection.isUsable else { return }
        try? plans.reload(on: connection)
    }

    private static func verdict(_ error: PostgresError) -> Rejection {
        let code =
            error.sqlState == .queryCanceled
            ? "timeout" : error.constraint ?? error.sqlState.map { "sqlstate-\($0.rawValue)" }
        return Rejection(code: code ?? "failed", message: error.message)
    }
}
