/// Breaks an SQL text into lines that a person can read.
///
/// It moves white space and nothing else, so that what is printed is what is sent.
struct SQLLayout {
    /// The longest line, where a text can be broken.
    private let width: Int
    private var lines: [String] = []

    static func lines(of sql: String, width: Int = 108) -> [String] {
        var layout = SQLLayout(width: width)
        layout.statement(SQLPiece.pieces(of: sql), indent: 0)
        return layout.lines
    }

    private init(width: Int) { self.width = width }

    private mutating func statement(_ pieces: [SQLPiece], indent: Int) {
        for clause in SQLClause.clauses(of: pieces) { add(clause, indent: indent) }
    }

    private mutating func add(_ clause: SQLClause, indent: Int) {
        let all = clause.keywords + clause.body
        let line = SQLPiece.flat(all)
        if indent + line.count <= width, !all.contains(where: \.hasQuery) {
            lines.append(Self.indented(line, indent))
            return
        }
        switch clause.kind {
        case .list:
            lines.append(Self.indented(SQLPiece.flat(clause.keywords), indent))
            add(elements: clause.body.elements(), indent: indent + 2)
        case .declarations:
            for (number, element) in clause.body.elements().enumerated() {
                if number > 0 { lines[lines.count - 1] += "," }
                add(number == 0 ? clause.keywords + element : element, indent: indent)
            }
        case .conditions:
            for (number, condition) in (clause.keywords + clause.body).conditions().enumerated() {
                add(condition, indent: number == 0 ? indent : indent + 2)
            }
        case .plain: add(all, indent: indent)
        }
    }

    private mutating func add(elements: [ArraySlice<SQLPiece>], indent: Int) {
        for (number, element) in elements.enumerated() {
            if number > 0 { lines[lines.count - 1] += "," }
            add(element, indent: indent)
        }
    }

    /// Adds pieces from a new line on; groups that are too long are broken, other pieces are not.
    private mutating func add(_ pieces: ArraySlice<SQLPiece>, indent: Int) {
        lines.append(Self.indented("", indent))
        var isFirst = true
        for position in pieces.indices {
            let piece = pieces[position]
            if piece.isApart, !isFirst { lines[lines.count - 1] += " " }
            isFirst = false
            let line = piece.flat
            let room = width - lines[lines.count - 1].count
            let isShort = line.count <= room && (!piece.hasQuery || line.count <= width / 2)
            guard case .group(let inner, _) = piece, !isShort else {
                lines[lines.count - 1] += line
                continue
            }
            lines[lines.count - 1] += "("
            if piece.isQuery {
                statement(inner, indent: indent + 2)
            } else {
                fill(inner, indent: indent + 2)
            }
            lines.append(Self.indented(")", indent))
        }
    }

    /// Adds a list with as many elements on a line as fit, or a condition with its parts.
    private mutating func fill(_ pieces: [SQLPiece], indent: Int) {
        let elements = pieces[...].elements()
        guard elements.count > 1, !pieces.contains(where: \.hasQuery) else {
            if elements.count > 1 { return add(elements: elements, indent: indent) }
            for condition in pieces[...].conditions() { add(condition, indent: indent) }
            return
        }
        var line = ""
        for (number, element) in elements.enumerated() {
            let text = SQLPiece.flat(element) + (number + 1 < elements.count ? "," : "")
            if !line.isEmpty, indent + line.count + 1 + text.count > width {
                lines.append(Self.indented(line, indent))
                line = ""
            }
            line += line.isEmpty ? text : " " + text
        }
        lines.append(Self.indented(line, indent))
    }

    private static func indented(_ line: String, _ indent: Int) -> String {
        String(repeating: " ", count: indent) + line
    }
}
