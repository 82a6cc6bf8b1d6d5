import Glibc
import Postgres
import Sandbox
import Testing

@Suite struct PrivatePostgresTests {
    @Test func livesThroughStopsAndCrashes() throws {
        let server = try PrivatePostgres(settings: ["max_connections": "17"])
        let connection = try Connection(server.conninfo(), applicationName: "postgres-tests")
        #expect(try connection.execute("SHOW max_connections").string(0, 0) == "17")
        #expect(server.conninfo().utf8.count < 100)
        try connection.script("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")

        try server.kill()
        let error = try #require(failure(of: { try connection.execute("SELECT 1") }))
        #expect(error.isConnectionLost)
        #expect(!connection.isUsable)
        #expect(throws: PostgresError.self) { try connection.reconnect() }
        try server.start()
        try connection.reconnect()
        #expect(try connection.execute("SELECT a FROM t").int(0, 0) == 1)

        try server.restart(mode: .fast)
        try server.restart(mode: .immediate)
        try connection.reconnect()
        #expect(try connection.execute("SELECT a FROM t").int(0, 0) == 1)

        server.stop()
        server.stop()
        #expect(access(server.directory, F_OK) == -1)
        #expect(throws: SandboxError.self) { try server.start() }
    }

    @Test func badSettingIsExplained() {
        let error = #expect(throws: SandboxError.self) {
            try PrivatePostgres(settings: ["shared_buffers": "many"])
        }
        #expect(error?.description.contains("shared_buffers") == true)
    }

    @Test func databasesFromATemplate() throws {
        let fill: (String) throws -> Void = { conninfo in
            let connection = try Connection(conninfo, applicationName: "postgres-tests")
            try connection.script("CREATE TABLE t (a int); INSERT INTO t VALUES (7)")
        }
        let first = try SharedPostgres.database(template: "sandbox tests", prepare: fill)
        let second = try SharedPostgres.database(template: "sandbox tests", prepare: fill)
        #expect(first.name != second.name)
        for database in [first, second] {
            let connection = try Connection(database.conninfo, applicationName: "postgres-tests")
            #expect(try connection.execute("SELECT a FROM t").int(0, 0) == 7)
        }
    }

    @Test func databaseGoesWithItsHandle() throws {
        let server = try SharedPostgres.server
        let name = try SharedPostgres.database().name
        let connection = try Connection(server.conninfo(), applicationName: "postgres-tests")
        var parameters = Parameters()
        parameters.append(name)
        let rows = try connection.execute(
            "SELECT count(*) FROM pg_database WHERE datname = $1", parameters)
        #expect(rows.int(0, 0) == 0)
    }

    /// The promise of the supervisor: a killed owner leaves neither a process nor a file.
    @Test func leavesNothingBehindWhenWeAreKilled() async throws {
        let result = await #expect(
            processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
        ) {
            let server = try PrivatePostgres()
            let connection = try Connection(server.conninfo(), applicationName: "postgres-tests")
            let rows = try connection.execute("SHOW data_directory")
            let postmaster = "\(rows.string(0, 0))/postmaster.pid"
            let file = try #require(fopen(postmaster, "r"))
            var number: Int32 = 0
            withUnsafeMutablePointer(to: &number) { number in
                _ = withVaList([number]) { vfscanf(file, "%d", $0) }
            }
            print("owner-of", number, server.directory)
            fflush(nil)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let line = try #require(
            output.split(separator: "\n").first { $0.hasPrefix("owner-of") })
        let words = line.split(separator: " ").map(String.init)
        let postmaster = try #require(Int32(words[1]))
        let directory = words[2]
        #expect(directory.contains("rollcall-pg-"))
        #expect(waitUntil { access(directory, F_OK) == -1 })
        #expect(waitUntil { kill(postmaster, 0) == -1 && errno == ESRCH })
    }
}

/// Looks again and again until a condition of the operating system holds; false after 30 seconds.
func waitUntil(_ condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        usleep(5_000)
    }
    return true
}
