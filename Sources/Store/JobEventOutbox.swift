import Jobs
import Postgres

/// The ended jobs of which the topic of job events has not been told.
///
/// Every function is one statement, and runs in the transaction that the caller has open: the rows
/// of a page are this transaction's until it ends, and nobody else's.
public struct JobEventOutbox: Sendable {
    /// A job, and the row of the outbox that names it.
    public struct Entry: Sendable {
        public let place: Int64
        public let job: JobID
    }

    private let statements: Statements

    public init(_ schema: StatusSchema) { statements = schema.statements }

    /// Claims the oldest jobs that nobody else is publishing.
    ///
    /// - Parameters:
    ///   - rows: the most rows of the outbox, each the jobs of a transaction.
    ///   - jobs: how many jobs are enough; the last row may go beyond.
    public func claim(
        rows: Int, jobs: Int, on connection: Connection
    ) throws(PostgresError) -> [Entry] {
        var parameters = Parameters()
        parameters.append(rows)
        parameters.append(jobs)
        let found = try connection.execute(
            statements.claimEvents, parameters, binaryResult: true)
        return (0..<found.count).map { row in
            Entry(place: Int64(found.int(row, 0)), job: JobID(found.uuid(row, 1)))
        }
    }

    /// Forgets what is told of a page.
    ///
    /// - Parameters:
    ///   - page: what was claimed.
    ///   - untold: what of it is still to be told.
    public func mark(
        _ page: [Entry], untold: [Entry], on connection: Connection
    ) throws(PostgresError) {
        let kept = Set(untold.map(\.place))
        var done = ArrayParameter(.int8)
        for place in Set(page.map(\.place)).subtracting(kept).sorted() { done.append(int64: place) }
        var places = ArrayParameter(.int8, capacity: untold.count)
        var jobs = ArrayParameter(.uuid, capacity: untold.count)
        for entry in untold {
            places.append(int64: entry.place)
            jobs.append(uuid: (entry.job.high, entry.job.low))
        }
        var parameters = Parameters()
        for column in [done, places, jobs] { parameters.append(column) }
        try connection.execute(statements.markEvents, parameters)
    }
}
