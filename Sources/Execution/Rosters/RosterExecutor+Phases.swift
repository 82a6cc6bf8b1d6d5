import Catalog
import Jobs
import Postgres
import Store

/// The phases of an import, cut into parts and executed part by part.
extension RosterExecutor {
    /// The parts of a phase, all of them.
    func parts(
        of phase: RosterPlan.Phase, _ plan: RosterPlan, job: JobID, on connection: Connection
    ) throws(PostgresError) -> [PlannedPart] {
        switch phase {
        case .check, .removals, .end: [PlannedPart(from: nil, to: nil, items: 0)]
        case .whole:
            [
                PlannedPart(
                    from: nil, to: nil,
                    items: try ranges(of: plan, job, on: connection).reduce(0) { $0 + $1.count })
            ]
        case .passwords(let file):
            try ranges(of: plan.files[file], Self.passwordsOfPart, job, on: connection)
                .map(\.planned)
        case .rows(let file):
            try ranges(of: plan.files[file], rosterLimits.chunkRows, job, on: connection).map(
                \.planned)
        }
    }

    /// What a worker does before it opens the transaction of a part.
    ///
    /// - Parameter keep: says that the worker lives; false if the part is another's by now.
    func prepare(
        _ part: PartClaim, _ phase: RosterPlan.Phase, _ plan: RosterPlan,
        on connection: Connection, keep: () throws -> Bool
    ) throws -> [SettledPassword] {
        guard case .passwords(let file) = phase,
            let range = RosterRange(from: part.from, to: part.to)
        else { return [] }
        return try settle(
            range, plan.files[file], part.job, ImportRequest(arguments: part.arguments),
            on: connection, keep: keep)
    }

    /// Executes a part, inside its transaction.
    func execute(
        _ part: PartClaim, _ phase: RosterPlan.Phase, _ plan: RosterPlan,
        _ passwords: [SettledPassword], on connection: Connection
    ) throws -> Ended {
        let request = ImportRequest(arguments: part.arguments)
        let range = RosterRange(from: part.from, to: part.to)
        switch phase {
        case .check:
            return try check(part.job, plan, request, on: connection)
        case .passwords(let file):
            return try keep(
                passwords, of: plan.files[file], part.job, request, on: connection)
        case .rows(let file):
            guard let range else { preconditionFailure("a part of rows has bounds") }
            let application = Application(
                job: part.job, file: plan.files[file], request: request)
            return .done(
                try apply(range, count: part.items, application, on: connection).counts)
        case .removals(let file):
            return .done(
                try remove(
                    Application(job: part.job, file: plan.files[file], request: request),
                    on: connection
                ).counts)
        case .whole:
            return try applyAll(part, plan, request, on: connection)
        case .end where request.isDryRun:
            try store.forgetSecrets(of: part.job, on: connection)
            return .done(RowCounts())
        case .end:
            try store.forgetRows(of: part.job, on: connection)
            return .done(RowCounts())
        }
    }

    /// Applies all rows of all files in one transaction; of a dry run nothing stays but what it says.
    ///
    /// What became of each row is kept in memory meanwhile, in 9 bytes, and why it is refused.
    private func applyAll(
        _ part: PartClaim, _ plan: RosterPlan, _ request: ImportRequest,
        on connection: Connection
    ) throws -> Ended {
        try connection.script("SAVEPOINT whole")
        var counts = RowCounts()
        var refused: [RosterStore.Refused] = []
        var report = RowReport()
        for file in plan.files {
            let application = Application(job: part.job, file: file, request: request)
            for range in try ranges(of: file, rosterLimits.chunkRows, part.job, on: connection) {
                let applied = try apply(
                    range.range, count: range.count, application, on: connection)
                counts.add(applied.counts)
                refused += applied.refused
                if request.isDryRun { report.add(applied.outcomes) }
            }
        }
        if request.isExact {
            try connection.script(Self.lookingAtAll)
            for file in plan.files {
                let application = Application(job: part.job, file: file, request: request)
                let removed = try remove(application, on: connection)
                counts.add(removed.counts)
                if request.isDryRun { report.removed += removed.members }
            }
        }
        let isSpoilt = request.mode == .atomic && counts.rejected > 0
        guard request.isDryRun || isSpoilt else { return .done(counts) }
        let rejections = try store.rejections(of: part.job, on: connection)
        try connection.script("ROLLBACK TO SAVEPOINT whole")
        try store.insert(
            rejections, of: part.job, atMost: limits.storedRejections, on: connection)
        try store.refuse(refused, of: part.job, on: connection)
        if request.isDryRun { try report.record(of: part.job, in: store, on: connection) }
        guard isSpoilt else { return .done(counts) }
        return .failed(Self.nothingWritten(rejected: counts.rejected))
    }

    /// A part of rows in two; nil for one row.
    func halves(
        of part: PartClaim, _ file: RosterPlan.File, on connection: Connection
    ) throws(PostgresError) -> (PlannedPart, PlannedPart)? {
        guard part.items > 1, let range = RosterRange(from: part.from, to: part.to) else {
            return nil
        }
        let rows = try connection.execute(file.sql.staged, range.parameters(part.job, nil))
        guard rows.count > 1 else { return nil }
        let middle = rows.count / 2
        func place(_ row: Int) -> [String?] { [rows.string(row, 0), rows.string(row, 1)] }
        return (
            PlannedPart(from: part.from, to: place(middle - 1), items: middle),
            PlannedPart(from: place(middle), to: part.to, items: rows.count - middle)
        )
    }

    // MARK: Ranges

    /// Rows that are applied at once.
    struct CountedRange {
        let range: RosterRange
        let count: Int

        var planned: PlannedPart {
            PlannedPart(
                from: ["\(range.firstPart)", "\(range.firstLine)"],
                to: ["\(range.lastPart)", "\(range.lastLine)"], items: count)
        }
    }

    private func ranges(
        of plan: RosterPlan, _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> [CountedRange] {
        var ranges: [CountedRange] = []
        for file in plan.files {
            ranges += try self.ranges(of: file, rosterLimits.chunkRows, job, on: connection)
        }
        return ranges
    }

    func ranges(
        of file: RosterPlan.File, _ rows: Int, _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> [CountedRange] {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        let answer = try connection.execute(
            file.sql.parts(of: rows), parameters, binaryResult: true)
        return (0..<answer.count).map { row in
            CountedRange(
                range: RosterRange(
                    firstPart: Int32(answer.int(row, 0)), firstLine: Int32(answer.int(row, 1)),
                    lastPart: Int32(answer.int(row, 2)), lastLine: Int32(answer.int(row, 3))),
                count: answer.int(row, 4))
        }
    }
}

extension RowCounts {
    mutating func add(_ other: RowCounts) {
        created += other.created
        updated += other.updated
        removed += other.removed
        unchanged += other.unchanged
        absent += other.absent
        rejected += other.rejected
    }
}
