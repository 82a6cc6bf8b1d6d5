import Catalog
import Jobs
import Postgres
import Store

/// An import is checked as a whole before anything of it is written.
extension RosterExecutor {
    /// How a phase ended, or a part of one.
    enum Ended {
        case done(RowCounts)
        /// The import fails as a whole: nothing more of it is done.
        case failed(Rejection)
    }

    /// Places the parts in their files and refuses the rows that are wrong by themselves or beside
    /// each other.
    func check(
        _ job: JobID, _ plan: RosterPlan, _ request: ImportRequest, on connection: Connection
    ) throws -> Ended {
        let parts = try store.parts(of: job, on: connection)
        let places: [RosterStore.Place]
        do throws(RosterRefused) {
            places = try Self.places(of: parts, plan)
        } catch {
            return .failed(error.rejection)
        }
        try store.place(places, of: job, on: connection)
        // What the reader has refused is garbled: it does not say whom it lists.
        var garbled = request.isExact ? try refused(of: job, on: connection) : 0
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        for file in plan.files where parts.contains(where: { $0.file == file.file.name }) {
            if let secret = file.secret {
                try keepApart(secret, of: file, job, on: connection)
            }
            try connection.execute(file.sql.check, parameters)
            if let secret = file.secret {
                try forgetUnplaced(secret, of: file, job, on: connection)
            }
            if request.isExact { garbled += try nameless(in: file, job, on: connection) }
            try rejectByRules(of: file, job, request, on: connection)
            for repetition in file.sql.repetitions {
                try connection.execute(repetition, parameters)
            }
        }
        var counts = RowCounts()
        counts.rejected = try keepRejections(of: job, on: connection)
        if request.mode == .atomic, counts.rejected > 0 {
            return .failed(Self.nothingWritten(rejected: counts.rejected))
        }
        if request.isExact, !request.confirmsRemovals, garbled > 0 {
            return .failed(
                Rejection(
                    code: "unreadable-rows",
                    message:
                        "an exact import removes whom no row lists: expected rows that say whom "
                        + "they list, got \(garbled) that do not; mend them, or "
                        + "`confirm_removals` lets go whom they mean"))
        }
        if request.isExact, !request.confirmsRemovals,
            let excess = try excess(
                job, plan, request, Set(parts.map(\.file)), on: connection)
        {
            return .failed(excess)
        }
        return .done(counts)
    }

    /// Why nothing of an atomic import stays.
    static func nothingWritten(rejected: Int) -> Rejection {
        Rejection(
            code: "item-rejected",
            message: "the import is atomic and nothing of it was written; \(rejected) of its rows "
                + "were rejected")
    }

    /// Refuses the rows that the catalog's rules are against, and those that they cannot read.
    private func rejectByRules(
        of file: RosterPlan.File, _ job: JobID, _ request: ImportRequest,
        on connection: Connection
    ) throws(PostgresError) {
        guard let reject = file.sql.reject else { return }
        func apply(_ range: RosterRange) throws(PostgresError) {
            try attempt(on: connection) { () throws(PostgresError) in
                try connection.execute(reject, range.parameters(job, request.target))
            }
        }
        do throws(PostgresError) {
            try apply(.all)
        } catch {
            guard FailureClass(error) == .permanent else { throw error }
            let ranges = try ranges(of: file, rosterLimits.chunkRows, job, on: connection)
            for range in ranges {
                let rows = try stagedRows(of: range.range, file, job, on: connection)
                let found = try halve(rows, apply)
                try store.refuse(found.map(\.refused), of: job, on: connection)
            }
        }
    }

    /// Finds the columns of each part, and how many lines stand before it.
    private static func places(
        of parts: [RosterStore.Part], _ plan: RosterPlan
    ) throws(RosterRefused) -> [RosterStore.Place] {
        var places: [RosterStore.Place] = []
        var lines = 0
        for file in plan.files {
            let own = parts.filter { $0.file == file.file.name }
            let first = own.lazy.compactMap(\.header).first
            var linesOfFile = 0
            func refuse(_ fault: Rejection) -> RosterRefused {
                let name = file.file.name.isEmpty ? "" : "\(file.file.name): "
                return RosterRefused(
                    rejection: Rejection(code: fault.code, message: name + fault.message))
            }
            // Objects may lack a key in some part or other.
            let headers = own.compactMap { $0.header ?? first }
            if !headers.isEmpty, let fault = HeaderMatch.missing(headers, of: file.file) {
                throw refuse(fault)
            }
            for part in own {
                guard let names = part.header ?? first else {
                    throw RosterRefused(
                        rejection: Rejection(
                            code: "invalid-header",
                            message:
                                "part \(part.number): expected a header in the first part of its "
                                + "file, got none"))
                }
                let header = HeaderMatch(names, of: file.file)
                if let fault = header.fault { throw refuse(fault) }
                places.append(
                    RosterStore.Place(
                        number: part.number, linesBefore: lines, fileLinesBefore: linesOfFile,
                        width: names.count, positions: header.positions))
                lines += part.lines
                linesOfFile += part.lines
            }
        }
        return places
    }

