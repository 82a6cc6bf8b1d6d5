import Catalog
import Jobs
import Postgres
import Store

/// Stages the parts of imports, and executes their phases in parts that all workers share.
public struct RosterExecutor: Sendable {
    let plans: [String: RosterPlan]
    let store: RosterStore
    let limits: ExecutionLimits
    let rosterLimits: RosterLimits
    let schema: String

    public init(
        plans: [String: RosterPlan], store: RosterStore, limits: ExecutionLimits,
        rosterLimits: RosterLimits, schema: StatusSchema
    ) {
        self.plans = plans
        self.store = store
        self.limits = limits
        self.rosterLimits = rosterLimits
        self.schema = quoteIdentifier(schema.name)
    }

    /// The plan of work in parts that goes by this name.
    func plan(named name: String) -> RosterPlan? {
        let prefix = RosterPlan.name(of: "")
        return name.hasPrefix(prefix) ? plans[String(name.dropFirst(prefix.count))] : nil
    }

    // MARK: Staging

    /// What became of a part that came.
    enum Staged {
        /// - Parameter isLast: all parts of its import are here now.
        case taken(isLast: Bool)
        /// It was here already, or its import is not waiting any more.
        case duplicate
        case refused(MessageFault)
        /// Its import has failed with it.
        case failed(Rejection)
    }

    /// Stages a part, inside the transaction that accounts for its message.
    func stage(
        _ job: Job, _ part: RosterPart, from origin: Origin, on connection: Connection
    ) throws -> Staged {
        guard let plan = plans[part.roster] else {
            preconditionFailure("a job's roster is checked when the job is read")
        }
        guard let file = plan.file(named: part.file) else {
            preconditionFailure("a part's file is checked when the job is read")
        }
        let request = ImportRequest(part)
        try begin(job, part, from: origin, on: connection)
        guard let held = try store.hold(job.id, part: part.number, on: connection),
            held.digest == part.requestDigest, held.parts == part.count,
            held.partDigest == nil || held.partDigest == job.digest
        else {
            return .refused(
                MessageFault(
                    .conflictingDuplicate,
                    "id: expected an id of its own, got \(job.id) of a job with other content"))
        }
        guard held.isWaiting, held.partDigest == nil else { return .duplicate }
        let contents: RosterPart.Contents
        var rows = 0
        try connection.script("SAVEPOINT copy")
        do {
            (contents, rows) = try copy(part, file, of: job.id, on: connection)
            try connection.script("RELEASE SAVEPOINT copy")
        } catch let fault as CSVFault {
            try connection.script("ROLLBACK TO SAVEPOINT copy; RELEASE SAVEPOINT copy")
            let reason = Rejection(
                code: "invalid-file",
                message: "part \(part.number)\(part.file.isEmpty ? "" : ", \(part.file)"): \(fault)"
            )
            try store.fail(job.id, because: reason, on: connection)
            return .failed(reason)
        }
        guard held.rows + rows <= rosterLimits.rows else {
            let reason = Rejection(
                code: "too-large",
                message:
                    "expected at most \(rosterLimits.rows) rows, got \(held.rows + rows) or more")
            try store.fail(job.id, because: reason, on: connection)
            return .failed(reason)
        }
        let isLast = try store.insert(
            part: part.number, file: part.file, header: contents.header, digest: job.digest,
            rows: rows, lines: contents.lines, of: job.id, on: connection)
        if isLast {
            try store.start(
                job.id, name: RosterPlan.name(of: part.roster), target: part.targetText,
                digest: plan.roster.digest, steps: plan.phases(of: request).count,
                isDryRun: part.isDryRun, relations: plan.roster.relations, on: connection)
        }
        return .taken(isLast: isLast)
    }

    /// Ends the import of a part that is given up.
    func giveUp(
        _ job: Job, _ part: RosterPart, from origin: Origin, because reason: Rejection,
        on connection: Connection
    ) throws(PostgresError) -> Staged {
        try begin(job, part, from: origin, on: connection)
        try store.fail(job.id, because: reason, on: connection)
        return .failed(reason)
    }

    /// Ends the imports whose parts have stopped coming.
    func failStale(on connection: Connection) throws(PostgresError) {
        _ = try store.failStale(after: rosterLimits.partTimeout, on: connection)
    }

    private func begin(
        _ job: Job, _ part: RosterPart, from origin: Origin, on connection: Connection
    ) throws(PostgresError) {
        try store.begin(
            RosterStore.Import(
                roster: part.roster, target: part.targetText, parts: part.count,
                arguments: ImportRequest(part).arguments),
            of: job, digest: part.requestDigest, from: origin, on: connection)
    }

    private func copy(
        _ part: RosterPart, _ file: RosterPlan.File, of job: JobID, on connection: Connection
    ) throws -> (RosterPart.Contents, rows: Int) {
        var rows = 0
        var contents: RosterPart.Contents?
        // A part whose heads another part has shows its passwords until that one is read.
        let secret = part.header.flatMap { HeaderMatch($0, of: file.file).secret(of: file) }
        let reason = RosterHeader.folded(SpreadsheetGuard.reasonHead)
        var array = TextArray(
            isGuarded: part.header?.contains { RosterHeader.folded($0) == reason } ?? false)
        try store.copy(on: connection) { writer throws in
            contents = try part.readRows(rosterLimits.ofRows) { row in
                rows += 1
                array.read(row, without: secret)
                writer.append(uuid: (job.high, job.low))
                writer.append(Int32(part.number))
                writer.append(Int32(row.line))
                array.append(to: &writer)
                writer.append(array.isPlain)
                writer.append(row.fault == nil ? array.secret : nil)
                writer.append(row.fault?.code)
                // It may name a column of any name.
                writer.append(row.fault?.message.replacing("\0", with: "\u{FFFD}"))
                try writer.endRow()
            }
        }
        guard let contents else { preconditionFailure("a COPY that ends has read its rows") }
        return (contents, rows)
    }
}

