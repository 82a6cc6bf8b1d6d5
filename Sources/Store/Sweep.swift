import Jobs
import Postgres

/// Deletes what has been kept for long enough.
///
/// Every function is one statement, and runs in the transaction that the caller has open.
public struct Sweep: Sendable {
    /// The tables from which rows are deleted.
    public enum Table: String, Sendable, CaseIterable {
        case job, rejection
        case jobDuplicate = "job_duplicate"
        case jobPart = "job_part"
        case backfillRun = "backfill_run"
        case rosterPart = "roster_part"
        case control
        case rosterRow = "roster_row"
        case rosterImport = "roster_import"
        case deadLetter = "dead_letter"
        case jobEvent = "job_event"
        case attempt, worker
    }

    /// A place in the order in which jobs began.
    public struct Place: Sendable, Equatable {
        fileprivate let time: String
        fileprivate let id: JobID
    }

    /// What a batch has deleted.
    public struct Batch: Sendable {
        public let rows: [Table: Int]
        /// Up to where all is done; nil at the beginning.
        public let place: Place?
        /// Nothing is left behind the place.
        public let isLast: Bool
    }

    private let statements: Statements

    public init(_ schema: StatusSchema) { statements = schema.statements }

    /// Whether this transaction may sweep: no other one does.
    public func begin(on connection: Connection) throws(PostgresError) -> Bool {
        try connection.execute(statements.beginSweep, Parameters(), binaryResult: true).bool(0, 0)
    }

    /// Deletes jobs that ended so long ago, each with all that is kept of it.
    ///
    /// - Parameters:
    ///   - place: where an earlier batch has come to.
    ///   - rows: how many rows are enough; the last job may go beyond.
    public func jobs(
        olderThan age: Duration, from place: Place?, rows: Int, on connection: Connection
    ) throws(PostgresError) -> Batch {
        var parameters = Parameters()
        parameters.append(age.milliseconds)
        parameters.append(place?.time)
        parameters.append(uuid: place.map { ($0.id.high, $0.id.low) })
        parameters.append(rows)
        let found = try connection.execute(statements.sweepJobs, parameters, binaryResult: true)
        let next = found.optionalString(0, 0).map { Place(time: $0, id: JobID(found.uuid(0, 1))) }
        return Batch(
            rows: counts(
                [
                    .job, .rejection, .jobDuplicate, .jobPart, .backfillRun, .rosterPart, .control,
                ], found, from: 3), place: next ?? place, isLast: found.bool(0, 2))
    }

    /// Deletes some of what else was kept so long.
    ///
    /// - Parameter rows: the most of a table.
    public func rest(
        olderThan age: Duration, rows: Int, on connection: Connection
    ) throws(PostgresError) -> Batch {
        var parameters = Parameters()
        parameters.append(age.milliseconds)
        parameters.append(rows)
        let found = try connection.execute(statements.sweepRest, parameters, binaryResult: true)
        let counts = counts(
            [.rosterRow, .rosterImport, .deadLetter, .jobEvent, .attempt, .worker], found, from: 0)
        return Batch(rows: counts, place: nil, isLast: !counts.values.contains { $0 >= rows })
    }

    private func counts(_ tables: [Table], _ rows: Rows, from column: Int) -> [Table: Int] {
        var counts: [Table: Int] = [:]
        for (offset, table) in tables.enumerated() {
            let count = rows.int(0, column + offset)
            if count > 0 { counts[table] = count }
        }
        return counts
    }
}
