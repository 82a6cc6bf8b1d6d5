import Jobs
import Postgres
import Store

/// Parts of imports are staged; what is made of them is work in parts.
extension BatchExecutor {
    /// Stages a part of an import and commits it.
    func stage(
        _ part: RosterPart, _ entry: Batch.Entry, on connection: Connection
    ) throws -> BatchResult {
        guard let rosters = backfills?.rosters, let job = entry.message.job else {
            preconditionFailure("a job's roster is checked when the job is read")
        }
        let result = try connection.transaction {
            try limit(on: connection)
            FailPoint.duringJob.reach(with: CollectionOfOne(job.id))
            let staged: RosterExecutor.Staged
            if let verdict = entry.verdict {
                staged = try rosters.giveUp(
                    job, part, from: entry.message.origin, because: verdict, on: connection)
            } else {
                staged = try rosters.stage(
                    job, part, from: entry.message.origin, on: connection)
            }
            let result = try account(for: staged, job, entry, on: connection)
            FailPoint.beforeCommit.reach()
            return result
        }
        FailPoint.afterCommit.reach()
        return result
    }

    private func account(
        for staged: RosterExecutor.Staged, _ job: Job, _ entry: Batch.Entry,
        on connection: Connection
    ) throws(PostgresError) -> BatchResult {
        var result = BatchResult()
        func keep(_ code: MessageFault.Code, _ reason: String) throws(PostgresError) {
            let letter = entry.message.deadLetter(code: code.rawValue, reason: reason)
            try receipts.insert([letter], on: connection)
            result.deadLetters = 1
            result.letters = [letter]
        }
        switch staged {
        case .taken(let isLast):
            result.backfills = isLast ? 1 : 0
            result.jobs = isLast ? 1 : 0
        case .duplicate:
            try receipts.insertDuplicates([(job.id, entry.message.origin)], on: connection)
            result.duplicates = 1
            result.repeated = [job]
        case .refused(let fault):
            try keep(fault.code, fault.message)
        case .failed(let reason):
            try keep(.jobFailed, "\(reason.code): \(reason.message)")
            result.jobs = 1
            result.failed = 1
            result.reports = [
                JobReport(
                    job: job, origin: entry.message.origin, state: .failed,
                    counts: OutcomeCounts(), rejections: [], error: reason,
                    attempts: max(1, entry.failures))
            ]
        }
        return result
    }
}
