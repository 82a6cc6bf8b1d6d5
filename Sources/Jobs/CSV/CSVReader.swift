/// Reads CSV from bytes that come in pieces: RFC 4180, and what files really have.
///
/// It never has more in memory than a piece and one row. Rows end with CRLF, LF or CR, mixed as they
/// come; a byte order mark and a first line `sep=;` are read and not shown; blank lines are left
/// out. Quotes count only where a field begins with one: elsewhere they are text, as in spreadsheets
/// and in Python's `csv`. What is wrong with one row is told with that row, and the next one is
/// right again.
public struct CSVReader {
    /// What a file may hold.
    public struct Limits: Sendable {
        /// Bytes of a row, its quotes and separators included.
        public var rowBytes: Int
        public var columns: Int
        /// Bytes of a field's text.
        public var fieldBytes: Int

        public init(rowBytes: Int = 1 << 20, columns: Int = 1_000, fieldBytes: Int = 1 << 20) {
            self.rowBytes = rowBytes
            self.columns = columns
            self.fieldBytes = fieldBytes
        }
    }

    private let limits: Limits
    /// Known from the caller, from `sep=`, or from the first row.
    public private(set) var separator: UInt8?
    private var buffer: [UInt8] = []
    /// The physical line of the next byte, from 1.
    private var line = 1
    /// The bytes before the buffer.
    private var offset = 0
    private var isAtStart = true
    /// The last row ended with a CR at the end of a piece: a LF belongs to it.
    private var isAfterReturn = false
    /// The last row has no line break.
    private var endsWithinLine = false
    private var row = CSVRow()

    /// - Parameter separator: what stands between fields; nil to find out from the first row, which is
    ///   the one of comma, semicolon and tab that stands there most often.
    public init(separator: UInt8? = nil, limits: Limits = Limits()) {
        self.separator = separator
        self.limits = limits
    }

    /// The physical lines that were read.
    public var lines: Int { endsWithinLine ? line : line - 1 }

    /// Takes the next piece and gives each row that is whole by now to `body`.
    ///
    /// - Throws: ``CSVFault`` where the file is no CSV, or what `body` throws.
    public mutating func read(
        _ piece: some Collection<UInt8>, _ body: (borrowing CSVRow) throws -> Void
    ) throws {
        buffer.append(contentsOf: piece)
        try readRows(isLast: false, body)
    }

    /// Gives what is left to `body`: a last row needs no line break.
    ///
    /// - Throws: ``CSVFault`` where the file is no CSV or ends within quotes, or what `body` throws.
    public mutating func finish(_ body: (borrowing CSVRow) throws -> Void) throws {
        try readRows(isLast: true, body)
    }

    private mutating func readRows(
        isLast: Bool, _ body: (borrowing CSVRow) throws -> Void
    ) throws {
        var position = 0
        // Whatever is thrown, what was given to `body` is gone.
        defer {
            buffer.removeFirst(position)
            offset += position
        }
        if isAtStart {
            guard isLast || buffer.count >= 4 else { return }
            try begin(&position)
        }
        if isAfterReturn, let first = buffer.first {
            if first == CSVByte.lineFeed { position = 1 }
            isAfterReturn = false
        }
        if separator == nil {
            guard let found = try guess(from: &position, isLast: isLast) else { return }
            separator = found
        }
        while position < buffer.count {
            guard let end = try scan(from: position, isLast: isLast) else { break }
            position = end
            if !row.isBlank { try body(row) }
        }
    }

    /// Leaves out a byte order mark.
    private mutating func begin(_ position: inout Int) throws(CSVFault) {
        isAtStart = false
        if buffer.starts(with: [0xFF, 0xFE]) || buffer.starts(with: [0xFE, 0xFF])
            || buffer.count >= 2 && buffer[..<2].contains(0)
                && buffer[..<2].contains(where: { $0 != 0 })
        {
            throw CSVFault(line: 1, column: 1, "expected UTF-8, got UTF-16")
        }
        if buffer.starts(with: CSVByte.mark) { position = 3 }
    }

    /// Finds out the separator from the first row.
    ///
    /// - Returns: nil while that row is not whole.
    private mutating func guess(
        from position: inout Int, isLast: Bool
    ) throws(CSVFault) -> UInt8? {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        var isFieldStart = true
        var end: Int?
        for index in position..<buffer.count {
            let byte = buffer[index]
            // As everywhere, a quote counts where a field may begin.
            if byte == CSVByte.quote, isQuoted || isFieldStart { isQuoted.toggle() }
            isFieldStart = CSVByte.separators.contains(byte) || byte == CSVByte.quote && !isQuoted
            guard !isQuoted else { continue }
            if byte == CSVByte.lineFeed || byte == CSVByte.carriageReturn {
                // Blank lines before the first row say nothing.
                if counts.isEmpty, buffer[position..<index].allSatisfy(CSVByte.isLineBreak) {
                    continue
                }
                end = index
                break
            }
            if CSVByte.separators.contains(byte) { counts[byte, default: 0] += 1 }
        }
        guard end != nil || isLast || buffer.count - position > limits.rowBytes else { return nil }
        let first = buffer[position..<(end ?? buffer.count)]
        if first.count == 5, first.starts(with: Array("sep=".utf8)), let last = first.last {
            guard let end, end + 1 < buffer.count || isLast else { return isLast ? last : nil }
            position = end + 1
            if buffer[end] == CSVByte.carriageReturn, position < buffer.count,
                buffer[position] == CSVByte.lineFeed
            {
                position += 1
            }
            line += 1
            return last
        }
        // A file of one column says nothing: then it is what the name says.
        guard !counts.isEmpty else { return CSVByte.comma }
        return CSVByte.separators.max { counts[$0, default: 0] < counts[$1, default: 0] }
    }

    /// Reads one row into `row`.
    ///
    /// - Returns: where the next one begins; nil while this one is not whole.
    private mutating func scan(from start: Int, isLast: Bool) throws(CSVFault) -> Int? {
        row.begin(line: line)
        var scanner = CSVScanner(
            separator: separator ?? CSVByte.comma, start: start, offset: offset, line: line)
        let outcome = buffer.withUnsafeBufferPointer { bytes in
            scanner.scan(bytes, isLast: isLast, into: &row)
        }
        switch outcome {
        case .row(let end, let endsWithReturn):
            guard end - start <= limits.rowBytes else { throw tooLong(end - start) }
            row.check(limits)
            line = scanner.line
            isAfterReturn = endsWithReturn && end == buffer.count
            endsWithinLine = !CSVByte.isLineBreak(buffer[end - 1])
            return end
        case .incomplete(let quoteLine):
            if isLast, let quoteLine {
                throw CSVFault(
                    line: quoteLine, column: row.count + 1,
                    "expected a closing quote, got the end of the file")
            }
            guard buffer.count - start <= limits.rowBytes else {
                throw tooLong(buffer.count - start, quoteLine: quoteLine)
            }
            return nil
        }
    }

    private func tooLong(_ count: Int, quoteLine: Int? = nil) -> CSVFault {
        let quote = quoteLine.map { "; a quote that opens in line \($0) does not close" } ?? ""
        return CSVFault(
            line: line, column: row.count + 1,
            "expected a row of at most \(limits.rowBytes) bytes, got \(count) or more\(quote)")
    }
}
