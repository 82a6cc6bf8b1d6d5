/// Writes rows as RFC 4180 text with commas and LF.
public struct CSVWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Starts anew.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Writes a row's fields; those that need quotes get them.
    ///
    /// - Returns: the physical lines that it takes.
    @discardableResult
    public mutating func write(_ row: borrowing CSVRow) -> Int {
        var lines = 1
        for field in 0..<row.count {
            if field > 0 { bytes.append(CSVByte.comma) }
            row.withBytes(of: field) { text in
                // An empty line would be no row.
                if row.count == 1 && text.isEmpty || Self.needsQuotes(text) {
                    lines += quote(text)
                } else {
                    bytes.append(contentsOf: text)
                }
            }
        }
        bytes.append(CSVByte.lineFeed)
        return lines
    }

    /// Writes a row of texts.
    public mutating func write(_ fields: [String]) {
        for (position, field) in fields.enumerated() {
            if position > 0 { bytes.append(CSVByte.comma) }
            var field = field
            field.withUTF8 { text in
                if fields.count == 1 && text.isEmpty || Self.needsQuotes(text) {
                    _ = quote(text)
                } else {
                    bytes.append(contentsOf: text)
                }
            }
        }
        bytes.append(CSVByte.lineFeed)
    }

    private static func needsQuotes(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in text {
            switch byte {
            case CSVByte.comma, CSVByte.quote, CSVByte.lineFeed, CSVByte.carriageReturn:
                return true
            default: continue
            }
        }
        // At the start of a text it would be read as a byte order mark.
        return text.first == CSVByte.mark[0] && text.starts(with: CSVByte.mark)
    }

    /// - Returns: the line breaks in it.
    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var breaks = 0
        var last: UInt8 = 0
        bytes.append(CSVByte.quote)
        for byte in text {
            switch byte {
            case CSVByte.quote: bytes.append(CSVByte.quote)
            case CSVByte.carriageReturn: breaks += 1
            case CSVByte.lineFeed where last != CSVByte.carriageReturn: breaks += 1
            default: break
            }
            bytes.append(byte)
            last = byte
        }
        bytes.append(CSVByte.quote)
        return breaks
    }
}
