import Catalog
import Jobs
import Postgres
import Store

/// What an exact import does not list.
extension RosterExecutor {
    /// What was removed.
    struct Removed {
        var counts = RowCounts()
        /// Of a dry run those that would go, for people: `seat/7: 42 is not in the file`.
        var members: [String] = []
    }

    /// Removes the members of the import's targets that no row of the file lists.
    ///
    /// Each of them is one more item of the job, numbered after its rows.
    func remove(_ application: Application, on connection: Connection) throws -> Removed {
        var removed = Removed()
        let here = Set(try store.parts(of: application.job, on: connection).map(\.file))
        for (number, step) in application.file.steps.enumerated() {
            guard let removal = step.removal, removal.files.isSubset(of: here) else { continue }
            let answer = try connection.execute(
                removal.select,
                RosterRange.all.parameters(application.job, application.request.target))
            let reader = StepReader(step: step, request: application.request)
            var start = 0
            while start < answer.count {
                let end = min(start + rosterLimits.chunkRows, answer.count)
                let assignments = try reader.removals(of: answer, start..<end)
                let more = try remove(assignments, step, number, application, on: connection)
                removed.counts.add(more.counts)
                removed.members += more.members
                start = end
            }
        }
        return removed
    }

    private func remove(
        _ assignments: [Assignment], _ step: RosterPlan.Step, _ number: Int,
        _ application: Application, on connection: Connection
    ) throws -> Removed {
        let jobs = assignments.enumerated().map { position, assignment in
            LiveJob(
                id: JobID(
                    high: application.job.high, low: UInt64(number) << 32 | UInt64(position)),
                key: 0, assignment: assignment)
        }
        var condemned: [ItemKey: Refusal] = [:]
        var isInParts = false
        while true {
            var run = RelationRun(
                step.relation, jobs: jobs, indexes: Array(jobs.indices), condemned: condemned,
                limits: limits)
            try connection.script("SAVEPOINT removals")
            do {
                if isInParts {
                    let refused = try run.executeInParts(on: connection)
                    if !refused.isEmpty { throw Restart(condemned: refused) }
                } else {
                    try run.execute(Apply(connection: connection))
                }
                try connection.script("SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT removals")
                return try outcome(of: run, application, on: connection)
            } catch let restart as Restart {
                try connection.script(
                    "ROLLBACK TO SAVEPOINT removals; RELEASE SAVEPOINT removals")
                condemned.merge(restart.condemned) { first, _ in first }
            } catch let error as PostgresError
                where FailureClass(error).mayBeAnItems && !isInParts
            {
                try connection.script(
                    "ROLLBACK TO SAVEPOINT removals; RELEASE SAVEPOINT removals")
                isInParts = true
            }
        }
    }

    private func outcome(
        of run: RelationRun, _ application: Application, on connection: Connection
    ) throws -> Removed {
        var removed = Removed()
        var rejections: [JobReport.RejectedItem] = []
        let last = try lastItem(of: application.job, on: connection)
        func member(_ index: Int) -> (text: String, of: Assignment) {
            let assignment = run.jobs[Int(run.staging.items[index].job)].assignment
            return (run.staging.memberText(index, of: assignment), assignment)
        }
        for (index, mark) in run.marks.enumerated() {
            switch mark {
            case .removed:
                removed.counts.removed += 1
                guard application.request.isDryRun else { continue }
                let (text, assignment) = member(index)
                removed.members.append(
                    "\(assignment.relation)/\(assignment.targetText): \(text) is not in the file")
            case .rejected:
                removed.counts.rejected += 1
                guard let rejection = run.staging.rejections[Int32(index)] else { continue }
                rejections.append(
                    JobReport.RejectedItem(
                        number: last + rejections.count + 1, member: member(index).text,
                        rejection: rejection))
            // Somebody else has removed it meanwhile: it is no item of this import.
            default: break
            }
        }
        try store.insert(
            rejections, of: application.job, atMost: limits.storedRejections, on: connection)
        return removed
    }

    /// The number of the last line of all files, or of the last removal that was refused.
    private func lastItem(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> Int {
        let lines = try store.parts(of: job, on: connection).reduce(0) { $0 + $1.lines }
        return max(lines, try store.lastRejection(of: job, on: connection))
    }
}
