/// A clause of a statement: its keywords and what follows them.
struct SQLClause {
    /// How it is broken into lines where it is too long for one.
    enum Kind {
        /// Each element of a list on a line of its own.
        case list
        /// Elements at the level of the keyword: WITH.
        case declarations
        /// Each condition on a line of its own.
        case conditions
        case plain
    }

    let kind: Kind
    let keywords: ArraySlice<SQLPiece>
    let body: ArraySlice<SQLPiece>

    /// Cuts a statement into its clauses.
    static func clauses(of pieces: [SQLPiece]) -> [SQLClause] {
        var starts: [(position: Int, length: Int)] = []
        for position in pieces.indices {
            if let last = starts.last, position < last.position + last.length { continue }
            let current = starts.last.map { pieces[$0.position].keyword }
            if let length = start(in: pieces, at: position, current) {
                starts.append((position, length))
            } else if starts.isEmpty {
                starts.append((position, 0))
            }
        }
        return starts.indices.map { index in
            let (position, length) = starts[index]
            let end = index + 1 < starts.count ? starts[index + 1].position : pieces.endIndex
            let body = min(position + length, end)
            return SQLClause(
                kind: length == 0 ? .plain : kind(pieces[position].keyword),
                keywords: pieces[position..<body], body: pieces[body..<end])
        }
    }

    private static func kind(_ keyword: String) -> Kind {
        switch keyword {
        case "SELECT", "SET", "RETURNING", "VALUES", "GROUP", "ORDER": .list
        case "WITH": .declarations
        case "WHERE", "HAVING", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL":
            .conditions
        default: .plain
        }
    }

    /// The number of keywords of the clause that begins here; nil where none does.
    private static func start(
        in pieces: [SQLPiece], at position: Int, _ current: String?
    ) -> Int? {
        func word(_ offset: Int) -> String {
            let index = position + offset
            return pieces.indices.contains(index) ? pieces[index].keyword : ""
        }
        // A column after its table's name is no keyword.
        if word(-1) == "." || word(1) == "." { return nil }
        let isFirst = position == 0
        switch word(0) {
        case "SELECT": return word(1) == "DISTINCT" && word(2) != "ON" ? 2 : 1
        case "WHERE", "HAVING", "LIMIT", "OFFSET", "RETURNING", "VALUES", "WINDOW": return 1
        // `IS DISTINCT FROM` and `DELETE FROM` are one.
        case "FROM": return word(-1) == "DISTINCT" || word(-1) == "DELETE" ? nil : 1
        case "UNION", "INTERSECT", "EXCEPT": return word(1) == "ALL" ? 2 : 1
        case "GROUP", "ORDER": return word(1) == "BY" ? 2 : nil
        case "ON": return word(1) == "CONFLICT" ? 2 : nil
        case "FOR": return ["UPDATE", "NO", "SHARE", "KEY"].contains(word(1)) ? 1 : nil
        case "USING": return current == "DELETE" ? 1 : nil
        case "SET": return isFirst ? nil : 1
        case "WITH": return isFirst ? (word(1) == "RECURSIVE" ? 2 : 1) : nil
        case "INSERT", "DELETE": return isFirst || current == "WITH" ? 2 : nil
        case "UPDATE": return isFirst || current == "WITH" ? 1 : nil
        case "JOIN": return 1
        case "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL":
            return (1...3).first { word($0) == "JOIN" }.map { $0 + 1 }
        default: return nil
        }
    }
}

extension ArraySlice<SQLPiece> {
    /// The elements between commas, without these.
    func elements() -> [ArraySlice<SQLPiece>] {
        split(omittingEmptySubsequences: false) { $0.keyword == "," }
    }

    /// The conditions; each but the first begins with AND or OR.
    func conditions() -> [ArraySlice<SQLPiece>] {
        var conditions: [ArraySlice<SQLPiece>] = []
        var start = startIndex
        var cases = 0
        var isBetween = false
        for position in indices {
            switch self[position].keyword {
            case "CASE": cases += 1
            case "END": cases -= 1
            case "BETWEEN": isBetween = true
            case "AND" where isBetween: isBetween = false
            case "AND", "OR":
                guard cases == 0, position > start else { continue }
                conditions.append(self[start..<position])
                start = position
            default: break
            }
        }
        return conditions + [self[start...]]
    }
}
