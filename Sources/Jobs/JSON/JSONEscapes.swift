/// The escapes of a JSON string (RFC 8259 section 7), once the reader has checked them.
enum JSONEscapes {
    /// The text of a string with backslashes.
    ///
    /// The reader has refused lone surrogates and unknown escapes, so none occur here.
    static func decoded(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var position = 0
        while position < raw.count {
            let plain = position
            while position < raw.count, raw[position] != UInt8(ascii: "\\") { position += 1 }
            text.append(contentsOf: UnsafeBufferPointer(rebasing: raw[plain..<position]))
            guard position < raw.count else { break }
            let kind = raw[position + 1]
            position += 2
            switch kind {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = hexadecimal(raw, at: position)
                position += 4
                if scalar & 0xFC00 == 0xD800 {
                    let low = hexadecimal(raw, at: position + 2)
                    position += 6
                    scalar = 0x10000 + ((scalar & 0x3FF) << 10) + (low & 0x3FF)
                }
                append(scalar, to: &text)
            default: text.append(kind)
            }
        }
        return text
    }

    /// Four hexadecimal digits as a number; the caller has checked that they are digits.
    static func hexadecimal(_ raw: UnsafeBufferPointer<UInt8>, at position: Int) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<4 {
            value = value << 4 | UInt32(ASCII.hexadecimalValue(raw[position + offset]) ?? 0)
        }
        return value
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(scalar) else { return }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
