import Dispatch
import Glibc
import Postgres
import Sandbox
import Testing

@Suite struct ConnectionTests {
    @Test func state() throws {
        let open = try OpenConnection()
        let connection = open.connection
        #expect(connection.isUsable)
        #expect(connection.serverVersion >= 90_000)
        let rows = try connection.execute(
            """
            SELECT pg_backend_pid() AS pid, application_name, current_setting('client_encoding')
            FROM pg_stat_activity WHERE pid = pg_backend_pid()
            """)
        #expect(rows.int(0, 0) == Int(connection.backendProcessID))
        #expect(rows.columnName(0) == "pid")
        #expect(rows.columnType(0) == .int4)
        #expect(rows.string(0, 1) == "postgres-tests")
        #expect(rows.string(0, 2) == "UTF8")
    }

    @Test func applicationNameOfTheStringWins() throws {
        let database = try SharedPostgres.database()
        let connection = try Connection(
            database.conninfo + " application_name=mine", applicationName: "fallback")
        #expect(try connection.execute("SHOW application_name").string(0, 0) == "mine")
    }

    @Test func overTCPAndByURI() throws {
        let database = try SharedPostgres.database()
        let uri = "postgres://postgres@127.0.0.1:\(database.server.port)/\(database.name)"
        for conninfo in [database.tcpConninfo, uri] {
            let connection = try Connection(conninfo, applicationName: "postgres-tests")
            #expect(try connection.execute("SELECT 1").int(0, 0) == 1)
        }
    }

    @Test func lostConnectionIsRecognised() throws {
        let open = try OpenConnection()
        let other = try Connection(open.database.conninfo, applicationName: "postgres-tests")
        try terminate(open.connection, from: other)
        let error = try #require(failure(of: { try open.connection.execute("SELECT 1") }))
        #expect(error.isConnectionLost)
        #expect(error.sqlState == nil || error.sqlState == .adminShutdown)
        #expect(!open.connection.isUsable)
        let again = try #require(failure(of: { try open.connection.execute("SELECT 1") }))
        #expect(again.isConnectionLost)
        try open.connection.reconnectIfBroken()
        #expect(open.connection.isUsable)
        #expect(try open.connection.execute("SELECT 1").int(0, 0) == 1)
    }

    @Test func closedConnection() throws {
        let open = try OpenConnection()
        open.connection.close()
        #expect(!open.connection.isUsable)
        let error = try #require(failure(of: { try open.connection.execute("SELECT 1") }))
        #expect(error.isConnectionLost)
        #expect(throws: PostgresError.self) { try open.connection.canceller().cancel() }
        try open.connection.reconnect()
        #expect(open.connection.isUsable)
    }

    @Test func cancellerStopsAStatement() throws {
        let open = try OpenConnection()
        let conninfo = open.database.conninfo
        let pid = open.connection.backendProcessID
        let canceller = open.connection.canceller()
        DispatchQueue(label: "canceller").async {
            // Only when the statement is seen to run is there something to cancel.
            guard let watcher = try? Connection(conninfo, applicationName: "watcher") else {
                return
            }
            var parameters = Parameters()
            parameters.append(pid)
            let sleeping = """
                SELECT count(*) FROM pg_stat_activity
                WHERE pid = $1 AND state = 'active' AND wait_event = 'PgSleep'
                """
            while let rows = try? watcher.execute(sleeping, parameters), rows.int(0, 0) == 0 {}
            try? canceller.cancel()
        }
        let error = failure(of: { try open.connection.execute("SELECT pg_sleep(600)") })
        #expect(error?.sqlState == .queryCanceled)
        #expect(error?.isConnectionLost == false)
        #expect(open.connection.isUsable)
    }

    @Test func notices() throws {
        let open = try OpenConnection()
        let raise = "DO $$ BEGIN RAISE WARNING 'careful'; END $$"
        try open.connection.script(raise)
        var notices: [Notice] = []
        open.connection.onNotice = { notices.append($0) }
        try open.connection.script(raise)
        #expect(notices.map(\.message) == ["careful"])
        #expect(notices.first?.severity == "WARNING")
    }

    @Test func refusedConnectionSaysWhy() throws {
        let conninfo = "host=/nonexistent port=1 password=hunter2"
        let error = try #require(
            failure(of: { _ = try Connection(conninfo, applicationName: "postgres-tests") }))
        #expect(error.sqlState == nil)
        #expect(error.isConnectionLost)
        #expect(error.message.contains("No such file or directory"))
        #expect(error.description.contains("connecting to `"))
        #expect(!error.description.contains("hunter2"))
    }

    @Test func missingDatabaseSaysWhich() throws {
        let conninfo = try SharedPostgres.server.conninfo(database: "it's \\ missing")
        let error = try #require(
            failure(of: { _ = try Connection(conninfo, applicationName: "postgres-tests") }))
        #expect(error.message.contains("it's \\ missing"))
        #expect(error.message.contains("does not exist"))
    }

    /// A server that takes the connection and then says nothing, with and without "for ever".
    @Test(arguments: ["", " connect_timeout=0"])
    func silentServerIsGivenUp(option: String) throws {
        let server = try SilentServer()
        let clock = ContinuousClock()
        var error: PostgresError?
        let taken = clock.measure {
            error = failure(of: {
                _ = try Connection(
                    "host=127.0.0.1 port=\(server.port) sslmode=disable" + option,
                    applicationName: "postgres-tests", connectTimeoutSeconds: 2)
            })
        }
        #expect(error?.message.contains("timeout expired") == true)
        #expect(taken < .seconds(20))
    }
}

/// Listens on 127.0.0.1 and never answers.
private final class SilentServer {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && getsockname(descriptor, address, &length) == 0
                    && listen(descriptor, 8) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(isListening)
    }

    deinit { Glibc.close(descriptor) }
}
