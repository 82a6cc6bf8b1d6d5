import Glibc
import Postgres
import Synchronization

/// A Postgres server of our own in a fresh temporary directory, for the demo and for the tests.
///
/// It leaves no process behind, and no file unless it is told to ``keep()`` them, even when our process
/// is killed: a small supervisor notices that we have gone, stops the server and removes the directory. Everybody on this machine
/// may log in as `postgres` without a password, over its socket or 127.0.0.1.
public final class PrivatePostgres: Sendable {
    /// How to stop the server.
    public enum ShutdownMode: Sendable {
        /// Ends the sessions and writes everything to disk.
        case fast
        /// Ends everything on the spot; the next start recovers, as after a crash.
        case immediate

        var signal: String {
            switch self {
            case .fast: "INT"
            case .immediate: "QUIT"
            }
        }
    }

    private enum State {
        case running
        case stopped
        /// The directory is gone.
        case removed
    }

    /// Where the server's files, its log and its socket are.
    public let directory: String
    /// The port on 127.0.0.1, which is also the number in the name of the socket.
    public let port: Int

    private let programs: String
    private let supervisor: PostgresSupervisor
    private let state = Mutex(State.running)

    /// Makes a cluster, starts it, and waits until it takes connections.
    ///
    /// - Parameter settings: Server settings that replace or add to the defaults. By default it is
    ///   tuned for tests: `fsync` is off.
    /// - Throws: A ``SandboxError`` with the server's own words.
    public init(settings: [String: String] = [:]) throws {
        let installation = try PostgresInstallation.find()
        let settings = defaultSettings(installation).merging(settings) { $1 }
        let (supervisor, directory) = try PostgresSupervisor.start(
            installation,
            serverArguments: settings.sorted { $0.key < $1.key }.flatMap {
                ["-c", "\($0.key)=\($0.value)"]
            })
        programs = installation.programs
        self.supervisor = supervisor
        self.directory = directory
        port = try startOnFreePort(supervisor)
    }

    deinit { stop() }

    /// Whether a server is installed here; throws an error that says what is missing.
    public static func available() throws {
        _ = try PostgresInstallation.find()
    }

    // MARK: Connecting

    /// A connection string through the server's Unix socket, as superuser.
    public func conninfo(database: String = "postgres") -> String {
        conninfo(host: directory, database)
    }

    /// A connection string over TCP, as superuser.
    public func tcpConninfo(database: String = "postgres") -> String {
        conninfo(host: "127.0.0.1", database)
    }

    private func conninfo(host: String, _ database: String) -> String {
        var quoted = ""
        for character in database.unicodeScalars {
            if character == "'" || character == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return "host=\(host) port=\(port) user=postgres dbname='\(quoted)'"
    }

    // MARK: Databases

    /// Creates a database, as a copy of `template` if there is one that nobody is connected to.
    public func createDatabase(_ name: String, template: String? = nil) throws {
        let copied = template.map { " TEMPLATE \(quoteIdentifier($0))" } ?? ""
        try administer("CREATE DATABASE \(quoteIdentifier(name))\(copied)")
    }

    /// Drops a database if it exists, and ends the sessions in it.
    public func dropDatabase(_ name: String) throws {
        try administer("DROP DATABASE IF EXISTS \(quoteIdentifier(name)) WITH (FORCE)")
    }

    private func administer(_ statement: String) throws {
        let connection = try Connection(conninfo(), applicationName: "rollcall-sandbox")
        try connection.execute(statement)
    }

    // MARK: Life

    /// Stops the server for good and removes its directory.
    ///
    /// Stopping twice is harmless.
    public func stop() {
        state.withLock { state in
            guard state != .removed else { return }
            state = .removed
            supervisor.leave()
        }
    }

    /// Ends the server as in a crash, without a checkpoint; `start()` lets it recover.
    public func kill() throws {
        try halt(.immediate)
    }

    /// Starts the server again, on the same port, after ``kill()``; waits until it takes connections.
    public func start() throws {
        try state.withLock { state in
            switch state {
            case .running: return
            case .stopped:
                try supervisor.startServer(port: port)
                state = .running
            case .removed:
                throw SandboxError("the private Postgres was stopped - while starting it")
            }
        }
    }

    /// Stops the server and starts it again, on the same port.
    public func restart(mode: ShutdownMode = .fast) throws {
        try halt(mode)
        try start()
    }

    // MARK: Keeping

    /// Leaves the directory where it is when the server is stopped, also by the end of our process.
    ///
    /// The server's port and addresses go into its own configuration, so that ``control(_:)`` starts it
    /// as it is now.
    public func keep() throws {
        let connection = try Connection(conninfo(), applicationName: "rollcall-sandbox")
        let settings = [
            ("port", "\(port)"), ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", directory),
        ]
        // One by one, because each refuses to be part of a transaction.
        for (name, value) in settings {
            try connection.execute("ALTER SYSTEM SET \(name) = \(quoteLiteral(value))")
        }
        connection.close()
        try supervisor.keep()
    }

    /// The command, word by word, with which the user of this process starts or stops a server that was
    /// kept: `start` or `stop`.
    public func control(_ action: String) throws -> [String] {
        // Where the server has a user of its own, that one may not be able to enter our directory.
        let prefix = try PostgresSupervisor.commandPrefix()
        return (prefix.isEmpty ? [] : ["env", "-C", "/"] + prefix)
            + ["\(programs)/pg_ctl", "-D", "\(directory)/data", "-l", "\(directory)/log", action]
    }

    private func halt(_ mode: ShutdownMode) throws {
        try state.withLock { state in
            guard state == .running else { return }
            try supervisor.stopServer(mode)
            state = .stopped
        }
    }
}

/// The settings that a private server starts with.
private func defaultSettings(_ installation: PostgresInstallation) -> [String: String] {
    var settings = [
        // What is lost with the machine is not missed: the directory is removed anyway.
        "fsync": "off",
        "full_page_writes": "off",
        // Small tables that were never analysed look large, and their queries worth compiling.
        "jit": "off",
        "listen_addresses": "127.0.0.1",
        "log_timezone": "UTC",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "timezone": "UTC",
    ]
    if installation.hasLibrary("pg_stat_statements") {
        settings["shared_preload_libraries"] = "pg_stat_statements"
        // Beyond this it forgets the rarest: all tests at once have many.
        settings["pg_stat_statements.max"] = "100000"
    }
    return settings
}

/// Starts the server on a port that the system says is free, again if somebody else was faster.
private func startOnFreePort(_ supervisor: PostgresSupervisor) throws(SandboxError) -> Int {
    let triesMax = 5
    var tries = 0
    while true {
        tries += 1
        do {
            let port = try freePort()
            try supervisor.startServer(port: port)
            return port
        } catch {
            let isTaken = error.description.contains("could not create any TCP/IP sockets")
            if isTaken && tries < triesMax { continue }
            supervisor.leave()
            throw error
        }
    }
}

/// The corresponding C functions are `bind` with port 0 and `getsockname`.
private func freePort() throws(SandboxError) -> Int {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, type, 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let answer = withUnsafeMutablePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
        }
    }
    guard answer else { throw SandboxError("bind", errno: errno, doing: "looking for a free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
