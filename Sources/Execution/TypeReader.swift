import Catalog
import Jobs

/// Reads a value of a message for a type, before any statement sees it.
///
/// What it takes the database takes too, with few exceptions that are found when the value is read
/// there; values whose texts only the database knows are all left to it.
struct TypeReader {
    let type: ColumnType
    /// The longest value accepted, in characters, where the type has no limit of its own.
    let textLimit: Int

    init(_ type: ColumnType, textLimit: Int) {
        self.type = type
        self.textLimit = textLimit
    }

    /// Appends the value to a column, or null if it is none of the type.
    ///
    /// - Returns: what was expected, if it was something else.
    func read(
        _ index: JSONDocument.Index, of document: JSONDocument, into staged: inout StagedColumn
    ) -> String? {
        let kind = document[index].kind
        switch (kind, type) {
        case (.null, _):
            staged.append(.null)
            return nil
        case (_, .json):
            if readJSON(document.source(of: index), into: &staged) { return nil }
        case (.array, .array(let element, let separator)):
            return readArray(index, of: document, element, separator, into: &staged)
        case (.array, _), (.object, _), (_, .array): break
        case (.bool, _), (.number, _), (.string, _):
            let isRead = document.withText(of: index) { text in
                read(text, kind, into: &staged)
            }
            if isRead { return nil }
        }
        staged.append(.null)
        return type.expectation(textLimit: textLimit)
    }

    /// Appends the value if it is one of the type.
    private func read(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: JSONDocument.Kind,
        into staged: inout StagedColumn
    ) -> Bool {
        switch type {
        case .int16: return readInteger(text, kind, Int16.min, Int16.max, into: &staged)
        case .int32: return readInteger(text, kind, Int32.min, Int32.max, into: &staged)
        case .int64: return readInteger(text, kind, Int64.min, Int64.max, into: &staged)
        case .oid: return readInteger(text, kind, UInt32.min, UInt32.max, into: &staged)
        case .boolean:
            guard kind != .number, let value = Self.boolean(text) else { return false }
            staged.append(integer: value ? 1 : 0)
        case .uuid:
            guard kind == .string, let value = Self.uuid(text) else { return false }
            staged.append(uuid: value)
        case .text(let limit):
            guard kind != .bool, isStorable(text, limit) else { return false }
            staged.append(text: text)
        case .character(let limit):
            // Blanks at the end of a char(n) do not count (the manual, 8.3).
            let significant = text.reversed().drop { $0 == UInt8(ascii: " ") }.count
            let value = UnsafeBufferPointer(rebasing: text[..<significant])
            guard kind != .bool, isStorable(value, .characters(limit)) else { return false }
            staged.append(text: value)
        case .enumeration(let labels):
            guard kind == .string, labels.contains(where: { $0.utf8.elementsEqual(text) })
            else { return false }
            staged.append(text: text)
        case .numeric, .float32, .float64, .date, .timestamp, .timestampWithZone:
            guard kind != .bool, isWellFormed(String(decoding: text, as: UTF8.self))
            else { return false }
            staged.append(text: text)
        case .bytes: return readBytes(text, kind, into: &staged)
        case .bits(let limit, let isVarying):
            let count = text.count
            guard kind != .bool, text.allSatisfy({ $0 == 0x30 || $0 == 0x31 }),
                isVarying ? count <= limit ?? textLimit : count == limit
            else { return false }
            staged.append(text: text)
        case .other:
            guard kind != .bool, isStorable(text, nil) else { return false }
            staged.append(text: text)
        case .json, .array: return false
        }
        return true
    }

    /// Any value, as it stands in the message.
    private func readJSON(_ source: ArraySlice<UInt8>, into staged: inout StagedColumn) -> Bool {
        let isShort = source.withUnsafeBufferPointer { isStorable($0, nil) }
        if isShort { staged.append(text: source) }
        return isShort
    }

