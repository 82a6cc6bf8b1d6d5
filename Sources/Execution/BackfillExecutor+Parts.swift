import Catalog
import Jobs
import Postgres
import Store

/// A part that could not be put back: whoever claimed it still owes that.
public struct PartFailed: Error {
    public let debt: PartDebt
    public let cause: PostgresError
}

/// What is still to be said of a part: it has been given up, and nobody died of it.
public struct PartDebt: Sendable {
    let part: PartClaim
    let reason: Rejection?
    let isCounted: Bool
}

/// An import has failed as a whole; that is written.
private struct ImportFailed: Error {
    let reason: Rejection
    let ended: EndedWork?
}

/// What a part does.
enum PartWork {
    case step(BackfillPlan, BackfillPlan.Step)
    case phase(RosterExecutor, RosterPlan, RosterPlan.Phase)

    /// For people.
    var title: String {
        switch self {
        case .step(_, let step): step.name
        case .phase(_, let plan, let phase): plan.title(of: phase)
        }
    }

    /// How many rows a part usually has.
    var rowsOfPart: Int {
        switch self {
        case .step(_, let step): step.walk?.rows ?? 0
        case .phase(let rosters, _, _): rosters.rosterLimits.chunkRows
        }
    }
}

/// How a part is executed.
extension BackfillExecutor {
    /// Executes a part in one transaction: its rows, counts and state stay together or not at all.
    func execute(
        _ part: PartClaim, on connection: Connection, _ isStopping: () -> Bool
    ) throws -> BackfillNews? {
        guard let work = work(of: part) else { return nil }
        func news(
            _ event: BackfillNews.Event, _ standing: BackfillStanding?, _ ended: EndedWork? = nil
        ) -> BackfillNews {
            BackfillNews(
                job: part.job, backfill: part.backfill, step: work.title, event: event,
                progress: standing.map(BackfillNews.Progress.init),
                ended: ended ?? standing?.ended, message: part.message)
        }
        if part.isEnding {
            let standing = try inTransaction(connection) {
                try store.closeParts(of: part.job, on: connection)
            }
            guard let standing, let ended = standing.ended else { return nil }
            return news(.ended(ended.state.rawValue), standing)
        }
        if part.lost >= limits.attempts {
            let reason = Rejection(
                code: "worker-lost",
                message: "expected workers to survive it, got \(part.lost) that died while they "
                    + "executed it")
            return news(.failed(reason), nil, try fail(part, work, reason, on: connection))
        }
        do {
            FailPoint.duringPart.reach()
            guard let standing = try attempt(part, work, on: connection) else {
                return nil
            }
            FailPoint.afterPart.reach()
            let event: BackfillNews.Event =
                switch standing.next {
                case .goOn: .partDone
                case .openStep: .stepDone
                case .end: .ended(standing.ended?.state.rawValue ?? "succeeded")
                }
            return news(event, standing)
        } catch let failed as ImportFailed {
            return news(.failed(failed.reason), nil, failed.ended)
        } catch is SchemaChanged {
            _ = try recompile(part.backfill, connection)
            try store.release(
                part, isCounted: false, because: nil, after: .zero, on: connection)
            return nil
        } catch let error as PostgresError {
            do {
                if isStopping(), connection.isUsable {
                    try store.release(
                        part, isCounted: false, because: nil, after: .zero, on: connection)
                    return nil
                }
                var ended: EndedWork?
                let event = try recover(part, work, from: error, &ended, on: connection)
                return news(event, nil, ended)
            } catch let second as PostgresError {
                throw PartFailed(
                    debt: PartDebt(part: part, reason: error.rejection, isCounted: false),
                    cause: error.isConnectionLost ? error : second)
            }
        }
    }

