/// Writes a JSON text (RFC 8259) as bytes, without blanks.
///
/// The caller writes in order what belongs together; nothing is checked but numbers.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Writes punctuation, or JSON that is ready.
    public mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes += $0 }
    }

    /// Writes JSON that is ready.
    public mutating func raw(_ json: some Sequence<UInt8>) { bytes += json }

    /// Writes a string in quotes: only what must be escaped is.
    public mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(utf8: $0) }
    }

    /// Writes a string in quotes from its bytes in UTF-8.
    public mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var plain = 0
        for (position, byte) in utf8.enumerated() where Self.mustEscape(byte) {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain..<position]))
            plain = position + 1
            escape(byte)
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain...]))
        bytes.append(UInt8(ascii: "\""))
    }

    /// The bytes that a text takes within its quotes.
    public static func length(of utf8: UnsafeBufferPointer<UInt8>) -> Int {
        var length = utf8.count
        for byte in utf8 where mustEscape(byte) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "\r"),
                UInt8(ascii: "\t"):
                length += 1
            default: length += 5
            }
        }
        return length
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
}
