/// What became of a job: what its status row says.
public struct JobReport: Sendable {
    /// A state in which a job ends.
    public enum State: String, Sendable, CaseIterable {
        case succeeded
        case succeededWithRejections = "succeeded_with_rejections"
        case failed
        case cancelled
    }

    /// An item that was not applied, as it is kept.
    public struct RejectedItem: Sendable {
        /// The item's number in the job, from 1: members in order within targets in order, then
        /// what the job removes without naming it.
        public let number: Int
        /// The member as the job gave it.
        public let member: String
        public let rejection: Rejection

        public init(number: Int, member: String, rejection: Rejection) {
            self.number = number
            self.member = member
            self.rejection = rejection
        }
    }

    public let job: Job
    public let origin: Origin
    public let state: State
    public let counts: OutcomeCounts
    /// The first rejected items, as many as are kept.
    public let rejections: [RejectedItem]
    /// How many items were rejected with each code, those not kept included.
    public let rejectionCodes: [String: Int]
    /// Why it failed; nil unless it did.
    public let error: Rejection?
    /// How often it was tried for its own sake; retries for the database's sake do not count.
    public let attempts: Int

    public init(
        job: Job, origin: Origin, state: State, counts: OutcomeCounts,
        rejections: [RejectedItem], rejectionCodes: [String: Int] = [:], error: Rejection?,
        attempts: Int
    ) {
        self.job = job
        self.origin = origin
        self.state = state
        self.counts = counts
        self.rejections = rejections
        self.rejectionCodes = rejectionCodes
        self.error = error
        self.attempts = attempts
    }
}
