import Postgres

extension StatusQuery {
    /// What was done in a stretch of time.
    public struct Throughput: Sendable, Equatable {
        /// Batches of jobs, and parts of jobs that are done in parts.
        public var transactions = 0
        public var batches = 0
        /// The jobs of the batches.
        public var jobs = 0
        /// Items with an outcome, those of parts included.
        public var items = 0
        /// How long a transaction took, on average.
        public var milliseconds: Double?

        public init() {}
    }

    /// What was done lately, in stretches that end now, the oldest first.
    public func throughput(
        stretches: Int, ofMilliseconds length: Int64, on connection: Connection
    ) throws(PostgresError) -> [Throughput] {
        var parameters = Parameters()
        parameters.append(length)
        parameters.append(Int32(stretches))
        let rows = try connection.execute(
            statements.selectThroughput, parameters, binaryResult: true)
        var answer = Array(repeating: Throughput(), count: stretches)
        for row in 0..<rows.count {
            let place = rows.int(row, 0)
            answer[place].transactions = rows.int(row, 1)
            answer[place].jobs = rows.int(row, 2)
            answer[place].items = rows.int(row, 3)
            answer[place].batches = rows.int(row, 4)
            answer[place].milliseconds = rows.double(row, 5)
        }
        return answer
    }
}
