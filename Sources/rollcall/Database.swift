import ArgumentParser
import Foundation
import Postgres
import Store

/// Connecting for a command: errors become messages and exit codes.
enum Database {
    /// Connects, or ends the command with 69 or 4.
    static func connect(_ settings: Settings) throws -> Connection {
        do {
            return try Connection(
                settings.database.url, applicationName: "rollcall",
                connectTimeoutSeconds: settings.database.connectTimeoutSeconds)
        } catch {
            throw failure(error)
        }
    }

    /// Connects and checks the status schema, or ends the command.
    static func open(_ settings: Settings) throws -> Connection {
        let connection = try connect(settings)
        try requireSchema(settings, on: connection)
        return connection
    }

    /// Checks that the status schema is this program's, or ends the command with 75.
    static func requireSchema(_ settings: Settings, on connection: Connection) throws {
        try require(
            reporting {
                try Migrator(StatusSchema(name: settings.database.schema)).state(on: connection)
            })
    }

    /// Ends the command with 75 unless the schema is this program's.
    static func require(_ state: Migrator.State) throws {
        guard !state.fits else { return }
        complain("\(state)")
        throw ExitCode.schemaMismatch
    }

    /// Runs a part of a command; the database's errors end it with 69, 4 or 1.
    static func reporting<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as PostgresError {
            throw failure(error)
        }
    }

    /// Tells the error, and with what the command ends for it.
    static func failure(_ error: PostgresError) -> ExitCode {
        complain("\(error)")
        switch error.sqlState?.class {
        case "28": return .permissionDenied
        case "42" where error.sqlState == .insufficientPrivilege:
            complain(
                "this takes a privilege that the database role does not have; readers may look, "
                    + "operators intervene: `rollcall migrate --print-grants` prints what each needs"
            )
            return .permissionDenied
        case nil where refusesLogin(error): return .permissionDenied
        case nil, "08", "53", "57": return .unreachable
        default:
            return error.isConnectionLost ? .unreachable : .failure
        }
    }

    /// libpq hands on no code for a login that is refused, only the server's words.
    private static func refusesLogin(_ error: PostgresError) -> Bool {
        let words = [
            "authentication failed", "pg_hba.conf", "no password supplied",
            "requires a valid client certificate", "alert unknown ca",
        ]
        return words.contains(where: error.message.contains)
            || error.message.contains("role \"") && error.message.contains("does not exist")
    }
}

/// Writes a line for a person to standard error.
func complain(_ message: String) {
    try? FileHandle.standardError.write(contentsOf: Data("rollcall: \(message)\n".utf8))
}

extension Settings.Database {
    /// libpq counts in whole seconds; less than one would mean for ever.
    var connectTimeoutSeconds: Int { max(1, Int(connectTimeout.components.seconds)) }
}
