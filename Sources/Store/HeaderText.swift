/// A message's headers as JSON that loses nothing: a value that is no text stands in base64.
enum HeaderText {
    static func json(_ headers: [(name: String, value: [UInt8]?)]) -> String {
        let list = headers.map { header -> String in
            let name = "{\"name\":\(quoted(storable(header.name)))"
            guard let value = header.value else { return name + ",\"value\":null}" }
            if let text = String(validating: value, as: UTF8.self), !value.contains(0) {
                return name + ",\"value\":\(quoted(text))}"
            }
            return name + ",\"base64\":\"\(base64(value))\"}"
        }
        return "[" + list.joined(separator: ",") + "]"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{00}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
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
