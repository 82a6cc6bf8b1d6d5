import Catalog
import Jobs
import Postgres
import Store

/// Rows of an import become what the roster's steps say, all steps in one transaction.
extension RosterExecutor {
    /// What an import's rows are applied by, and for.
    struct Application {
        let job: JobID
        let file: RosterPlan.File
        let request: ImportRequest
    }

    /// What was done with the rows of a range.
    struct Applied {
        let counts: RowCounts
        let outcomes: RowOutcomes
        let refused: [RosterStore.Refused]
    }

    /// Applies the rows of a range, and shows which of them are refused: of these nothing stays,
    /// whichever step refuses them.
    ///
    /// - Parameter count: how many rows the range has that are not refused.
    func apply(
        _ range: RosterRange, count: Int, _ application: Application, on connection: Connection
    ) throws -> Applied {
        var condemned: [ItemKey: Refusal] = [:]
        var isInParts = false
        var left = LeftOut()
        try connection.script(Self.lookingUp)
        while true {
            try connection.script("SAVEPOINT rows")
            do {
                let outcome = try attempt(
                    range, application, condemned, inParts: isInParts, on: connection)
                // What was deferred is some row's fault, and not the whole import's.
                try connection.script("SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT rows")
                try store.insert(
                    left.rejections + outcome.rejections, of: application.job,
                    atMost: limits.storedRejections, on: connection)
                return Applied(
                    counts: outcome.counts(of: count, unread: left.rejections.count),
                    outcomes: outcome, refused: left.refused + outcome.refused)
            } catch let restart as Restart {
                try connection.script("ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows")
                condemned.merge(restart.condemned) { first, _ in first }
            } catch let error as RowsUnread {
                try connection.script("ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows")
                try leave(
                    refusedUnread(range, error, application, on: connection), out: &left,
                    application, on: connection)
                // Without these rows the items of the others have other numbers.
                condemned = [:]
            } catch let error as RowsHalfDone {
                try connection.script("ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows")
                try leave(error.rows, out: &left, application, on: connection)
                condemned = [:]
            } catch let error as PostgresError
                where FailureClass(error).mayBeAnItems
            {
                try connection.script("ROLLBACK TO SAVEPOINT rows; SAVEPOINT rows")
                let found = try isolate(range, application, condemned, on: connection)
                try connection.script("ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows")
                let isItems = FailureClass(error) == .permanent && !isInParts
                guard !found.isEmpty || isItems else { throw error }
                isInParts = found.isEmpty
                condemned.merge(found) { first, _ in first }
            }
        }
    }

    /// As for a batch: some rows are looked up in tables of any size.
    ///
    /// Nothing has counted yet how few are staged, and a merge would walk through the whole of the
    /// other table for them.
    private static let lookingUp = """
        SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off;
        SET LOCAL random_page_cost = 1.1
        """
    /// Removals are found among all rows of their targets: the planner is left alone.
    static let lookingAtAll = """
        SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT;
        SET LOCAL random_page_cost TO DEFAULT
        """

    /// Rows that are refused before the others are tried again without them.
    struct LeftOut {
        var refused: [RosterStore.Refused] = []
        var rejections: [JobReport.RejectedItem] = []
    }

    /// Some rows are refused for which an earlier step has written something.
    private struct RowsHalfDone: Error {
        let rows: LeftOut
    }

    private func leave(
        _ rows: LeftOut, out left: inout LeftOut, _ application: Application,
        on connection: Connection
    ) throws(PostgresError) {
        try store.refuse(rows.refused, of: application.job, on: connection)
        left.refused += rows.refused
        left.rejections += rows.rejections
    }

    private func attempt(
        _ range: RosterRange, _ application: Application, _ condemned: [ItemKey: Refusal],
        inParts: Bool, on connection: Connection
    ) throws -> RowOutcomes {
        var outcomes = RowOutcomes(ofPackage: application.file.file.name)
        for (number, step) in application.file.steps.enumerated() {
            let items = try read(range, number, step, application, on: connection)
            guard var run = run(items, number, step, application, condemned) else { continue }
            if inParts {
                let refused = try run.executeInParts(on: connection)
                if !refused.isEmpty { throw Restart(condemned: refused) }
            } else {
                try run.execute(Apply(connection: connection))
            }
            try refuseUncompared(run, items, step)
            // From here on nobody can change the table: what was written has locked it.
            guard try step.relation.isCurrent(on: connection) else {
                throw SchemaChanged(relation: step.relation.relation.name)
            }
            let refused = outcomes.add(run, items)
            guard !outcomes.isHalfDone else {
                throw RowsHalfDone(
                    rows: LeftOut(
                        refused: outcomes.refused, rejections: outcomes.rejections))
            }
            try store.refuse(refused, of: application.job, on: connection)
        }
        return outcomes
    }

