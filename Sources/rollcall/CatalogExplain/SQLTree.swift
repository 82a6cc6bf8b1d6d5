/// Tokens with what stands in parentheses as one piece.
indirect enum SQLPiece {
    case token(SQLToken)
    case group([SQLPiece], isApart: Bool)

    static func pieces(of sql: String) -> [SQLPiece] {
        var tokens = SQLToken.tokens(of: sql)[...]
        var pieces = read(&tokens)
        // A parenthesis too many is the database's to complain about.
        while let token = tokens.popFirst() { pieces += [.token(token)] + read(&tokens) }
        return pieces
    }

    /// The pieces up to a parenthesis that closes what stands around them.
    private static func read(_ tokens: inout ArraySlice<SQLToken>) -> [SQLPiece] {
        var pieces: [SQLPiece] = []
        while let token = tokens.first, token.text != ")" {
            tokens.removeFirst()
            guard token.text == "(" else {
                pieces.append(.token(token))
                continue
            }
            pieces.append(.group(read(&tokens), isApart: token.isApart))
            tokens = tokens.dropFirst()
        }
        return pieces
    }

    var isApart: Bool {
        switch self {
        case .token(let token): token.isApart
        case .group(_, let isApart): isApart
        }
    }

    /// The token in capitals; empty for a group.
    var keyword: String {
        if case .token(let token) = self { token.keyword } else { "" }
    }

    /// On one line.
    var flat: String {
        switch self {
        case .token(let token): token.text
        case .group(let pieces, _): "(\(Self.flat(pieces)))"
        }
    }

    static func flat(_ pieces: some Sequence<SQLPiece>) -> String {
        var line = ""
        for piece in pieces {
            if !line.isEmpty, piece.isApart { line += " " }
            line += piece.flat
        }
        return line
    }

    /// A statement in parentheses.
    var isQuery: Bool {
        guard case .group(let pieces, _) = self, let first = pieces.first else { return false }
        return ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "VALUES"].contains(first.keyword)
    }

    /// A statement is somewhere in it.
    var hasQuery: Bool {
        guard case .group(let pieces, _) = self else { return false }
        return isQuery || pieces.contains(where: \.hasQuery)
    }
}
