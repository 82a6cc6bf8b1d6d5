/// The fields of one row, without their quotes.
public struct CSVRow {
    /// The physical line on which the row begins, from 1.
    public private(set) var line = 0
    /// The first thing that is wrong with it; its fields are not to be trusted then.
    public private(set) var fault: CSVFault?
    /// The fields one after the other.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// How many fields it has.
    public var count: Int { ends.count }

    /// A field's text in UTF-8.
    public subscript(field: Int) -> ArraySlice<UInt8> { bytes[range(of: field)] }

    /// A field's text.
    public func string(_ field: Int) -> String {
        String(decoding: self[field], as: UTF8.self)
    }

    /// Calls `body` with a field's bytes, without a copy.
    public func withBytes<Result>(
        of field: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        let range = range(of: field)
        return try bytes.withUnsafeBufferPointer { bytes in
            try body(UnsafeBufferPointer(rebasing: bytes[range]))
        }
    }

    private func range(of field: Int) -> Range<Int> {
        (field == 0 ? 0 : ends[field - 1])..<ends[field]
    }

    /// It is an empty line.
    var isBlank: Bool { ends.count == 1 && bytes.isEmpty && fault == nil && !isQuoted }

    private var isQuoted = false

    mutating func begin(line: Int) {
        self.line = line
        fault = nil
        isQuoted = false
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    mutating func append(_ text: Slice<UnsafeBufferPointer<UInt8>>) {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text))
    }

    mutating func endField() { ends.append(bytes.count) }

    mutating func noteQuotes() { isQuoted = true }

    /// Notes what is beyond a limit.
    mutating func check(_ limits: CSVReader.Limits) {
        if count > limits.columns {
            note(
                CSVFault(
                    line: line, column: limits.columns + 1,
                    "expected at most \(limits.columns) columns, got \(count)"))
        }
        guard bytes.count > limits.fieldBytes else { return }
        for field in ends.indices where range(of: field).count > limits.fieldBytes {
            note(
                CSVFault(
                    line: line, column: field + 1,
                    "expected a text of at most \(limits.fieldBytes) bytes, got "
                        + "\(range(of: field).count)", code: CSVFault.value))
            return
        }
    }

    /// Keeps the first fault.
    mutating func note(_ fault: CSVFault) { self.fault = self.fault ?? fault }

    /// Notes the first field that is no UTF-8.
    ///
    /// - Parameters:
    ///   - raw: the row as it was read, quotes included.
    ///   - offset: where that begins.
    mutating func validate(_ raw: UnsafeBufferPointer<UInt8>, at offset: Int) {
        for field in ends.indices {
            guard let place = withBytes(of: field, firstInvalidUTF8) else { continue }
            let text = self[field]
            let byte = String(text[text.startIndex + place], radix: 16, uppercase: true)
            let before = String(decoding: text.prefix(place), as: UTF8.self).unicodeScalars.count
            var fault = CSVFault(
                line: line, column: field + 1,
                "expected UTF-8, got the byte 0x\(byte) as character \(before + 1) of the field",
                code: CSVFault.value)
            // Quotes and separators are ASCII: what is the first broken byte of a field is the first
            // of the row.
            fault.offset = firstInvalidUTF8(raw).map { offset + $0 }
            note(fault)
            return
        }
    }
}

/// The place of the first byte that is not part of well-formed UTF-8 (Unicode 16, table 3-7).
private func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    while index < bytes.count {
        let lead = bytes[index]
        if lead < 0x80 {
            index += 1
            continue
        }
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0x80...0xBF)
            }
        guard length > 0, index + length <= bytes.count, second.contains(bytes[index + 1]),
            bytes[(index + 2)..<(index + length)].allSatisfy({ 0x80...0xBF ~= $0 })
        else { return index }
        index += length
    }
    return nil
}
