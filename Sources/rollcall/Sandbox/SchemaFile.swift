import ArgumentParser
import Foundation
import Postgres

/// A file of SQL that makes the user's tables, executed as psql would: a statement at a time.
struct SchemaFile {
    let path: String
    private let script: SQLScript

    init(_ path: String) throws(SandboxFault) {
        self.path = path
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw SandboxFault(
                "--schema: expected a readable file, got \(path): \(error.localizedDescription)",
                exit: .wrongUsage)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SandboxFault("\(path): expected a file in UTF-8, got other bytes")
        }
        do {
            script = try SQLScript(text)
        } catch {
            throw SandboxFault("\(path):\(error.line): \(error.message)")
        }
    }

    /// Executes all statements in a session of their own, and stops at the first that fails.
    ///
    /// A dump names the owners of what it makes. A private server has only one role: those that are
    /// missing are made, without a login.
    ///
    /// - Parameter before: is called before each statement.
    /// - Returns: the roles that were made.
    func run(_ conninfo: String, before: () throws -> Void) throws -> [String] {
        let connection = try Connection(conninfo, applicationName: "rollcall sandbox")
        defer { connection.close() }
        var roles: [String] = []
        for statement in script.statements {
            try before()
            while let missing = try execute(statement, on: connection) {
                try connection.execute("CREATE ROLE \(quoteIdentifier(missing))")
                roles.append(missing)
            }
        }
        guard connection.isUsable else {
            throw SandboxFault(
                "\(path): expected a COMMIT of the transaction that it begins, got none")
        }
        return roles
    }

    /// Executes a statement; returns the role that it lacks, if that is all it lacks.
    private func execute(
        _ statement: SQLScript.Statement, on connection: Connection
    ) throws -> String? {
        do {
            if let data = statement.data {
                try connection.copy(into: statement.text) { writer in
                    try Array(data.utf8).withUnsafeBytes { try writer.write($0) }
                }
            } else {
                try connection.script(statement.text)
            }
        } catch let error as PostgresError {
            // Within a transaction of the file itself there is nothing to try again.
            if connection.isUsable, let role = Self.missingRole(error) { return role }
            throw SandboxFault("\(path):\(statement.line): \(Self.text(of: error))")
        }
        return nil
    }

    private static func missingRole(_ error: PostgresError) -> String? {
        guard error.sqlState == SQLState(rawValue: "42704") else { return nil }
        return error.message.wholeMatch(of: /role "(.+)" does not exist/).map { String($0.1) }
    }

    /// Everything that the server says: the file is the user's own.
    private static func text(of error: PostgresError) -> String {
        let more = [error.detail, error.hint].compactMap { $0 }.map { "; \($0)" }.joined()
        let code = error.sqlState.map { " (\($0))" } ?? ""
        return "\(error.message)\(more)\(code) - while \(error.doing)"
    }
}
