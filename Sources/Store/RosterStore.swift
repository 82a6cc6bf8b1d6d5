import Jobs
import Postgres

/// Stages imports and keeps what is known of their parts.
///
/// Every function is one statement, and runs in the transaction that the caller has open.
public struct RosterStore: Sendable {
    let statements: RosterStatements
    private let worker: String
    private let recordsEvents: Bool

    public init(_ schema: StatusSchema, worker: String) {
        statements = schema.rosterStatements
        recordsEvents = schema.recordsEvents
        self.worker = worker
    }

    // MARK: Staging

    /// What the parts of an import have in common.
    public struct Import: Sendable {
        public var roster: String
        /// For people, and two imports that agree in it and in the roster are not applied at once.
        public var target: String
        public var parts: Int
        /// What whoever applies it must know.
        public var arguments: [String?]

        public init(roster: String, target: String, parts: Int, arguments: [String?]) {
            self.roster = roster
            self.target = target
            self.parts = parts
            self.arguments = arguments
        }
    }

    /// Takes the job of a part in, unless it is here.
    public func begin(
        _ request: Import, of job: Job, digest: UInt64, from origin: Origin,
        on connection: Connection
    ) throws(PostgresError) {
        var parameters = id(job.id)
        parameters.append(Int64(bitPattern: digest))
        parameters.append(origin.offset)
        parameters.append(milliseconds: (job.requestedAt ?? origin.timestamp).milliseconds)
        parameters.append(origin.partition)
        for text in [job.source, origin.topic, worker] { parameters.append(storable(text)) }
        parameters.append(job.traceID.map(storable))
        parameters.append(request.roster)
        parameters.append(storable(request.target))
        parameters.append(job.mode.rawValue)
        parameters.append(Int32(request.parts))
        parameters.append(job.isDryRun)
        parameters.append(jsonb: TextList.json(request.arguments))
        parameters.append(uuid: job.retryOf.map { ($0.high, $0.low) })
        try connection.execute(statements.beginImport, parameters)
    }

    /// An import as a part finds it.
    public struct Held: Sendable {
        /// Of the request.
        public let digest: UInt64
        /// How many parts it has.
        public let parts: Int
        /// Not all of its parts are here.
        public let isWaiting: Bool
        /// How many rows are staged.
        public let rows: Int
        /// Of the part of this number, if it is here.
        public let partDigest: UInt64?
    }

    /// Locks an import.
    ///
    /// - Returns: nil where the id is another kind of job's.
    public func hold(
        _ job: JobID, part: Int, on connection: Connection
    ) throws(PostgresError) -> Held? {
        // What a worker that had it has staged is seen by the next statement only.
        try connection.execute(statements.lockImport, id(job))
        var parameters = id(job)
        parameters.append(Int32(part))
        let rows = try connection.execute(statements.holdImport, parameters, binaryResult: true)
        guard rows.count == 1 else { return nil }
        return Held(
            digest: UInt64(bitPattern: Int64(rows.int(0, 0))), parts: rows.int(0, 4),
            isWaiting: rows.bool(0, 1), rows: rows.int(0, 3),
            partDigest: rows.optionalInt(0, 2).map { UInt64(bitPattern: Int64($0)) })
    }

    /// Copies rows into the staging table.
    public func copy(
        on connection: Connection, _ rows: (inout CopyWriter) throws -> Void
    ) throws {
        try connection.copy(into: statements.copyRows, rows)
    }

    /// Notes a part whose rows are staged.
    ///
    /// - Returns: whether it was the last one that was missing.
    public func insert(
        part number: Int, file: String, header: [String]?, digest: UInt64, rows: Int, lines: Int,
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = id(job)
        parameters.append(Int32(number))
        parameters.append(Int64(bitPattern: digest))
        parameters.append(Int32(rows))
        parameters.append(Int32(lines))
        parameters.append(storable(file))
        parameters.append(jsonb: header.map { TextList.json($0.map(storable)) })
        return try connection.execute(statements.insertPart, parameters, binaryResult: true)
            .bool(0, 0)
    }

