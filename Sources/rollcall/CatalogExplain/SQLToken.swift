/// A piece of an SQL text that no layout may cut: a word, a literal, a quoted name, a sign.
struct SQLToken: Hashable {
    let text: String
    /// White space stands before it.
    let isApart: Bool

    /// The word in capitals, for comparing it with keywords; a quoted name is none.
    var keyword: String { text.uppercased() }

    /// Cuts a text into its tokens, comments included.
    ///
    /// A comment up to the end of a line becomes one that can stand anywhere.
    static func tokens(of sql: String) -> [SQLToken] {
        let text = Array(sql)
        var tokens: [SQLToken] = []
        var position = 0
        var isApart = false
        while position < text.count {
            if text[position].isWhitespace {
                isApart = true
                position += 1
                continue
            }
            let end = end(in: text, at: position)
            tokens.append(
                SQLToken(text: closed(String(text[position..<end])), isApart: isApart))
            isApart = false
            position = end
        }
        return tokens
    }

    private static func closed(_ token: String) -> String {
        guard token.hasPrefix("--") else { return token }
        let words = token.dropFirst(2).replacing("/*", with: "/ *").replacing("*/", with: "* /")
        return "/*\(words) */"
    }

    /// The end of the token that begins here.
    private static func end(in text: [Character], at start: Int) -> Int {
        let next = start + 1 < text.count ? text[start + 1] : " "
        switch text[start] {
        case "'": return quoteEnd(in: text, from: start + 1, "'", escape: nil)
        case "\"": return quoteEnd(in: text, from: start + 1, "\"", escape: nil)
        case "e", "E":
            if next == "'" { return quoteEnd(in: text, from: start + 2, "'", escape: "\\") }
            return wordEnd(in: text, at: start)
        case "-" where next == "-":
            return text[start...].firstIndex { $0.isNewline } ?? text.count
        case "/" where next == "*": return commentEnd(in: text, at: start)
        case "$":
            if let end = dollarQuoteEnd(in: text, at: start) { return end }
            return next.isNumber ? wordEnd(in: text, at: start + 1) : start + 1
        case let first where first.isLetter || first.isNumber || first == "_":
            return wordEnd(in: text, at: start)
        default: return start + 1
        }
    }

    private static func wordEnd(in text: [Character], at start: Int) -> Int {
        text[start...].firstIndex { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") }
            ?? text.count
    }

    /// Two quotes stand for one.
    private static func quoteEnd(
        in text: [Character], from start: Int, _ quote: Character, escape: Character?
    ) -> Int {
        var position = start
        while position < text.count {
            if text[position] == escape {
                position += 2
                continue
            }
            if text[position] == quote {
                guard position + 1 < text.count, text[position + 1] == quote else {
                    return position + 1
                }
                position += 1
            }
            position += 1
        }
        return text.count
    }

    /// Comments of this kind may be nested.
    private static func commentEnd(in text: [Character], at start: Int) -> Int {
        var depth = 0
        var position = start
        while position < text.count {
            if text[position...].starts(with: "/*") {
                depth += 1
                position += 2
            } else if text[position...].starts(with: "*/") {
                depth -= 1
                position += 2
                if depth == 0 { return position }
            } else {
                position += 1
            }
        }
        return text.count
    }

    private static func dollarQuoteEnd(in text: [Character], at start: Int) -> Int? {
        let tag = text[(start + 1)...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        guard tag.first?.isNumber != true, tag.endIndex < text.count, text[tag.endIndex] == "$"
        else { return nil }
        let quote = Array(text[start...tag.endIndex])
        var position = tag.endIndex + 1
        while position + quote.count <= text.count {
            if text[position...].starts(with: quote) { return position + quote.count }
            position += 1
        }
        return text.count
    }
}
