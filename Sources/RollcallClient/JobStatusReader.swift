import Jobs
import Postgres
import Store

/// Reads what became of jobs from the database, on one connection.
///
/// It blocks, and it is for one thread, like its connection.
public final class JobStatusReader {
    private let connection: Connection
    private let statements: StatusStatements

    /// - Parameter schema: the schema of the status, as the settings name it.
    public init(_ connection: Connection, schema: StatusSchema = StatusSchema()) {
        self.connection = connection
        statements = StatusStatements(schema: schema.name)
    }

    /// The time at the server.
    public func serverTime() throws(PostgresError) -> Timestamp {
        let rows = try connection.execute("SELECT now()", binaryResult: true)
        return Timestamp(milliseconds: rows.milliseconds(0, 0))
    }

    /// A job's status; nil if no worker has ended it yet, or the status is kept no longer.
    public func status(of id: JobID) throws(PostgresError) -> JobStatus? {
        try statuses(of: [id])[id]
    }

    /// The status of each job that has one.
    public func statuses(of ids: [JobID]) throws(PostgresError) -> [JobID: JobStatus] {
        try rows(of: ids).mapValues(\.status)
    }

    /// How each of these jobs ended, by its position; what has not ended is left out.
    ///
    /// A job that was known before this delivery of it has ended when the delivery is settled too:
    /// it may be no repetition but another job under the same id, which becomes a dead letter.
    ///
    /// - Parameter since: dead letters kept before this time at the server do not count; they are
    ///   of an earlier topic of the same name.
    public func ends(
        of jobs: ArraySlice<SentJob>, since: Timestamp? = nil
    ) throws(PostgresError) -> [Int: JobEnd] {
        let rows = try rows(of: jobs.compactMap(\.id))
        var ends: [Int: JobEnd] = [:]
        var unsettled: [Int] = []
        for position in jobs.indices {
            let job = jobs[position]
            guard let row = job.id.flatMap({ rows[$0] }) else {
                if job.offset >= 0 { unsettled.append(position) }
                continue
            }
            let isOwn =
                row.topic == job.topic && row.partition == job.partition
                && row.offset == job.offset
            if isOwn || job.offset < 0 || job.isPart && row.status.state.isTerminal {
                if row.status.state.isTerminal { ends[position] = .ended(row.status) }
            } else {
                unsettled.append(position)
            }
        }
        guard !unsettled.isEmpty else { return ends }
        var letters = places(of: unsettled, in: jobs)
        letters.append(milliseconds: since?.milliseconds ?? .min)
        let kept = try connection.execute(statements.deadLetters, letters, binaryResult: true)
        for row in 0..<kept.count {
            ends[unsettled[kept.int(row, 0) - 1]] = .deadLetter(
                Rejection(code: kept.string(row, 1), message: kept.string(row, 2)))
        }
        let repeated = unsettled.filter { position in
            ends[position] == nil && jobs[position].id.map { rows[$0] != nil } == true
        }
        guard !repeated.isEmpty else { return ends }
        var duplicates = places(of: repeated, in: jobs)
        var ids = ArrayParameter(.uuid)
        for position in repeated {
            guard let id = jobs[position].id else { continue }
            ids.append(uuid: (id.high, id.low))
        }
        duplicates.append(ids)
        let known = try connection.execute(statements.duplicates, duplicates, binaryResult: true)
        for row in 0..<known.count {
            let position = repeated[known.int(row, 0) - 1]
            if let found = jobs[position].id.flatMap({ rows[$0] }), found.status.state.isTerminal {
                ends[position] = .ended(found.status)
            }
        }
        return ends
    }

    /// Connects anew if the connection is gone.
    public func reconnectIfBroken() throws(PostgresError) { try connection.reconnectIfBroken() }

    private func rows(of ids: [JobID]) throws(PostgresError) -> [JobID: StatusRow] {
        guard !ids.isEmpty else { return [:] }
        var column = ArrayParameter(.uuid, capacity: ids.count)
        for id in ids { column.append(uuid: (id.high, id.low)) }
        var parameters = Parameters()
        parameters.append(column)
        let answer = try connection.execute(statements.jobs, parameters, binaryResult: true)
        var found: [JobID: StatusRow] = [:]
        for row in 0..<answer.count {
            let entry = StatusRow(answer, row)
            found[entry.status.id] = entry
        }
        return found
    }

    private func places(of positions: [Int], in jobs: ArraySlice<SentJob>) -> Parameters {
        var topics = ArrayParameter(.text)
        var partitions = ArrayParameter(.int4)
        var offsets = ArrayParameter(.int8)
        for position in positions {
            topics.append(text: jobs[position].topic)
            partitions.append(int32: jobs[position].partition)
            offsets.append(int64: jobs[position].offset)
        }
        var parameters = Parameters()
        for column in [topics, partitions, offsets] { parameters.append(column) }
        return parameters
    }
}
