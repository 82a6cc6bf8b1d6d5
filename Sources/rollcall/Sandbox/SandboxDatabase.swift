import Foundation
import Postgres
import Sandbox

/// The database of a sandbox: a private one, or one that the user has named.
final class SandboxDatabase {
    private static let name = "sandbox"

    /// What programs connect with.
    let conninfo: String
    private let postgres: PrivatePostgres?
    private var isKept = false

    /// - Parameter given: the user's own database; nil for a private one.
    init(_ given: String?, _ settings: Settings) throws {
        if let given {
            conninfo = given
            postgres = nil
            return
        }
        // They say how to reach another database, and libpq would fill every gap from them.
        for name in ProcessInfo.processInfo.environment.keys where Self.isLibpqVariable(name) {
            unsetenv(name)
        }
        let postgres = try PrivatePostgres()
        self.postgres = postgres
        conninfo = "postgresql://postgres@127.0.0.1:\(postgres.port)/\(Self.name)"
        try postgres.createDatabase(Self.name)
    }

    /// PG_CONFIG is none of libpq's: it tells where the server's programs are.
    static func isLibpqVariable(_ name: String) -> Bool {
        name.hasPrefix("PG") && name != "PG_CONFIG"
    }

    var isPrivate: Bool { postgres != nil }

    /// Without passwords.
    var shown: String { Secret.redacted(conninfo: conninfo) }

    func connect(_ settings: Settings) throws -> Connection {
        var settings = settings
        settings.database.url = conninfo
        return try Database.connect(settings)
    }

    /// Leaves the private server's files at the end.
    func keep() throws {
        try postgres?.keep()
        isKept = true
    }

    /// The directory that stays, and what starts and stops a server on it; nil if none stays.
    func kept() throws -> (directory: String, start: String, stop: String)? {
        guard isKept, let postgres else { return nil }
        return (
            postgres.directory, ShellText.line(try postgres.control("start")),
            ShellText.line(try postgres.control("stop"))
        )
    }

    func stop() { postgres?.stop() }
}
