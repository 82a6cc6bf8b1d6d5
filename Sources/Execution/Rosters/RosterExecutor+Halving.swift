import Jobs
import Postgres
import Store

/// A row as it is named to people.
struct StagedRow {
    let part: Int32
    let line: Int32
    /// Its number among the items of the job.
    let number: Int
    let lineOfFile: Int
    let text: String
}

/// A row with which the SQL of a catalog fails.
struct UnreadRow {
    let row: StagedRow
    let error: PostgresError

    private var rejection: Rejection {
        Rejection(code: "invalid-value", message: error.message)
    }

    var refused: RosterStore.Refused {
        RosterStore.Refused(part: Int(row.part), line: Int(row.line), rejection: rejection)
    }

    /// - Parameter file: the name of the file; empty for the only one.
    func item(ofPackage file: String) -> JobReport.RejectedItem {
        row.item(ofPackage: file, refusedBecause: rejection)
    }
}

extension StagedRow {
    func item(
        ofPackage file: String, refusedBecause rejection: Rejection
    ) -> JobReport.RejectedItem {
        let place = file.isEmpty ? "" : "\(file), line \(lineOfFile): "
        return JobReport.RejectedItem(
            number: number, member: text,
            rejection: Rejection(code: rejection.code, message: place + rejection.message))
    }
}

/// What fails with the value of some row is done with all the others.
extension RosterExecutor {
    /// The rows of a range that are not refused.
    func stagedRows(
        of range: RosterRange, _ file: RosterPlan.File, _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> ArraySlice<StagedRow> {
        let answer = try connection.execute(file.sql.staged, range.parameters(job, nil))
        return (0..<answer.count).map { row in
            StagedRow(
                part: Int32(answer.int(row, 0)), line: Int32(answer.int(row, 1)),
                number: answer.int(row, 2), lineOfFile: answer.int(row, 3),
                text: answer.optionalString(row, 4) ?? "")
        }[...]
    }

    /// Does something with rows in ranges as large as they can be, and finds those with which it
    /// fails.
    func halve(
        _ rows: ArraySlice<StagedRow>, _ body: (RosterRange) throws(PostgresError) -> Void
    ) throws(PostgresError) -> [UnreadRow] {
        guard let first = rows.first, let last = rows.last else { return [] }
        do throws(PostgresError) {
            try body(
                RosterRange(
                    firstPart: first.part, firstLine: first.line, lastPart: last.part,
                    lastLine: last.line))
            return []
        } catch {
            guard FailureClass(error) == .permanent else { throw error }
            guard rows.count > 1 else { return [UnreadRow(row: first, error: error)] }
            let middle = rows.startIndex + rows.count / 2
            return try halve(rows[..<middle], body) + halve(rows[middle...], body)
        }
    }

    /// Does something inside a transaction that goes on if it fails.
    func attempt(
        on connection: Connection, _ body: () throws(PostgresError) -> Void
    ) throws(PostgresError) {
        try connection.script("SAVEPOINT attempt")
        do throws(PostgresError) {
            try body()
            try connection.script("RELEASE SAVEPOINT attempt")
        } catch {
            guard FailureClass(error) == .permanent else { throw error }
            try connection.script("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
            throw error
        }
    }
}
