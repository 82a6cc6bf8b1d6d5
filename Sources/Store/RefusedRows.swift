import Jobs
import Postgres

/// A row of a file that an import has refused, as it was sent.
public struct RefusedRow: Sendable, Equatable {
    public let part: Int
    public let line: Int
    public let values: [String]
    public let rejection: Rejection
    /// The heads of its file.
    public let header: [String]
}

extension RosterStore {
    /// How many rows are read at once.
    private static let refusedAtOnce = 5_000

    /// Calls the body with each refused row of a file, in the file's order.
    ///
    /// Never more than some thousand rows are in memory.
    public func forEachRefusedRow(
        of job: JobID, file: String, on connection: Connection, _ body: (RefusedRow) throws -> Void
    ) throws {
        var (part, line) = (0, 0)
        while true {
            var parameters = Parameters()
            parameters.append(uuid: (job.high, job.low))
            parameters.append(file)
            for number in [part, line, Self.refusedAtOnce] { parameters.append(Int32(number)) }
            let rows = try connection.execute(statements.selectRefusedRows, parameters)
            for row in 0..<rows.count {
                (part, line) = (rows.int(row, 0), rows.int(row, 1))
                try body(
                    RefusedRow(
                        part: part, line: line,
                        values: TextList.texts(rows.string(row, 3)).map { $0 ?? "" },
                        rejection: Rejection(
                            code: rows.string(row, 4), message: rows.string(row, 5)),
                        header: rows.optionalString(row, 6).map(TextList.texts)?.map { $0 ?? "" }
                            ?? []))
            }
            if rows.count < Self.refusedAtOnce { return }
        }
    }
}