    /// Lets all workers go on with an import whose parts are all here.
    ///
    /// - Parameters:
    ///   - name: of the plan by which it is applied.
    ///   - relations: those that it goes through.
    public func start(
        _ job: JobID, name: String, target: String, digest: UInt64, steps: Int, isDryRun: Bool,
        relations: Set<String>, on connection: Connection
    ) throws(PostgresError) {
        var parameters = id(job)
        parameters.append(name)
        parameters.append(storable(target))
        parameters.append(Int64(bitPattern: digest))
        parameters.append(Int32(steps))
        parameters.append(isDryRun)
        var names = ArrayParameter(.text)
        for relation in relations.sorted() { names.append(text: relation) }
        parameters.append(names)
        try connection.execute(statements.startImport, parameters)
    }

    /// Ends an import that waits for its parts.
    public func fail(
        _ job: JobID, because reason: Rejection, on connection: Connection
    ) throws(PostgresError) {
        var parameters = id(job)
        parameters.append(reason.code)
        parameters.append(storable(reason.message))
        parameters.append(recordsEvents)
        try connection.execute(statements.failImport, parameters)
    }

    /// Ends an import that waits for its parts because somebody wants it.
    ///
    /// - Returns: whether it did wait.
    public func cancel(_ job: JobID, on connection: Connection) throws(PostgresError) -> Bool {
        var parameters = id(job)
        parameters.append(recordsEvents)
        return try connection.execute(statements.cancelImport, parameters).count > 0
    }

    /// Ends the imports that have waited too long for their parts.
    ///
    /// - Returns: their ids.
    public func failStale(
        after time: Duration, on connection: Connection
    ) throws(PostgresError) -> [JobID] {
        var parameters = Parameters()
        parameters.append(time.milliseconds)
        parameters.append(recordsEvents)
        let rows = try connection.execute(statements.failStale, parameters, binaryResult: true)
        return (0..<rows.count).map { JobID(rows.uuid($0, 0)) }
    }

    // MARK: Applying

    /// A part that is staged.
    public struct Part: Sendable {
        public let number: Int
        public let file: String
        public let rows: Int
        public let lines: Int
        public let header: [String]?
    }

    public func parts(of job: JobID, on connection: Connection) throws(PostgresError) -> [Part] {
        let rows = try connection.execute(statements.selectParts, id(job))
        return (0..<rows.count).map { row in
            Part(
                number: rows.int(row, 0), file: rows.string(row, 1), rows: rows.int(row, 2),
                lines: rows.int(row, 3),
                header: rows.optionalString(row, 4).map { TextList.texts($0).map { $0 ?? "" } })
        }
    }

    /// Where a part stands in its file, and the roster's columns in its rows.
    public struct Place: Sendable {
        public var number: Int
        /// The lines of all parts before it, and of those of its file.
        public var linesBefore: Int
        public var fileLinesBefore: Int
        /// How many fields its rows have.
        public var width: Int
        /// From 1; nil for a column that the file lacks.
        public var positions: [Int?]

        public init(
            number: Int, linesBefore: Int, fileLinesBefore: Int, width: Int, positions: [Int?]
        ) {
            self.number = number
            self.linesBefore = linesBefore
            self.fileLinesBefore = fileLinesBefore
            self.width = width
            self.positions = positions
        }
    }

    public func place(
        _ places: [Place], of job: JobID, on connection: Connection
    ) throws(PostgresError) {
        var numbers = ArrayParameter(.int4)
        var before = ArrayParameter(.int4)
        var fileBefore = ArrayParameter(.int4)
        var widths = ArrayParameter(.int4)
        var positions = ArrayParameter(.text)
        for place in places {
            numbers.append(int32: Int32(place.number))
            before.append(int32: Int32(place.linesBefore))
            fileBefore.append(int32: Int32(place.fileLinesBefore))
            widths.append(int32: Int32(place.width))
            positions.append(
                text:
                    "[\(place.positions.map { $0.map(String.init) ?? "null" }.joined(separator: ","))]"
            )
        }
        var parameters = id(job)
        for column in [numbers, before, fileBefore, widths, positions] { parameters.append(column) }
        try connection.execute(statements.placeParts, parameters)
    }

    /// A row that is refused, for the staging table.
    public struct Refused: Sendable {
        public var part: Int
        public var line: Int
        public var rejection: Rejection

