internal import CLibpq

/// One connection to Postgres.
///
/// It blocks: the caller decides on which thread.
///
/// Not `Sendable`, because libpq allows one thread at a time on a connection; the compiler keeps it
/// in its place. Everything here also works through PgBouncer in transaction mode: nothing is left
/// in the session, and no startup parameter is sent that a pooler refuses.
public final class Connection {
    private var handle: ConnectionHandle
    private let notices = NoticeSink()
    private let conninfo: String
    private let applicationName: String
    private let connectTimeoutSeconds: Int
    private let clock: WaitClock

    /// Connects.
    ///
    /// - Parameters:
    ///   - conninfo: A URI (`postgres://user@host/db`), `key=value` pairs, or the empty string; what
    ///     it leaves open comes from libpq's `PG*` environment variables, `~/.pgpass` and the like.
    ///   - applicationName: What `pg_stat_activity` shows, unless the string or `PGAPPNAME` names it.
    ///   - connectTimeoutSeconds: The longest wait for one address of one host, unless the string or
    ///     `PGCONNECT_TIMEOUT` gives another. There is no way to wait for ever.
    ///   - clock: Tells other threads how long this connection waits for the server.
    /// - Throws: A ``PostgresError`` without a code that says why there is no connection.
    ///
    /// The corresponding C function is `PQconnectdbParams`.
    public init(
        _ conninfo: String, applicationName: String, connectTimeoutSeconds: Int = 10,
        clock: WaitClock = WaitClock()
    ) throws(PostgresError) {
        self.conninfo = conninfo
        self.applicationName = applicationName
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.clock = clock
        handle = try connect(conninfo, applicationName, connectTimeoutSeconds, clock)
        handle.deliverNotices(to: notices)
    }

    // MARK: State

    /// Whether the connection stands and no transaction is open.
    ///
    /// It asks nobody: a connection that was cut in silence is noticed by the next statement.
    ///
    /// The corresponding C functions are `PQstatus` and `PQtransactionStatus`.
    public var isUsable: Bool { handle.isConnected && handle.transactionStatus == PQTRANS_IDLE }

    /// The corresponding C function is `PQbackendPID`.
    public var backendProcessID: Int32 { handle.backendProcessID }

    /// For example 150018 for 15.18.
    ///
    /// The corresponding C function is `PQserverVersion`.
    public var serverVersion: Int32 { handle.serverVersion }

    /// Takes the server's notices, on the thread that executes.
    ///
    /// Without one they are dropped.
    public var onNotice: ((Notice) -> Void)? {
        get { notices.receive }
        set { notices.receive = newValue }
    }

    /// The means to stop a statement of this connection from another thread.
    ///
    /// It is for the session of now; after ``reconnect()`` ask for another one.
    /// The corresponding C function is `PQgetCancel`.
    public func canceller() -> Canceller { Canceller(handle.cancelHandle()) }

    /// Drops the connection, with an open transaction if there is one, and connects anew.
    ///
    /// The corresponding C functions are `PQfinish` and `PQconnectdbParams`.
    public func reconnect() throws(PostgresError) {
        handle.close()
        handle = try connect(conninfo, applicationName, connectTimeoutSeconds, clock)
        handle.deliverNotices(to: notices)
    }

    /// Connects anew unless the connection ``isUsable``.
    public func reconnectIfBroken() throws(PostgresError) {
        if !isUsable { try reconnect() }
    }

    /// Closes the connection now; statements then fail until ``reconnect()``.
    ///
    /// The corresponding C function is `PQfinish`.
    public func close() { handle.close() }

    // MARK: Statements

    /// Executes one statement.
    ///
    /// It is not given a name and leaves nothing in the session.
    ///
    /// - Throws: The server's error, or one with `isConnectionLost`.
    ///
    /// The corresponding C function is `PQexecParams`.
    @discardableResult
    public func execute(
        _ sql: String, _ parameters: Parameters = .none, binaryResult: Bool = false
    ) throws(PostgresError) -> Rows {
        precondition(parameters.count <= 65_535, "a statement takes at most 65,535 parameters")
        return Rows(
            try check(
                handle.execute(sql, parameters, binaryResult: binaryResult),
                doing: executing(sql)))
    }

    /// Executes several statements, separated by semicolons, without parameters and results.
    ///
    /// Without a `BEGIN` of its own, all of them are one transaction, as Postgres defines it.
    /// The corresponding C function is `PQexec`.
    public func script(_ sql: String) throws(PostgresError) {
        _ = try check(handle.execute(sql), doing: executing(sql))
    }

    // MARK: Transactions

