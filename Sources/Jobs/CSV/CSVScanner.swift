/// Finds the fields of one row.
struct CSVScanner {
    enum Outcome {
        /// The row is whole; the next one begins at `end`.
        case row(end: Int, endsWithReturn: Bool)
        /// The bytes end before the row does; within quotes, the line on which they open.
        case incomplete(quoteLine: Int?)
    }

    private let separator: UInt8
    private let start: Int
    /// The bytes before those that are scanned.
    private let offset: Int
    private var position: Int
    /// The physical line of `position`.
    private(set) var line: Int
    /// All bytes of the row in one, to know whether any is beyond ASCII.
    private var seen: UInt8 = 0

    init(separator: UInt8, start: Int, offset: Int, line: Int) {
        self.separator = separator
        self.start = start
        self.offset = offset
        position = start
        self.line = line
    }

    mutating func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool, into row: inout CSVRow
    ) -> Outcome {
        while true {
            let isQuoted = position < bytes.count && bytes[position] == CSVByte.quote
            if isQuoted {
                let quoteLine = line
                guard quotedField(bytes, &row) else { return .incomplete(quoteLine: quoteLine) }
                // What stands behind the closing quote is not known yet.
                guard position < bytes.count || isLast else { return .incomplete(quoteLine: nil) }
            }
            plainField(bytes, isBehindQuotes: isQuoted, &row)
            guard position < bytes.count || isLast else { return .incomplete(quoteLine: nil) }
            row.endField()
            guard position < bytes.count else { return end(bytes, &row, endsWithReturn: false) }
            let byte = bytes[position]
            position += 1
            if byte == separator { continue }
            line += 1
            if byte == CSVByte.carriageReturn, position < bytes.count,
                bytes[position] == CSVByte.lineFeed
            {
                position += 1
                return end(bytes, &row, endsWithReturn: false)
            }
            return end(bytes, &row, endsWithReturn: byte == CSVByte.carriageReturn)
        }
    }

    private func end(
        _ bytes: UnsafeBufferPointer<UInt8>, _ row: inout CSVRow, endsWithReturn: Bool
    ) -> Outcome {
        if seen >= 0x80 {
            let raw = UnsafeBufferPointer(rebasing: bytes[start..<position])
            row.validate(raw, at: offset + start)
        }
        return .row(end: position, endsWithReturn: endsWithReturn)
    }

    /// Reads up to the separator or line break; behind a closing quote nothing should stand there.
    private mutating func plainField(
        _ bytes: UnsafeBufferPointer<UInt8>, isBehindQuotes: Bool, _ row: inout CSVRow
    ) {
        let start = position
        let separator = separator
        var seen = seen
        var index = position
        var hasNull = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == separator || byte == CSVByte.lineFeed || byte == CSVByte.carriageReturn {
                break
            }
            hasNull = hasNull || byte == 0
            seen |= byte
            index += 1
        }
        position = index
        self.seen = seen
        guard index > start else { return }
        row.append(bytes[start..<index])
        if hasNull { noteNull(&row, row.count + 1) }
        if isBehindQuotes {
            row.note(
                CSVFault(
                    line: line, column: row.count + 1,
                    // Which text is not said: it may be a password, and errors are kept.
                    "expected a separator or the end of the line behind a closing quote, got text"
                ))
        }
    }

    /// Reads a field in quotes, from the opening to the closing one.
    ///
    /// - Returns: false if the closing one is not there.
    private mutating func quotedField(
        _ bytes: UnsafeBufferPointer<UInt8>, _ row: inout CSVRow
    ) -> Bool {
        row.noteQuotes()
        position += 1
        var start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == CSVByte.quote {
                row.append(bytes[start..<position])
                position += 1
                guard position < bytes.count, bytes[position] == CSVByte.quote else { return true }
                // A doubled quote is one.
                start = position
            } else if byte == 0 {
                noteNull(&row, row.count + 1)
            } else if byte == CSVByte.lineFeed {
                if position == 0 || bytes[position - 1] != CSVByte.carriageReturn { line += 1 }
            } else if byte == CSVByte.carriageReturn {
                line += 1
            } else {
                seen |= byte
            }
            position += 1
        }
        return false
    }

    private func noteNull(_ row: inout CSVRow, _ column: Int) {
        row.note(
            CSVFault(
                line: line, column: column, "expected text without NUL, got a NUL byte",
                code: CSVFault.value))
    }
}