    /// - Returns: nil if the part is another worker's by now.
    private func attempt(
        _ part: PartClaim, _ work: PartWork, on connection: Connection
    ) throws -> BackfillStanding? {
        let passwords = try passwords(part, work, on: connection)
        let outcome: (standing: BackfillStanding?, failure: ImportFailed?) = try inTransaction(
            connection
        ) {
            guard try store.hold(part, on: connection) else { return (nil, nil) }
            let counts: RowCounts
            switch work {
            case .step(let plan, let step):
                if part.isDryRun { try connection.script("SAVEPOINT dry_run") }
                counts = try write(part, plan, step, on: connection)
                // What was deferred is checked here and not at COMMIT, for which other parts wait.
                try connection.script("SET CONSTRAINTS ALL IMMEDIATE")
                if part.isDryRun { try connection.script("ROLLBACK TO SAVEPOINT dry_run") }
            case .phase(let rosters, let plan, let phase):
                switch try rosters.execute(part, phase, plan, passwords, on: connection) {
                case .done(let done): counts = done
                case .failed(let reason):
                    guard try store.fail(part, because: reason, on: connection) else {
                        return (nil, nil)
                    }
                    let ended = try store.fail(part.job, because: reason, on: connection)
                    return (nil, ImportFailed(reason: reason, ended: ended))
                }
                try connection.script("SET CONSTRAINTS ALL IMMEDIATE")
            }
            FailPoint.insidePart.reach()
            var standing = try store.end(part, counts, on: connection)
            standing.ended = try store.settle(standing, of: part.job, on: connection)
            return (standing, nil)
        }
        // It is written: only now may it end what is being done.
        if let failure = outcome.failure { throw failure }
        return outcome.standing
    }

    /// What takes so long that no transaction is held open for it.
    private func passwords(
        _ part: PartClaim, _ work: PartWork, on connection: Connection
    ) throws -> [SettledPassword] {
        guard case .phase(let rosters, let plan, let phase) = work else { return [] }
        return try rosters.prepare(part, phase, plan, on: connection) {
            try store.keep(part, for: .seconds(30), on: connection)
        }
    }

    private func write(
        _ part: PartClaim, _ plan: BackfillPlan, _ step: BackfillPlan.Step,
        on connection: Connection
    ) throws(PostgresError) -> RowCounts {
        let values = BackfillSQL.Values(
            from: part.from ?? [], to: part.to ?? [], arguments: part.arguments)
        var counts = RowCounts()
        for statement in step.statements {
            let rows = try connection.execute(
                statement.sql.text,
                statement.sql.parameters(values, data: plan.backfill.data))
            switch statement.counting {
            case .created: counts.created += rows.affected
            case .updated: counts.updated += rows.affected
            case .removed: counts.removed += rows.affected
            case .asked:
                counts.created += rows.int(0, 0)
                counts.updated += rows.int(0, 1)
            }
        }
        return counts
    }

    func inTransaction<Value>(
        _ connection: Connection, _ body: () throws -> Value
    ) throws -> Value {
        try connection.transaction {
            try store.limit(limits.transaction, on: connection)
            return try body()
        }
    }

    // MARK: What does not end well

