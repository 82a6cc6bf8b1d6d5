import Jobs
import Store

/// What makes a job's progress worth another line.
struct WatchLine: Equatable {
    let state: StatusQuery.State
    let counts: OutcomeCounts

    init(_ job: StatusQuery.Job) {
        state = job.state
        counts = job.counts
    }

    /// A line for a log: the time, the id, the state, and numbers by name.
    func text(_ job: StatusQuery.Job) -> String {
        var words = [
            job.readAt.description, job.id.description, state.rawValue, "done=\(counts.total)",
            "total=\(job.items)", "rejected=\(counts.rejected)",
        ]
        if let rate = NumberText.rate(items: counts.total, milliseconds: job.runMilliseconds) {
            words.append("rate=\(rate)")
            if rate > 0, job.pending > 0 { words.append("eta_s=\(job.pending / rate)") }
        }
        return words.joined(separator: " ")
    }
}
