import Catalog
import Jobs
import Postgres
import Store

/// How a step is cut into parts, a portion at a time.
extension BackfillExecutor {
    /// How many rows one portion of the plan looks at, and how many parts it has at the most.
    private static let portionRows = 1_000_000
    private static let portionParts = 10_000

    /// How work in parts stands, and which of its steps is open.
    struct TitledStanding {
        let wrapped: BackfillStanding
        let title: String
    }

    /// News, or the fact that there is none.
    struct PlanNews {
        let wrapped: BackfillNews?
    }

    /// Goes on with a plan.
    ///
    /// - Returns: nil if another worker has it in hand.
    func plan(
        _ run: RunToDo, on connection: Connection, _ isStopping: () -> Bool
    ) throws -> PlanNews? {
        do {
            let standing = try connection.transaction {
                try store.limit(limits.transaction, on: connection)
                return try planPortion(of: run.job, run.backfill, on: connection)
            }
            guard let standing else { return nil }
            return PlanNews(
                wrapped: BackfillNews(
                    job: run.job, backfill: run.backfill, step: standing.title, event: .planned,
                    progress: BackfillNews.Progress(standing.wrapped),
                    ended: standing.wrapped.ended, message: run.message))
        } catch let error as PostgresError {
            // Any worker goes on with it.
            if isStopping() { return PlanNews(wrapped: nil) }
            return PlanNews(wrapped: try recover(run, from: error, on: connection))
        }
    }

    /// Adds a portion to the plan, inside a transaction.
    ///
    /// - Returns: nil if another transaction has it in hand.
    func planPortion(
        of job: JobID, _ name: String, on connection: Connection
    ) throws -> TitledStanding? {
        guard let open = try store.holdPlan(job, on: connection),
            let work = work(name, step: open.step, open.arguments)
        else { return nil }
        let (parts, isComplete) = try parts(open, work, of: job, on: connection)
        let standing = try store.insert(
            parts, upTo: parts.last?.to, isComplete: isComplete, step: open.step, of: job,
            on: connection)
        guard var standing else { return nil }
        standing.ended = try store.settle(standing, of: job, on: connection)
        return TitledStanding(wrapped: standing, title: work.title)
    }

    private func parts(
        _ open: OpenPlan, _ work: PartWork, of job: JobID, on connection: Connection
    ) throws -> (parts: [PlannedPart], isComplete: Bool) {
        let plan: BackfillPlan
        let walk: BackfillPlan.Walk
        switch work {
        case .phase(let rosters, let plan, let phase):
            return (try rosters.parts(of: phase, plan, job: job, on: connection), true)
        case .step(let whole, let step):
            guard let own = step.walk else {
                return ([PlannedPart(from: nil, to: nil, items: 1)], true)
            }
            (plan, walk) = (whole, own)
        }
        let limit = open.portion ?? Self.usualPortion(walk)
        let sql = open.plannedTo == nil ? walk.firstPortion : walk.nextPortion
        let rows = try connection.execute(
            sql.text,
            sql.parameters(
                BackfillSQL.Values(
                    after: open.plannedTo ?? [], limit: limit, arguments: open.arguments),
                data: plan.backfill.data))
        let count = walk.keyCount
        let parts = (0..<rows.count).map { row in
            PlannedPart(
                from: (0..<count).map { rows.string(row, $0) },
                to: (0..<count).map { rows.string(row, count + $0) },
                items: rows.int(row, 2 * count))
        }
        let keys = rows.count == 0 ? 0 : rows.int(rows.count - 1, 2 * count + 1)
        return (parts, keys < limit)
    }

    private static func usualPortion(_ walk: BackfillPlan.Walk) -> Int {
        walk.rows * min(max(1, portionRows / walk.rows), portionParts)
    }

    /// What is done about a portion that failed.
    private func recover(
        _ run: RunToDo, from error: PostgresError, on connection: Connection
    ) throws -> BackfillNews? {
        guard !error.isConnectionLost, connection.isUsable else { throw error }
        let reason = error.rejection
        let (tries, portion) = try store.tries(of: run.job, on: connection)
        let delay = limits.delay(tries + 1)
        func news(_ event: BackfillNews.Event, _ ended: EndedWork? = nil) -> BackfillNews {
            BackfillNews(
                job: run.job, backfill: run.backfill, event: event, ended: ended,
                message: run.message)
        }
        switch FailureClass(error) {
        case .infrastructure: throw error
        case .schema, .permanent:
            if try recompile(run.backfill, connection) { return nil }
            guard FailureClass(error) == .schema else {
                return news(.failed(reason), try fail(run.job, reason, on: connection))
            }
            try store.holdBack(run.job, because: "\(error)", for: delay, on: connection)
            return news(.waits("\(error)"))
        case .lock, .contention:
            try store.holdBack(run.job, because: "\(error)", for: delay, on: connection)
            return news(.waits("\(error)"))
        case .timeout:
            let walks = plans[run.backfill]?.steps.compactMap(\.walk) ?? []
            let usual = walks.map(Self.usualPortion).max() ?? 1
            let least = walks.map(\.rows).min() ?? 1
            let next = max(least, (portion ?? usual) / 4)
            let isLeast = portion.map { $0 <= least } ?? false
            guard !isLeast || tries + 1 < limits.attempts else {
                return news(.failed(reason), try fail(run.job, reason, on: connection))
            }
            try store.shrinkPortion(
                of: run.job, to: next, tries: isLeast ? tries + 1 : 0,
                after: isLeast ? delay : .zero, on: connection)
            return news(.putBack(reason))
        }
    }

    private func fail(
        _ job: JobID, _ reason: Rejection, on connection: Connection
    ) throws -> EndedWork? {
        try connection.transaction {
            try store.limit(limits.transaction, on: connection)
            return try store.fail(job, because: reason, on: connection)
        }
    }
}

extension PostgresError {
    /// Why a job or a part fails, by the constraint or the code of the database.
    public var rejection: Rejection {
        let code =
            sqlState == .queryCanceled
            ? "timeout" : constraint ?? sqlState.map { "sqlstate-\($0.rawValue)" }
        return Rejection(code: code ?? "failed", message: message)
    }
}
