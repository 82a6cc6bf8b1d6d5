/// Stops the statement that a ``Connection`` is executing, from any thread.
public final class Canceller: Sendable {
    private let handle: CancelHandle

    init(_ handle: consuming CancelHandle) {
        self.handle = handle
    }

    /// Asks the server to stop what the connection is doing; the statement then fails with 57014.
    ///
    /// The server may have finished in the meantime: then nothing happens, or a statement that
    /// began just now is hit. It blocks while it connects to the server for the request, and throws
    /// when that fails. The corresponding C function is `PQcancel`.
    public func cancel() throws(PostgresError) {
        guard let message = handle.cancel() else { return }
        throw PostgresError(
            sqlState: nil, message: oneLine(message), doing: "requesting a cancellation")
    }
}
