import Jobs

/// What a stream must leave behind.
public struct Expectation {
    /// What must become of an item that is executed alone.
    enum Fate: Hashable {
        case created, updated, unchanged, removed, absent
        /// With one of these codes: which of several faults is found first is nobody's promise.
        case rejected(Set<String>)

        var isRejected: Bool {
            if case .rejected = self { true } else { false }
        }
    }

    struct ExpectedJob {
        let job: PlannedJob
        /// The message that is executed: the first with its id.
        let message: Int
        let fates: [Fate]
        /// The rows that it removes because it does not name them.
        let swept: [PlannedJob.Item]

        /// The rows that it adds to its table.
        var growth: Int {
            guard !job.isDryRun else { return 0 }
            return fates.count { $0 == .created } - fates.count { $0 == .removed } - swept.count
        }

        var state: String {
            guard fates.contains(where: \.isRejected) else { return "succeeded" }
            return job.isAtomic ? "failed" : "succeeded_with_rejections"
        }
    }

    var jobs: [ExpectedJob] = []
    /// Deliveries of a job that was known, by message.
    var duplicates: [Int: JobID] = [:]
    /// Codes by message.
    var deadLetters: [Int: String] = [:]
    /// What stands in the tables.
    var contents: [String: [String]] = [:]
}
