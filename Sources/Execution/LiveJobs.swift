import Jobs

/// A job that is executed at once, with its place in the batch.
struct LiveJob {
    let job: Job
    let assignment: Assignment
    let entry: Batch.Entry

    /// - Returns: nil for a message that assigns nothing.
    init?(_ entry: Batch.Entry) {
        guard let job = entry.message.job, let assignment = job.assignment else { return nil }
        self.job = job
        self.assignment = assignment
        self.entry = entry
    }
}

/// The jobs of a batch that are executed, staged by relation.
struct LiveJobs {
    var relations: [RelationRun]
    private let jobs: [LiveJob]

    /// Stages the jobs at the given positions of the batch.
    init(
        _ batch: Batch, _ live: [Int], plans: [String: RelationPlan],
        condemned: [ItemKey: Refusal], limits: ExecutionLimits
    ) {
        jobs = live.compactMap { LiveJob(batch.entries[$0]) }
        var members: [String: [Int]] = [:]
        for (index, job) in jobs.enumerated() {
            members[job.assignment.relation, default: []].append(index)
        }
        relations = []
        // In the order of their names, so that all lanes take the tables in one order.
        for (name, indexes) in members.sorted(by: { $0.key < $1.key }) {
            guard let plan = plans[name] else {
                preconditionFailure("a job's relation is checked when the job is read")
            }
            relations.append(
                RelationRun(
                    plan, jobs: jobs, indexes: indexes, condemned: condemned,
                    limits: limits))
        }
    }

    /// The batch is a dry run: its only job asks for it.
    var isDryRun: Bool {
        let dryRuns = jobs.count { $0.assignment.isDryRun }
        precondition(dryRuns == 0 || jobs.count == 1, "a dry run stands alone in its batch")
        return dryRuns == 1
    }

    func reports(storedRejections: Int) -> [JobReport] {
        relations.flatMap { $0.reports(storedRejections: storedRejections) }
    }
}
