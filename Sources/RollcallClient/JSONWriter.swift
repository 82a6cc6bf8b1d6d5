import Jobs

/// Writes a JSON text (RFC 8259) as bytes, without blanks.
///
/// The caller writes in order what belongs together; nothing is checked but numbers.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    /// Writes punctuation, or JSON that is ready.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes += $0 }
    }

    /// Writes JSON that is ready.
    mutating func raw(_ json: some Sequence<UInt8>) { bytes += json }

    /// Writes a string in quotes: only what must be escaped is.
    mutating func string(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var plain = 0
            for (position, byte) in utf8.enumerated() where Self.mustEscape(byte) {
                bytes += utf8[plain..<position]
                plain = position + 1
                escape(byte)
            }
            bytes += utf8[plain...]
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): raw("\\n")
        case UInt8(ascii: "\r"): raw("\\r")
        case UInt8(ascii: "\t"): raw("\\t")
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            raw("\\u00")
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 0xF)])
        default:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        }
    }

    /// Writes any value; the keys of an object in their order, so that equal values are equal bytes.
    mutating func value(_ value: Value) throws(MessageFault) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .int(let number): raw("\(number)".utf8)
        case .number(let text): try number(text)
        case .string(let text): string(text)
        case .array(let elements): try array(elements)
        case .object(let pairs): try object(pairs)
        }
    }

    /// Writes a list.
    mutating func array(_ elements: [Value]) throws(MessageFault) {
        raw("[")
        for (position, element) in elements.enumerated() {
            if position > 0 { raw(",") }
            try value(element)
        }
        raw("]")
    }

    /// Writes an object.
    mutating func object(_ pairs: [String: Value]) throws(MessageFault) {
        raw("{")
        for (position, key) in pairs.keys.sorted().enumerated() {
            if position > 0 { raw(",") }
            string(key)
            raw(":")
            try value(pairs[key] ?? .null)
        }
        raw("}")
    }

    /// Writes a number as it is, if it is one for JSON: not `NaN`, `0x1F`, `.5` or `1,000`.
    private mutating func number(_ text: String) throws(MessageFault) {
        let digits = Array(text.utf8)
        guard let document = try? JSONDocument(digits), document[document.root].kind == .number,
            document.source(of: document.root).count == digits.count
        else {
            throw MessageFault(
                .invalidData,
                "expected a JSON number, got \"\(MessageFault.quoted(text.utf8))\"")
        }
        raw(digits)
    }
}
