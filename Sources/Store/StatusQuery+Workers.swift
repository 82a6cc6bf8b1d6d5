import Postgres

extension StatusQuery {
    /// A worker as it last told of itself.
    public struct Worker: Sendable, Equatable {
        public var id: String
        public var host: String
        public var version: String
        public var state: String
        public var lanes: Int
        public var partitions: Int
        /// Messages that it has read and that are not done.
        public var inFlight: Int
        public var upMilliseconds: Int64
        /// Since its last sign of life.
        public var silentMilliseconds: Int64
        /// What keeps it from going on.
        public var waitsFor: String?

        public init(
            id: String, host: String, version: String, state: String, lanes: Int, partitions: Int,
            inFlight: Int, upMilliseconds: Int64, silentMilliseconds: Int64, waitsFor: String?
        ) {
            self.id = id
            self.host = host
            self.version = version
            self.state = state
            self.lanes = lanes
            self.partitions = partitions
            self.inFlight = inFlight
            self.upMilliseconds = upMilliseconds
            self.silentMilliseconds = silentMilliseconds
            self.waitsFor = waitsFor
        }

        /// It has been silent for so long that it is taken for dead.
        public var isLost: Bool { silentMilliseconds >= 30_000 }
    }

    /// The workers that gave a sign of life in the last day.
    public func workers(on connection: Connection) throws(PostgresError) -> [Worker] {
        let rows = try connection.execute(
            statements.selectWorkers, Parameters(), binaryResult: true)
        return (0..<rows.count).map { row in
            Worker(
                id: rows.string(row, 0), host: rows.string(row, 1), version: rows.string(row, 2),
                state: rows.string(row, 3), lanes: rows.int(row, 4), partitions: rows.int(row, 5),
                inFlight: rows.int(row, 6), upMilliseconds: Int64(rows.int(row, 7)),
                silentMilliseconds: Int64(rows.int(row, 8)),
                waitsFor: rows.optionalString(row, 9))
        }
    }
}
