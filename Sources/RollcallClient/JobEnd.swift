import Jobs

/// How a job ended.
public enum JobEnd: Sendable, Hashable {
    /// It was executed: the status is terminal.
    case ended(JobStatus)
    /// Its message could not become a job, and why.
    case deadLetter(Rejection)
}
