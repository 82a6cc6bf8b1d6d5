/// Why a text is not JSON, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected or found.
    public let reason: String
    /// The byte, counted from 0, at which reading stopped.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONDocument {
    /// Reads a whole JSON text: strict RFC 8259, valid UTF-8, one value and nothing after it.
    ///
    /// - Parameters:
    ///   - bytes: the text, kept as it is.
    ///   - start: the first byte to read, after a prefix that is no part of the JSON.
    ///   - depth: how deep arrays and objects may be nested.
    public init(_ bytes: [UInt8], from start: Int = 0, depth: Int = 32) throws(JSONError) {
        self.bytes = bytes
        nodes = []
        guard bytes.count < Int(UInt32.max) else {
            throw JSONError(reason: "expected less than 4 GiB, got \(bytes.count) bytes", offset: 0)
        }
        // Members are mostly short numbers: a node for every six bytes avoids most growing.
        nodes.reserveCapacity(bytes.count / 6 + 8)
        let result = bytes.withUnsafeBufferPointer { text -> Result<[Node], JSONError> in
            var reader = JSONReader(text: text, position: start, nodes: nodes, depth: depth)
            do throws(JSONError) {
                try reader.readDocument()
                return .success(reader.nodes)
            } catch {
                return .failure(error)
            }
        }
        nodes = try result.get()
    }
}

/// A recursive descent over the bytes; each read leaves the position after what it read.
private struct JSONReader {
    let text: UnsafeBufferPointer<UInt8>
    var position: Int
    var nodes: [JSONDocument.Node]
    var depth: Int

    mutating func readDocument() throws(JSONError) {
        skipBlanks()
        try readValue()
        skipBlanks()
        guard position == text.count else { throw unexpected("the end of the JSON text") }
    }

    private mutating func readValue() throws(JSONError) {
        guard position < text.count else { throw unexpected("a value") }
        switch text[position] {
        case UInt8(ascii: "\""): try readString()
        case UInt8(ascii: "{"): try readObject()
        case UInt8(ascii: "["): try readArray()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
        case UInt8(ascii: "t"): try readWord("true", .bool)
        case UInt8(ascii: "f"): try readWord("false", .bool)
        case UInt8(ascii: "n"): try readWord("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func readObject() throws(JSONError) {
        let opened = try open(.object)
        if accept(UInt8(ascii: "}")) { return close(opened, count: 0) }
        var count: UInt32 = 0
        repeat {
            skipBlanks()
            guard position < text.count, text[position] == UInt8(ascii: "\"") else {
                throw unexpected("a key in quotes")
            }
            try readString()
            guard accept(UInt8(ascii: ":")) else { throw unexpected("':'") }
            skipBlanks()
            try readValue()
            count += 1
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "}")) else { throw unexpected("',' or '}'") }
        close(opened, count: count)
    }

    private mutating func readArray() throws(JSONError) {
        let opened = try open(.array)
        if accept(UInt8(ascii: "]")) { return close(opened, count: 0) }
        var count: UInt32 = 0
        repeat {
            skipBlanks()
            try readValue()
            count += 1
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "]")) else { throw unexpected("',' or ']'") }
        close(opened, count: count)
    }

    private mutating func open(_ kind: JSONDocument.Kind) throws(JSONError) -> Int {
        guard depth > 0 else { throw fault("expected less nesting of arrays and objects") }
        depth -= 1
        append(kind, start: position, end: position)
        position += 1
        return nodes.count - 1
    }

    private mutating func close(_ opened: Int, count: UInt32) {
        depth += 1
        nodes[opened].end = UInt32(position)
        nodes[opened].next = UInt32(nodes.count)
        nodes[opened].count = count
    }

    private mutating func readNumber() throws(JSONError) {
        let start = position
        if text[position] == UInt8(ascii: "-") { position += 1 }
        guard position < text.count, ASCII.isDigit(text[position]) else {
            throw unexpected("a digit")
        }
        if text[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            skipDigits()
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            try expectDigits()
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count,
                text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            try expectDigits()
        }
        append(.number, start: start, end: position)
    }

