internal import CLibpq

/// Where libpq's callback finds the closure of the connection.
///
/// `Connection` owns it and outlives the `PGconn` that points to it.
final class NoticeSink {
    var receive: ((Notice) -> Void)?
}

/// Hands a notice on, or drops it; libpq's own receiver would print it to standard error.
///
/// The corresponding C type is `PQnoticeReceiver`.
func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context, let result else { return }
    let sink = Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue()
    guard let receive = sink.receive else { return }
    func field(_ code: Int32) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }
    receive(
        Notice(
            severity: field(diagSeverity) ?? "NOTICE",
            sqlState: field(diagSQLState).map(SQLState.init(rawValue:)),
            message: field(diagMessage) ?? ""))
}
