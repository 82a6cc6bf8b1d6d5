import Catalog
import Jobs

/// Reads a value of a message for the type of a column, before any statement sees it.
struct ValueReader {
    let column: Column
    /// The longest text accepted, in characters, where the column has no limit of its own.
    let textLimit: Int
    private let shape: (precision: Int, scale: Int)?

    init(column: Column, textLimit: Int) {
        self.column = column
        self.textLimit = textLimit
        shape = Self.shape(of: column.typeName)
    }

    /// Appends the value to the column.
    ///
    /// Something is appended in any case, so that the columns of a row stay side by side.
    ///
    /// - Returns: what was expected, if it was something else.
    func read(
        _ index: JSONDocument.Index, of document: JSONDocument, into staged: inout StagedColumn
    ) -> String? {
        let kind = document[index].kind
        switch kind {
        case .null:
            staged.append(.null)
            return nil
        case .array, .object:
            staged.append(.null)
            return expectation
        case .bool, .number, .string:
            let isRead = document.withText(of: index) { text in
                read(text, kind, into: &staged)
            }
            if isRead { return nil }
            staged.append(.null)
            return expectation
        }
    }

    /// Appends the value if it is one of the type.
    private func read(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: JSONDocument.Kind,
        into staged: inout StagedColumn
    ) -> Bool {
        switch column.type {
        case .int16: return readInteger(text, kind, Int16.min, Int16.max, into: &staged)
        case .int32: return readInteger(text, kind, Int32.min, Int32.max, into: &staged)
        case .int64: return readInteger(text, kind, Int64.min, Int64.max, into: &staged)
        case .boolean:
            guard kind != .number, let value = Self.boolean(text) else { return false }
            staged.append(integer: value ? 1 : 0)
        case .uuid:
            guard kind == .string, let value = Self.uuid(text) else { return false }
            staged.append(uuid: value)
        case .text(let limit):
            guard kind != .bool, isStorable(text, limit: limit ?? textLimit) else { return false }
            staged.append(text: text)
        case .character(let limit):
            // Blanks at the end of a char(n) do not count (the manual, 8.3).
            let significant = text.reversed().drop { $0 == UInt8(ascii: " ") }.count
            let value = UnsafeBufferPointer(rebasing: text[..<significant])
            guard kind != .bool, isStorable(value, limit: limit) else { return false }
            staged.append(text: value)
        case .enumeration(let labels):
            guard kind == .string, labels.contains(where: { $0.utf8.elementsEqual(text) })
            else { return false }
            staged.append(text: text)
        case .numeric, .float, .date, .timestamp, .timestampWithZone:
            guard kind != .bool, isWellFormed(String(decoding: text, as: UTF8.self))
            else { return false }
            staged.append(text: text)
        case .other: return false
        }
        return true
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

    /// No NUL, which Postgres cannot store, and no more characters than the limit.
    private func isStorable(_ text: UnsafeBufferPointer<UInt8>, limit: Int) -> Bool {
        guard !text.contains(0) else { return false }
        guard text.count > limit else { return true }
        // Bytes that do not continue a character begin one.
        return text.lazy.filter { $0 & 0xC0 != 0x80 }.count <= limit
    }

    private func isWellFormed(_ text: String) -> Bool {
        switch column.type {
        case .numeric: isNumeric(text)
        case .float: isFloat(text)
        case .date: text.utf8.count == 10 && isTime(text + "T00:00:00Z")
        case .timestampWithZone: isTime(text)
        case .timestamp: isTime(text + "Z")
        case .int16, .int32, .int64, .boolean, .uuid, .text, .character, .enumeration, .other:
            false
        }
    }

    private func isNumeric(_ text: String) -> Bool {
        guard text.utf8.count <= 1_000, let number = DecimalText(text.utf8) else { return false }
        return shape.map { number.fits(precision: $0.precision, scale: $0.scale) } ?? true
    }

    /// A number that the type holds, though perhaps not to its last digit.
    private func isFloat(_ text: String) -> Bool {
        guard text.utf8.count <= 1_000, let number = DecimalText(text.utf8) else { return false }
        let isZero = number == DecimalText("0".utf8)
        if column.typeName == "real" {
            return Float(text).map { $0.isFinite && $0.isZero == isZero } == true
        }
        return Double(text).map { $0.isFinite && $0.isZero == isZero } == true
    }

    /// RFC 3339 as far as Postgres reads it: from the year 1, and less than 16 hours from UTC.
    private func isTime(_ text: String) -> Bool {
        guard Timestamp(text) != nil, !text.hasPrefix("0000") else { return false }
        let zone = text.utf8.suffix(6)
        let isOffset = zone.first == UInt8(ascii: "+") || zone.first == UInt8(ascii: "-")
        return !isOffset || zone.dropFirst().lexicographicallyPrecedes("16:00".utf8)
    }

    /// The digits of `numeric(precision, scale)`.
    private static func shape(of typeName: String) -> (precision: Int, scale: Int)? {
        guard typeName.hasPrefix("numeric("), typeName.hasSuffix(")") else { return nil }
        let numbers = typeName.dropFirst("numeric(".count).dropLast().split(separator: ",")
            .compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    /// What the column takes, in words.
    private var expectation: String {
        switch column.type {
        case .int16: "a whole number from \(Int16.min) to \(Int16.max)"
        case .int32: "a whole number from \(Int32.min) to \(Int32.max)"
        case .int64: "a whole number from \(Int64.min) to \(Int64.max)"
        case .boolean: "true or false"
        case .uuid: "a UUID"
        case .text(let limit): "a text of at most \(limit ?? textLimit) characters without NUL"
        case .character(let limit): "a text of at most \(limit) characters without NUL"
        case .numeric:
            shape.map { "a decimal number that fits numeric(\($0.precision),\($0.scale))" }
                ?? "a decimal number of at most 1000 digits"
        case .float: "a decimal number"
        case .date: "a date such as 2026-11-21"
        case .timestamp: "a time such as 2026-11-21T08:00:00"
        case .timestampWithZone: "a time such as 2026-11-21T08:00:00Z"
        case .enumeration(let labels): "one of \(labels.joined(separator: ", "))"
        case .other: "a column of another type than \(column.typeName)"
        }
    }
}