    /// Executes `body` in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// - Parameter opening: What begins it; `SET LOCAL` may follow in the same round trip, as in
    ///   `BEGIN; SET LOCAL lock_timeout = '5s'`.
    /// - Throws: What `body` throws, or the ``PostgresError`` of `BEGIN` or `COMMIT`. A `COMMIT` that
    ///   the server answers with `ROLLBACK`, because `body` swallowed an error, throws too. When
    ///   `isConnectionLost` and `doing` is the `COMMIT`, it may have happened or not.
    ///
    /// When even the rollback fails, the connection is closed, which ends the transaction for sure.
    /// Transactions do not nest.
    @discardableResult
    public func transaction<Value>(
        opening: String = "BEGIN", _ body: () throws -> Value
    ) throws -> Value {
        let status = handle.transactionStatus
        precondition(
            status != PQTRANS_INTRANS && status != PQTRANS_INERROR, "transactions do not nest")
        do {
            try script(opening)
            let value = try body()
            try commit()
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    private func commit() throws(PostgresError) {
        let result = try check(handle.execute("COMMIT"), doing: executing("COMMIT"))
        guard result.commandTag == "COMMIT" else {
            throw PostgresError(
                sqlState: .inFailedTransaction,
                message: "the transaction was rolled back, because a statement in it had failed",
                doing: executing("COMMIT"))
        }
    }

    private func rollBack() {
        if handle.transactionStatus == PQTRANS_IDLE { return }
        do {
            _ = try check(handle.execute("ROLLBACK"), doing: executing("ROLLBACK"))
        } catch {
            handle.close()
        }
    }

    // MARK: COPY

    /// Executes a `COPY … FROM STDIN` with the rows that `rows` writes.
    ///
    /// The server's answer to the statement tells the writer the format, text or binary.
    ///
    /// - Returns: How many rows were copied.
    /// - Throws: What `rows` throws, after the COPY was given up; or the ``PostgresError``.
    ///
    /// The corresponding C functions are `PQputCopyData` and `PQputCopyEnd`.
    @discardableResult
    public func copy(
        into statement: String, _ rows: (inout CopyWriter) throws -> Void
    ) throws -> Int {
        let doing = executing(statement)
        var writer = try beginCopy(statement, doing: doing)
        do {
            try rows(&writer)
            try writer.finish()
        } catch let failure {
            try giveUpCopy(because: failure, doing: doing)
            throw failure
        }
        guard handle.putCopyEnd() else { throw PostgresError(handle, doing: doing) }
        return try check(drain(), doing: doing).affected
    }

    private func beginCopy(
        _ statement: String, doing: String
    ) throws(PostgresError) -> CopyWriter {
        guard let answer = handle.execute(statement) else {
            throw PostgresError(handle, doing: doing)
        }
        if answer.status == PGRES_COPY_IN {
            return CopyWriter(
                self, columnCount: answer.columnCount, isBinary: answer.isBinaryCopy, doing: doing)
        }
        _ = try check(answer, doing: doing)
        throw PostgresError(sqlState: nil, message: "expected a COPY FROM STDIN", doing: doing)
    }

    func putCopyData(_ bytes: UnsafeRawBufferPointer, doing: String) throws(PostgresError) {
        guard handle.putCopyData(bytes) else { throw PostgresError(handle, doing: doing) }
    }

    /// Ends a COPY whose writer failed.
    ///
    /// When the server had given up before, its reason is the cause and the writer's failure the
    /// echo: then it throws that reason.
    private func giveUpCopy(
        because failure: any Error, doing: String
    ) throws(PostgresError) {
        _ = handle.putCopyEnd(failure: "given up by the client")
        let verdict = drain()
        guard failure is PostgresError else { return }
        do {
            _ = try check(verdict, doing: doing)
        } catch {
            if error.sqlState != .queryCanceled { throw error }
        }
    }

    /// Reads results until there are no more, so that the connection is free again.
    private func drain() -> ResultHandle? {
        var first: ResultHandle?
        while let result = handle.nextResult() {
            if first == nil { first = consume result }
        }
        return first
    }

    // MARK: Errors

    /// The one place where an answer of libpq becomes a Swift error.
    private func check(
        _ result: consuming ResultHandle?, doing: @autoclosure () -> String
    ) throws(PostgresError) -> ResultHandle {
        guard let result = result else { throw PostgresError(handle, doing: doing()) }
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return result
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            // The next statement ends the COPY on its own; libpq sees to that.
            throw PostgresError(
                sqlState: nil, message: "expected a statement other than COPY", doing: doing())
        default:
            let error = PostgresError(
                result, doing: doing(), isConnectionLost: !handle.isConnected)
            // Libpq may believe in the connection until it reads the end of the stream.
            if error.isConnectionLost { handle.close() }
            throw error
        }
    }
}

/// Connects with everything that bounds the waits of a client whose server went silent.
private func connect(
    _ conninfo: String, _ applicationName: String, _ connectTimeoutSeconds: Int, _ clock: WaitClock
) throws(PostgresError) -> ConnectionHandle {
    let doing = "connecting to `\(Connection.redacted(conninfo))`"
    if let fault = Connection.checkConninfo(conninfo) {
        throw PostgresError(sqlState: nil, message: fault, doing: "reading a connection string")
    }
    // What stands before `dbname`, which carries the string, is a default that the string can
    // override; what stands after it overrides the string. None of the first five but the name
    // reaches the server, so a pooler has nothing to refuse.
    let parameters = [
        ("keepalives_idle", "30"),
        ("keepalives_interval", "10"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
        ("fallback_application_name", applicationName),
        ("dbname", conninfo),
        ("connect_timeout", String(effectiveTimeout(conninfo, connectTimeoutSeconds))),
        ("client_encoding", "UTF8"),
    ]
    let handle = ConnectionHandle(
        keywords: parameters.map(\.0), values: parameters.map(\.1), clock: clock)
    guard handle.isConnected else {
        throw PostgresError(
            sqlState: nil, message: oneLine(handle.errorMessage), doing: doing,
            isConnectionLost: true)
    }
    return handle
}

/// The wait that the string or the environment asks for, if it is one: 0 would be "for ever".
private func effectiveTimeout(_ conninfo: String, _ ours: Int) -> Int {
    if case .options(let parsed) = ConninfoOptions.parse(conninfo),
        let asked = parsed.value(of: "connect_timeout").flatMap({ Int($0) })
    {
        return asked > 0 ? asked : ours
    }
    let environment = ConninfoOptions.defaults()?.value(of: "connect_timeout")
    if let asked = environment.flatMap({ Int($0) }), asked > 0 { return asked }
    return ours
}
