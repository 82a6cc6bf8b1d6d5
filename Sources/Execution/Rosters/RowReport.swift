import Jobs
import Postgres
import Store

/// What would become of each row of a dry run, kept while all that was written is taken back.
struct RowReport {
    /// By part and line, as in ``RowOutcomes``.
    private var rows: [UInt64] = []
    private var outcomes: [RowOutcomes.Outcome] = []
    /// Who would be removed, for people.
    var removed: [String] = []

    /// How many rows are written at once.
    private static let rowsAtOnce = 10_000

    mutating func add(_ more: RowOutcomes) {
        for (row, outcome) in more.outcomes {
            rows.append(row)
            outcomes.append(outcome)
        }
    }

    /// Writes the outcomes beside the staged rows, and the removals behind them.
    func record(
        of job: JobID, in store: RosterStore, on connection: Connection
    ) throws(PostgresError) {
        var start = 0
        while start < rows.count {
            let end = min(start + Self.rowsAtOnce, rows.count)
            try store.record(
                (start..<end).map { index in
                    RosterStore.RowOutcome(
                        part: Int32(truncatingIfNeeded: rows[index] >> 32),
                        line: Int32(truncatingIfNeeded: rows[index]),
                        outcome: "\(outcomes[index])")
                }, of: job, on: connection)
            start = end
        }
        try store.recordRemovals(removed, of: job, on: connection)
    }
}
