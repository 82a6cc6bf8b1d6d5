import Foundation
import Postgres
import Sandbox

/// A PgBouncer of our own in transaction mode, on a port of 127.0.0.1.
public final class Pooler {
    /// The server connections it keeps of a database.
    public static let size = 2

    private let process: ChildProcess
    private let port: Int
    private let logPath: String
    private var ownDirectory: String?

    /// - Parameter givesNewSessions: every transaction gets a session of the server that nobody had before.
    public init(
        for server: PrivatePostgres, in directory: String, givesNewSessions: Bool = false
    ) throws {
        port = try Socket.freePort()
        logPath = "\(directory)/pgbouncer.log"
        let settings = "\(directory)/pgbouncer.ini"
        try """
        [databases]
        * = host=127.0.0.1 port=\(server.port) user=postgres
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = \(port)
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = \(Self.size)
        \(givesNewSessions ? "server_lifetime = 0" : "")
        """.write(toFile: settings, atomically: true, encoding: .utf8)
        // It refuses to run as root; the user of the package postgresql is there.
        chmod(directory, 0o755)
        let user = geteuid() == 0 ? ["-u", "postgres"] : []
        process = try ChildProcess(
            "/usr/sbin/pgbouncer", user + [settings], standardOutput: .file(logPath),
            standardError: .file(logPath))
        let deadline = ContinuousClock.now + .seconds(20)
        while (try? Socket.connected(to: port)) == nil {
            guard process.poll() == nil, ContinuousClock.now < deadline else {
                throw Rig.Trouble("pgbouncer did not start: \(log)")
            }
            usleep(5_000)
        }
    }

    /// A pooler with a directory of its own, for a database that is used by one test.
    public convenience init(for database: TestDatabase) throws {
        let directory = NSTemporaryDirectory() + "rollcall-pooler-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try self.init(for: database.server, in: directory, givesNewSessions: true)
        ownDirectory = directory
    }

    deinit {
        if let ownDirectory { try? FileManager.default.removeItem(atPath: ownDirectory) }
        process.terminate(SIGKILL)
        process.wait()
    }

    public var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// The connection string of the same database through the pooler.
    public func conninfo(_ direct: String) -> String {
        let name = direct.split(separator: " ").first { $0.hasPrefix("dbname=") } ?? ""
        return
            "host=127.0.0.1 port=\(port) user=postgres \(name) sslmode=disable gssencmode=disable"
    }

    /// The sessions in the database that came over TCP, as those of the pooler do.
    public func sessions(on connection: Connection) throws -> Int {
        try connection.execute(
            """
            SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND client_addr IS NOT NULL
            """
        ).count
    }
}
