import Jobs

/// What became of the items, job by job.
extension RelationRun {
    /// What became of each job.
    ///
    /// - Parameter entries: where the jobs come from, in their order.
    func reports(of entries: [Batch.Entry], storedRejections: Int) -> [JobReport] {
        staging.ranges.compactMap { range in
            let live = jobs[Int(range.job)]
            let entry = entries[Int(range.job)]
            guard let job = entry.message.job else { return nil }
            var counts = OutcomeCounts()
            var rejections: [JobReport.RejectedItem] = []
            for row in range.items { count(marks[Int(row)], into: &counts) }
            // What the job does not name stands before what it lists and is numbered after it.
            let rejected = range.items.filter { marks[Int($0)] == .rejected }
                .sorted { staging.items[Int($0)].number < staging.items[Int($1)].number }
            var codes: [String: Int] = [:]
            for (place, row) in rejected.enumerated() {
                guard let rejection = staging.rejections[row] else { continue }
                codes[rejection.code, default: 0] += 1
                guard place < storedRejections else { continue }
                rejections.append(
                    JobReport.RejectedItem(
                        number: Int(staging.items[Int(row)].number),
                        member: staging.memberText(Int(row), of: live.assignment),
                        rejection: rejection))
            }
            let refusal = refusedJobs[range.job]
            let isRefused =
                refusal != nil || live.assignment.mode == .atomic && counts.rejected > 0
            let bad = rejections.first { $0.rejection.code != "not-applied" }
            return JobReport(
                job: job, origin: entry.message.origin,
                state: isRefused
                    ? .failed : counts.rejected > 0 ? .succeededWithRejections : .succeeded,
                counts: counts, rejections: rejections, rejectionCodes: codes,
                error: refusal ?? (isRefused ? Self.atomicFailure(bad) : nil),
                attempts: entry.failures + 1)
        }
    }

    private static func atomicFailure(_ bad: JobReport.RejectedItem?) -> Rejection {
        let reason = bad.map { "item \($0.number): \($0.rejection.code): \($0.rejection.message)" }
        return Rejection(
            code: "item-rejected",
            message: "the job is atomic and nothing of it was written; \(reason ?? "see its items")"
        )
    }

    private func count(_ mark: Mark, into counts: inout OutcomeCounts) {
        switch mark {
        case .created: counts.created += 1
        case .updated: counts.updated += 1
        case .unchanged: counts.unchanged += 1
        case .removed: counts.removed += 1
        case .absent: counts.absent += 1
        case .superseded: counts.superseded += 1
        case .rejected: counts.rejected += 1
        case .dropped: break
        case .open: preconditionFailure("every item of an executed job has an outcome")
        }
    }
}