    /// What is done about a part that failed; its transaction is rolled back.
    ///
    /// - Parameter ended: is the job, if it ends with that.
    private func recover(
        _ part: PartClaim, _ work: PartWork, from error: PostgresError, _ ended: inout EndedWork?,
        on connection: Connection
    ) throws -> BackfillNews.Event {
        guard connection.isUsable else { throw error }
        let reason = error.rejection
        guard try store.keep(part, for: limits.transaction.statementTimeout, on: connection) else {
            return .putBack(reason)
        }
        let delay = limits.delay(part.tries + 1)
        switch FailureClass(error) {
        case .infrastructure:
            throw error
        case .contention:
            try store.release(
                part, isCounted: false, because: reason, after: delay, on: connection)
            return .putBack(reason)
        case .schema, .permanent:
            if try recompile(part.backfill, connection) {
                try store.release(
                    part, isCounted: false, because: reason, after: .zero, on: connection)
                return .putBack(reason)
            }
            guard FailureClass(error) == .schema else { break }
            try inTransaction(connection) {
                try store.release(
                    part, isCounted: false, because: reason, after: delay, on: connection)
                try store.holdBack(
                    part.job, because: "\(error)", for: delay, on: connection)
            }
            return .waits("\(error)")
        case .lock:
            // Halves of a table that somebody has locked are locked as well.
            let isWorthIt = part.tries % 2 == 1 && part.items > work.rowsOfPart / 8
            if isWorthIt,
                let halves = try halves(of: part, work, on: connection)
            {
                try store.split(
                    part, into: halves, because: reason, tries: part.tries + 1, after: delay,
                    on: connection)
                return .split(reason)
            }
            try store.release(
                part, isCounted: false, because: reason, after: delay, on: connection)
            return .putBack(reason)
        case .timeout:
            if let halves = try halves(of: part, work, on: connection) {
                try store.split(
                    part, into: halves, because: reason, tries: 0, after: .zero, on: connection)
                return .split(reason)
            }
            // Waiting for a lock or for the database is no attempt.
            guard part.attempts - part.lost < limits.attempts else { break }
            try store.release(part, isCounted: true, because: reason, after: delay, on: connection)
            return .putBack(reason)
        }
        ended = try fail(part, work, reason, on: connection)
        return .failed(reason)
    }

    /// The part in two; nil for one of a single key, or where that is not to be learnt now.
    private func halves(
        of part: PartClaim, _ work: PartWork, on connection: Connection
    ) throws -> (PlannedPart, PlannedPart)? {
        guard case .step(let plan, let step) = work else {
            return try halvesOfRows(part, work, on: connection)
        }
        guard let walk = step.walk, let from = part.from, let to = part.to else { return nil }
        let rows: Rows
        do {
            rows = try inTransaction(connection) {
                try store.nameKeys(on: connection)
                return try connection.execute(
                    walk.middle.text,
                    walk.middle.parameters(
                        BackfillSQL.Values(from: from, to: to, arguments: part.arguments),
                        data: plan.backfill.data))
            }
        } catch let error as PostgresError
            where [.lock, .timeout, .contention].contains(FailureClass(error))
        {
            return nil
        }
        let count = walk.keyCount
        guard rows.count == 1, (0..<2 * count).allSatisfy({ !rows.isNull(0, $0) }) else {
            return nil
        }
        return (
            PlannedPart(
                from: from, to: (0..<count).map { rows.string(0, $0) },
                items: rows.int(0, 2 * count)),
            PlannedPart(
                from: (0..<count).map { rows.string(0, count + $0) }, to: to,
                items: rows.int(0, 2 * count + 1))
        )
    }

    /// A part of an import in two.
    private func halvesOfRows(
        _ part: PartClaim, _ work: PartWork, on connection: Connection
    ) throws -> (PlannedPart, PlannedPart)? {
        guard case .phase(let rosters, let plan, .rows(let file)) = work else { return nil }
        return try inTransaction(connection) {
            try rosters.halves(of: part, plan.files[file], on: connection)
        }
    }

    private func fail(
        _ part: PartClaim, _ work: PartWork, _ reason: Rejection, on connection: Connection
    ) throws -> EndedWork? {
        let whole = Rejection(
            code: reason.code,
            message: "step \"\(work.title)\", part \(part.number): \(reason.message)")
        return try inTransaction(connection) { () -> EndedWork? in
            guard try store.fail(part, because: reason, on: connection) else { return nil }
            return try store.fail(part.job, because: whole, on: connection)
        }
    }

    /// Puts a part back that was given up when the database could not be told.
    ///
    /// - Returns: false if it is to be settled later.
    public func settle(_ debt: PartDebt, on connection: Connection) throws(PostgresError) -> Bool {
        let isOwn = try store.release(
            debt.part, isCounted: debt.isCounted, because: debt.reason, after: .zero,
            on: connection)
        // Who has claimed it meanwhile has taken this worker for dead.
        return isOwn ? true : try store.forgive(debt.part, on: connection)
    }
}
