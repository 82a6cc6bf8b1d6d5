import ArgumentParser
import Foundation
import Jobs
import Postgres
import Store

/// What a run of `rollcall status` holds on to: the database, and where it writes.
struct StatusSession {
    let settings: Settings
    let connection: Connection
    let query: StatusQuery
    let terminal: StatusTerminal
    let ink: StatusInk
    let format: StatusForm.Format
    let output = StatusOutput()

    /// Connects and checks the schema, or ends the command with the exit code for what is wrong.
    init(_ settings: Settings, _ form: StatusForm) throws {
        self.settings = settings
        connection = try Database.connect(settings)
        try Database.requireSchema(settings, on: connection)
        query = StatusQuery(StatusSchema(name: settings.database.schema))
        terminal = StatusTerminal(STDOUT_FILENO)
        format = form.format
        let environment = ProcessInfo.processInfo.environment
        ink = StatusInk(
            isOn: form.color.isOn(isTerminal: terminal.isTerminal, environment: environment))
    }

    /// Does what writes to standard output; a reader that goes away ends it, and is no error.
    func untilReaderGoes(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch is StatusOutput.ReaderGone {
            return
        }
    }

    /// Finds the job that a person has named; see ``JobResolver``.
    func resolve(_ reference: JobReference) throws -> JobID {
        try JobResolver(query: query, connection: connection).resolve(reference)
    }

    /// The jobs with their rejected items.
    ///
    /// - Parameters:
    ///   - limit: how many rejected items of a job; nil for all that are kept.
    ///   - parts: which parts of a job; nil for none.
    func details(
        _ jobs: [StatusQuery.Job], limit: Int?, parts: PartsShown? = nil
    ) throws -> [StatusDetail] {
        let ids = jobs.filter { $0.counts.rejected > 0 }.map(\.id)
        return try Database.reporting {
            let codes = try query.rejectionCodes(of: ids, on: connection)
            let items = try query.rejections(of: ids, limit: limit, on: connection)
            return try jobs.map { job throws(PostgresError) in
                StatusDetail(
                    job: job, codes: codes[job.id] ?? [], rejections: items[job.id] ?? [],
                    parts: try parts.map { parts throws(PostgresError) in
                        try query.parts(
                            of: job.id, isWhole: parts.isWhole, limit: parts.limit, on: connection)
                    } ?? [])
            }
        }
    }

    /// Which parts of a job are shown.
    struct PartsShown {
        /// All of them, and not only those that are running or had trouble.
        let isWhole: Bool
        let limit: Int
    }

    /// Writes a line for a person to standard error, without the program's name.
    func note(_ line: String) { JobResolver.note(line) }
}
