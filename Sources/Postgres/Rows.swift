internal import CLibpq

/// The answer to a statement: rows, or the number of rows that it changed.
///
/// It owns libpq's result; values are decoded when asked for. Rows and columns count from 0.
/// Asking for a row or column that does not exist, for NULL where a value was promised, or for
/// another type than the column's is a mistake of the program and traps.
public final class Rows: Sendable {
    private let handle: ResultHandle

    /// How many rows there are.
    ///
    /// The corresponding C function is `PQntuples`.
    public let count: Int
    /// How many columns a row has.
    ///
    /// The corresponding C function is `PQnfields`.
    public let columnCount: Int

    init(_ handle: consuming ResultHandle) {
        count = handle.count
        columnCount = handle.columnCount
        self.handle = handle
    }

    /// How many rows the statement inserted, updated, deleted, merged, selected or copied.
    ///
    /// The corresponding C function is `PQcmdTuples`.
    public var affected: Int { handle.affected }

    /// What the server says it did, for example `INSERT 0 3`.
    ///
    /// The corresponding C function is `PQcmdStatus`.
    public var commandTag: String { handle.commandTag }

    /// The corresponding C function is `PQfname`.
    public func columnName(_ column: Int) -> String {
        check(column: column)
        return handle.columnName(column)
    }

    /// The corresponding C function is `PQftype`.
    public func columnType(_ column: Int) -> OID {
        check(column: column)
        return handle.columnType(column)
    }