    /// Takes passwords out of the rows that were staged before their column was known.
    private func keepApart(
        _ secret: Int, of file: RosterPlan.File, _ job: JobID, on connection: Connection
    ) throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        parameters.append(Int32(secret + 1))
        parameters.append(file.file.name)
        try connection.execute(
            """
            UPDATE \(schema).roster_row r
            SET secret = CASE WHEN r.code IS NULL THEN nullif(r."values"[p.positions[$2]], '') END,
              "values"[p.positions[$2]] = ''
            FROM \(schema).roster_part p
            WHERE r.job_id = $1 AND p.job_id = r.job_id AND p.number = r.part AND p.file = $3
              AND p.positions[$2] IS NOT NULL AND r."values"[p.positions[$2]] <> ''
            """, parameters)
    }

    /// Forgets what the rows say whose fields cannot be told apart: each may be the password.
    private func forgetUnplaced(
        _ secret: Int, of file: RosterPlan.File, _ job: JobID, on connection: Connection
    ) throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        parameters.append(Int32(secret + 1))
        parameters.append(file.file.name)
        try connection.execute(
            """
            UPDATE \(schema).roster_row r SET "values" = '{}', secret = NULL
            FROM \(schema).roster_part p
            WHERE r.job_id = $1 AND p.job_id = r.job_id AND p.number = r.part AND p.file = $3
              AND p.positions[$2] IS NOT NULL
              AND (r.code IN ('row-width', 'invalid-row') OR cardinality(r."values") <> p.width)
            """, parameters)
    }

    private func refused(of job: JobID, on connection: Connection) throws(PostgresError) -> Int {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        return try connection.execute(
            "SELECT count(*) FROM \(schema).roster_row WHERE job_id = $1 AND code IS NOT NULL",
            parameters, binaryResult: true
        ).int(0, 0)
    }

    /// How many rows of a file were refused just now that do not say whom they are about: their fields
    /// cannot be told apart, or the one is empty by which people are known.
    private func nameless(
        in file: RosterPlan.File, _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> Int {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        parameters.append(file.file.name)
        var columns = ArrayParameter(.text)
        for name in file.namingColumns { columns.append(text: name) }
        parameters.append(columns)
        return try connection.execute(
            """
            SELECT count(*) FROM \(schema).roster_row r
            JOIN \(schema).roster_part p ON p.job_id = r.job_id AND p.number = r.part
            WHERE r.job_id = $1 AND p.file = $2 AND (r.code = 'row-width'
              OR r.code = 'missing-value' AND split_part(r.message, ':', 1) = ANY ($3))
            """, parameters, binaryResult: true
        ).int(0, 0)
    }

    /// Shows the rows refused so far among the job's rejected items.
    ///
    /// - Returns: how many they are.
    private func keepRejections(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> Int {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        parameters.append(Int32(limits.storedRejections))
        let answer = try connection.execute(
            """
            WITH refused AS MATERIALIZED (
              SELECT p.lines_before + r.line AS item, r."values", r.code, r.message,
                CASE p.file WHEN '' THEN '' ELSE
                  p.file || ', line ' || (p.file_lines_before + r.line) || ': ' END AS place
              FROM \(schema).roster_row r
              JOIN \(schema).roster_part p ON p.job_id = r.job_id AND p.number = r.part
              WHERE r.job_id = $1 AND r.code IS NOT NULL
            ), kept AS (
              INSERT INTO \(schema).rejection (job_id, item, member, code, message)
              SELECT $1, item, left(coalesce("values"[1], ''), 200), code, place || message
              FROM refused ORDER BY item LIMIT $2
              ON CONFLICT (job_id, item) DO NOTHING
            )
            SELECT count(*) FROM refused
            """, parameters, binaryResult: true)
        return answer.int(0, 0)
    }

    // MARK: Removals

    /// Why an import is refused that would remove too much without naming it.
    private func excess(
        _ job: JobID, _ plan: RosterPlan, _ request: ImportRequest, _ here: Set<String>,
        on connection: Connection
    ) throws(PostgresError) -> Rejection? {
        for file in plan.files {
            for step in file.steps {
                guard let removal = step.removal, removal.files.isSubset(of: here),
                    let limit = step.relation.relation.removalLimit
                else { continue }
                let answer = try connection.execute(
                    removal.count, RosterRange.all.parameters(job, request.target))
                for row in 0..<answer.count {
                    let (count, removed) = (answer.int(row, 1), answer.int(row, 2))
                    guard limit.isExceeded(removing: removed, of: count) else { continue }
                    return Rejection(
                        code: "too-many-removals",
                        message: "\(answer.string(row, 0)): expected at most \(limit) of its "
                            + "\(count) rows to go, got \(removed); `confirm_removals` lets them go"
                    )
                }
            }
        }
        return nil
    }
}

/// Why an import is refused as a whole.
struct RosterRefused: Error {
    let rejection: Rejection
}

/// Rows of an import from one to another, both included.
struct RosterRange: Sendable, Equatable {
    var firstPart: Int32
    var firstLine: Int32
    var lastPart: Int32
    var lastLine: Int32

    static let all = RosterRange(
        firstPart: 0, firstLine: 0, lastPart: .max, lastLine: .max)

    init(firstPart: Int32, firstLine: Int32, lastPart: Int32, lastLine: Int32) {
        self.firstPart = firstPart
        self.firstLine = firstLine
        self.lastPart = lastPart
        self.lastLine = lastLine
    }

    /// The bounds of a part as they are kept.
    init?(from: [String?]?, to: [String?]?) {
        guard let from, let to, from.count == 2, to.count == 2,
            let firstPart = from[0].flatMap(Int32.init),
            let firstLine = from[1].flatMap(Int32.init),
            let lastPart = to[0].flatMap(Int32.init), let lastLine = to[1].flatMap(Int32.init)
        else { return nil }
        self.init(
            firstPart: firstPart, firstLine: firstLine, lastPart: lastPart, lastLine: lastLine)
    }

    /// The parameters of all statements over staged rows.
    func parameters(_ job: JobID, _ target: String?) -> Parameters {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        for bound in [firstPart, firstLine, lastPart, lastLine] { parameters.append(bound) }
        parameters.append(target)
        return parameters
    }
}
