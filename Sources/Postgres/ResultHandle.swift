internal import CLibpq

/// Owns one `PGresult`. The corresponding C function is `PQclear`.
///
// @unchecked because libpq guarantees: "PGresult objects are normally read-only after creation, and
// so can be passed around freely between threads", and nothing here calls the functions that write.
struct ResultHandle: ~Copyable, @unchecked Sendable {
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) {
        self.raw = raw
    }

    deinit { PQclear(raw) }

    /// The corresponding C function is `PQresultStatus`.
    var status: ExecStatusType { PQresultStatus(raw) }

    /// The corresponding C function is `PQresultErrorField`.
    func errorField(_ code: Int32) -> String? {
        PQresultErrorField(raw, code).map { String(cString: $0) }
    }

    /// The corresponding C function is `PQresultErrorMessage`.
    var errorMessage: String { String(cString: PQresultErrorMessage(raw)) }

    /// The corresponding C function is `PQcmdStatus`.
    var commandTag: String { String(cString: PQcmdStatus(raw)) }

    /// The corresponding C function is `PQcmdTuples`.
    var affected: Int { Int(String(cString: PQcmdTuples(raw))) ?? 0 }

    /// The corresponding C function is `PQntuples`.
    var count: Int { Int(PQntuples(raw)) }

    /// The corresponding C function is `PQnfields`.
    var columnCount: Int { Int(PQnfields(raw)) }

    /// Whether a COPY is in binary.
    ///
    /// The corresponding C function is `PQbinaryTuples`.
    var isBinaryCopy: Bool { PQbinaryTuples(raw) == 1 }

    /// The corresponding C function is `PQfname`.
    func columnName(_ column: Int) -> String { String(cString: PQfname(raw, Int32(column))) }

    /// The corresponding C function is `PQftype`.
    func columnType(_ column: Int) -> OID { OID(rawValue: PQftype(raw, Int32(column))) }

    /// The corresponding C function is `PQfformat`.
    func isBinary(_ column: Int) -> Bool { PQfformat(raw, Int32(column)) == binaryFormat }

    /// The corresponding C function is `PQgetisnull`.
    func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(raw, Int32(row), Int32(column)) == 1
    }

    /// The bytes of a field, followed by a zero.
    ///
    /// Valid while this handle lives.
    ///
    /// The corresponding C functions are `PQgetvalue` and `PQgetlength`.
    func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(raw, Int32(row), Int32(column)),
            count: Int(PQgetlength(raw, Int32(row), Int32(column))))
    }
}