    /// The corresponding C function is `PQgetisnull`.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        check(row: row)
        check(column: column)
        return handle.isNull(row, column)
    }

    /// Lends the bytes of a field as they came: text, or the binary form of the type.
    ///
    /// The corresponding C functions are `PQgetvalue` and `PQgetlength`.
    public func withBytes<Result, Failure: Error>(
        _ row: Int, _ column: Int,
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = value(row, column)
        defer { withExtendedLifetime(self) {} }
        return try body(bytes.assumingMemoryBound(to: UInt8.self))
    }

    // MARK: Values

    /// A field as text: the text form of any type, or the binary form of a text type.
    public func string(_ row: Int, _ column: Int) -> String {
        let bytes = value(row, column)
        guard handle.isBinary(column) else { return String(decoding: bytes, as: UTF8.self) }
        switch handle.columnType(column) {
        case .jsonb: return String(decoding: bytes.dropFirst(), as: UTF8.self)
        case .int2, .int4, .int8, .oid: return String(int(row, column))
        case .bool: return bool(row, column) ? "t" : "f"
        case .bytea, .float8, .timestamptz, .uuid: wrongType(column, "text")
        default: return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// An `int2`, `int4`, `int8` or `oid`, in text or binary.
    public func int(_ row: Int, _ column: Int) -> Int {
        let bytes = value(row, column)
        guard handle.isBinary(column) else {
            guard let value = Int(String(decoding: bytes, as: UTF8.self)) else {
                wrongType(column, "an integer")
            }
            return value
        }
        switch handle.columnType(column) {
        case .int2: return Int(load(bytes, as: Int16.self))
        case .int4: return Int(load(bytes, as: Int32.self))
        case .int8: return Int(load(bytes, as: Int64.self))
        case .oid: return Int(load(bytes, as: UInt32.self))
        default: wrongType(column, "an integer")
        }
    }

    /// A `float8`, in text or binary.
    public func double(_ row: Int, _ column: Int) -> Double {
        let bytes = value(row, column)
        guard handle.isBinary(column) else {
            guard let value = Double(String(decoding: bytes, as: UTF8.self)) else {
                wrongType(column, "a number")
            }
            return value
        }
        guard handle.columnType(column) == .float8 else { wrongType(column, "a number") }
        return Double(bitPattern: load(bytes, as: UInt64.self))
    }

    /// A `bool`, in text or binary.
    public func bool(_ row: Int, _ column: Int) -> Bool {
        guard handle.columnType(column) == .bool else { wrongType(column, "a bool") }
        let byte = value(row, column)[0]
        return handle.isBinary(column) ? byte != 0 : byte == UInt8(ascii: "t")
    }

    /// A `bytea` in text or binary, or the bytes of any other type.
    ///
    /// The corresponding C function is `PQunescapeBytea`.
    public func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        let bytes = value(row, column)
        if handle.isBinary(column) || handle.columnType(column) != .bytea { return Array(bytes) }
        var length = 0
        let escaped = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        guard let unescaped = PQunescapeBytea(escaped, &length) else {
            wrongType(column, "a bytea")
        }
        defer { PQfreemem(unescaped) }
        return Array(UnsafeBufferPointer(start: unescaped, count: length))
    }

    /// A `uuid` as halves, in text or binary.
    public func uuid(_ row: Int, _ column: Int) -> (UInt64, UInt64) {
        let bytes = value(row, column)
        if handle.isBinary(column) {
            guard bytes.count == 16 else { wrongType(column, "a uuid") }
            return (
                load(UnsafeRawBufferPointer(rebasing: bytes[..<8]), as: UInt64.self),
                load(UnsafeRawBufferPointer(rebasing: bytes[8...]), as: UInt64.self)
            )
        }
        let digits = String(decoding: bytes.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self)
        guard digits.utf8.count == 32, let first = UInt64(digits.prefix(16), radix: 16),
            let second = UInt64(digits.suffix(16), radix: 16)
        else { wrongType(column, "a uuid") }
        return (first, second)
    }

    /// A `timestamptz` as milliseconds since 1970, rounded down.
    ///
    /// Binary results only.
    ///
    /// `infinity` and `-infinity` are `Int64.max` and `Int64.min`.
    public func milliseconds(_ row: Int, _ column: Int) -> Int64 {
        let bytes = value(row, column)
        guard handle.isBinary(column), handle.columnType(column) == .timestamptz else {
            wrongType(column, "a timestamptz in a binary result")
        }
        return Timestamp.milliseconds(fromMicroseconds: load(bytes, as: Int64.self))
    }

    // MARK: Values that may be NULL

    public func optionalString(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : string(row, column)
    }

    public func optionalInt(_ row: Int, _ column: Int) -> Int? {
        isNull(row, column) ? nil : int(row, column)
    }

    public func optionalDouble(_ row: Int, _ column: Int) -> Double? {
        isNull(row, column) ? nil : double(row, column)
    }

    public func optionalBool(_ row: Int, _ column: Int) -> Bool? {
        isNull(row, column) ? nil : bool(row, column)
    }

    public func optionalBytes(_ row: Int, _ column: Int) -> [UInt8]? {
        isNull(row, column) ? nil : bytes(row, column)
    }

    public func optionalUUID(_ row: Int, _ column: Int) -> (UInt64, UInt64)? {
        isNull(row, column) ? nil : uuid(row, column)
    }

    public func optionalMilliseconds(_ row: Int, _ column: Int) -> Int64? {
        isNull(row, column) ? nil : milliseconds(row, column)
    }

    // MARK: Checks

    /// The bytes of a field that must be there.
    private func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        precondition(
            !isNull(row, column),
            "expected column \(handle.columnName(column)) to have a value, got: NULL")
        return handle.bytes(row, column)
    }

    private func load<Value: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, as type: Value.Type
    ) -> Value {
        precondition(bytes.count == MemoryLayout<Value>.size, "a field has another width")
        return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
    }

    private func check(row: Int) {
        precondition(row >= 0 && row < count, "expected a row below \(count), got: \(row)")
    }

    private func check(column: Int) {
        precondition(
            column >= 0 && column < columnCount,
            "expected a column below \(columnCount), got: \(column)")
    }

    private func wrongType(_ column: Int, _ expected: String) -> Never {
        preconditionFailure(
            "expected column \(handle.columnName(column)) to be \(expected), "
                + "got: type \(handle.columnType(column).rawValue)")
    }
}
