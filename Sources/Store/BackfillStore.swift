import Jobs
import Postgres

/// Reads and writes backfills on their way, and their parts.
///
/// Every function is one statement, and runs in the transaction that the caller has open.
public struct BackfillStore: Sendable {
    /// A backfill that a job asks for.
    public struct Request: Sendable {
        public var backfill: String
        /// The values of its parameters, as people read them.
        public var scope: String
        public var arguments: [String?]
        public var digest: UInt64
        public var steps: Int
        public var isGated: Bool

        public init(
            backfill: String, scope: String, arguments: [String?], digest: UInt64, steps: Int,
            isGated: Bool
        ) {
            self.backfill = backfill
            self.scope = scope
            self.arguments = arguments
            self.digest = digest
            self.steps = steps
            self.isGated = isGated
        }
    }

    /// What became of a request.
    public enum Start: String, Sendable {
        case running
        /// Another one for the same scope is on its way.
        case waiting
        /// Its definition is the one last finished: there is nothing to do.
        case skipped = "succeeded"
    }

    let statements: PartStatements
    let worker: String
    private let recordsEvents: Bool

    public init(_ schema: StatusSchema, worker: String) {
        statements = schema.partStatements
        recordsEvents = schema.recordsEvents
        self.worker = worker
    }

    // MARK: Beginning

    /// Takes a job in.
    ///
    /// - Returns: nil if another worker has taken it in meanwhile.
    public func start(
        _ request: Request, of job: Job, from origin: Origin, on connection: Connection
    ) throws(PostgresError) -> Start? {
        var parameters = Parameters()
        parameters.append(uuid: (job.id.high, job.id.low))
        parameters.append(Int64(bitPattern: job.digest))
        parameters.append(origin.offset)
        parameters.append(milliseconds: (job.requestedAt ?? origin.timestamp).milliseconds)
        parameters.append(origin.partition)
        for text in [job.source, origin.topic, worker] { parameters.append(storable(text)) }
        parameters.append(job.traceID.map(storable))
        parameters.append(request.backfill)
        parameters.append(request.scope)
        parameters.append(Int64(bitPattern: request.digest))
        parameters.append(request.isGated)
        parameters.append(job.backfill?.isForced ?? false)
        parameters.append(job.isDryRun)
        parameters.append(job.backfill?.maxRowsPerSecond.map(Int32.init))
        parameters.append(Int32(request.steps))
        parameters.append(jsonb: TextList.json(request.arguments))
        parameters.append(recordsEvents)
        parameters.append(uuid: job.retryOf.map { ($0.high, $0.low) })
        let rows = try connection.execute(statements.startBackfill, parameters)
        return rows.count == 1 ? Start(rawValue: rows.string(0, 0)) : nil
    }

    /// What there may be to do for backfills of these definitions.
    public func look(
        _ known: [String: UInt64], on connection: Connection
    ) throws(PostgresError) -> [RunToDo] {
        var parameters = Parameters()
        append(known, to: &parameters)
        let rows = try connection.execute(
            statements.lookForRuns, parameters, binaryResult: true)
        return (0..<rows.count).map { row in
            RunToDo(
                job: JobID(rows.uuid(row, 0)), backfill: rows.string(row, 1),
                canBegin: rows.bool(row, 2), canPlan: rows.bool(row, 3),
                canClaim: rows.bool(row, 4), dueMilliseconds: rows.optionalInt(row, 5),
                isAbandoned: rows.bool(row, 6), message: WorkMessage(rows, row, from: 7))
        }
    }

    /// Begins a backfill that has waited.
    ///
    /// - Returns: false if another worker was faster.
    public func activate(_ job: JobID, on connection: Connection) throws(PostgresError) -> Bool {
        var parameters = id(job)
        parameters.append(worker)
        parameters.append(recordsEvents)
        return try connection.execute(statements.activateRun, parameters).affected > 0
    }

    // MARK: Planning

