internal import CLibpq

/// Owns one `PGconn`.
///
/// The corresponding C functions are `PQconnectdbParams` and `PQfinish`.
///
/// Libpq takes a null connection everywhere and treats it as a broken one, so a handle that was
/// closed early needs no special case.
struct ConnectionHandle: ~Copyable {
    private var raw: OpaquePointer?
    private let clock: WaitClock

    /// Connects, or leaves a broken connection whose `errorMessage` says why.
    init(keywords: [String], values: [String], clock: WaitClock) {
        self.clock = clock
        clock.begin()
        defer { clock.end() }
        let expandDatabaseName: Int32 = 1
        raw = withCStrings(keywords) { keywords in
            withCStrings(values) { values in
                PQconnectdbParams(keywords, values, expandDatabaseName)
            }
        }
    }

    deinit { PQfinish(raw) }

    /// Closes the connection before the owner goes.
    ///
    /// The corresponding C function is `PQfinish`.
    mutating func close() {
        PQfinish(raw)
        raw = nil
    }

    // MARK: State

    /// The corresponding C function is `PQstatus`.
    var isConnected: Bool { PQstatus(raw) == CONNECTION_OK }

    /// The corresponding C function is `PQtransactionStatus`.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(raw) }

    /// The corresponding C function is `PQbackendPID`.
    var backendProcessID: Int32 { PQbackendPID(raw) }

    /// The corresponding C function is `PQserverVersion`.
    var serverVersion: Int32 { PQserverVersion(raw) }

    /// The corresponding C function is `PQerrorMessage`.
    var errorMessage: String { String(cString: PQerrorMessage(raw)) }

    /// The sink must outlive this handle.
    ///
    /// The corresponding C function is `PQsetNoticeReceiver`.
    func deliverNotices(to sink: NoticeSink) {
        PQsetNoticeReceiver(raw, receiveNotice, Unmanaged.passUnretained(sink).toOpaque())
    }

    /// The corresponding C function is `PQgetCancel`.
    func cancelHandle() -> CancelHandle { CancelHandle(PQgetCancel(raw)) }

    // MARK: Statements

    /// The corresponding C function is `PQexecParams`.
    func execute(_ sql: String, _ parameters: Parameters, binaryResult: Bool) -> ResultHandle? {
        clock.begin()
        defer { clock.end() }
        let result = parameters.withPointers { pointers in
            PQexecParams(
                raw, sql, pointers.count, pointers.types, pointers.values, pointers.lengths,
                pointers.formats, binaryResult ? binaryFormat : 0)
        }
        return result.map { ResultHandle($0) }
    }

    /// The corresponding C function is `PQexec`.
    func execute(_ sql: String) -> ResultHandle? {
        clock.begin()
        defer { clock.end() }
        return PQexec(raw, sql).map { ResultHandle($0) }
    }

    // MARK: COPY

    /// The corresponding C function is `PQputCopyData`.
    func putCopyData(_ bytes: UnsafeRawBufferPointer) -> Bool {
        clock.begin()
        defer { clock.end() }
        let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress
        return PQputCopyData(raw, start, Int32(bytes.count)) == 1
    }

    /// Ends the COPY; with a reason, the server gives it up.
    ///
    /// The corresponding C function is `PQputCopyEnd`.
    func putCopyEnd(failure: String? = nil) -> Bool {
        clock.begin()
        defer { clock.end() }
        guard let failure else { return PQputCopyEnd(raw, nil) == 1 }
        return PQputCopyEnd(raw, failure) == 1
    }

    /// The corresponding C function is `PQgetResult`.
    func nextResult() -> ResultHandle? {
        clock.begin()
        defer { clock.end() }
        return PQgetResult(raw).map { ResultHandle($0) }
    }
}
