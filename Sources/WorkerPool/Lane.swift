import Dispatch
import Execution
import Jobs
import Postgres
import Store
import Synchronization

/// One serial executor with its own database connection.
///
/// It makes one attempt at a batch and says how it ended; what follows is the dispatcher's to decide.
// @unchecked because `connection` and `debts` are touched on `queue` alone, which is serial.
final class Lane: @unchecked Sendable {
    /// How an attempt ended.
    enum Ending: Sendable {
        case committed(BatchResult, took: Duration)
        /// - Parameter isCounted: whether what may kill a worker is still counted as if it had; nil
        ///   if that is as before.
        case failed(Failure, isCounted: Bool?)
        /// The database is another one than the offsets are true of; nothing was written.
        case databaseChanged
    }

    let queue: DispatchQueue
    private let settings: PoolSettings
    private let plans: PlanSource
    private let receipts: Receipts
    private let progress: Progress
    private let backfills: BackfillStore
    private let imports: RosterStore
    private let schema: StatusSchema
    private let policy: RetryPolicy
    /// Raised when what is open is rolled back because the worker stops.
    let abort: StopSignal
    var connection: OwnConnection
    /// Parts that could not be put back when they failed.
    var debts: [PartDebt] = []
    private let canceller = Mutex<Canceller?>(nil)
    let watch = LaneWatch()
    /// What this lane has done.
    let counts = Mutex(PoolCounts())

    init(
        number: Int, settings: PoolSettings, plans: PlanSource, schema: StatusSchema,
        policy: RetryPolicy, abort: StopSignal
    ) {
        self.settings = settings
        self.policy = policy
        self.abort = abort
        receipts = Receipts(schema, worker: settings.workerID)
        progress = Progress(schema, group: settings.group, worker: settings.workerID)
        backfills = BackfillStore(schema, worker: settings.workerID)
        imports = RosterStore(schema, worker: settings.workerID)
        self.schema = schema
        connection = OwnConnection(settings, clock: watch.clock)
        self.plans = plans
        // A plain serial queue: one that targets another would share its few threads.
        queue = DispatchQueue(label: "rollcall.lane.\(number)")
    }

    /// Makes an attempt on the lane's queue, then calls back on it.
    ///
    /// - Parameter database: the one that the batch may be written to.
    func execute(
        _ work: Dispatcher.Assignment, in database: String,
        then: @escaping @Sendable (Ending) -> Void
    ) {
        queue.async {
            self.watch.begin(.batch)
            let hadConnection = self.connection.current?.isUsable == true
            var ending = self.attempt(work, in: database)
            // A connection may have been cut while it was idle: that is no news of the database.
            if case .failed(let failure, _) = ending, failure.isConnectionLost, hadConnection,
                !work.isJournaled
            {
                ending = self.attempt(work, in: database)
            }
            self.count(ending, of: work)
            self.watch.end(isConnected: self.connection.current?.isUsable == true)
            then(ending)
        }
    }

    private func count(_ ending: Ending, of work: Dispatcher.Assignment) {
        counts.withLock { counts in
            switch ending {
            case .committed(let result, let time):
                counts.note(result, items: work.items, took: time)
            case .failed(let failure, _): counts.note(failure)
            case .databaseChanged: break
            }
        }
    }

    /// Asks the server to stop what the lane is doing; its transaction is then rolled back.
    func cancel() {
        let canceller = canceller.withLock { $0 }
        try? canceller?.cancel()
    }

    /// Notes how what the lane is about to do can be stopped.
    func keepCanceller(of connection: Connection) {
        canceller.withLock { $0 = connection.canceller() }
    }

    /// Executes backfills by the statements of now.
    var backfillExecutor: BackfillExecutor {
        let plans = plans
        return BackfillExecutor(
            plans: plans.backfills,
            rosters: RosterExecutor(
                plans: plans.rosters, store: imports, limits: settings.execution,
                rosterLimits: settings.rosters, schema: schema),
            store: backfills,
            limits: BackfillExecutor.Limits(settings, policy: policy),
            recompile: { name, connection throws(PostgresError) in
                try plans.recompile(name, on: connection)
            })
    }

    /// Closes the connection once the lane has nothing to do.
    func close() {
        queue.sync { connection.close() }
    }

    private func attempt(_ work: Dispatcher.Assignment, in database: String) -> Ending {
        dispatchPrecondition(condition: .onQueue(queue))
        let begun = ContinuousClock.now
        var journal = AttemptJournal(work, progress)
        do {
            let connection = try self.connection.usable()
            keepCanceller(of: connection)
            try journal.begin(on: connection)
            let result = try execute(work, in: database, on: connection)
            journal.end(on: connection)
            return .committed(result, took: ContinuousClock.now - begun)
        } catch is DatabaseChanged {
            connection.close()
            return .databaseChanged
        } catch let misfit as Misfit {
            journal.withdraw(on: connection.current)
            return .failed(misfit.failure, isCounted: journal.isCounted)
        } catch let error as PostgresError {
            journal.withdraw(on: connection.current)
            if FailureClass(error) == .infrastructure { connection.close() }
            return .failed(Failure(error), isCounted: journal.isCounted)
        } catch {
            preconditionFailure("executing a batch throws what the database says, got \(error)")
        }
    }

    private func limits(of work: Dispatcher.Assignment) -> ExecutionLimits {
        guard work.isImpatient else { return settings.execution }
        var limits = settings.execution
        limits.transaction.lockTimeout = max(
            .milliseconds(10), limits.transaction.lockTimeout / 8)
        return limits
    }

    /// Executes a batch by plans that fit the tables, made anew where somebody has changed these.
    private func execute(
        _ work: Dispatcher.Assignment, in database: String, on connection: Connection
    ) throws -> BatchResult {
        var changes = 0
        while true {
            let compiled = try plans.fitting(work.relations, on: connection)
            let executor = BatchExecutor(
                plans: compiled.plans, receipts: receipts, limits: limits(of: work),
                backfills: backfillExecutor, database: database)
            do {
                return try executor.execute(work.batch, on: connection)
            } catch let changed as SchemaChanged {
                changes += 1
                guard changes < Self.mostChanges else {
                    throw Misfit(
                        relation: changed.relation,
                        reason: "expected its table to stay as it is for one transaction, got "
                            + "\(changes) changes in a row")
                }
                try plans.reload(replacing: compiled, on: connection)
            } catch let error as PostgresError {
                // What the database refuses may have been made for another schema.
                guard [.permanent, .schema].contains(FailureClass(error)), connection.isUsable,
                    changes < Self.mostChanges,
                    try compiled.isOutdated(for: work.relations, on: connection)
                else { throw error }
                changes += 1
                try plans.reload(replacing: compiled, on: connection)
            }
        }
    }

    /// How often in a row a batch is tried again at once because somebody changed its tables.
    private static let mostChanges = 5
}

extension Failure {
    init(_ error: PostgresError) {
        self.init(
            kind: FailureClass(error), text: "\(error)",
            isSilent: error.isConnectionLost || error.sqlState == nil,
            isConnectionLost: error.isConnectionLost, sqlClass: error.sqlState?.class ?? "",
            verdict: error.rejection)
    }
}
