import Jobs

/// What is assigned or unassigned at once.
struct LiveJob {
    /// Tells its items from those of others across attempts.
    let id: JobID
    /// A number for its ordering key.
    let key: Int32
    let assignment: Assignment

    init(id: JobID, key: Int32, assignment: Assignment) {
        self.id = id
        self.key = key
        self.assignment = assignment
    }

    /// - Returns: nil for a message that assigns nothing.
    init?(_ entry: Batch.Entry) {
        guard let job = entry.message.job, let assignment = job.assignment else { return nil }
        self.init(id: job.id, key: entry.key, assignment: assignment)
    }
}

/// The jobs of a batch that are executed, staged by relation.
struct LiveJobs {
    var relations: [RelationRun]
    private let jobs: [LiveJob]
    /// Where they come from, in the same order.
    private let entries: [Batch.Entry]

    /// Stages the jobs at the given positions of the batch.
    init(
        _ batch: Batch, _ live: [Int], plans: [String: RelationPlan],
        condemned: [ItemKey: Refusal], limits: ExecutionLimits
    ) {
        entries = live.map { batch.entries[$0] }.filter { $0.message.job?.assignment != nil }
        jobs = entries.compactMap(LiveJob.init)
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
        relations.flatMap { $0.reports(of: entries, storedRejections: storedRejections) }
    }
}
