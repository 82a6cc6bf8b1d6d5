import Jobs
import Postgres

/// A job whose work was in parts and that has ended now, as its row says.
public struct EndedWork: Sendable, Equatable {
    public let kind: Job.Kind
    /// The name of the catalog's entry.
    public let entry: String
    public let state: JobReport.State
    public let counts: OutcomeCounts
    /// How many rows were refused with each code, as far as that is kept.
    public let rejectionCodes: [String: Int]
    public let waitedMilliseconds: Int64
    public let tookMilliseconds: Int64

    public init(
        kind: Job.Kind, entry: String, state: JobReport.State, counts: OutcomeCounts,
        rejectionCodes: [String: Int], waitedMilliseconds: Int64, tookMilliseconds: Int64
    ) {
        self.kind = kind
        self.entry = entry
        self.state = state
        self.counts = counts
        self.rejectionCodes = rejectionCodes
        self.waitedMilliseconds = waitedMilliseconds
        self.tookMilliseconds = tookMilliseconds
    }

    /// Reads the row of `end_run.sql`; nil for a job that is not there.
    init?(_ rows: Rows) {
        guard rows.count == 1, let kind = Job.Kind(rawValue: rows.string(0, 0)),
            let state = JobReport.State(rawValue: rows.string(0, 2))
        else { return nil }
        var counts = OutcomeCounts()
        counts.created = rows.int(0, 3)
        counts.updated = rows.int(0, 4)
        counts.unchanged = rows.int(0, 5)
        counts.removed = rows.int(0, 6)
        counts.absent = rows.int(0, 7)
        counts.rejected = rows.int(0, 8)
        // A line a code, the number first.
        let lines = rows.optionalString(0, 11)?.split(separator: "\n") ?? []
        var codes: [String: Int] = [:]
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let count = Int(words[0]) else { continue }
            codes[String(words[1])] = count
        }
        self.init(
            kind: kind, entry: rows.string(0, 1), state: state, counts: counts,
            rejectionCodes: codes, waitedMilliseconds: Int64(rows.int(0, 9)),
            tookMilliseconds: Int64(rows.int(0, 10)))
    }
}
