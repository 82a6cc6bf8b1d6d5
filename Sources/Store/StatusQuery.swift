import Jobs
import Postgres

/// Reads what became of jobs, through the views that everybody may read.
///
/// Every function is one statement and needs no transaction. Errors are the database's own.
public struct StatusQuery: Sendable {
    let statements: Statements

    public init(_ schema: StatusSchema) { statements = schema.statements }

    /// A page of the list, newest first.
    ///
    /// - Parameters:
    ///   - limit: how many jobs at most.
    ///   - after: the job after which the page begins; nil begins with the newest. If there is no
    ///     such job the page is empty.
    public func page(
        _ filter: Filter, limit: Int, after: JobID? = nil, on connection: Connection
    ) throws(PostgresError) -> Page {
        // Each reading of the target is a plain equality, which an index can serve in order.
        if let split = filter.splittingTarget {
            let page = try plainPage(split, limit: limit, after: after, on: connection)
            if !page.jobs.isEmpty { return page }
        }
        return try plainPage(filter, limit: limit, after: after, on: connection)
    }

    private func plainPage(
        _ filter: Filter, limit: Int, after: JobID?, on connection: Connection
    ) throws(PostgresError) -> Page {
        var parameters = Parameters()
        parameters.append(uuid: after.map { ($0.high, $0.low) })
        append(anyOf: filter.states.map(\.rawValue), to: &parameters)
        append(anyOf: filter.kinds, to: &parameters)
        parameters.append(filter.relation.map(storable))
        parameters.append(filter.target.map(storable))
        parameters.append(filter.source.map(storable))
        switch filter.since {
        case nil:
            parameters.appendNull(.timestamptz)
            parameters.appendNull(.int8)
        case .time(let time):
            parameters.append(milliseconds: time.milliseconds)
            parameters.appendNull(.int8)
        case .ago(let milliseconds):
            parameters.appendNull(.timestamptz)
            parameters.append(milliseconds)
        }
        // One more than shown tells whether there is another page.
        parameters.append(limit + 1)
        let statement =
            filter.hasFacets && filter.target == nil
            ? statements.selectJobsPageOfFacets : statements.selectJobsPage
        let jobs = try read(statement, parameters, on: connection)
        return Page(jobs: Array(jobs.prefix(limit)), hasMore: jobs.count > limit)
    }

    /// The jobs among these that a worker has read, in the order asked for.
    public func jobs(
        _ ids: [JobID], on connection: Connection
    ) throws(PostgresError) -> [Job] {
        guard !ids.isEmpty else { return [] }
        let jobs = try read(statements.selectJobs, parameters(ids), on: connection)
        let byID = Dictionary(jobs.map { ($0.id, $0) }) { first, _ in first }
        return ids.compactMap { byID[$0] }
    }

    /// The jobs whose ids start with the prefix, in the order of their ids.
    public func candidates(
        _ prefix: IDPrefix, limit: Int, on connection: Connection
    ) throws(PostgresError) -> [Job] {
        var parameters = Parameters()
        parameters.append(uuid: (prefix.first.high, prefix.first.low))
        parameters.append(uuid: (prefix.last.high, prefix.last.low))
        parameters.append(limit)
        return try read(statements.selectJobCandidates, parameters, on: connection)
    }

    /// The first rejected items of each job, by job.
    ///
    /// - Parameter limit: how many of a job at most; nil for all that are kept.
    public func rejections(
        of jobs: [JobID], limit: Int?, on connection: Connection
    ) throws(PostgresError) -> [JobID: [Rejection]] {
        guard !jobs.isEmpty, limit != 0 else { return [:] }
        var parameters = parameters(jobs)
        parameters.append(limit)
        let rows = try connection.execute(
            statements.selectRejections, parameters, binaryResult: true)
        var rejections: [JobID: [Rejection]] = [:]
        for row in 0..<rows.count {
            rejections[id(rows, row), default: []].append(
                Rejection(
                    item: rows.int(row, 1), member: rows.string(row, 2), code: rows.string(row, 3),
                    message: rows.string(row, 4)))
        }
        return rejections
    }

    /// How many of each job's kept rejections have which code, the most frequent first.
    public func rejectionCodes(
        of jobs: [JobID], on connection: Connection
    ) throws(PostgresError) -> [JobID: [RejectionCode]] {
        guard !jobs.isEmpty else { return [:] }
        let rows = try connection.execute(
            statements.selectRejectionCodes, parameters(jobs), binaryResult: true)
        var codes: [JobID: [RejectionCode]] = [:]
        for row in 0..<rows.count {
            codes[id(rows, row), default: []].append(
                RejectionCode(code: rows.string(row, 1), count: rows.int(row, 2)))
        }
        return codes
    }

    /// Why messages with these ids could not become jobs; looks at the newest 10,000 dead letters.
    public func deadLetters(
        of jobs: [JobID], on connection: Connection
    ) throws(PostgresError) -> [JobID: Jobs.Rejection] {
        guard !jobs.isEmpty else { return [:] }
        let rows = try connection.execute(
            statements.selectJobLetters, parameters(jobs), binaryResult: true)
        var reasons: [JobID: Jobs.Rejection] = [:]
        for row in 0..<rows.count {
            reasons[id(rows, row)] = Jobs.Rejection(
                code: rows.string(row, 1), message: rows.string(row, 2))
        }
        return reasons
    }

    /// How much there is and how fast it goes.
    public func overview(on connection: Connection) throws(PostgresError) -> Overview {
        var parameters = Parameters()
        parameters.append(Overview.countedMax + 1)
        parameters.append(Overview.sampledMax)
        let rows = try connection.execute(statements.selectOverview, parameters, binaryResult: true)
        return Overview(
            counted: rows.int(0, 0), estimate: rows.optionalInt(0, 1), workers: rows.int(0, 2),
            itemsPerSecond: rows.double(0, 3),
            waits: rows.optionalString(0, 4)?.split(separator: "\n").map(String.init) ?? [])
    }

    private func read(
        _ statement: String, _ parameters: Parameters, on connection: Connection
    ) throws(PostgresError) -> [Job] {
        let rows = try connection.execute(statement, parameters, binaryResult: true)
        return (0..<rows.count).map { Job(rows, $0) }
    }

    private func parameters(_ ids: [JobID]) -> Parameters {
        var array = ArrayParameter(.uuid, capacity: ids.count)
        for id in ids { array.append(uuid: (id.high, id.low)) }
        var parameters = Parameters()
        parameters.append(array)
        return parameters
    }

    private func append(anyOf words: [String], to parameters: inout Parameters) {
        guard !words.isEmpty else { return parameters.appendNull(.textArray) }
        var array = ArrayParameter(.text, capacity: words.count)
        for word in words { array.append(text: storable(word)) }
        parameters.append(array)
    }

    private func id(_ rows: Rows, _ row: Int) -> JobID {
        let (high, low) = rows.uuid(row, 0)
        return JobID(high: high, low: low)
    }
}
