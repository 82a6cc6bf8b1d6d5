internal import CLibpq

/// Owns one `PGcancel`. The corresponding C functions are `PQgetCancel` and `PQfreeCancel`.
///
// @unchecked because libpq guarantees: "The PGcancel object is read-only as far as PQcancel is
// concerned, so it can also be invoked from a thread that is separate from the one manipulating
// the PGconn object."
struct CancelHandle: ~Copyable, @unchecked Sendable {
    private let raw: OpaquePointer?

    /// Nil stands for a connection that was lost; there is nothing to cancel then.
    init(_ raw: OpaquePointer?) {
        self.raw = raw
    }

    deinit { PQfreeCancel(raw) }

    /// Returns libpq's message when the request could not be sent.
    ///
    /// The corresponding C function is `PQcancel`.
    func cancel() -> String? {
        let capacity = 256
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { text in
            text.initialize(repeating: 0)
            if PQcancel(raw, text.baseAddress, Int32(capacity)) == 1 { return nil }
            return String(cString: text.baseAddress!)
        }
    }
}
