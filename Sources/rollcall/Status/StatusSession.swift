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

    /// Finds the job that a person has named.
    ///
    /// A whole id stands for itself: no worker may have read it yet. Everything else must name a
    /// job, or the command ends with 3, and only one, or it ends with 2.
    func resolve(_ reference: JobReference) throws -> JobID {
        switch reference {
        case .last:
            let newest = try Database.reporting {
                try query.page(.init(), limit: 1, on: connection).jobs.first
            }
            guard let newest else {
                complain("@last: there is no job yet")
                throw ExitCode.noSuchJob
            }
            return newest.id
        case .prefix(let prefix):
            if let id = prefix.id { return id }
            let shownMax = 10
            let found = try Database.reporting {
                try query.candidates(prefix, limit: shownMax + 1, on: connection)
            }
            switch found.count {
            case 1: return found[0].id
            case 0:
                complain("no such job: \(prefix)")
                throw ExitCode.noSuchJob
            default:
                let hasMore = found.count > shownMax
                complain("\(prefix) is ambiguous; it could be")
                for line in StatusCandidates.lines(Array(found.prefix(shownMax))) { note(line) }
                if hasMore { note("  ... and more") }
                throw ExitCode.wrongUsage
            }
        }
    }

    /// The jobs with their rejected items.
    ///
    /// - Parameter limit: how many rejected items of a job; nil for all that are kept.
    func details(_ jobs: [StatusQuery.Job], limit: Int?) throws -> [StatusDetail] {
        let ids = jobs.filter { $0.counts.rejected > 0 }.map(\.id)
        return try Database.reporting {
            let codes = try query.rejectionCodes(of: ids, on: connection)
            let items = try query.rejections(of: ids, limit: limit, on: connection)
            return jobs.map {
                StatusDetail(job: $0, codes: codes[$0.id] ?? [], rejections: items[$0.id] ?? [])
            }
        }
    }

    /// Writes a line for a person to standard error, without the program's name.
    func note(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