    private mutating func expectDigits() throws(JSONError) {
        guard position < text.count, ASCII.isDigit(text[position]) else {
            throw unexpected("a digit")
        }
        skipDigits()
    }

    private mutating func skipDigits() {
        while position < text.count, ASCII.isDigit(text[position]) { position += 1 }
    }

    private mutating func readWord(
        _ word: StaticString, _ kind: JSONDocument.Kind
    ) throws(JSONError) {
        let end = position + word.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard end <= text.count, text[position..<end].elementsEqual(expected) else {
            throw unexpected("a value")
        }
        append(kind, start: position, end: end)
        position = end
    }

    private mutating func readString() throws(JSONError) {
        position += 1
        let start = position
        var isEscaped = false
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "\""):
                append(.string, start: start, end: position, isEscaped: isEscaped)
                position += 1
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                try skipEscape()
            case 0..<0x20:
                throw fault("expected no control character inside a string, got one")
            case 0x80...:
                try skipMultibyte()
            default:
                position += 1
            }
        }
        throw unexpected("the closing quote")
    }

    private mutating func skipEscape() throws(JSONError) {
        guard position + 1 < text.count else {
            throw fault("expected an escape after '\\', got the end")
        }
        switch text[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try readUnit()
            if unit & 0xFC00 == 0xD800 {
                guard position + 1 < text.count, text[position] == UInt8(ascii: "\\"),
                    text[position + 1] == UInt8(ascii: "u")
                else { throw fault("expected the second half of a surrogate pair") }
                let low = try readUnit()
                guard low & 0xFC00 == 0xDC00 else {
                    throw fault("expected the second half of a surrogate pair")
                }
            } else if unit & 0xFC00 == 0xDC00 {
                throw fault("expected a surrogate pair, got its second half alone")
            }
        default:
            throw fault("expected a known escape after '\\'")
        }
    }

    /// Reads `\uXXXX`.
    private mutating func readUnit() throws(JSONError) -> UInt32 {
        position += 2
        guard position + 4 <= text.count,
            text[position..<(position + 4)].allSatisfy({ ASCII.hexadecimalValue($0) != nil })
        else { throw unexpected("four hexadecimal digits") }
        defer { position += 4 }
        return JSONEscapes.hexadecimal(text, at: position)
    }

    /// Steps over one character of two to four bytes, by the table of the Unicode Standard
    /// (3-7, well-formed UTF-8 byte sequences).
    private mutating func skipMultibyte() throws(JSONError) {
        let lead = text[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            second = 0xA0...0xBF
        case 0xED:
            length = 3
            second = 0x80...0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            second = 0x90...0xBF
        case 0xF4:
            length = 4
            second = 0x80...0x8F
        case 0xF1...0xF3: length = 4
        default: throw fault("expected UTF-8, got the byte \(lead)")
        }
        guard position + length <= text.count, second.contains(text[position + 1]) else {
            throw fault("expected UTF-8, got a broken sequence")
        }
        for offset in 2..<max(length, 2) where text[position + offset] & 0xC0 != 0x80 {
            throw fault("expected UTF-8, got a broken sequence")
        }
        position += length
    }

    private mutating func skipBlanks() {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Skips blanks and then the byte, if it stands there.
    private mutating func accept(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func append(
        _ kind: JSONDocument.Kind, start: Int, end: Int, isEscaped: Bool = false
    ) {
        nodes.append(
            JSONDocument.Node(
                kind: kind, isEscaped: isEscaped, start: UInt32(start), end: UInt32(end),
                next: UInt32(nodes.count + 1), count: 0))
    }

    private func fault(_ reason: String) -> JSONError {
        JSONError(reason: reason, offset: position)
    }

    private func unexpected(_ expected: String) -> JSONError {
        guard position < text.count else { return fault("expected \(expected), got the end") }
        let byte = text[position]
        let got =
            (0x21...0x7E).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "the byte \(byte)"
        return fault("expected \(expected), got \(got)")
    }
}