        public init(part: Int, line: Int, rejection: Rejection) {
            self.part = part
            self.line = line
            self.rejection = rejection
        }
    }

    public func refuse(
        _ refused: [Refused], of job: JobID, on connection: Connection
    ) throws(PostgresError) {
        guard !refused.isEmpty else { return }
        var parts = ArrayParameter(.int4)
        var lines = ArrayParameter(.int4)
        var codes = ArrayParameter(.text)
        var messages = ArrayParameter(.text)
        for row in refused {
            parts.append(int32: Int32(row.part))
            lines.append(int32: Int32(row.line))
            codes.append(text: row.rejection.code)
            messages.append(text: storable(row.rejection.message))
        }
        var parameters = id(job)
        for column in [parts, lines, codes, messages] { parameters.append(column) }
        try connection.execute(statements.refuseRows, parameters)
    }

    /// Shows rejected items of an import, as many as are kept of a job.
    public func insert(
        _ rejections: [JobReport.RejectedItem], of job: JobID, atMost limit: Int,
        on connection: Connection
    ) throws(PostgresError) {
        guard !rejections.isEmpty else { return }
        var items = ArrayParameter(.int4)
        var members = ArrayParameter(.text)
        var codes = ArrayParameter(.text)
        var messages = ArrayParameter(.text)
        for rejection in rejections.prefix(limit) {
            items.append(int32: Int32(rejection.number))
            members.append(text: storable(rejection.member))
            codes.append(text: rejection.rejection.code)
            messages.append(text: storable(rejection.rejection.message))
        }
        var parameters = id(job)
        for column in [items, members, codes, messages] { parameters.append(column) }
        parameters.append(Int32(limit))
        try connection.execute(statements.insertRejections, parameters)
    }

    /// The rejected items of an import as they are kept.
    public func rejections(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> [JobReport.RejectedItem] {
        let rows = try connection.execute(statements.selectRejections, id(job))
        return (0..<rows.count).map { row in
            JobReport.RejectedItem(
                number: rows.int(row, 0), member: rows.string(row, 1),
                rejection: Rejection(code: rows.string(row, 2), message: rows.string(row, 3)))
        }
    }

    /// The last item of which a rejection is kept; 0 without any.
    public func lastRejection(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> Int {
        try connection.execute(statements.selectLastRejection, id(job), binaryResult: true)
            .int(0, 0)
    }

    /// What would become of a row of a dry run.
    public struct RowOutcome: Sendable {
        public var part: Int32
        public var line: Int32
        public var outcome: String

        public init(part: Int32, line: Int32, outcome: String) {
            self.part = part
            self.line = line
            self.outcome = outcome
        }
    }

    public func record(
        _ rows: [RowOutcome], of job: JobID, on connection: Connection
    ) throws(PostgresError) {
        var parts = ArrayParameter(.int4)
        var lines = ArrayParameter(.int4)
        var outcomes = ArrayParameter(.text)
        for row in rows {
            parts.append(int32: row.part)
            lines.append(int32: row.line)
            outcomes.append(text: row.outcome)
        }
        var parameters = id(job)
        for column in [parts, lines, outcomes] { parameters.append(column) }
        try connection.execute(statements.recordOutcomes, parameters)
    }

    /// Records whom a dry run would remove, for people.
    public func recordRemovals(
        _ members: [String], of job: JobID, on connection: Connection
    ) throws(PostgresError) {
        guard !members.isEmpty else { return }
        var texts = ArrayParameter(.text)
        for member in members { texts.append(text: storable(member)) }
        var parameters = id(job)
        parameters.append(texts)
        try connection.execute(statements.recordRemovals, parameters)
    }

    /// Deletes the passwords that were staged.
    public func forgetSecrets(of job: JobID, on connection: Connection) throws(PostgresError) {
        try connection.execute(statements.forgetSecrets, id(job))
    }

    /// Deletes what was staged but for the refused rows.
    public func forgetRows(of job: JobID, on connection: Connection) throws(PostgresError) {
        try connection.execute(statements.forgetRows, id(job))
    }

    private func id(_ job: JobID) -> Parameters {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        return parameters
    }
}
