/// An SQL file taken apart into its statements, where psql would take it apart.
///
/// Of psql's own commands only those are known that a dump begins and ends with; there is no variable.
struct SQLScript {
    struct Statement: Equatable {
        /// The line on which it begins, counted from 1.
        let line: Int
        /// The statement, without the semicolon.
        let text: String
        /// What follows a `COPY … FROM stdin`, in the format of that statement; nil for all others.
        var data: String?
    }

    /// What stands in the file and cannot be sent.
    struct Fault: Error, Equatable {
        let line: Int
        let message: String
    }

    let statements: [Statement]

    init(_ text: String) throws(Fault) {
        var scanner = SQLScanner(text)
        var statements: [Statement] = []
        while let statement = try scanner.next() { statements.append(statement) }
        self.statements = statements
    }
}

/// Goes through the bytes of a file, a statement at a time.
private struct SQLScanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    init(_ text: String) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let all = Array(text.utf8)
        bytes = all.starts(with: mark) ? Array(all.dropFirst(mark.count)) : all
    }

    /// The next statement; nil after the last.
    ///
    /// An empty one is passed over.
    mutating func next() throws(SQLScript.Fault) -> SQLScript.Statement? {
        while true {
            try skipBetween()
            guard let first = peek() else { return nil }
            if first == ascii(";") {
                advance()
                continue
            }
            var words = StatementWords()
            let (begin, beginLine) = (position, line)
            try skipStatement(&words)
            var statement = SQLScript.Statement(line: beginLine, text: text(from: begin))
            if peek() == ascii(";") { advance() }
            if words.isCopyFromInput { statement.data = takeData() }
            return statement
        }
    }

    // MARK: Between statements

    private mutating func skipBetween() throws(SQLScript.Fault) {
        while let byte = peek() {
            if isBlank(byte) {
                advance()
            } else if try skipComment() {
                continue
            } else if byte == ascii("\\") {
                try skipCommand()
            } else {
                return
            }
        }
    }

    /// Newer dumps stand between `\restrict` and `\unrestrict`, which only forbid psql more of these.
    private mutating func skipCommand() throws(SQLScript.Fault) {
        let begin = position
        while let byte = peek(), byte != ascii("\n") { advance(byte) }
        let command = text(from: begin)
        let name = command.split(whereSeparator: \.isWhitespace).first ?? ""
        guard name == "\\restrict" || name == "\\unrestrict" else {
            throw SQLScript.Fault(
                line: line, message: "expected SQL, got the psql command \(name)")
        }
    }

    /// The lines up to the one that is `\.`.
    private mutating func takeData() -> String {
        while let byte = peek(), byte != ascii("\n") { advance(byte) }
        if peek() != nil { advance() }
        let begin = position
        while position < bytes.count {
            let lineBegin = position
            while let byte = peek(), byte != ascii("\n") { advance(byte) }
            let content = bytes[lineBegin..<position]
            let isEnd =
                content.elementsEqual([ascii("\\"), ascii(".")])
                || content.elementsEqual([ascii("\\"), ascii("."), ascii("\r")])
            if peek() != nil { advance() }
            if isEnd { return String(decoding: bytes[begin..<lineBegin], as: UTF8.self) }
        }
        return text(from: begin)
    }

    // MARK: Within a statement

    /// Goes to the semicolon that ends the statement, or to the end of the file.
    private mutating func skipStatement(_ words: inout StatementWords) throws(SQLScript.Fault) {
        var parentheses = 0
        while let byte = peek() {
            switch byte {
            case ascii(";") where parentheses == 0 && words.openBlocks == 0:
                return
            case ascii("("):
                parentheses += 1
                advance()
            case ascii(")"):
                parentheses = max(0, parentheses - 1)
                advance()
            case ascii("'"):
                try skipQuoted(by: byte, escapes: false)
            case ascii("\""):
                try skipQuoted(by: byte, escapes: false)
            case ascii("$"):
                try skipDollarQuoted()
            case ascii("\\"):
                throw SQLScript.Fault(
                    line: line, message: "expected SQL, got a psql command within a statement")
            case _ where isWordStart(byte):
                let word = takeWord()
                words.take(word)
                if word == "e", peek() == ascii("'") {
                    try skipQuoted(by: ascii("'"), escapes: true)
                }
            default:
                if try skipComment() { continue }
                advance()
            }
        }
    }

    /// A dollar within a word belongs to it, so that a word is always taken whole.
    private mutating func takeWord() -> String {
        let begin = position
        while let byte = peek(), isWordStart(byte) || isDigit(byte) || byte == ascii("$") {
            advance()
        }
        return text(from: begin).lowercased()
    }

    private mutating func skipQuoted(by quote: UInt8, escapes: Bool) throws(SQLScript.Fault) {
        let beginLine = line
        advance()
        while let byte = peek() {
            advance()
            if escapes, byte == ascii("\\") {
                if peek() != nil { advance() }
            } else if byte == quote {
                guard peek() == quote else { return }
                advance()
            }
        }
        throw SQLScript.Fault(
            line: beginLine, message: "expected the end of what is quoted here, got none")
    }

    /// `$$…$$` and `$tag$…$tag$`; `$1` is a parameter.
    private mutating func skipDollarQuoted() throws(SQLScript.Fault) {
        let (begin, beginLine) = (position, line)
        advance()
        if let byte = peek(), isWordStart(byte) {
            while let byte = peek(), isWordStart(byte) || isDigit(byte) { advance() }
        }
        guard peek() == ascii("$") else { return }
        advance()
        let tag = bytes[begin..<position]
        while position < bytes.count {
            if bytes[position...].starts(with: tag) {
                for _ in tag { advance() }
                return
            }
            advance()
        }
        throw SQLScript.Fault(
            line: beginLine, message: "expected the end of what is quoted here, got none")
    }

    /// Skips a comment, of which the kind with stars may be nested; false where none begins.
    private mutating func skipComment() throws(SQLScript.Fault) -> Bool {
        if isAt("-", "-") {
            while let byte = peek(), byte != ascii("\n") { advance(byte) }
            return true
        }
        guard isAt("/", "*") else { return false }
        let beginLine = line
        var depth = 0
        repeat {
            if isAt("/", "*") {
                depth += 1
                advance()
            } else if isAt("*", "/") {
                depth -= 1
                advance()
            } else if peek() == nil {
                throw SQLScript.Fault(
                    line: beginLine, message: "expected the end of the comment, got none")
            }
            advance()
        } while depth > 0
        return true
    }

    // MARK: Bytes

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() { advance(bytes[position]) }

    private mutating func advance(_ byte: UInt8) {
        if byte == ascii("\n") { line += 1 }
        position += 1
    }

    private func isAt(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
        position + 1 < bytes.count && bytes[position] == ascii(first)
            && bytes[position + 1] == ascii(second)
    }

    private func text(from begin: Int) -> String {
        String(decoding: bytes[begin..<position], as: UTF8.self)
    }
}

/// What the words of a statement say about where it ends.
private struct StatementWords {
    /// The blocks of an SQL-standard function body that are open: semicolons in them end nothing.
    private(set) var openBlocks = 0
    private(set) var isCopyFromInput = false
    private var first: [String] = []
    private var previous = ""

    mutating func take(_ word: String) {
        // CREATE OR REPLACE FUNCTION
        if first.count < 4 { first.append(word) }
        if first.first == "create", first.contains("function") || first.contains("procedure") {
            takeOfRoutine(word)
        }
        if first.first == "copy", previous == "from", word == "stdin" { isCopyFromInput = true }
        previous = word
    }

    private mutating func takeOfRoutine(_ word: String) {
        switch word {
        case "begin": openBlocks += 1
        case "case" where openBlocks > 0: openBlocks += 1
        case "end" where openBlocks > 0: openBlocks -= 1
        default: break
        }
    }
}

private func ascii(_ character: Unicode.Scalar) -> UInt8 { UInt8(ascii: character) }

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// A byte above ASCII is part of a letter to Postgres too.
private func isWordStart(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || byte == ascii("_") || byte >= 0x80
}
