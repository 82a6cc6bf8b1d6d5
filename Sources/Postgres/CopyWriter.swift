/// Writes the rows of a COPY, in the format that the server asked for.
///
/// Append the fields of a row in the order of the columns, then call ``endRow()``. In binary the
/// type must be exactly the column's: an `Int64` for `int8`, an `Int32` for `int4`.
public struct CopyWriter: ~Copyable {
    private let connection: Connection
    private let columnCount: Int
    private let isBinary: Bool
    private let doing: String
    private var buffer = ByteArena()
    private var fieldsInRow = 0
    private var hasHeader = false
    private var isRaw = false

    /// Enough for a system call to disappear beside its bytes.
    private static let bufferedBytesMax = 64 * 1024

    init(_ connection: Connection, columnCount: Int, isBinary: Bool, doing: String) {
        self.connection = connection
        self.columnCount = columnCount
        self.isBinary = isBinary
        self.doing = doing
    }

    // MARK: Fields

    public mutating func append(_ text: String?) {
        guard let text else { return appendNull() }
        beginField()
        text.withBytes { bytes in
            if isBinary { buffer.appendCounted(bytes) } else { appendEscaped(bytes) }
        }
    }

    public mutating func append(_ value: Int64?) {
        guard let value else { return appendNull() }
        beginField()
        if isBinary { buffer.appendCounted(value) } else { appendPlain(String(value)) }
    }

    public mutating func append(_ value: Int32?) {
        guard let value else { return appendNull() }
        beginField()
        if isBinary { buffer.appendCounted(value) } else { appendPlain(String(value)) }
    }

    public mutating func append(_ value: Bool?) {
        guard let value else { return appendNull() }
        beginField()
        if isBinary {
            buffer.appendCounted(value ? 1 : 0 as UInt8)
        } else {
            appendPlain(value ? "t" : "f")
        }
    }

    public mutating func append(uuid: (UInt64, UInt64)?) {
        guard let uuid else { return appendNull() }
        beginField()
        if isBinary {
            buffer.appendCounted(uuid)
        } else {
            appendPlain(hexadecimal(uuid.0) + hexadecimal(uuid.1))
        }
    }

    /// Appends a `bytea`.
    public mutating func append(bytes: [UInt8]?) {
        guard let bytes else { return appendNull() }
        beginField()
        if isBinary {
            bytes.withUnsafeBytes { buffer.appendCounted($0) }
        } else {
            // The backslash of the hexadecimal form is itself escaped.
            appendPlain("\\\\x")
            for byte in bytes { appendPlain(String(hexadecimal(UInt64(byte)).suffix(2))) }
        }
    }

    /// Appends a `timestamptz` from milliseconds since 1970.
    ///
    /// Binary only.
    public mutating func append(milliseconds: Int64?) {
        guard let milliseconds else { return appendNull() }
        precondition(isBinary, "expected a COPY in binary for a timestamptz in milliseconds")
        beginField()
        buffer.appendCounted(Timestamp.microseconds(fromMilliseconds: milliseconds))
    }

    public mutating func appendNull() {
        beginField()
        if isBinary { buffer.append(-1 as Int32) } else { appendPlain("\\N") }
    }

    /// Ends the row; sends what is buffered when that is enough.
    public mutating func endRow() throws(PostgresError) {
        precondition(
            fieldsInRow == columnCount,
            "expected a row of \(columnCount) fields, got: \(fieldsInRow)")
        fieldsInRow = 0
        if !isBinary { buffer.append(UInt8(ascii: "\n")) }
        if buffer.count >= Self.bufferedBytesMax { try flush() }
    }

    /// Writes bytes that are in the format of the COPY already, whole rows or parts of them.
    ///
    /// Not to be mixed with fields: in binary the bytes bring header and trailer of their own.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        isRaw = true
        buffer.append(bytes)
        if buffer.count >= Self.bufferedBytesMax { try flush() }
    }

    // MARK: Sending

    mutating func finish() throws(PostgresError) {
        precondition(fieldsInRow == 0, "expected endRow() after the last row")
        if isBinary && !isRaw {
            // A COPY without rows has a header and a trailer too.
            if !hasHeader { appendHeader() }
            buffer.append(-1 as Int16)
        }
        try flush()
    }

    private mutating func flush() throws(PostgresError) {
        if buffer.count == 0 { return }
        try buffer.withUnsafeBytes { (bytes) throws(PostgresError) in
            try connection.putCopyData(bytes, doing: doing)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    // MARK: Bytes

    private mutating func beginField() {
        if isBinary {
            if !hasHeader { appendHeader() }
            if fieldsInRow == 0 { buffer.append(Int16(columnCount)) }
        } else if fieldsInRow > 0 {
            buffer.append(UInt8(ascii: "\t"))
        }
        fieldsInRow += 1
    }

    /// The signature of a binary COPY, its flags and the length of its extension: none of both.
    private mutating func appendHeader() {
        hasHeader = true
        let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
        signature.withUnsafeBytes { buffer.append($0) }
        buffer.append(0 as Int32)
        buffer.append(0 as Int32)
    }

    private mutating func appendPlain(_ text: String) {
        text.withBytes { buffer.append($0) }
    }

    private mutating func appendEscaped(_ bytes: UnsafeRawBufferPointer) {
        var clean = 0
        for index in bytes.indices {
            let letter: UInt8
            switch bytes[index] {
            case UInt8(ascii: "\\"): letter = UInt8(ascii: "\\")
            case UInt8(ascii: "\n"): letter = UInt8(ascii: "n")
            case UInt8(ascii: "\r"): letter = UInt8(ascii: "r")
            case UInt8(ascii: "\t"): letter = UInt8(ascii: "t")
            default: continue
            }
            buffer.append(UnsafeRawBufferPointer(rebasing: bytes[clean..<index]))
            buffer.append(UInt8(ascii: "\\"))
            buffer.append(letter)
            clean = index + 1
        }
        buffer.append(UnsafeRawBufferPointer(rebasing: bytes[clean...]))
    }
}

private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
