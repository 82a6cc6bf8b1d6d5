/// Which columns of the staged row an SQL text of the catalog names.
public enum ItemReferences {
    /// The names that follow `item.`, quoted or not.
    ///
    /// It is not a parser: a name inside a string literal counts too, which costs an order or a
    /// column more than needed and never one less.
    public static func columns(in sql: String) -> Set<String> {
        var names: Set<String> = []
        let bytes = Array(sql.utf8)
        let prefix = Array("item.".utf8)
        var position = 0
        while position + prefix.count < bytes.count {
            let isWordStart = position == 0 || !isWord(bytes[position - 1])
            guard isWordStart, matches(prefix, bytes, at: position) else {
                position += 1
                continue
            }
            position += prefix.count
            let isQuoted = bytes[position] == UInt8(ascii: "\"")
            if isQuoted { position += 1 }
            let start = position
            while position < bytes.count,
                isQuoted ? bytes[position] != UInt8(ascii: "\"") : isWord(bytes[position])
            {
                position += 1
            }
            let name = String(decoding: bytes[start..<position], as: UTF8.self)
            names.insert(isQuoted ? name : name.lowercased())
        }
        return names
    }

    private static func matches(_ prefix: [UInt8], _ bytes: [UInt8], at position: Int) -> Bool {
        for (offset, byte) in prefix.enumerated() where bytes[position + offset] | 0x20 != byte | 0x20 {
            return false
        }
        return true
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
            || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
