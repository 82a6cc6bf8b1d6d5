import Logging

/// One log event as the bytes of one line, its line break included.
///
/// Nothing that an event carries can end the line or command the terminal: control characters and
/// the marks that turn the writing direction are escaped.
struct LogLine {
    /// The bytes of one text (message, metadata value) that are written; the rest is cut off.
    static let textBytesMax = 16 * 1024

    private(set) var bytes: [UInt8] = []

    /// Writes the event in a format; `auto` counts as JSON here, where no terminal is known.
    init(
        time: LogTime, level: Logger.Level, message: String, metadata: Logger.Metadata,
        format: LogFormat
    ) {
        bytes.reserveCapacity(256)
        let fields = metadata.sorted { $0.key < $1.key }
        if format == .text {
            writeText(time: time, level: level, message: message, fields: fields)
        } else {
            writeJSON(time: time, level: level, message: message, fields: fields)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    // MARK: Text

    private mutating func writeText(
        time: LogTime, level: Logger.Level, message: String, fields: [Logger.Metadata.Element]
    ) {
        time.append(to: &bytes)
        append(" ")
        append(level.rawValue)
        for _ in level.rawValue.utf8.count..<max(5, level.rawValue.utf8.count) { append(" ") }
        append(" ")
        appendEscaped(message, quoted: false)
        for (key, value) in fields {
            append(" ")
            appendWord(key)
            append("=")
            appendWord(value.description)
        }
    }

    /// A word stands as it is; whatever could be taken for more than one word is quoted.
    private mutating func appendWord(_ text: String) {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                !scalar.properties.isWhitespace && !Self.mustEscape(scalar)
                    && scalar != "\"" && scalar != "=" && scalar != "\\"
            }
        if isPlain, text.utf8.count <= Self.textBytesMax {
            append(text)
        } else {
            append("\"")
            appendEscaped(text, quoted: true)
            append("\"")
        }
    }

    // MARK: JSON

    private mutating func writeJSON(
        time: LogTime, level: Logger.Level, message: String, fields: [Logger.Metadata.Element]
    ) {
        append("{\"time\":\"")
        time.append(to: &bytes)
        append("\",\"level\":\"")
        append(level.rawValue)
        append("\",\"message\":")
        appendJSON(message)
        for (key, value) in fields {
            append(",")
            // A field that bears the name of one of the three above would hide it.
            appendJSON(["time", "level", "message"].contains(key) ? "metadata_" + key : key)
            append(":")
            appendJSON(value)
        }
        append("}")
    }

    private mutating func appendJSON(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text):
            appendJSON(text)
        case .stringConvertible(let convertible):
            appendJSON(convertible.description)
        case .array(let elements):
            append("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { append(",") }
                appendJSON(element)
            }
            append("]")
        case .dictionary(let members):
            append("{")
            let sorted = members.sorted { $0.key < $1.key }
            for (index, member) in sorted.enumerated() {
                if index > 0 { append(",") }
                appendJSON(member.key)
                append(":")
                appendJSON(member.value)
            }
            append("}")
        }
    }

    private mutating func appendJSON(_ text: String) {
        append("\"")
        appendEscaped(text, quoted: true)
        append("\"")
    }

    // MARK: Characters

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends text in the escapes of JSON; the quote and the backslash only where `quoted`.
    private mutating func appendEscaped(_ text: String, quoted: Bool) {
        let end = bytes.count + Self.textBytesMax
        for scalar in text.unicodeScalars {
            guard bytes.count < end else {
                append("…")
                return
            }
            switch scalar {
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\"" where quoted: append("\\\"")
            case "\\" where quoted: append("\\\\")
            case _ where Self.mustEscape(scalar): appendEscape(of: scalar)
            default: bytes.append(contentsOf: Unicode.UTF8.encode(scalar) ?? .init())
            }
        }
    }

    /// Every scalar that must be escaped lies below U+10000, so four digits are enough.
    private mutating func appendEscape(of scalar: Unicode.Scalar) {
        let digits = String(scalar.value, radix: 16)
        append("\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits)
    }

    /// Whether a character could end a line, command a terminal or turn the writing direction.
    private static func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x2028, 0x2029: true
        case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
