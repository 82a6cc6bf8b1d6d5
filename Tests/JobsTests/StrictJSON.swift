/// Whether bytes are a JSON text by RFC 8259, written down a second time and in another way than
/// the reader: the grammar as parsers of the rest of the text.
enum StrictJSON {
    static func accepts(_ bytes: [UInt8], depth: Int) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var rest = bytes[...]
        blanks(&rest)
        guard value(&rest, depth) else { return false }
        blanks(&rest)
        return rest.isEmpty
    }

    private static func blanks(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private static func take(_ text: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private static func value(_ rest: inout ArraySlice<UInt8>, _ depth: Int) -> Bool {
        if take("null", &rest) || take("true", &rest) || take("false", &rest) { return true }
        if rest.first == UInt8(ascii: "\"") { return string(&rest) }
        if take("[", &rest) {
            return depth > 0 && list(&rest, "]") { value(&$0, depth - 1) }
        }
        if take("{", &rest) {
            return depth > 0
                && list(&rest, "}") { rest in
                    guard string(&rest) else { return false }
                    blanks(&rest)
                    guard take(":", &rest) else { return false }
                    blanks(&rest)
                    return value(&rest, depth - 1)
                }
        }
        return number(&rest)
    }

    private static func list(
        _ rest: inout ArraySlice<UInt8>, _ end: String,
        _ element: (inout ArraySlice<UInt8>) -> Bool
    ) -> Bool {
        blanks(&rest)
        if take(end, &rest) { return true }
        while true {
            blanks(&rest)
            guard element(&rest) else { return false }
            blanks(&rest)
            if take(end, &rest) { return true }
            guard take(",", &rest) else { return false }
        }
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Bool {
        _ = take("-", &rest)
        let whole = digits(&rest)
        guard let first = whole.first, first != 0x30 || whole.count == 1 else { return false }
        if take(".", &rest), digits(&rest).isEmpty { return false }
        if take("e", &rest) || take("E", &rest) {
            if !take("+", &rest) { _ = take("-", &rest) }
            if digits(&rest).isEmpty { return false }
        }
        return true
    }

    /// The grammar allows half a surrogate pair as an escape; no text in UTF-8 can hold what it
    /// would stand for, so it is refused here as by the reader.
    private static func string(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard take("\"", &rest) else { return false }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard let kind = rest.popFirst() else { return false }
                if "\"\\/bfnrt".utf8.contains(kind) { continue }
                guard kind == UInt8(ascii: "u"), let unit = unit(&rest) else { return false }
                if (0xDC00...0xDFFF).contains(unit) { return false }
                guard (0xD800...0xDBFF).contains(unit) else { continue }
                guard take("\\u", &rest), let low = Self.unit(&rest),
                    (0xDC00...0xDFFF).contains(low)
                else { return false }
            case 0..<0x20: return false
            default: continue
            }
        }
        return false
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        let digits = String(decoding: rest.prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            return nil
        }
        rest = rest.dropFirst(4)
        return UInt32(digits, radix: 16)
    }
}
