/// The text form of an array (the manual, 8.15.6).
enum ArrayText {
    /// Every element in quotes, so that none is taken for NULL or for a part of the form.
    static func text(of elements: StagedColumn, separator: UInt8) -> [UInt8] {
        var text = [UInt8(ascii: "{")]
        for row in 0..<elements.count {
            if row > 0 { text.append(separator) }
            guard elements.states[row] == .value else {
                text += "NULL".utf8
                continue
            }
            text.append(UInt8(ascii: "\""))
            for byte in elements.text(row, limit: .max).utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    text.append(UInt8(ascii: "\\"))
                }
                text.append(byte)
            }
            text.append(UInt8(ascii: "\""))
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}
