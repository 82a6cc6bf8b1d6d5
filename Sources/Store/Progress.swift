import Jobs
import Postgres

/// Up to where the partitions of a consumer group are done, as the database remembers it.
///
/// Every function is one statement and a transaction of its own.
public struct Progress: Sendable {
    /// A partition, its topic named.
    public struct Place: Hashable, Sendable {
        public let topic: String
        public let partition: Int32

        public init(topic: String, partition: Int32) {
            self.topic = topic
            self.partition = partition
        }
    }

    /// What is remembered of a partition.
    public struct Memory: Hashable, Sendable {
        /// The next offset to read; nil where nothing is known to be done.
        public let offset: Int64?
        /// The worker that had it and did not let it go: it died, or does not know yet that it has
        /// lost it.
        public let holder: String?

        public init(offset: Int64?, holder: String?) {
            self.offset = offset
            self.holder = holder
        }
    }

    /// What a worker finds when it takes partitions over.
    public struct Claim: Sendable {
        /// Tells one database from another; see ``Receipts/limit(_:on:)``.
        public let database: String
        public let memories: [Place: Memory]
        /// How often messages were begun by workers that died.
        public let attempts: [Place: [Int64: Int]]

        public init(
            database: String, memories: [Place: Memory], attempts: [Place: [Int64: Int]]
        ) {
            self.database = database
            self.memories = memories
            self.attempts = attempts
        }
    }

    private let statements: Statements
    private let group: String
    private let worker: String

    /// - Parameters:
    ///   - schema: where the tables are.
    ///   - group: the consumer group.
    ///   - worker: who writes.
    public init(_ schema: StatusSchema, group: String, worker: String) {
        statements = schema.statements
        self.group = group
        self.worker = worker
    }

    /// Takes partitions over and reads what is remembered of them.
    public func claim(
        _ places: [Place], on connection: Connection
    ) throws(PostgresError) -> Claim {
        let (topics, partitions) = columns(places)
        var parameters = Parameters()
        parameters.append(group)
        parameters.append(worker)
        parameters.append(topics)
        parameters.append(partitions)
        let rows = try connection.execute(
            statements.claimProgress, parameters, binaryResult: true)
        var memories: [Place: Memory] = [:]
        for row in 0..<rows.count {
            let place = Place(topic: rows.string(row, 0), partition: Int32(rows.int(row, 1)))
            memories[place] = Memory(
                offset: rows.isNull(row, 2) ? nil : Int64(rows.int(row, 2)),
                holder: rows.optionalString(row, 3))
        }
        return Claim(
            database: rows.count > 0 ? rows.string(0, 4) : "", memories: memories,
            attempts: try attempts(places, on: connection))
    }

    private func attempts(
        _ places: [Place], on connection: Connection
    ) throws(PostgresError) -> [Place: [Int64: Int]] {
        let (topics, partitions) = columns(places)
        var parameters = Parameters()
        parameters.append(topics)
        parameters.append(partitions)
        let rows = try connection.execute(
            statements.selectAttempts, parameters, binaryResult: true)
        var attempts: [Place: [Int64: Int]] = [:]
        for row in 0..<rows.count {
            let place = Place(topic: rows.string(row, 0), partition: Int32(rows.int(row, 1)))
            attempts[place, default: [:]][Int64(rows.int(row, 2))] = rows.int(row, 3)
        }
        return attempts
    }

    /// Writes up to where partitions are done, and lets go of some.
    ///
    /// - Parameters:
    ///   - offsets: for each partition the next offset to read.
    ///   - released: partitions of which this worker has nothing in hand any more.
    ///   - database: the one that the offsets are true of; no other is written.
    /// - Returns: whether all were written. If not, it is another database, or other workers have
    ///   taken partitions over.
    public func save(
        _ offsets: [Place: Int64], released: Set<Place> = [], to database: String,
        on connection: Connection
    ) throws(PostgresError) -> Bool {
        let places = released.union(offsets.keys).sorted {
            ($0.topic, $0.partition) < ($1.topic, $1.partition)
        }
        guard !places.isEmpty else { return true }
        let (topics, partitions) = columns(places)
        var positions = ArrayParameter(.int8, capacity: places.count)
        var releases = ArrayParameter(.bool, capacity: places.count)
        for place in places {
            if let offset = offsets[place] {
                positions.append(int64: offset)
            } else {
                positions.appendNull()
            }
            releases.append(bool: released.contains(place))
        }
        var parameters = Parameters()
        parameters.append(group)
        parameters.append(worker)
        for column in [topics, partitions, positions, releases] { parameters.append(column) }
        parameters.append(database)
        return try connection.execute(statements.saveProgress, parameters).affected
            == places.count
    }

    /// Counts an attempt at each of these messages, before it is made.
    public func beginAttempts(
        at origins: [Origin], on connection: Connection
    ) throws(PostgresError) {
        try connection.execute(statements.beginAttempts, parameters(origins))
    }

    /// Forgets the attempts at messages that are done.
    public func endAttempts(
        at origins: [Origin], on connection: Connection
    ) throws(PostgresError) {
        try connection.execute(statements.endAttempts, parameters(origins))
    }

    /// Takes attempts back that failed without killing anybody.
    public func withdrawAttempts(
        at origins: [Origin], on connection: Connection
    ) throws(PostgresError) {
        try connection.execute(statements.withdrawAttempts, parameters(origins))
    }

    private func parameters(_ origins: [Origin]) -> Parameters {
        var offsets = ArrayParameter(.int8, capacity: origins.count)
        for origin in origins { offsets.append(int64: origin.offset) }
        let (topics, partitions) = columns(
            origins.map { Place(topic: $0.topic, partition: $0.partition) })
        var parameters = Parameters()
        for column in [topics, partitions, offsets] { parameters.append(column) }
        return parameters
    }

    private func columns(_ places: [Place]) -> (topics: ArrayParameter, partitions: ArrayParameter)
    {
        var topics = ArrayParameter(.text, capacity: places.count)
        var partitions = ArrayParameter(.int4, capacity: places.count)
        for place in places {
            topics.append(text: place.topic)
            partitions.append(int32: place.partition)
        }
        return (topics, partitions)
    }
}