    /// Hexadecimal digits, with or without the `\x` that the database writes before them.
    private func readBytes(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: JSONDocument.Kind,
        into staged: inout StagedColumn
    ) -> Bool {
        let isMarked = text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")])
        let digits = text.dropFirst(isMarked ? 2 : 0)
        guard kind == .string, digits.count.isMultiple(of: 2), digits.count / 2 <= textLimit,
            digits.allSatisfy(Self.isHexadecimal)
        else { return false }
        staged.append(text: [UInt8(ascii: "\\"), UInt8(ascii: "x")] + digits.map(Self.lowercased))
        return true
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    /// A list of values of the element's type, or of nulls.
    private func readArray(
        _ index: JSONDocument.Index, of document: JSONDocument, _ element: ColumnType,
        _ separator: UInt8, into staged: inout StagedColumn
    ) -> String? {
        let reader = TypeReader(element, textLimit: textLimit)
        var elements = StagedColumn(element, capacity: Int(document[index].count))
        for node in document.elements(of: index) {
            if let expected = reader.read(node, of: document, into: &elements) {
                staged.append(.null)
                return "a list with \(expected) as element \(elements.count)"
            }
        }
        let text = ArrayText.text(of: elements, separator: separator)
        let isShort = text.withUnsafeBufferPointer { isStorable($0, nil) }
        guard isShort else {
            staged.append(.null)
            return type.expectation(textLimit: textLimit)
        }
        staged.append(text: text)
        return nil
    }

    private func readInteger(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: JSONDocument.Kind,
        _ least: some FixedWidthInteger, _ greatest: some FixedWidthInteger,
        into staged: inout StagedColumn
    ) -> Bool {
        guard kind != .bool, let value = Self.integer(text), value >= Int64(least),
            value <= Int64(greatest)
        else { return false }
        staged.append(integer: value)
        return true
    }

    /// A whole number in decimal digits; nil for anything else and for what 64 bits do not hold.
    private static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.count <= 20 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 0x30)
            let (sum, overflowed) = tens.addingReportingOverflow(isNegative ? -digit : digit)
            guard !overflow, !overflowed else { return nil }
            value = sum
        }
        return value
    }

    private static func boolean(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        switch String(decoding: text, as: UTF8.self) {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// The canonical form, or the same without its dashes.
    private static func uuid(_ text: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64)? {
        guard text.count == 32 else {
            return JobID(utf8: text).map { ($0.high, $0.low) }
        }
        var dashed: [UInt8] = []
        dashed.reserveCapacity(36)
        for (position, byte) in text.enumerated() {
            if [8, 12, 16, 20].contains(position) { dashed.append(UInt8(ascii: "-")) }
            dashed.append(byte)
        }
        return dashed.withUnsafeBufferPointer { JobID(utf8: $0) }.map { ($0.high, $0.low) }
    }

    /// No NUL, which Postgres cannot store, and no longer than the limit.
    private func isStorable(_ text: UnsafeBufferPointer<UInt8>, _ limit: TextLimit?) -> Bool {
        guard !text.contains(0) else { return false }
        switch limit ?? .characters(textLimit) {
        case .bytes(let limit): return text.count <= limit
        case .characters(let limit):
            guard text.count > limit else { return true }
            // Bytes that do not continue a character begin one.
            return text.lazy.filter { $0 & 0xC0 != 0x80 }.count <= limit
        }
    }

    private func isWellFormed(_ text: String) -> Bool {
        switch type {
        case .numeric(let shape): isNumeric(text, shape)
        case .float32: isFloat(text, Float.self)
        case .float64: isFloat(text, Double.self)
        case .date: text.utf8.count == 10 && isTime(text + "T00:00:00Z")
        case .timestampWithZone: isTime(text)
        case .timestamp: isTime(text + "Z")
        default: false
        }
    }

    private func isNumeric(_ text: String, _ shape: NumericShape?) -> Bool {
        guard text.utf8.count <= 1_000, let number = DecimalText(text.utf8) else { return false }
        return shape.map { number.fits(precision: $0.precision, scale: $0.scale) } ?? true
    }

    /// A number that the type holds, though perhaps not to its last digit.
    private func isFloat<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ text: String, _ type: Value.Type
    ) -> Bool {
        guard text.utf8.count <= 1_000, let number = DecimalText(text.utf8) else { return false }
        let isZero = number == DecimalText("0".utf8)
        return Value(text).map { $0.isFinite && $0.isZero == isZero } == true
    }

    /// RFC 3339 as far as Postgres reads it: from the year 1, and less than 16 hours from UTC.
    private func isTime(_ text: String) -> Bool {
        guard Timestamp(text) != nil, !text.hasPrefix("0000") else { return false }
        let zone = text.utf8.suffix(6)
        let isOffset = zone.first == UInt8(ascii: "+") || zone.first == UInt8(ascii: "-")
        return !isOffset || zone.dropFirst().lexicographicallyPrecedes("16:00".utf8)
    }
}
