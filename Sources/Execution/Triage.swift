import Jobs

/// What is to be done with each message of a batch, once the receipts are known.
struct Triage {
    /// The positions of the jobs to execute.
    private(set) var live: [Int] = []
    /// The positions of jobs that are given up.
    private(set) var givenUp: [Int] = []
    private(set) var deadLetters: [DeadLetter] = []
    /// Deliveries of jobs that have ended, here or in this batch.
    private(set) var duplicates: [(job: JobID, origin: Origin)] = []
    /// The positions of these.
    private(set) var repeated: [Int] = []

    /// - Parameter ended: the batch's jobs that have a receipt, with their digests.
    init(_ batch: Batch, ended: [JobID: UInt64]) {
        var known = ended
        var origins: [JobID: Origin] = [:]
        for (position, entry) in batch.entries.enumerated() {
            switch entry.message.content {
            case .fault(let fault):
                deadLetters.append(
                    entry.message.deadLetter(code: fault.code.rawValue, reason: fault.message))
            case .job(let job):
                guard let digest = known[job.id] else {
                    known[job.id] = job.digest
                    origins[job.id] = entry.message.origin
                    if entry.verdict == nil {
                        live.append(position)
                    } else {
                        givenUp.append(position)
                    }
                    continue
                }
                // The same record twice in a batch is no second delivery.
                if origins[job.id] == entry.message.origin { continue }
                if digest == job.digest {
                    duplicates.append((job.id, entry.message.origin))
                    repeated.append(position)
                } else {
                    deadLetters.append(
                        entry.message.deadLetter(
                            code: MessageFault.Code.conflictingDuplicate.rawValue,
                            reason: "id: expected an id of its own, got \(job.id) of a job with "
                                + "other content"))
                }
            }
        }
    }
}
