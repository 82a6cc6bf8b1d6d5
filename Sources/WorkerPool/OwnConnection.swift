import Postgres

/// The one connection of a queue, made when it is first needed and again when it broke.
///
/// It belongs to the queue that asks for it.
struct OwnConnection {
    private let conninfo: String
    private let applicationName: String
    private let connectTimeoutSeconds: Int
    private let clock: WaitClock
    /// The connection as it is; nil before the first use.
    private(set) var current: Connection?

    /// - Parameter conninfo: a libpq connection string.
    init(
        _ conninfo: String, workerID: String, connectTimeoutSeconds: Int,
        clock: WaitClock = WaitClock()
    ) {
        self.conninfo = conninfo
        applicationName = "rollcall/\(workerID)"
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.clock = clock
    }

    /// - Parameter clock: runs while the server is waited for.
    init(_ settings: PoolSettings, clock: WaitClock = WaitClock()) {
        self.init(
            settings.conninfo, workerID: settings.workerID,
            connectTimeoutSeconds: settings.connectTimeoutSeconds, clock: clock)
    }

    /// The connection, connected and without a transaction.
    mutating func usable() throws(PostgresError) -> Connection {
        if let current {
            try current.reconnectIfBroken()
            return current
        }
        let fresh = try Connection(
            conninfo, applicationName: applicationName,
            connectTimeoutSeconds: connectTimeoutSeconds, clock: clock)
        current = fresh
        return fresh
    }

    /// Closes it; the next use connects anew.
    ///
    /// Also after an error that leaves it open: a session that has become read-only, or that leads
    /// to a server which is no longer the one, stays so, and the next one may not.
    func close() { current?.close() }
}
