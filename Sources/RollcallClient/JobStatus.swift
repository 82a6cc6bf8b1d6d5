import Jobs

/// What the status says of a job.
public struct JobStatus: Sendable, Hashable {
    public enum State: String, Sendable, CaseIterable {
        /// Parts of it are still to come.
        case waiting
        case running
        case succeeded
        case succeededWithRejections = "succeeded_with_rejections"
        case failed
        case cancelled

        /// Whether nothing will change any more.
        public var isTerminal: Bool { self != .waiting && self != .running }
    }

    public let id: JobID
    public let state: State
    /// How many items were asked for.
    public let items: Int
    /// What became of them.
    public let counts: OutcomeCounts
    /// Why it failed; nil unless it did.
    public let error: Rejection?

    public init(
        id: JobID, state: State, items: Int, counts: OutcomeCounts, error: Rejection?
    ) {
        self.id = id
        self.state = state
        self.items = items
        self.counts = counts
        self.error = error
    }
}
