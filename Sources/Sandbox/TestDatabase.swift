/// A database of a test, dropped when nobody holds this any more.
public final class TestDatabase: Sendable {
    /// The name of the database.
    public let name: String
    /// The server that it is in.
    public let server: PrivatePostgres

    /// A connection string through the Unix socket, as superuser.
    public var conninfo: String { server.conninfo(database: name) }
    /// A connection string over TCP, as superuser.
    public var tcpConninfo: String { server.tcpConninfo(database: name) }

    init(_ server: PrivatePostgres, name: String) {
        self.server = server
        self.name = name
    }

    deinit {
        // A server that was killed by the test takes the database with it in the end.
        try? server.dropDatabase(name)
    }
}
