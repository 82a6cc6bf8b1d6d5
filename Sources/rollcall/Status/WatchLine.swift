import Jobs
import Store

/// What makes a job's progress worth another line.
struct WatchLine: Equatable {
    let state: StatusQuery.State
    let counts: OutcomeCounts
    let parts: StatusQuery.Parts?

    init(_ job: StatusQuery.Job) {
        state = job.state
        counts = job.counts
        parts = job.parts
    }

    /// A line for a log: the time, the id, the state, and numbers by name.
    func text(_ job: StatusQuery.Job) -> String {
        let (done, total) = job.progress
        var words = [
            job.readAt.description, job.id.description, state.rawValue, "done=\(done)",
            "total=\(total)", "rejected=\(counts.rejected)",
        ]
        if let parts {
            words += ["parts=\(parts.done)/\(parts.total)", "step=\(parts.step)/\(parts.steps)"]
        }
        if let rate = NumberText.rate(items: done, milliseconds: job.runMilliseconds) {
            words.append("rate=\(rate)")
            if rate > 0, job.left > 0, !state.isTerminal {
                words.append("eta_s=\(job.left / rate)")
            }
        }
        if parts?.isPaused == true { words.append("paused") }
        return words.joined(separator: " ")
    }
}
