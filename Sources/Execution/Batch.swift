import Jobs

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

    public init() {}

    /// Adds what another batch did.
    public mutating func add(_ other: BatchResult) {
        jobs += other.jobs
        items.add(other.items)
        deadLetters += other.deadLetters
        duplicates += other.duplicates
        failed += other.failed
        backfills += other.backfills
    }
}
