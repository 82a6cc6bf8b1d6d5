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
            // `shop.item.price` is a column of a table that happens to have this name.
            let isWordStart =
                position == 0
                || !isWord(bytes[position - 1]) && bytes[position - 1] != UInt8(ascii: ".")
            guard isWordStart, matches(prefix, bytes, at: position) else {
                position += 1
                continue
            }
            position += prefix.count
            let name =
                bytes[position] == UInt8(ascii: "\"")
                ? quotedName(bytes, at: &position) : plainName(bytes, at: &position)
            // `item.*` names no column.
            if !name.isEmpty { names.insert(name) }
        }
        return names
    }

    private static func plainName(_ bytes: [UInt8], at position: inout Int) -> String {
        let name = bytes[position...].prefix(while: isWord)
        position = name.endIndex
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// A name in quotes, where two of them stand for one.
    private static func quotedName(_ bytes: [UInt8], at position: inout Int) -> String {
        let quote = UInt8(ascii: "\"")
        var name: [UInt8] = []
        position += 1
        while position < bytes.count {
            if bytes[position] == quote {
                position += 1
                guard position < bytes.count, bytes[position] == quote else { break }
            }
            name.append(bytes[position])
            position += 1
        }
        return String(decoding: name, as: UTF8.self)
    }

    private static func matches(_ prefix: [UInt8], _ bytes: [UInt8], at position: Int) -> Bool {
        for (offset, byte) in prefix.enumerated()
        where bytes[position + offset] | 0x20 != byte | 0x20 {
            return false
        }
        return true
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
            || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
