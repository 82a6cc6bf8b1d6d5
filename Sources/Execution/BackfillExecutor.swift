import Catalog
import Jobs
import Postgres
import Store

/// Executes backfills part by part, together with all other workers.
///
/// What there is to do stands in the database: every turn looks, takes one thing in hand and commits
/// it. A worker that dies leaves nothing behind but a part that another one claims.
public struct BackfillExecutor: Sendable {
    /// What holds for parts, from the settings.
    public struct Limits: Sendable {
        public var transaction: Receipts.TransactionLimits
        public var textLength: Int
        /// After how many failures for its own sake a part fails its job.
        public var attempts: Int
        /// The wait before the next try, after so many in vain.
        public var delay: @Sendable (Int) -> Duration

        public init(
            transaction: Receipts.TransactionLimits, textLength: Int, attempts: Int,
            delay: @escaping @Sendable (Int) -> Duration
        ) {
            self.transaction = transaction
            self.textLength = textLength
            self.attempts = attempts
            self.delay = delay
        }
    }

    /// What a turn did.
    public enum Turn: Sendable {
        /// There was nothing to do; after the time, if there is one, there may be.
        case idle(Duration?)
        case worked(BackfillNews?)
    }

    let plans: [String: BackfillPlan]
    /// Executes the work of imports, which goes on beside the backfills'.
    let rosters: RosterExecutor?
    let store: BackfillStore
    let limits: Limits
    /// Makes a backfill's statements anew, and says whether they are others than they were.
    let recompile: @Sendable (String, Connection) throws(PostgresError) -> Bool

    public init(
        plans: [String: BackfillPlan], rosters: RosterExecutor? = nil, store: BackfillStore,
        limits: Limits,
        recompile: @escaping @Sendable (String, Connection) throws(PostgresError) -> Bool
    ) {
        self.plans = plans
        self.rosters = rosters
        self.store = store
        self.limits = limits
        self.recompile = recompile
    }

    var known: [String: UInt64] {
        var known = plans.mapValues(\.digest)
        for plan in rosters?.plans.values.map(\.self) ?? [] {
            known[RosterPlan.name(of: plan.roster.name)] = plan.roster.digest
        }
        return known
    }

    /// What there is to do for a part; nil where this worker does not know it.
    func work(of part: PartClaim) -> PartWork? {
        work(part.backfill, step: part.step, part.arguments)
    }

    func work(_ name: String, step: Int, _ arguments: [String?]) -> PartWork? {
        if let plan = plans[name] { return .step(plan, plan.steps[step - 1]) }
        guard let rosters, let plan = rosters.plan(named: name) else { return nil }
        let phases = plan.phases(of: ImportRequest(arguments: arguments))
        return .phase(rosters, plan, phases[step - 1])
    }

    // MARK: Beginning

    /// The longest that the first portion of a plan may take while a message is taken in.
    private static let firstPortionTime = Duration.seconds(2)

    /// Takes a backfill in, inside the transaction that accounts for its message: the job, and the
    /// first portion of its plan.
    ///
    /// - Returns: the report of a job that has failed at once, which nobody has written yet; or the job
    ///   that is written and has ended, because there was nothing to do.
    func start(
        _ job: Job, _ request: BackfillRequest, from origin: Origin, on connection: Connection
    ) throws -> (refused: JobReport?, ended: EndedWork?) {
        guard let plan = plans[request.backfill] else {
            preconditionFailure("a job's backfill is checked when the job is read")
        }
        let scope: BackfillScope
        do throws(ScopeRefused) {
            scope = try BackfillScope(request, for: plan, textLimit: limits.textLength)
        } catch {
            let report = JobReport(
                job: job, origin: origin, state: .failed, counts: OutcomeCounts(), rejections: [],
                error: error.rejection, attempts: 1)
            return (report, nil)
        }
        let start = try store.start(
            BackfillStore.Request(
                backfill: request.backfill, scope: scope.text, arguments: scope.arguments,
                digest: plan.digest, steps: plan.steps.count, isGated: plan.backfill.isGated),
            of: job, from: origin, on: connection)
        switch start {
        case nil: throw EndedElsewhere()
        case .running?:
            return (nil, try planAtOnce(job.id, request.backfill, on: connection))
        case .waiting?: return (nil, nil)
        case .skipped?:
            let ended = EndedWork(
                kind: .backfill, entry: request.backfill, state: .succeeded,
                counts: OutcomeCounts(), rejectionCodes: [:], waitedMilliseconds: 0,
                tookMilliseconds: 0)
            return (nil, ended)
        }
    }

