/// An SQL text of the catalog with places for values.
public struct SQLTemplate: Hashable, Sendable {
    public enum Piece: Hashable, Sendable {
        case text(String)
        /// A value by its name in the catalog.
        case parameter(String)
    }

    public private(set) var pieces: [Piece] = []

    init(_ tokens: some Sequence<SQLToken>) {
        var text = ""
        for token in tokens {
            if let name = token.parameterName {
                if !text.isEmpty { pieces.append(.text(text)) }
                pieces.append(.parameter(name))
                text = ""
            } else {
                // Something may be written behind a comment that goes to the end of its line.
                text += token.kind == .comment ? " " : token.text
            }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
    }

    /// The names of its values, each once, in the order of their first use.
    public var parameters: [String] {
        pieces.reduce(into: []) { names, piece in
            if case .parameter(let name) = piece, !names.contains(name) { names.append(name) }
        }
    }

    /// The SQL with what `value` says in the place of each value.
    public func text(_ value: (String) -> String) -> String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .text(let words): text += words
            case .parameter(let name): text += value(name)
            }
        }
    }
}
