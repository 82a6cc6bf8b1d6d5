import Jobs
import Postgres

/// The dead letters that are committed and not yet published.
///
/// Every function is one statement, and runs in the transaction that the caller has open: the rows
/// of a page are this transaction's until it ends, and nobody else's.
public struct DeadLetterOutbox: Sendable {
    /// Some of the letters, in the order in which they were kept.
    ///
    /// A letter is decoded when it is asked for, so that one copy at a time is in memory.
    public struct Page: Sendable {
        private let rows: Rows

        fileprivate init(_ rows: Rows) { self.rows = rows }

        public var count: Int { rows.count }

        /// The number under which a letter is kept.
        public func id(_ row: Int) -> Int64 { Int64(rows.int(row, 0)) }

        /// - Throws: when somebody has changed the row into something that is no letter.
        public func letter(_ row: Int) throws(HeaderFault) -> DeadLetter {
            DeadLetter(
                origin: Origin(
                    topic: rows.string(row, 1), partition: Int32(rows.int(row, 2)),
                    offset: Int64(rows.int(row, 3)),
                    timestamp: Timestamp(milliseconds: rows.milliseconds(row, 4))),
                key: rows.optionalBytes(row, 5), value: rows.optionalBytes(row, 6),
                headers: try HeaderText.headers(rows.string(row, 7)), code: rows.string(row, 8),
                reason: rows.string(row, 9),
                jobID: rows.optionalUUID(row, 10).map { JobID(high: $0.0, low: $0.1) })
        }
    }

    /// What became of a letter.
    public struct Mark: Sendable {
        public let id: Int64
        /// Why it can never be published; nil if it is.
        public let refusal: String?

        public init(id: Int64, refusal: String?) {
            self.id = id
            self.refusal = refusal
        }
    }

    private let statements: Statements

    public init(_ schema: StatusSchema) { statements = schema.statements }

    /// Claims the oldest letters that nobody else is publishing.
    ///
    /// - Parameters:
    ///   - letters: the most letters.
    ///   - bytes: how many bytes are enough; the last letter may go beyond.
    public func claim(
        letters: Int, bytes: Int, on connection: Connection
    ) throws(PostgresError) -> Page {
        var parameters = Parameters()
        parameters.append(letters)
        parameters.append(bytes)
        return Page(
            try connection.execute(statements.claimLetters, parameters, binaryResult: true))
    }

    /// Notes what became of the letters of a page; those left out stay in the outbox.
    public func mark(_ marks: [Mark], on connection: Connection) throws(PostgresError) {
        guard !marks.isEmpty else { return }
        var ids = ArrayParameter(.int8, capacity: marks.count)
        var refusals = ArrayParameter(.text, capacity: marks.count)
        for mark in marks {
            ids.append(int64: mark.id)
            if let refusal = mark.refusal {
                refusals.append(text: storable(refusal))
            } else {
                refusals.appendNull()
            }
        }
        var parameters = Parameters()
        parameters.append(ids)
        parameters.append(refusals)
        try connection.execute(statements.markLetters, parameters)
    }
}
