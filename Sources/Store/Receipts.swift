import Jobs
import Postgres

/// Reads and writes the receipts of jobs, always for a whole batch at once.
///
/// Every function is one statement, and runs in the transaction that the caller has open.
public struct Receipts: Sendable {
    /// Limits that hold for one transaction, as Postgres reads them.
    public struct TransactionLimits: Sendable {
        public var statementTimeout: Duration
        public var lockTimeout: Duration
        public var idleTimeout: Duration

        public init(statementTimeout: Duration, lockTimeout: Duration, idleTimeout: Duration) {
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
            self.idleTimeout = idleTimeout
        }
    }

    private let statements: Statements
    private let worker: String
    private let recordsEvents: Bool

    /// - Parameters:
    ///   - schema: where the tables are.
    ///   - worker: the name under which receipts are written.
    public init(_ schema: StatusSchema, worker: String) {
        statements = schema.statements
        recordsEvents = schema.recordsEvents
        self.worker = worker
    }

    /// Sets the limits of the transaction, the first thing inside it.
    ///
    /// - Returns: a text that is another one when the database is: a server that was started anew,
    ///   a replica that took over, a restored copy. What was done may not be there.
    @discardableResult
    public func limit(
        _ limits: TransactionLimits, on connection: Connection
    ) throws(PostgresError) -> String {
        var parameters = Parameters()
        parameters.append(milliseconds(limits.statementTimeout))
        parameters.append(milliseconds(limits.lockTimeout))
        parameters.append(milliseconds(limits.idleTimeout))
        parameters.append("rollcall/\(worker)")
        return try connection.execute(statements.beginBatch, parameters).string(0, 0)
    }

    private func milliseconds(_ duration: Duration) -> String {
        let parts = duration.components
        return "\(parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000)ms"
    }

    /// The jobs among these that have ended already, with the digest of what they were.
    public func ended(
        _ ids: [JobID], on connection: Connection
    ) throws(PostgresError) -> [JobID: UInt64] {
        guard !ids.isEmpty else { return [:] }
        var array = ArrayParameter(.uuid, capacity: ids.count)
        for id in ids { array.append(uuid: (id.high, id.low)) }
        var parameters = Parameters()
        parameters.append(array)
        let rows = try connection.execute(statements.claimJobs, parameters, binaryResult: true)
        var ended: [JobID: UInt64] = [:]
        for row in 0..<rows.count {
            let id = rows.uuid(row, 0)
            ended[JobID(high: id.0, low: id.1)] = UInt64(bitPattern: Int64(rows.int(row, 1)))
        }
        return ended
    }

    /// Writes the jobs' rows.
    ///
    /// - Returns: how many were written. Fewer than given means that another worker has ended one
    ///   of them meanwhile, and that nothing of this transaction may stay.
    public func insert(
        _ reports: [JobReport], on connection: Connection
    ) throws(PostgresError) -> Int {
        guard !reports.isEmpty else { return 0 }
        var columns = JobColumns(capacity: reports.count)
        for report in reports { columns.append(report) }
        var parameters = columns.parameters(worker: worker)
        parameters.append(recordsEvents)
        return try connection.execute(statements.insertJobs, parameters).affected
    }

    /// Writes the rejected items of the reports.
    public func insertRejections(
        of reports: [JobReport], on connection: Connection
    ) throws(PostgresError) {
        var ids = ArrayParameter(.uuid)
        var items = ArrayParameter(.int4)
        var members = ArrayParameter(.text)
        var codes = ArrayParameter(.text)
        var messages = ArrayParameter(.text)
        for report in reports {
            for item in report.rejections {
                ids.append(uuid: (report.job.id.high, report.job.id.low))
                items.append(int32: Int32(item.number))
                members.append(text: storable(item.member))
                codes.append(text: item.rejection.code)
                messages.append(text: storable(item.rejection.message))
            }
        }
        guard ids.count > 0 else { return }
        var parameters = Parameters()
        for column in [ids, items, members, codes, messages] { parameters.append(column) }
        try connection.execute(statements.insertRejections, parameters)
    }

