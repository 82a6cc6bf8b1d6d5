import Catalog
import Dispatch
import Jobs
import Postgres
import Store
import Synchronization

/// A password as it is kept from now on: nil where its row needs none.
struct HashedPassword: Sendable {
    let part: Int32
    let line: Int32
    let hash: String?
}

/// Passwords are hashed outside of any transaction, and only of people who are new.
extension RosterExecutor {
    /// How many rows a part has whose passwords are hashed: some seconds of work.
    static let passwordsOfPart = 100

    /// After so many the worker says that it lives.
    private static let hashesAtOnce = 16

    /// Hashes the passwords of a range's new people, on all cores.
    func hash(
        _ range: RosterRange, _ file: RosterPlan.File, _ job: JobID, _ request: ImportRequest,
        on connection: Connection, keep: () throws -> Bool
    ) throws -> [HashedPassword] {
        guard let step = file.steps.first(where: { $0.password?.scheme == .djangoPBKDF2 }),
            let select = step.newcomers, let iterations = step.password?.iterations
        else { return [] }
        let answer = try connection.execute(select, range.parameters(job, request.target))
        let rows = (0..<answer.count).map { row in
            (
                part: Int32(answer.int(row, 0)), line: Int32(answer.int(row, 1)),
                isNew: answer.string(row, 2) == "t", secret: answer.optionalString(row, 3)
            )
        }
        let hashes = Mutex<[Int: String]>([:])
        let failure = Mutex<(any Error)?>(nil)
        let work = rows.indices.filter { rows[$0].isNew && rows[$0].secret != nil }
        var start = 0
        while start < work.count {
            // Whoever hashes holds no transaction open, and would be taken for dead.
            guard try keep() else { return [] }
            let slice = work[start..<min(start + Self.hashesAtOnce, work.count)]
            DispatchQueue.concurrentPerform(iterations: slice.count) { place in
                let index = slice[slice.startIndex + place]
                do {
                    let hash = try DjangoPassword.hash(
                        rows[index].secret ?? "", iterations: iterations)
                    hashes.withLock { $0[index] = hash }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            start += slice.count
        }
        if let error = failure.withLock({ $0 }) { throw error }
        let known = hashes.withLock { $0 }
        return rows.enumerated().map { index, row in
            HashedPassword(part: row.part, line: row.line, hash: known[index])
        }
    }

    /// Puts the hashes in the place of the passwords.
    func keep(
        _ passwords: [HashedPassword], of job: JobID, on connection: Connection
    ) throws(PostgresError) {
        var parts = ArrayParameter(.int4)
        var lines = ArrayParameter(.int4)
        var hashes = ArrayParameter(.text)
        for password in passwords {
            parts.append(int32: password.part)
            lines.append(int32: password.line)
            if let hash = password.hash { hashes.append(text: hash) } else { hashes.appendNull() }
        }
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        for column in [parts, lines, hashes] { parameters.append(column) }
        try connection.execute(
            """
            UPDATE \(schema).roster_row r SET secret = known.hash
            FROM unnest($2::integer[], $3::integer[], $4::text[]) AS known (part, line, hash)
            WHERE r.job_id = $1 AND r.part = known.part AND r.line = known.line
            """, parameters)
    }
}
