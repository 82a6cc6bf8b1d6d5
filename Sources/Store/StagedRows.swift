import Jobs
import Postgres

/// A row of a file as it was sent, and what became of it.
public struct StagedRow: Sendable, Equatable {
    public let part: Int
    public let line: Int
    public let values: [String]
    /// Nil where it is not refused.
    public let rejection: Rejection?
    /// The heads of its file; empty for a member that would be removed.
    public let header: [String]
    /// `created`, `updated`, `removed`, `unchanged`, `absent` or `rejected`; known of dry runs, and
    /// of rows that are refused.
    public let outcome: String
    /// Of a member that would be removed: who it is.
    public let note: String?
}

extension RosterStore {
    /// How many rows are read at once.
    private static let rowsAtOnce = 5_000

    /// Calls the body with each row that is kept of a file, in the file's order: those that are
    /// refused, and all of a dry run, whose removals come last.
    ///
    /// Never more than some thousand rows are in memory.
    ///
    /// - Parameter isRefused: only the refused ones.
    public func forEachRow(
        of job: JobID, file: String, isRefused: Bool, on connection: Connection,
        _ body: (StagedRow) throws -> Void
    ) throws {
        let statement = isRefused ? statements.selectRefusedRows : statements.selectStagedRows
        var (part, line) = (0, 0)
        while true {
            var parameters = Parameters()
            parameters.append(uuid: (job.high, job.low))
            parameters.append(file)
            for number in [part, line, Self.rowsAtOnce] { parameters.append(Int32(number)) }
            let rows = try connection.execute(statement, parameters)
            for row in 0..<rows.count {
                (part, line) = (rows.int(row, 0), rows.int(row, 1))
                try body(StagedRow(rows, row))
            }
            if rows.count < Self.rowsAtOnce { return }
        }
    }
}

extension StagedRow {
    fileprivate init(_ rows: Rows, _ row: Int) {
        let message = rows.optionalString(row, 5)
        rejection = rows.optionalString(row, 4).map { Rejection(code: $0, message: message ?? "") }
        part = rows.int(row, 0)
        line = rows.int(row, 1)
        values = TextList.texts(rows.string(row, 3)).map { $0 ?? "" }
        header = rows.optionalString(row, 6).map(TextList.texts)?.map { $0 ?? "" } ?? []
        outcome = rows.string(row, 7)
        note = rejection == nil ? message : nil
    }
}
