/// How the bytes of a file stand for characters.
enum TextEncoding: String, CaseIterable {
    case utf8 = "utf-8"
    case utf16 = "utf-16"
    case windows1252 = "windows-1252"
    case shiftJIS = "shift_jis"

    /// What iconv(3) calls it; nil for what needs no conversion.
    ///
    /// - Parameter start: the first bytes of the file, which tell the order of the bytes.
    func iconvName(start: ArraySlice<UInt8>) -> String? {
        switch self {
        case .utf8: nil
        // Without a mark, the order that Windows writes, unless the first character says otherwise.
        case .utf16: start.starts(with: [0xFE, 0xFF]) || start.first == 0 ? "UTF-16BE" : "UTF-16LE"
        case .windows1252: "WINDOWS-1252"
        // As Windows writes it, with the vendors' characters.
        case .shiftJIS: "CP932"
        }
    }

    /// What is wrong with bytes that are none in it.
    func message(of fault: TextConverter.Fault) -> String {
        let byte = String(fault.byte, radix: 16, uppercase: true)
        return "expected \(rawValue), got the byte 0x\(byte) (offset \(fault.offset) of the file)"
    }

    /// What the start of a file says of its encoding by a byte order mark, or by the NUL that stands
    /// beside each letter in UTF-16.
    static func announced(by start: ArraySlice<UInt8>) -> TextEncoding? {
        if start.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
        let first = start.prefix(2)
        if first.elementsEqual([0xFF, 0xFE]) || first.elementsEqual([0xFE, 0xFF]) {
            return .utf16
        }
        return first.count == 2 && first.count { $0 == 0 } == 1 ? .utf16 : nil
    }
}
