import Jobs
import Postgres

/// A row of `rollcall.jobs`, with the delivery that it was written for.
struct StatusRow {
    let status: JobStatus
    let topic: String
    let partition: Int
    let offset: Int

    /// Reads a row in the order of ``StatusStatements/jobs``.
    init(_ rows: Rows, _ row: Int) {
        let id = rows.uuid(row, 0)
        var counts = OutcomeCounts()
        counts.created = rows.int(row, 3)
        counts.updated = rows.int(row, 4)
        counts.unchanged = rows.int(row, 5)
        counts.removed = rows.int(row, 6)
        counts.absent = rows.int(row, 7)
        counts.superseded = rows.int(row, 8)
        counts.rejected = rows.int(row, 9)
        let error = rows.optionalString(row, 10).map {
            Rejection(code: $0, message: rows.optionalString(row, 11) ?? "")
        }
        status = JobStatus(
            id: JobID(high: id.0, low: id.1),
            // A state that only a newer worker knows has not ended for us.
            state: JobStatus.State(rawValue: rows.string(row, 1)) ?? .running,
            items: rows.int(row, 2), counts: counts, error: error)
        topic = rows.string(row, 12)
        partition = rows.int(row, 13)
        offset = rows.int(row, 14)
    }
}
