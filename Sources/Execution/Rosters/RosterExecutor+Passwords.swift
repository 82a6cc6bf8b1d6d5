import Catalog
import Jobs
import Postgres
import Store

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

    func hash(
        _ range: RosterRange, _ file: RosterPlan.File, _ job: JobID, on connection: Connection
    ) throws(PostgresError) -> [HashedPassword] {
        []
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
