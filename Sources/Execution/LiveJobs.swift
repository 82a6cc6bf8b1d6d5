import Jobs

/// The jobs of a batch that are executed, staged by relation.
struct LiveJobs {
    var relations: [RelationRun]
    private let jobs: [(job: Job, entry: Batch.Entry)]

    /// Stages the jobs at the given positions of the batch.
    init(
        _ batch: Batch, _ live: [Int], plans: [String: RelationPlan],
        condemned: [ItemKey: Rejection], textLength: Int
    ) {
        jobs = live.compactMap { position in
            let entry = batch.entries[position]
            return entry.message.job.map { ($0, entry) }
        }
        var members: [String: [Int]] = [:]
        var names: [String] = []
        for (index, (job, _)) in jobs.enumerated() {
            let relation = job.assignment.relation
            if members[relation] == nil { names.append(relation) }
            members[relation, default: []].append(index)
        }
        relations = []
        for name in names {
            guard let plan = plans[name], let indexes = members[name] else {
                preconditionFailure("a job's relation is checked when the job is read")
            }
            relations.append(
                RelationRun(
                    plan, jobs: jobs, indexes: indexes, condemned: condemned,
                    textLength: textLength))
        }
    }

    /// The batch is a dry run: its only job asks for it.
    var isDryRun: Bool {
        let dryRuns = jobs.count { $0.job.assignment.isDryRun }
        precondition(dryRuns == 0 || jobs.count == 1, "a dry run stands alone in its batch")
        return dryRuns == 1
    }

    func reports(storedRejections: Int) -> [JobReport] {
        relations.flatMap { $0.reports(storedRejections: storedRejections) }
    }
}
