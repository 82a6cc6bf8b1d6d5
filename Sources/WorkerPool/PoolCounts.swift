import Execution
import Glibc
import Jobs
import Store

/// What has been done since the worker started.
///
/// Each lane counts for itself once a batch, and so does the poll loop once a poll: nobody waits for
/// another to count. They are added up when somebody asks.
public struct PoolCounts: Sendable {
    /// A kind of job for one entry of the catalog.
    public struct Work: Hashable, Sendable {
        public let kind: Job.Kind
        public let entry: String

        public init(kind: Job.Kind, entry: String) {
            self.kind = kind
            self.entry = entry
        }
    }

    /// The ends that jobs of one work came to.
    public struct Ends: Sendable, Equatable {
        public var states: [JobReport.State: Int] = [:]
        /// Deliveries of jobs that had ended already.
        public var duplicates = 0
        public var items = OutcomeCounts()

        public init() {}

        mutating func note(_ state: JobReport.State, _ counts: OutcomeCounts) {
            states[state, default: 0] += 1
            items.add(counts)
        }
    }

    public struct CodeOfKind: Hashable, Sendable {
        public let kind: Job.Kind
        public let code: String
    }

    public struct CodeOfTopic: Hashable, Sendable {
        public let topic: String
        public let code: String
    }

    /// Transactions of one sort.
    public struct Transactions: Sendable {
        public var committed = 0
        public var failed = 0
        public var seconds = Histogram.transactionSeconds
    }

    public internal(set) var ends: [Work: Ends] = [:]
    public internal(set) var rejected: [CodeOfKind: Int] = [:]
    /// How long jobs waited until a lane began them, and how long they took from then on.
    public internal(set) var waits: [Job.Kind: Histogram] = [:]
    public internal(set) var durations: [Job.Kind: Histogram] = [:]
    public internal(set) var batchItems = Histogram.items
    /// Those of batches, and those of parts of long work.
    public internal(set) var batches = Transactions()
    public internal(set) var parts = Transactions()
    /// Attempts that failed and are made again, by the class of the error's SQLSTATE; empty where the
    /// database did not say anything.
    public internal(set) var retries: [String: Int] = [:]
    public internal(set) var letters: [CodeOfTopic: Int] = [:]
    public internal(set) var consumed: [String: Int] = [:]
    public internal(set) var faults: [CodeOfTopic: Int] = [:]
    public internal(set) var rebalances: [Rebalance: Int] = [:]

    public enum Rebalance: String, Sendable, CaseIterable {
        case assigned, revoked, lost
    }

    mutating func add(_ other: PoolCounts) {
        for (work, more) in other.ends {
            ends[work, default: Ends()].states.merge(more.states, uniquingKeysWith: +)
            ends[work, default: Ends()].duplicates += more.duplicates
            ends[work, default: Ends()].items.add(more.items)
        }
        rejected.merge(other.rejected, uniquingKeysWith: +)
        for (kind, more) in other.waits { waits[kind, default: .jobSeconds].add(more) }
        for (kind, more) in other.durations { durations[kind, default: .jobSeconds].add(more) }
        batchItems.add(other.batchItems)
        batches.add(other.batches)
        parts.add(other.parts)
        retries.merge(other.retries, uniquingKeysWith: +)
        letters.merge(other.letters, uniquingKeysWith: +)
        consumed.merge(other.consumed, uniquingKeysWith: +)
        faults.merge(other.faults, uniquingKeysWith: +)
        rebalances.merge(other.rebalances, uniquingKeysWith: +)
    }
}

extension PoolCounts.Transactions {
    mutating func add(_ other: Self) {
        committed += other.committed
        failed += other.failed
        seconds.add(other.seconds)
    }
}

// MARK: Counting

extension PoolCounts {
    /// A batch was committed.
    ///
    /// - Parameters:
    ///   - items: how many it was handed out with.
    ///   - time: what it took, until now.
    mutating func note(_ result: BatchResult, items: Int, took time: Duration) {
        batches.committed += 1
        batches.seconds.note(time.seconds)
        batchItems.note(Double(items))
        let begun = Self.milliseconds - Int64(time.seconds * 1_000)
        for report in result.reports {
            note(
                Work(kind: report.job.kind, entry: report.job.entry), report.state, report.counts,
                report.rejectionCodes)
            let asked = (report.job.requestedAt ?? report.origin.timestamp).milliseconds
            note(
                report.job.kind, waited: Double(max(0, begun - asked)) / 1_000, took: time.seconds)
        }
        for job in result.repeated {
            ends[Work(kind: job.kind, entry: job.entry), default: Ends()].duplicates += 1
        }
        for letter in result.letters {
            letters[CodeOfTopic(topic: letter.origin.topic, code: letter.code), default: 0] += 1
        }
        for work in result.ended { note(work) }
    }

    /// Long work has ended, in the hands of this worker.
    mutating func note(_ ended: EndedWork) {
        note(
            Work(kind: ended.kind, entry: ended.entry), ended.state, ended.counts,
            ended.rejectionCodes)
        note(
            ended.kind, waited: Double(ended.waitedMilliseconds) / 1_000,
            took: Double(ended.tookMilliseconds) / 1_000)
    }

    /// A turn at long work.
    mutating func note(_ ending: Lane.PartEnding, took time: Duration) {
        switch ending {
        case .idle: break
        case .failed(let failure):
            parts.failed += 1
            retries[failure.sqlClass, default: 0] += 1
        case .worked(let news):
            switch news?.event {
            case .split, .putBack, .waits, .failed: parts.failed += 1
            default:
                parts.committed += 1
                parts.seconds.note(time.seconds)
            }
            if let ended = news?.ended { note(ended) }
        }
    }

    /// An attempt at a batch failed.
    mutating func note(_ failure: Failure) {
        batches.failed += 1
        retries[failure.sqlClass, default: 0] += 1
    }

    private mutating func note(
        _ work: Work, _ state: JobReport.State, _ counts: OutcomeCounts, _ codes: [String: Int]
    ) {
        ends[work, default: Ends()].note(state, counts)
        guard counts.rejected > 0 else { return }
        for (code, count) in codes {
            rejected[CodeOfKind(kind: work.kind, code: code), default: 0] += count
        }
        // Of rows that went unread with an import nothing is kept.
        let rest = counts.rejected - codes.values.reduce(0, +)
        if rest > 0 { rejected[CodeOfKind(kind: work.kind, code: "other"), default: 0] += rest }
    }

    private mutating func note(_ kind: Job.Kind, waited: Double, took: Double) {
        waits[kind, default: .jobSeconds].note(waited)
        durations[kind, default: .jobSeconds].note(took)
    }

    /// Messages were read.
    mutating func note(_ messages: [(topic: String, fault: MessageFault?)]) {
        for (topic, fault) in messages {
            consumed[topic, default: 0] += 1
            guard let fault else { continue }
            faults[CodeOfTopic(topic: topic, code: fault.code.rawValue), default: 0] += 1
        }
    }

    private static var milliseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }
}