extension ImportRequest {
    init(_ part: RosterPart) {
        self.init(
            mode: part.mode, isExact: part.isExact, confirmsRemovals: part.confirmsRemovals,
            isDryRun: part.isDryRun, target: part.targetValue)
    }
}

/// What holds for imports, from the settings.
public struct RosterLimits: Sendable {
    /// The most rows of an import.
    public var rows: Int
    public var columns: Int
    /// The longest text of a field, in UTF-8.
    public var fieldBytes: Int
    /// How many rows are applied in one transaction.
    public var chunkRows: Int
    /// How long an import waits for its next part.
    public var partTimeout: Duration

    public init(
        rows: Int = 2_000_000, columns: Int = 200, fieldBytes: Int = 10 * 1024,
        chunkRows: Int = 2_000, partTimeout: Duration = .seconds(3_600)
    ) {
        self.rows = rows
        self.columns = columns
        self.fieldBytes = fieldBytes
        self.chunkRows = chunkRows
        self.partTimeout = partTimeout
    }

    var ofRows: CSVReader.Limits {
        CSVReader.Limits(
            rowBytes: (fieldBytes * 2 + 3) * columns, columns: columns, fieldBytes: fieldBytes)
    }
}

/// Where a file has the columns of its roster.
struct HeaderMatch {
    /// From 1; nil for a column that the file lacks.
    let positions: [Int?]
    /// Why no row of the file can be read.
    let fault: Rejection?

    init(_ header: [String], of file: Roster.File) {
        let found = RosterHeader.positions(of: file.columns.map(\.headers), in: header)
        positions = found.map { $0.first.map { $0 + 1 } }
        let twice = zip(file.columns, found).first { $1.count > 1 }
        fault =
            Self.fault(header)
            ?? twice.map { column, places in
                Rejection(
                    code: "invalid-header",
                    message: "expected one column \(column.name), got \"\(header[places[0]])\" and "
                        + "\"\(header[places[1]])\"")
            }
    }

    func secret(of file: RosterPlan.File) -> Int? {
        file.secret.flatMap { positions[$0] }.map { $0 - 1 }
    }

    /// Why no row of a file can be right whose parts have these headers.
    static func missing(_ headers: [[String]], of file: Roster.File) -> Rejection? {
        let positions = headers.map { HeaderMatch($0, of: file).positions }
        for (place, column) in file.columns.enumerated() where column.isExpected {
            guard positions.allSatisfy({ $0[place] == nil }) else { continue }
            return Rejection(
                code: "invalid-header",
                message: "expected a column \(column.headers.joined(separator: " or ")), got "
                    + (headers.first ?? []).map { "\"\($0)\"" }.joined(separator: ", "))
        }
        return nil
    }

    private static func fault(_ header: [String]) -> Rejection? {
        if let (first, second) = RosterHeader.duplicate(in: header) {
            return Rejection(
                code: "invalid-header",
                message: "expected each column once, got \"\(header[first])\" and "
                    + "\"\(header[second])\"")
        }
        return nil
    }
}

/// A row's fields as the binary form of a `text[]`.
private struct TextArray {
    private var bytes: [UInt8] = []
    /// The texts are ours, of refused rows that were kept from being formulas.
    private let isGuarded: Bool
    /// The field that is kept apart.
    private(set) var secret: String?
    /// Nothing of the row has to be trimmed or composed.
    private(set) var isPlain = true

    /// The type `text` in `pg_type`.
    private static let textOID: UInt32 = 25

    init(isGuarded: Bool) { self.isGuarded = isGuarded }

    /// - Parameter hidden: the field that is left empty and kept apart.
    mutating func read(_ row: borrowing CSVRow, without hidden: Int?) {
        bytes.removeAll(keepingCapacity: true)
        secret = nil
        isPlain = true
        // Dimensions, no nulls, the type, and of the only dimension its length and first index.
        for word in [row.count == 0 ? 0 : 1, 0, Self.textOID] { append(word) }
        if row.count > 0 {
            append(UInt32(row.count))
            append(1)
        }
        for field in 0..<row.count {
            if field == hidden {
                let text = row.string(field)
                secret = text.isEmpty ? nil : text
                append(0)
                continue
            }
            guard row.fault == nil, !isGuarded else {
                isPlain = false
                let text = row.string(field)
                append(repaired: isGuarded ? SpreadsheetGuard.unguarded(text) : text)
                continue
            }
            row.withBytes(of: field) { text in
                append(UInt32(text.count))
                bytes.append(contentsOf: text)
                isPlain = isPlain && Self.isPlain(text)
            }
        }
    }

    private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let blank = UInt8(ascii: " ")
        // Over all bytes without a way out, which the compiler does many at a time.
        var isOther = text.first == blank || text.last == blank
        for byte in text { isOther = isOther || byte < blank || byte > UInt8(ascii: "~") }
        return !isOther
    }

    /// Appends a text of a refused row, which may hold what Postgres does not take.
    private mutating func append(repaired text: String) {
        let scalars = text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }
        let text = Array(String(String.UnicodeScalarView(scalars)).utf8)
        append(UInt32(text.count))
        bytes.append(contentsOf: text)
    }

    func append(to writer: inout CopyWriter) {
        writer.append(bytes: bytes)
    }

    private mutating func append(_ word: UInt32) {
        for shift in [24, 16, 8, 0] {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift)))
        }
    }
}