    /// Plans a portion, unless that takes long: then any lane goes on with it.
    private func planAtOnce(
        _ job: JobID, _ name: String, on connection: Connection
    ) throws -> EndedWork? {
        let time = min(Self.firstPortionTime, limits.transaction.statementTimeout)
        try connection.script("SAVEPOINT plan")
        do {
            try store.limit(
                Receipts.TransactionLimits(
                    statementTimeout: time, lockTimeout: limits.transaction.lockTimeout,
                    idleTimeout: limits.transaction.idleTimeout), on: connection)
            let standing = try planPortion(of: job, name, on: connection)
            try connection.script("RELEASE SAVEPOINT plan")
            return standing?.wrapped.ended
        } catch let error as PostgresError where !error.isConnectionLost {
            try connection.script("ROLLBACK TO SAVEPOINT plan; RELEASE SAVEPOINT plan")
            return nil
        }
    }

    // MARK: Turns

    /// Does one thing for the backfills on their way, if there is one.
    ///
    /// - Parameters:
    ///   - onClaim: is called when there is something to do, and perhaps more for others.
    ///   - isStopping: whether what fails now fails because the worker gives it up.
    /// - Throws: ``PartFailed`` where a part could not be put back, or `PostgresError` where there
    ///   was none.
    public func turn(
        on connection: Connection, onClaim: () -> Void, isStopping: () -> Bool = { false }
    ) throws -> Turn {
        let runs = try store.look(known, on: connection)
        for run in runs where run.canBegin {
            if try begin(run, on: connection) { return .worked(nil) }
        }
        for run in runs where run.isAbandoned {
            if let news = try abandon(run, on: connection) { return .worked(news) }
        }
        for run in runs where run.canPlan {
            onClaim()
            if let news = try plan(run, on: connection, isStopping) { return .worked(news.wrapped) }
        }
        guard runs.contains(where: \.canClaim),
            let part = try store.claim(known, on: connection)
        else {
            try rosters?.failStale(on: connection)
            let due = runs.compactMap(\.dueMilliseconds).min()
            return .idle(due.map { .milliseconds($0) })
        }
        onClaim()
        return .worked(try execute(part, on: connection, isStopping))
    }

    /// Ends a backfill whose workers are gone: it cannot be finished by another definition, and the next
    /// request for its scope would wait for it for ever.
    private func abandon(_ run: RunToDo, on connection: Connection) throws -> BackfillNews? {
        let reason = Rejection(
            code: "definition-changed",
            message:
                "expected a worker with the definition by which it was asked for, got none for "
                + "a minute; send it again")
        let standing = try inTransaction(connection) { () -> BackfillStanding? in
            guard try !store.isInHand(run.job, on: connection) else { return nil }
            return try store.close(run.job, .failed(reason), on: connection)
        }
        return standing.map { standing in
            BackfillNews(
                job: run.job, backfill: run.backfill, event: .failed(reason), ended: standing.ended,
                message: run.message)
        }
    }

    private func begin(_ run: RunToDo, on connection: Connection) throws -> Bool {
        do throws(PostgresError) {
            return try store.activate(run.job, on: connection)
        } catch  where error.sqlState == .uniqueViolation {
            // Another job for the same scope has just begun.
            return false
        }
    }
}

/// What is worth telling of a turn.
public struct BackfillNews: Sendable {
    public enum Event: Sendable {
        case planned, partDone, stepDone
        /// In the state that its job has now.
        case ended(String)
        case split(Rejection)
        case putBack(Rejection)
        case failed(Rejection)
        case waits(String)
    }

    /// How many rows were walked, and how many are in the plan.
    public struct Progress: Sendable {
        public let done: Int
        public let planned: Int

        public init(done: Int, planned: Int) {
            self.done = done
            self.planned = planned
        }
    }

    public let job: JobID
    public let backfill: String

    /// It is about an import of people.
    public var isImport: Bool { backfill.hasPrefix(RosterPlan.name(of: "")) }
    /// The name of the backfill or of the roster.
    public var entry: String {
        isImport ? String(backfill.dropFirst(RosterPlan.name(of: "").count)) : backfill
    }
    /// Empty where it is about no single one.
    public let step: String
    public let event: Event
    /// Nil where it has not changed.
    public let progress: Progress?
    /// The job, if it has ended now.
    public let ended: EndedWork?
    /// Nil where nobody has looked.
    public let message: WorkMessage?

    public init(
        job: JobID, backfill: String, step: String = "", event: Event, progress: Progress? = nil,
        ended: EndedWork? = nil, message: WorkMessage? = nil
    ) {
        self.job = job
        self.backfill = backfill
        self.step = step
        self.event = event
        self.progress = progress
        self.ended = ended
        self.message = message
    }
}

extension BackfillNews.Progress {
    init(_ standing: BackfillStanding) {
        self.init(done: standing.done, planned: standing.planned)
    }
}