    /// Keeps messages that cannot succeed.
    public func insert(
        _ letters: [DeadLetter], on connection: Connection
    ) throws(PostgresError) {
        guard !letters.isEmpty else { return }
        var topics = ArrayParameter(.text)
        var partitions = ArrayParameter(.int4)
        var offsets = ArrayParameter(.int8)
        var times = ArrayParameter(.timestamptz)
        var keys = ArrayParameter(.bytea)
        var values = ArrayParameter(.bytea)
        var headers = ArrayParameter(.text)
        var codes = ArrayParameter(.text)
        var reasons = ArrayParameter(.text)
        var jobs = ArrayParameter(.uuid)
        for letter in letters {
            topics.append(text: letter.origin.topic)
            partitions.append(int32: letter.origin.partition)
            offsets.append(int64: letter.origin.offset)
            times.append(milliseconds: letter.origin.timestamp.milliseconds)
            append(letter.key, to: &keys)
            append(letter.value, to: &values)
            headers.append(text: HeaderText.json(letter.headers))
            codes.append(text: letter.code)
            reasons.append(text: storable(letter.reason))
            if let id = letter.jobID {
                jobs.append(uuid: (id.high, id.low))
            } else {
                jobs.appendNull()
            }
        }
        var parameters = Parameters()
        for column in [
            topics, partitions, offsets, times, keys, values, headers, codes, reasons, jobs,
        ] {
            parameters.append(column)
        }
        try connection.execute(statements.insertDeadLetters, parameters)
    }

    private func append(_ bytes: [UInt8]?, to column: inout ArrayParameter) {
        if let bytes { column.append(bytes: bytes) } else { column.appendNull() }
    }

    /// Notes deliveries of jobs that had ended already.
    public func insertDuplicates(
        _ duplicates: [(job: JobID, origin: Origin)], on connection: Connection
    ) throws(PostgresError) {
        guard !duplicates.isEmpty else { return }
        var ids = ArrayParameter(.uuid)
        var topics = ArrayParameter(.text)
        var partitions = ArrayParameter(.int4)
        var offsets = ArrayParameter(.int8)
        for (job, origin) in duplicates {
            ids.append(uuid: (job.high, job.low))
            topics.append(text: origin.topic)
            partitions.append(int32: origin.partition)
            offsets.append(int64: origin.offset)
        }
        var parameters = Parameters()
        for column in [ids, topics, partitions, offsets] { parameters.append(column) }
        try connection.execute(statements.insertDuplicates, parameters)
    }

    /// Says that the worker is alive.
    ///
    /// - Parameter waitsFor: what keeps it from going on; nil if nothing does.
    public func beat(
        _ state: String, host: String, version: String, lanes: Int, inFlight: Int,
        partitions: Int, waitsFor: String?, on connection: Connection
    ) throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(worker)
        parameters.append(Int32(lanes))
        parameters.append(Int32(inFlight))
        parameters.append(Int32(partitions))
        parameters.append(host)
        parameters.append(version)
        parameters.append(state)
        parameters.append(waitsFor.map(storable))
        try connection.execute(statements.beatWorker, parameters)
    }

    /// Who holds the locks that this worker's transactions wait for, each in a few words.
    public func blockers(on connection: Connection) throws(PostgresError) -> [String] {
        var parameters = Parameters()
        parameters.append("rollcall/\(worker)")
        let rows = try connection.execute(statements.selectBlockers, parameters)
        return (0..<rows.count).map { row in
            let user = rows.optionalString(row, 2).map { " of \($0)" } ?? ""
            let state = rows.optionalString(row, 3).map { ", \($0)" } ?? ""
            let since = rows.optionalString(row, 4).map { ", its transaction began \($0) s ago" }
            return
                "\(rows.string(row, 1))\(user) (pid \(rows.string(row, 0))\(state)\(since ?? ""))"
        }
    }

    /// Takes the worker off the list.
    public func retire(on connection: Connection) throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(worker)
        try connection.execute(statements.retireWorker, parameters)
    }
}

/// A text as Postgres can keep it: it has no NUL, which a JSON string may have.
func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(
        String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
}
