import Jobs
import Store

/// The messages that a lane executes in one transaction, in their order.
///
/// A dry run, a backfill and a part of a roster stand alone in their batches, and jobs of one key in
/// a batch are for one relation: the dispatcher sees to both.
public struct Batch: Sendable {
    /// A message of a batch.
    public struct Entry: Sendable {
        public let message: Message
        /// A number for its ordering key.
        public let key: Int32
        /// How often it was tried and failed for its own sake.
        public var failures = 0
        /// Why it is given up; nil as long as it is not.
        public var verdict: Rejection?

        public init(message: Message, key: Int32) {
            self.message = message
            self.key = key
        }
    }

    public var entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    public var itemCount: Int { entries.reduce(0) { $0 + $1.message.itemCount } }
}

/// What a batch did, for logs and metrics.
public struct BatchResult: Sendable {
    public var jobs = 0
    public var items = OutcomeCounts()
    public var deadLetters = 0
    public var duplicates = 0
    /// Jobs that ended failed.
    public var failed = 0
    /// Backfills that were taken in: their work is still to come.
    public var backfills = 0
    /// What became of each job that has ended.
    public var reports: [JobReport] = []
    /// Backfills that ended when they were taken in.
    public var ended: [EndedWork] = []
    /// The jobs of which another delivery had ended already.
    public var repeated: [Job] = []
    /// The messages that were given up.
    public var letters: [DeadLetter] = []

    public init() {}

    /// Adds what another batch did, without what it says of single jobs: nothing grows for ever.
    public mutating func addCounts(of other: BatchResult) {
        jobs += other.jobs
        items.add(other.items)
        deadLetters += other.deadLetters
        duplicates += other.duplicates
        failed += other.failed
        backfills += other.backfills
    }

    /// Adds what another part of the same batch did.
    mutating func add(_ other: BatchResult) {
        addCounts(of: other)
        reports += other.reports
        ended += other.ended
        repeated += other.repeated
        letters += other.letters
    }
}