    /// Refuses the rows of people who came after passwords were compared: nobody has asked for theirs.
    private func refuseUncompared(
        _ run: RelationRun, _ items: StepItems, _ step: RosterPlan.Step
    ) throws {
        guard case .reject(let code, let message)? = step.password?.mismatch else { return }
        var condemned: [ItemKey: Refusal] = [:]
        for (index, row) in items.rows.enumerated()
        where row.bringsPassword && [.unchanged, .updated].contains(run.marks[index]) {
            let place = Int32(index)
            condemned[run.key(ofRow: place)] = Refusal(
                rejection: Rejection(code: code, message: run.message(message, place)),
                isClash: false, isWritten: true)
        }
        if !condemned.isEmpty { throw Restart(condemned: condemned) }
    }

    /// Does what it can of the steps, to learn which items of one of them the database refuses: what
    /// the items of the next ones are depends on what stays of these.
    private func isolate(
        _ range: RosterRange, _ application: Application, _ condemned: [ItemKey: Refusal],
        on connection: Connection
    ) throws -> [ItemKey: Refusal] {
        var outcomes = RowOutcomes(ofPackage: application.file.file.name)
        do {
            for (number, step) in application.file.steps.enumerated() {
                let items = try read(range, number, step, application, on: connection)
                guard var run = run(items, number, step, application, condemned) else { continue }
                let found = try run.executeInParts(on: connection)
                guard found.isEmpty else { return found }
                try store.refuse(
                    outcomes.add(run, items), of: application.job, on: connection)
            }
        } catch let restart as Restart {
            return restart.condemned
        } catch is RowsUnread {
            // So it is when the items that only clash are written in parts.
        }
        return [:]
    }

    // MARK: Items

    /// The items of a step by their targets, with the rows that they come from.
    struct StepItems {
        struct Row {
            let part: Int32
            let line: Int32
            /// Its number among the items of the job.
            let number: Int
            /// In its own file, where there are several.
            let lineOfFile: Int
            /// With a password that is written.
            let bringsPassword: Bool
        }

        /// What is assigned for each target.
        var assignments: [Assignment] = []
        /// The rows of the items, assignment by assignment.
        var rows: [Row] = []
    }

    private func read(
        _ range: RosterRange, _ number: Int, _ step: RosterPlan.Step,
        _ application: Application, on connection: Connection
    ) throws -> StepItems {
        let answer: Rows
        do throws(PostgresError) {
            answer = try connection.execute(
                step.select, range.parameters(application.job, application.request.target))
        } catch {
            guard FailureClass(error) == .permanent else { throw error }
            throw RowsUnread(step: number, error: error)
        }
        return try StepReader(step: step, request: application.request).items(of: answer)
    }

    private func run(
        _ items: StepItems, _ number: Int, _ step: RosterPlan.Step, _ application: Application,
        _ condemned: [ItemKey: Refusal]
    ) -> RelationRun? {
        guard !items.rows.isEmpty else { return nil }
        let jobs = items.assignments.enumerated().map { position, assignment in
            // Items are known by it across attempts.
            LiveJob(
                id: JobID(
                    high: application.job.high,
                    low: UInt64(number) << 32 | UInt64(position)),
                key: 0, assignment: assignment)
        }
        return RelationRun(
            step.relation, jobs: jobs, indexes: Array(jobs.indices), condemned: condemned,
            limits: limits)
    }

    // MARK: Rows that cannot be read

    /// The SQL of a step fails with a value of some row.
    private struct RowsUnread: Error {
        let step: Int
        let error: PostgresError
    }

    /// Finds the rows by halving.
    private func refusedUnread(
        _ range: RosterRange, _ unread: RowsUnread, _ application: Application,
        on connection: Connection
    ) throws(PostgresError) -> LeftOut {
        let select = application.file.steps[unread.step].select
        let rows = try stagedRows(of: range, application.file, application.job, on: connection)
        let found = try halve(rows) { range throws(PostgresError) in
            try attempt(on: connection) { () throws(PostgresError) in
                try connection.execute(
                    select, range.parameters(application.job, application.request.target))
            }
        }
        guard !found.isEmpty else { throw unread.error }
        return LeftOut(
            refused: found.map(\.refused),
            rejections: found.map { $0.item(ofPackage: application.file.file.name) })
    }
}
