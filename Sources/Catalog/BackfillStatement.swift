/// A statement of a backfill's step: an INSERT, UPDATE or DELETE whose rows can be counted.
public struct BackfillStatement: Sendable {
    public enum Verb: String, Sendable {
        case insert, update, delete
    }

    public let verb: Verb
    /// It may also change rows that are there: `ON CONFLICT DO UPDATE`.
    public let mayUpdate: Bool
    /// The table that it writes, as the statement names it.
    public let table: TableName?
    /// What stands behind its own `WITH`, up to the verb; nil without one.
    public let queries: SQLTemplate?
    public let isRecursive: Bool
    /// From the verb on.
    public let body: SQLTemplate
    /// The words that may name a table.
    let names: Set<String>

    /// The values that it uses.
    public var parameters: [String] {
        (queries?.parameters ?? [])
            + body.parameters.filter { queries?.parameters.contains($0) != true }
    }

    /// Whether a table without a schema is named.
    public func mentions(_ table: String) -> Bool { names.contains(table) }

    /// The SQL as it stands in the catalog, without comments.
    var text: String {
        let queries = queries.map {
            "WITH\(isRecursive ? " RECURSIVE" : "") \($0.text { ":\($0)" })"
        }
        return (queries ?? "") + body.text { ":\($0)" }
    }

    /// What keeps a text from being such a statement.
    struct Fault: Error {
        let message: String
    }

    init(_ sql: String) throws(Fault) {
        var tokens = SQLToken.tokens(of: sql)
        if let token = tokens.first(where: { $0.kind == .unended }) {
            throw Fault(message: "expected an end of what begins with \(token.text.prefix(20))")
        }
        if let token = tokens.first(where: { $0.kind == .position }) {
            throw Fault(message: "expected values by their names, as :from, got \(token.text)")
        }
        while let last = tokens.last, [.blank, .comment].contains(last.kind) || last.text == ";" {
            tokens.removeLast()
        }
        guard !tokens.contains(where: { $0.kind == .symbol && $0.text == ";" }) else {
            throw Fault(message: "expected one statement, got several; write them as a list")
        }
        let outline = Outline(tokens)
        if let word = outline.writtenQuery {
            throw Fault(
                message: "expected no \(word) inside the statement, because its rows would not be "
                    + "counted; make it a statement of its own")
        }
        guard let start = outline.verb, let word = tokens[start].word,
            let verb = Verb(rawValue: word)
        else {
            throw Fault(message: "expected INSERT, UPDATE or DELETE, got \(outline.beginning)")
        }
        self.verb = verb
        guard !outline.has(["returning"], from: start) else {
            throw Fault(message: "expected no RETURNING, because nobody reads it")
        }
        mayUpdate = verb == .insert && outline.has(["do", "update"], from: start)
        table = outline.table(after: start)
        body = SQLTemplate(tokens[start...])
        if let with = outline.with {
            let isRecursive = outline.recursive != nil
            self.isRecursive = isRecursive
            queries = SQLTemplate(tokens[((outline.recursive ?? with) + 1)..<start])
        } else {
            isRecursive = false
            queries = nil
        }
        names = outline.tableNames
    }
}

/// The words of a statement with how deep they stand in parentheses.
private struct Outline {
    private let tokens: [SQLToken]
    /// The tokens that mean something, by their positions.
    private let meaningful: [(position: Int, depth: Int)]

    init(_ tokens: [SQLToken]) {
        self.tokens = tokens
        var depth = 0
        var meaningful: [(Int, Int)] = []
        for (position, token) in tokens.enumerated() {
            switch token.kind {
            case .blank, .comment: continue
            case .symbol where token.text == ")": depth -= 1
            default: break
            }
            meaningful.append((position, depth))
            if token.kind == .symbol, token.text == "(" { depth += 1 }
        }
        self.meaningful = meaningful
    }

    private func word(_ place: Int) -> String? {
        meaningful.indices.contains(place) ? tokens[meaningful[place].position].word : nil
    }

    var with: Int? { word(0) == "with" ? meaningful.first?.position : nil }

    var recursive: Int? {
        with != nil && word(1) == "recursive" ? meaningful[1].position : nil
    }

    /// Where the statement itself begins, behind its WITH.
    var verb: Int? {
        guard with != nil else { return meaningful.first?.position }
        let verbs: Set = ["select", "insert", "update", "delete", "merge", "values", "table"]
        // A query of the WITH may have such a name: its AS follows.
        return meaningful.indices.first { place in
            meaningful[place].depth == 0 && word(place).map(verbs.contains) == true
                && word(place + 1) != "as"
        }.map { meaningful[$0].position }
    }

    var beginning: String {
        let start = verb ?? 0
        let words = tokens[start...].filter { $0.kind != .comment }.prefix(5).map(\.text).joined()
        return words.isEmpty ? "nothing" : "\"\(words)\""
    }

    /// The verb of a query in parentheses that writes.
    var writtenQuery: String? {
        let verbs: Set = ["insert", "update", "delete", "merge"]
        return meaningful.indices.first { place in
            place > 0 && tokens[meaningful[place - 1].position].text == "("
                && word(place).map(verbs.contains) == true
        }.flatMap(word)?.uppercased()
    }

    /// Whether words follow each other outside of parentheses.
    func has(_ words: [String], from start: Int) -> Bool {
        meaningful.indices.contains { place in
            meaningful[place].position > start && meaningful[place].depth == 0
                && words.indices.allSatisfy { word(place + $0) == words[$0] }
        }
    }

    /// The table that is named behind `INSERT INTO`, `UPDATE` or `DELETE FROM`.
    func table(after start: Int) -> TableName? {
        guard var place = meaningful.firstIndex(where: { $0.position == start }) else { return nil }
        place += 1
        while let word = word(place), ["into", "from", "only"].contains(word) { place += 1 }
        func token(_ place: Int) -> SQLToken? {
            meaningful.indices.contains(place) ? tokens[meaningful[place].position] : nil
        }
        guard let first = token(place)?.name else { return nil }
        guard token(place + 1)?.text == ".", let second = token(place + 2)?.name else {
            return TableName(schema: "public", name: first)
        }
        return TableName(schema: first, name: second)
    }

    /// The names that no schema stands before.
    var tableNames: Set<String> {
        meaningful.indices.reduce(into: []) { names, place in
            let isQualified = place > 0 && tokens[meaningful[place - 1].position].text == "."
            if !isQualified, let name = tokens[meaningful[place].position].name {
                names.insert(name)
            }
        }
    }
}