    /// Takes the plan of a backfill in hand; nil if another transaction has it or it is complete.
    public func holdPlan(
        _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> OpenPlan? {
        guard try holdsPlanLock(job, on: connection) else { return nil }
        try nameKeys(on: connection)
        let rows = try connection.execute(statements.holdPlan, id(job), binaryResult: true)
        guard rows.count == 1 else { return nil }
        return OpenPlan(
            step: rows.int(0, 0), arguments: TextList.texts(rows.string(0, 1)),
            plannedTo: rows.optionalString(0, 2).map(TextList.texts),
            portion: rows.optionalInt(0, 3))
    }

    /// Lets this transaction write keys so that any other one reads them.
    public func nameKeys(on connection: Connection) throws(PostgresError) {
        try connection.execute(statements.beginPlan)
    }

    /// Whether this transaction alone goes on with a plan.
    func holdsPlanLock(_ job: JobID, on connection: Connection) throws(PostgresError) -> Bool {
        var name = Parameters()
        name.append("\(job)")
        return try connection.execute(statements.tryPlanLock, name, binaryResult: true).bool(0, 0)
    }

    /// Adds parts to the plan.
    ///
    /// - Parameters:
    ///   - end: the key up to which rows are in parts now; nil leaves it as it is.
    ///   - isComplete: no rows are left.
    /// - Returns: nil if the backfill is about to end.
    public func insert(
        _ parts: [PlannedPart], upTo end: [String?]?, isComplete: Bool, step: Int, of job: JobID,
        on connection: Connection
    ) throws(PostgresError) -> BackfillStanding? {
        var parameters = id(job)
        parameters.append(Int32(step))
        parameters.append(jsonb: end.map(TextList.json))
        parameters.append(!isComplete)
        var from = ArrayParameter(.text)
        var to = ArrayParameter(.text)
        var items = ArrayParameter(.int8)
        for part in parts {
            append(part.from, to: &from)
            append(part.to, to: &to)
            items.append(int64: Int64(part.items))
        }
        for column in [from, to, items] { parameters.append(column) }
        return standing(
            try connection.execute(statements.insertParts, parameters, binaryResult: true))
    }

    /// The next portion of the plan looks at fewer rows, after a while.
    ///
    /// - Parameter tries: how often in a row the smallest portion took too long.
    public func shrinkPortion(
        of job: JobID, to rows: Int, tries: Int, after delay: Duration, on connection: Connection
    ) throws(PostgresError) {
        var parameters = id(job)
        parameters.append(Int32(rows))
        parameters.append(Int32(tries))
        parameters.append(delay.milliseconds)
        try connection.execute(statements.shrinkPortion, parameters)
    }

    /// How often in a row a backfill could not go on, and how many rows its plan looks at.
    public func tries(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> (tries: Int, portion: Int?) {
        let rows = try connection.execute(statements.selectRunTries, id(job), binaryResult: true)
        return rows.count == 1 ? (rows.int(0, 0), rows.optionalInt(0, 1)) : (0, nil)
    }

    // MARK: Running

    /// Takes a part, in a transaction of its own, so that a worker that dies of it is known.
    public func claim(
        _ known: [String: UInt64], on connection: Connection
    ) throws(PostgresError) -> PartClaim? {
        var parameters = Parameters()
        parameters.append(worker)
        append(known, to: &parameters)
        let rows = try connection.execute(statements.claimPart, parameters, binaryResult: true)
        guard rows.count == 1 else { return nil }
        return PartClaim(
            job: JobID(rows.uuid(0, 0)), backfill: rows.string(0, 9), scope: rows.string(0, 10),
            step: rows.int(0, 1), number: rows.int(0, 2), items: rows.int(0, 3),
            attempts: rows.int(0, 4), tries: rows.int(0, 5), lost: rows.int(0, 6),
            from: rows.optionalString(0, 7).map(TextList.texts),
            to: rows.optionalString(0, 8).map(TextList.texts),
            arguments: TextList.texts(rows.string(0, 11)), isDryRun: rows.bool(0, 12),
            isEnding: !rows.isNull(0, 13), message: WorkMessage(rows, 0, from: 15))
    }

    /// Sets the limits of a part's transaction, the first thing inside it.
    public func limit(
        _ limits: Receipts.TransactionLimits, on connection: Connection
    ) throws(PostgresError) {
        var parameters = Parameters()
        for limit in [limits.statementTimeout, limits.lockTimeout, limits.idleTimeout] {
            parameters.append("\(limit.milliseconds)ms")
        }
        parameters.append("rollcall/\(worker)")
        try connection.execute(statements.beginPart, parameters)
    }

    /// Locks a part for as long as the transaction lasts.
    ///
    /// - Returns: false if it is another worker's by now.
    public func hold(_ part: PartClaim, on connection: Connection) throws(PostgresError) -> Bool {
        try connection.execute(statements.holdPart, own(part)).count == 1
    }

    /// Says that a part is done; from here on other parts of the backfill wait for COMMIT.
    public func end(
        _ part: PartClaim, _ counts: RowCounts, on connection: Connection
    ) throws(PostgresError) -> BackfillStanding {
        var parameters = place(part)
        for count in [
            counts.created, counts.updated, counts.removed, counts.unchanged, counts.absent,
            counts.rejected,
        ] {
            parameters.append(count)
        }
        let rows = try connection.execute(statements.endPart, parameters, binaryResult: true)
        guard let standing = standing(rows) else {
            preconditionFailure("a part that is held has a backfill")
        }
        return standing
    }

    /// Begins the next step.
    public func openStep(of job: JobID, on connection: Connection) throws(PostgresError) {
        try connection.execute(statements.openStep, id(job))
    }

    /// Ends a backfill and its job.
    public func end(
        _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> EndedWork? {
        var parameters = id(job)
        parameters.append(recordsEvents)
        return EndedWork(
            try connection.execute(statements.endRun, parameters, binaryResult: true))
    }

    // MARK: Parameters and answers

    func id(_ job: JobID) -> Parameters {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        return parameters
    }

    func place(_ part: PartClaim) -> Parameters {
        var parameters = id(part.job)
        parameters.append(Int32(part.step))
        parameters.append(Int32(part.number))
        return parameters
    }

    /// A part's place, and what makes it this worker's.
    func own(_ part: PartClaim) -> Parameters {
        var parameters = place(part)
        parameters.append(worker)
        parameters.append(Int32(part.attempts))
        return parameters
    }

    func standing(_ rows: Rows) -> BackfillStanding? {
        guard rows.count == 1 else { return nil }
        return BackfillStanding(
            step: rows.int(0, 0), steps: rows.int(0, 1), openParts: rows.int(0, 2),
            isPlanning: rows.bool(0, 3), isEnding: !rows.isNull(0, 4), done: rows.int(0, 5),
            planned: rows.int(0, 6))
    }

    private func append(_ known: [String: UInt64], to parameters: inout Parameters) {
        var names = ArrayParameter(.text)
        var digests = ArrayParameter(.int8)
        for (name, digest) in known.sorted(by: { $0.key < $1.key }) {
            names.append(text: name)
            digests.append(int64: Int64(bitPattern: digest))
        }
        parameters.append(names)
        parameters.append(digests)
    }

    private func append(_ bound: [String?]?, to column: inout ArrayParameter) {
        if let bound { column.append(text: TextList.json(bound)) } else { column.appendNull() }
    }
}

extension JobID {
    init(_ halves: (UInt64, UInt64)) { self.init(high: halves.0, low: halves.1) }
}

extension Duration {
    /// In whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
