/// What an index must begin with so that a table need not be scanned, read from conditions as the
/// database prints them in a plan.
struct IndexKeys {
    /// A column or expression of a table that is compared with something from elsewhere.
    enum Key: Hashable {
        case column(String)
        /// A column that is compared as text: of a varchar an index on it will do.
        case text(String)
        /// As the database prints it, without the row before its columns.
        case expression(String)
    }

    private(set) var keys: [Key] = []
    private let aliases: [String]

    /// - Parameter aliases: the table's names in the conditions.
    init(of aliases: [String], in conditions: [String]) {
        self.aliases = aliases
        for condition in conditions { add(Array(condition)[...]) }
    }

    /// Whether a condition as printed compares a column of the table with something.
    ///
    /// That it is no NULL is said of all rows or nearly so.
    static func compares(_ column: String, of aliases: [String], in condition: String) -> Bool {
        conjuncts(of: Array(condition)[...]).contains { part in
            references(in: part).contains { aliases.contains($0.row) && $0.column == column }
                && !String(part).hasSuffix(" NULL")
        }
    }

    private mutating func add(_ condition: ArraySlice<Character>) {
        for part in Self.conjuncts(of: condition) {
            let sides = Self.split(part, at: " = ").map(Self.unwrapped)
            guard sides.count == 2 else { continue }
            add(sides[0], comparedWith: sides[1])
            add(sides[1], comparedWith: sides[0])
        }
    }

    private mutating func add(
        _ side: ArraySlice<Character>, comparedWith other: ArraySlice<Character>
    ) {
        let own = Self.references(in: side)
        let others = Self.references(in: other)
        guard !own.isEmpty, own.allSatisfy({ aliases.contains($0.row) }),
            !others.contains(where: { aliases.contains($0.row) }),
            // A constant narrows the rows down but is no key that differs by item.
            !others.isEmpty || other.contains("$") || String(other).contains("SubPlan")
        else { return }
        var text = ""
        var position = side.startIndex
        for reference in own {
            text += side[position..<reference.range.lowerBound]
            text += reference.printed
            position = reference.range.upperBound
        }
        text += side[position...]
        let printed = own[0].printed
        let key: Key =
            switch text {
            case printed: .column(own[0].column)
            case "(\(printed))::text": .text(own[0].column)
            default: .expression(text)
            }
        if !keys.contains(key) { keys.append(key) }
    }

    // MARK: Reading the database's own print

    /// A column with the name of its row before it.
    private struct Reference {
        let row: String
        let column: String
        /// The column as printed, with its quotes.
        let printed: String
        let range: Range<Int>
    }

    private static func references(in text: ArraySlice<Character>) -> [Reference] {
        var references: [Reference] = []
        var position = text.startIndex
        while position < text.endIndex {
            let end = tokenEnd(in: text, at: position)
            guard isName(text[position]), end < text.endIndex, text[end] == ".",
                end + 1 < text.endIndex, isName(text[end + 1])
            else {
                position = end
                continue
            }
            let columnEnd = tokenEnd(in: text, at: end + 1)
            // `schema.function(...)` is no column.
            if columnEnd == text.endIndex || text[columnEnd] != "(" {
                references.append(
                    Reference(
                        row: unquoted(text[position..<end]),
                        column: unquoted(text[(end + 1)..<columnEnd]),
                        printed: String(text[(end + 1)..<columnEnd]), range: position..<columnEnd))
            }
            position = columnEnd
        }
        return references
    }

    private static func isName(_ character: Character) -> Bool {
        character == "\"" || character == "_" || character.isLetter
    }

    /// The end of the name, literal or other character that begins here.
    private static func tokenEnd(in text: ArraySlice<Character>, at start: Int) -> Int {
        let first = text[start]
        var position = start + 1
        if first == "'" || first == "\"" {
            while position < text.endIndex {
                if text[position] == first {
                    position += 1
                    guard position < text.endIndex, text[position] == first else { return position }
                }
                position += 1
            }
            return position
        }
        guard isName(first) else { return position }
        while position < text.endIndex,
            text[position] != "\"",
            isName(text[position]) || text[position].isNumber
                || text[position] == "$"
        {
            position += 1
        }
        return position
    }

    private static func unquoted(_ name: ArraySlice<Character>) -> String {
        guard name.first == "\"" else { return String(name) }
        return String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }

    /// What must hold together.
    private static func conjuncts(of condition: ArraySlice<Character>) -> [ArraySlice<Character>] {
        let parts = split(unwrapped(condition), at: " AND ")
        return parts.count == 1 ? parts : parts.flatMap(conjuncts)
    }

    /// Without the parentheses around the whole.
    private static func unwrapped(_ text: ArraySlice<Character>) -> ArraySlice<Character> {
        guard text.first == "(", text.last == ")", groupEnd(in: text) == text.endIndex else {
            return text
        }
        return unwrapped(text.dropFirst().dropLast())
    }

    /// The end of the group in parentheses that the text begins with.
    private static func groupEnd(in text: ArraySlice<Character>) -> Int {
        var depth = 0
        var position = text.startIndex
        while position < text.endIndex {
            if text[position] == "(" { depth += 1 }
            if text[position] == ")" { depth -= 1 }
            position = tokenEnd(in: text, at: position)
            if depth == 0 { return position }
        }
        return position
    }

    /// The parts between a word or sign that is in no parentheses.
    private static func split(
        _ text: ArraySlice<Character>, at separator: String
    ) -> [ArraySlice<Character>] {
        var parts: [ArraySlice<Character>] = []
        var start = text.startIndex
        var position = start
        var depth = 0
        while position < text.endIndex {
            if depth == 0, text[position...].starts(with: separator) {
                parts.append(text[start..<position])
                position += separator.count
                start = position
                continue
            }
            if text[position] == "(" { depth += 1 }
            if text[position] == ")" { depth -= 1 }
            position = tokenEnd(in: text, at: position)
        }
        return parts + [text[start...]]
    }
}
