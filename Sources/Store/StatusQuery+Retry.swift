import Jobs
import Postgres

extension StatusQuery {
    /// What is known of a job that is to be done once more.
    public struct RetryState: Sendable, Equatable {
        /// How often it was, as far as that has ended.
        public let ended: Int
        /// The numbers of its rejected items that are kept.
        public let rejected: [Int]
    }

    public func retryState(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> RetryState {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        let rows = try connection.execute(statements.selectRetry, parameters, binaryResult: true)
        return RetryState(
            ended: rows.int(0, 0),
            rejected: rows.optionalString(0, 1)?.split(separator: " ").compactMap { Int($0) } ?? [])
    }
}
