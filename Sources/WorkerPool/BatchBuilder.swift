import Execution
import Jobs

/// Gathers a batch up to its limits.
struct BatchBuilder {
    private let maxItems: Int
    private var maxJobs: Int
    private(set) var tasks: [Dispatcher.Task] = []
    private var entries: [Batch.Entry] = []
    private var keys: [[UInt8]] = []
    private var items = 0
    private var bytes = 0
    /// It has a message that must have its transaction to itself.
    private var standsAlone = false
    /// The relation of the last key's jobs in this batch.
    private var relation: (key: Int32, name: String)?

    init(items: Int, jobs: Int) {
        maxItems = items
        maxJobs = jobs
    }

    var isFull: Bool { standsAlone || tasks.count >= maxJobs || items >= maxItems }

    /// A first message always fits; dry runs, backfills and parts of rosters stand alone, and a key's jobs are for one
    /// relation.
    func accepts(_ task: Dispatcher.Task, of key: Int32) -> Bool {
        guard !tasks.isEmpty else { return true }
        guard !isFull, items + task.message.itemCount <= maxItems else { return false }
        if let caution = task.caution, caution.company <= tasks.count { return false }
        guard let job = task.message.job else { return true }
        if job.standsAlone { return false }
        return relation.map { $0.key != key || $0.name == job.entry } ?? true
    }

    mutating func append(_ task: Dispatcher.Task, key: [UInt8], number: Int32) {
        if entries.last?.key != number { keys.append(key) }
        var entry = Batch.Entry(message: task.message, key: number)
        if let caution = task.caution {
            entry.failures = caution.failures
            entry.verdict = caution.verdict
            maxJobs = min(maxJobs, caution.company)
        }
        entries.append(entry)
        tasks.append(task)
        items += task.message.itemCount
        bytes += task.message.byteCount
        if let job = task.message.job {
            standsAlone = job.standsAlone
            relation = (number, job.entry)
        }
    }

    func assignment(
        from line: Dispatcher.Line, at now: ContinuousClock.Instant, isImpatient: Bool = false
    ) -> Dispatcher.Assignment? {
        guard !tasks.isEmpty else { return nil }
        return Dispatcher.Assignment(
            batch: Batch(entries), line: line, handedOut: now, isImpatient: isImpatient,
            isJournaled: tasks.contains { $0.caution?.isJournaled == true }, tasks: tasks,
            keys: keys, items: items, bytes: bytes)
    }
}

extension Job {
    /// Nothing else is executed in its transaction.
    fileprivate var standsAlone: Bool { isDryRun || assignment == nil }
}
