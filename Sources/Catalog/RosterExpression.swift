import Postgres

/// An SQL expression of a roster: what it reads, and how the database is to read it.
///
/// It stands where `row`, `job` and the aliases are tables.
struct RosterExpression {
    /// The SQL with aliases quoted, because `user` is a word of SQL, and with the target's columns as
    /// columns of `job`.
    let sql: String
    /// What follows `row.`.
    private(set) var columns: [String] = []
    /// What follows `job.`: `target`, `target.<column>` or something that there is not.
    private(set) var jobFields: [String] = []
    /// The aliases that it reads.
    private(set) var aliases: [String] = []
    private(set) var usesEach = false
    /// Names before a dot that nothing in the expression explains.
    private(set) var strays: [String] = []

    /// What keeps a text from being an expression.
    struct Fault: Error {
        let message: String
    }

    /// - Parameter aliases: those of the file, whether they may be read here or not.
    init(_ text: String, aliases known: [String]) throws(Fault) {
        let tokens = SQLToken.tokens(of: text)
        if let token = tokens.first(where: { $0.kind == .unended }) {
            throw Fault(message: "expected an end of what begins with \(token.text.prefix(20))")
        }
        if let token = tokens.first(where: {
            [.position, .parameter].contains($0.kind) || $0.kind == .symbol && $0.text == ";"
        }) {
            throw Fault(
                message: "expected an SQL expression over row, job and aliases, got \(token.text)")
        }
        let words = Words(tokens)
        guard !words.isEmpty else { throw Fault(message: "expected an SQL expression, got none") }
        var written = tokens.map { $0.kind == .comment ? " " : String($0.text) }
        var references: [(Reference, String)] = []
        for place in words.indices {
            guard let name = words.name(place), words.text(place - 1) != "." else { continue }
            guard words.text(place + 1) == "." else {
                if words.isPlain(place), name == "each", words.text(place + 1) != "(" {
                    references.append((.each, name))
                }
                continue
            }
            let field = words.name(place + 2) ?? words.text(place + 2)
            // `row` is also a word of its own: the CURRENT ROW of a window.
            if name != "row", words.bind(name, besides: known) { continue }
            switch name {
            case "row": references.append((.row, field))
            case "job":
                guard field == "target", words.text(place + 3) == ".",
                    let column = words.name(place + 4)
                else {
                    references.append((.job, field))
                    continue
                }
                references.append((.job, "target.\(column)"))
                let (first, last) = (words.position(place + 2), words.position(place + 4))
                for position in first...last { written[position] = "" }
                written[first] = quoteIdentifier("target.\(column)")
            default:
                if known.contains(name) {
                    references.append((.alias, name))
                    written[words.position(place)] = quoteIdentifier(name)
                } else if words.isStray(place) {
                    references.append((.stray, name))
                }
            }
        }
        sql = written.joined()
        for (reference, name) in references {
            switch reference {
            case .row: columns.append(name)
            case .job: jobFields.append(name)
            case .alias: aliases.append(name)
            case .stray: strays.append(name)
            case .each: usesEach = true
            }
        }
    }

    private enum Reference {
        case row, job, alias, each, stray
    }
}

extension Roster.Value {
    /// It is the same for all rows of an import: it reads the job and nothing else.
    public func isOfJob(aliases: [String]) -> Bool {
        guard let found = try? RosterExpression(sql, aliases: aliases) else { return false }
        return !found.jobFields.isEmpty && found.columns.isEmpty && found.aliases.isEmpty
            && !found.usesEach
    }
}

/// The tokens of an expression that mean something.
private struct Words {
    private let tokens: [SQLToken]
    private let positions: [Int]
    private let hasFrom: Bool

    init(_ tokens: [SQLToken]) {
        self.tokens = tokens
        positions = tokens.indices.filter { ![.blank, .comment].contains(tokens[$0].kind) }
        hasFrom = tokens.contains { $0.word == "from" }
    }

    var isEmpty: Bool { positions.isEmpty }

    var indices: Range<Int> { positions.indices }

    /// Where a word stands among all tokens.
    func position(_ place: Int) -> Int { positions[place] }

    private func token(_ place: Int) -> SQLToken? {
        positions.indices.contains(place) ? tokens[positions[place]] : nil
    }

    func name(_ place: Int) -> String? { token(place)?.name }

    func text(_ place: Int) -> String { token(place).map { String($0.text) } ?? "" }

    func isPlain(_ place: Int) -> Bool { token(place)?.kind == .word }

    /// A subquery gives this name to a table of its own: it also stands where no dot follows.
    func bind(_ name: String, besides aliases: [String]) -> Bool {
        hasFrom
            && indices.contains { place in
                self.name(place) == name && text(place + 1) != "."
                    && !(text(place - 1) == "." && isSource(place - 2, aliases))
            }
    }

    private func isSource(_ place: Int, _ aliases: [String]) -> Bool {
        name(place).map { ["row", "job"].contains($0) || aliases.contains($0) } == true
    }

    /// A table's name where no table can be: what stands before it and behind it is no type, no
    /// function and no collation of a schema.
    func isStray(_ place: Int) -> Bool {
        let before = text(place - 1).lowercased()
        return !hasFrom && name(place + 2) != nil && !["::", "as", "collate"].contains(before)
            && !["(", "."].contains(text(place + 3)) && token(place + 3)?.kind != .string
    }
}
