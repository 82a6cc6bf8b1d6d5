import Jobs
import Postgres

/// Finds dead letters for people, and notes what they have done about them.
///
/// Every function is one statement.
public struct DeadLetterQuery: Sendable {
    /// What somebody has done about a letter.
    public enum Resolution: String, Sendable {
        /// It was sent again.
        case requeued
        /// Nobody needs it.
        case discarded
    }

    /// A letter without its bytes.
    public struct Summary: Sendable {
        public let id: Int64
        public let topic: String
        public let partition: Int
        public let offset: Int64
        public let at: Timestamp
        public let code: String
        public let reason: String
        public let job: JobID?
        /// Of the value; nil where it is not kept.
        public let bytes: Int?
        public let resolution: String?
        public let resolvedAt: Timestamp?
    }

    /// Which letters.
    public struct Filter: Sendable {
        public var code: String?
        public var topic: String?
        public var job: JobID?
        /// Those too that somebody has dealt with.
        public var includesResolved = false

        public init() {}
    }

    private let statements: Statements

    public init(_ schema: StatusSchema) { statements = schema.statements }

    /// The newest letters, or the newest before one.
    public func page(
        _ filter: Filter, before: Int64?, limit: Int, on connection: Connection
    ) throws(PostgresError) -> [Summary] {
        var parameters = Parameters()
        if let before { parameters.append(before) } else { parameters.appendNull(.int8) }
        parameters.append(filter.code.map(storable))
        parameters.append(filter.topic.map(storable))
        parameters.append(uuid: filter.job.map { ($0.high, $0.low) })
        parameters.append(filter.includesResolved)
        parameters.append(limit)
        let rows = try connection.execute(
            statements.selectDeadLetters, parameters, binaryResult: true)
        return (0..<rows.count).map { Summary(rows, $0) }
    }

    /// A letter with its bytes; nil if there is none.
    ///
    /// - Throws: `PostgresError`, or ``HeaderFault`` when somebody has changed its headers.
    public func letter(
        _ id: Int64, on connection: Connection
    ) throws -> (summary: Summary, letter: DeadLetter)? {
        var parameters = Parameters()
        parameters.append(id)
        let rows = try connection.execute(
            statements.selectDeadLetter, parameters, binaryResult: true)
        guard rows.count == 1 else { return nil }
        let summary = Summary(rows, 0)
        return (
            summary,
            DeadLetter(
                origin: Origin(
                    topic: summary.topic, partition: Int32(summary.partition),
                    offset: summary.offset,
                    timestamp: Timestamp(milliseconds: rows.milliseconds(0, 14))),
                key: rows.optionalBytes(0, 11), value: rows.optionalBytes(0, 12),
                headers: try HeaderText.headers(rows.string(0, 13)), code: summary.code,
                reason: summary.reason, jobID: summary.job)
        )
    }

    /// Notes what was done about a letter.
    ///
    /// - Returns: false if somebody has dealt with it already.
    public func resolve(
        _ id: Int64, _ resolution: Resolution, on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = Parameters()
        parameters.append(id)
        parameters.append(resolution.rawValue)
        return try connection.execute(statements.resolveDeadLetter, parameters).count == 1
    }
}

extension DeadLetterQuery.Summary {
    fileprivate init(_ rows: Rows, _ row: Int) {
        id = Int64(rows.int(row, 0))
        topic = rows.string(row, 1)
        partition = rows.int(row, 2)
        offset = Int64(rows.int(row, 3))
        at = Timestamp(milliseconds: rows.milliseconds(row, 4))
        code = rows.string(row, 5)
        reason = rows.string(row, 6)
        job = rows.optionalUUID(row, 7).map { JobID(high: $0.0, low: $0.1) }
        bytes = rows.optionalInt(row, 8)
        resolution = rows.optionalString(row, 9)
        resolvedAt = rows.optionalMilliseconds(row, 10).map(Timestamp.init(milliseconds:))
    }
}
