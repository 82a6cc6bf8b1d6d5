/// A piece of an SQL text of the catalog.
struct SQLToken: Hashable {
    enum Kind: Hashable {
        /// A name or keyword without quotes.
        case word
        case quotedName
        /// A literal in any of its forms: `'..'`, `E'..'`, `$tag$..$tag$`.
        case string
        case number
        /// `:name`.
        case parameter
        /// `$1`.
        case position
        case symbol
        case blank
        case comment
        /// Something that has no end.
        case unended
    }

    let kind: Kind
    let text: Substring

    /// A word in lower case, as SQL reads it; nil for anything else.
    var word: String? { kind == .word ? text.lowercased() : nil }

    /// The name that a parameter stands for.
    var parameterName: String? { kind == .parameter ? String(text.dropFirst()) : nil }

    /// A name as the database reads it, quoted or not.
    var name: String? {
        switch kind {
        case .word: text.lowercased()
        case .quotedName: String(text.dropFirst().dropLast()).replacing("\"\"", with: "\"")
        default: nil
        }
    }

    /// Takes a text apart; together the tokens are the text.
    static func tokens(of sql: String) -> [SQLToken] {
        var lexer = SQLLexer(sql)
        var tokens: [SQLToken] = []
        while let token = lexer.next() { tokens.append(token) }
        return tokens
    }
}

/// Finds where the tokens of an SQL text end, as the manual's chapter 4.1 has it.
private struct SQLLexer {
    private var rest: Substring.UnicodeScalarView
    private var brackets = 0
    /// The last token before was the end of an operand: a colon in brackets then cuts an array.
    private var isAfterOperand = false

    init(_ sql: String) { rest = sql[...].unicodeScalars }

    mutating func next() -> SQLToken? {
        guard let first = rest.first else { return nil }
        let (kind, length) = measure(first)
        let end = rest.index(rest.startIndex, offsetBy: length)
        let text = Substring(rest[..<end])
        rest = rest[end...]
        switch text {
        case "[": brackets += 1
        case "]": brackets -= 1
        default: break
        }
        isAfterOperand =
            [.word, .quotedName, .number, .parameter, .position].contains(kind) || text == ")"
            || text == "]"
        return SQLToken(kind: kind, text: text)
    }

    private func measure(_ first: Unicode.Scalar) -> (SQLToken.Kind, Int) {
        if first.properties.isWhitespace { return (.blank, count { $0.properties.isWhitespace }) }
        switch first {
        case "-" where at(1) == "-": return (.comment, count { $0 != "\n" && $0 != "\r" })
        case "/" where at(1) == "*": return comment()
        case "'": return quoted(by: "'", from: 0, escapes: false, .string)
        case "\"": return quoted(by: "\"", from: 0, escapes: false, .quotedName)
        case "e" where at(1) == "'", "E" where at(1) == "'":
            return quoted(by: "'", from: 1, escapes: true, .string)
        case "b" where at(1) == "'", "B" where at(1) == "'", "x" where at(1) == "'",
            "X" where at(1) == "'", "n" where at(1) == "'", "N" where at(1) == "'":
            return quoted(by: "'", from: 1, escapes: false, .string)
        case "u" where at(1) == "&", "U" where at(1) == "&":
            if at(2) == "'" { return quoted(by: "'", from: 2, escapes: false, .string) }
            if at(2) == "\"" { return quoted(by: "\"", from: 2, escapes: false, .quotedName) }
            return (.word, 1)
        case "$": return dollar()
        case ":": return colon()
        default: break
        }
        if Self.isDigit(first) || first == "." && at(1).map(Self.isDigit) == true {
            return (.number, count { Self.isWordPart($0) || $0 == "." })
        }
        if Self.isWordStart(first) { return (.word, count(while: Self.isWordPart)) }
        return (.symbol, 1)
    }

    /// A cast, a parameter, or a colon of another kind.
    private func colon() -> (SQLToken.Kind, Int) {
        if at(1) == ":" || at(1) == "=" { return (.symbol, 2) }
        guard let start = at(1), Self.isWordStart(start), !(brackets > 0 && isAfterOperand) else {
            return (.symbol, 1)
        }
        let name = rest.dropFirst().prefix(while: Self.isWordPart)
        return (.parameter, 1 + name.count)
    }

    /// A position, or a literal between two tags.
    private func dollar() -> (SQLToken.Kind, Int) {
        let after = rest.dropFirst()
        let digits = after.prefix(while: Self.isDigit)
        if !digits.isEmpty { return (.position, 1 + digits.count) }
        let name = after.prefix { Self.isWordPart($0) && $0 != "$" }
        guard name.first.map(Self.isWordStart) != false, after.dropFirst(name.count).first == "$"
        else { return (.symbol, 1) }
        let tag = Array(rest.prefix(name.count + 2))
        var length = tag.count
        var body = rest.dropFirst(tag.count)
        while !body.isEmpty {
            if body.starts(with: tag) { return (.string, length + tag.count) }
            body = body.dropFirst()
            length += 1
        }
        return (.unended, rest.count)
    }

    /// Comments nest.
    private func comment() -> (SQLToken.Kind, Int) {
        var depth = 0
        var length = 0
        var body = rest
        while let first = body.first {
            let second = body.dropFirst().first
            if first == "/", second == "*" {
                depth += 1
            } else if first == "*", second == "/" {
                depth -= 1
            } else {
                body = body.dropFirst()
                length += 1
                continue
            }
            body = body.dropFirst(2)
            length += 2
            if depth == 0 { return (.comment, length) }
        }
        return (.unended, length)
    }

    /// - Parameters:
    ///   - start: where the quote stands.
    ///   - escapes: a backslash takes the next character with it.
    private func quoted(
        by quote: Unicode.Scalar, from start: Int, escapes: Bool, _ kind: SQLToken.Kind
    ) -> (SQLToken.Kind, Int) {
        var length = start + 1
        var body = rest.dropFirst(length)
        while let first = body.first {
            let isPair = first == quote && body.dropFirst().first == quote
            if first == quote, !isPair { return (kind, length + 1) }
            let step = isPair || escapes && first == "\\" ? 2 : 1
            body = body.dropFirst(step)
            length += step
        }
        return (.unended, rest.count)
    }

    private func at(_ offset: Int) -> Unicode.Scalar? { rest.dropFirst(offset).first }

    private func count(while condition: (Unicode.Scalar) -> Bool) -> Int {
        rest.prefix(while: condition).count
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isWordStart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.value >= 0x80 || ("a"..."z").contains(scalar)
            || ("A"..."Z").contains(scalar)
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        isWordStart(scalar) || isDigit(scalar) || scalar == "$"
    }
}
