/// A JSON value to be written, with its fields in the order given.
enum JSONText: Sendable, CustomStringConvertible {
    // Sendable is stated because Swift 6.3, if it infers that of a recursive type, fails in some batches
    // of files with "circular reference".
    case null
    case bool(Bool)
    case integer(Int)
    /// A number that is written already.
    case number(String)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    /// A string, or null.
    static func text(_ text: String?) -> JSONText { text.map { .string($0) } ?? .null }

    /// The value on one line, without blanks.
    var description: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let digits): text += digits
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let fields):
            text += "{"
            for (index, (name, value)) in fields.enumerated() {
                if index > 0 { text += "," }
                Self.write(name, to: &text)
                text += ":"
                value.write(to: &text)
            }
            text += "}"
        }
    }

    /// Escapes what JSON must, and what could command a terminal that shows it.
    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{00}"..<"\u{20}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}",
                "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
