import ArgumentParser
import Foundation
import Jobs
import Postgres
import Store

/// Finds jobs by what people call them.
struct JobResolver {
    let query: StatusQuery
    let connection: Connection

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
                for line in StatusCandidates.lines(Array(found.prefix(shownMax))) {
                    Self.note(line)
                }
                if hasMore { Self.note("  ... and more") }
                throw ExitCode.wrongUsage
            }
        }
    }

    /// Writes a line for a person to standard error, without the program's name.
    static func note(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
