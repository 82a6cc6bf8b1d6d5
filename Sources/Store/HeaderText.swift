import Jobs

/// A message's headers as JSON that loses nothing: a value that is no text stands in base64.
enum HeaderText {
    static func json(_ headers: [(name: String, value: [UInt8]?)]) -> String {
        var json = JSONWriter()
        json.raw("[")
        for (position, header) in headers.enumerated() {
            if position > 0 { json.raw(",") }
            json.raw("{\"name\":")
            json.string(storable(header.name))
            if let value = header.value {
                write(value, to: &json)
            } else {
                json.raw(",\"value\":null")
            }
            json.raw("}")
        }
        json.raw("]")
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func write(_ value: [UInt8], to json: inout JSONWriter) {
        if let text = String(validating: value, as: UTF8.self), !value.contains(0) {
            json.raw(",\"value\":")
            json.string(text)
        } else {
            json.raw(",\"base64\":")
            json.string(base64(value))
        }
    }

    /// RFC 4648 section 4.
    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for offset in 0..<3 {
                word = word << 8 | UInt32(offset < group.count ? group[start + offset] : 0)
            }
            for position in 0..<4 {
                text.append(
                    position <= group.count
                        ? alphabet[Int(word >> UInt32(18 - position * 6) & 63)] : "=")
            }
        }
        return text
    }
}
