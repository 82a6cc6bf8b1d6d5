/// The database's own text of an expression over one table's columns, with a name before each column.
///
/// Index predicates and expressions come without one (`pg_get_expr`), and stand where two rows have
/// columns of the same names.
public enum QualifiedSQL {
    /// - Parameters:
    ///   - sql: as the database prints it.
    ///   - columns: the columns of the table.
    ///   - row: what to put before a column, with a dot.
    public static func text(
        _ sql: String, columns: some Collection<String>, of row: String
    ) -> String {
        walk(sql, Set(columns)) { "\(row).\($0)" }.text
    }

    /// The columns that an expression reads.
    public static func columns(in sql: String, among columns: some Collection<String>) -> Set<
        String
    > {
        walk(sql, Set(columns)) { $0 }.found
    }

    /// Words that follow a type's first one.
    private static let typeWords: Set = ["varying", "precision", "with", "without", "time", "zone"]

    private static func walk(
        _ sql: String, _ columns: Set<String>, _ written: (String) -> String
    ) -> (text: String, found: Set<String>) {
        var text = ""
        var found: Set<String> = []
        var rest = sql[...]
        var before: Substring = ""
        var isType = false
        while let first = rest.first {
            let token = token(at: rest, first)
            rest = rest[token.endIndex...]
            let isName = first == "\"" || first.isLetter || first == "_"
            if isName {
                let name =
                    first == "\""
                    ? String(token.dropFirst().dropLast()).replacing("\"\"", with: "\"")
                    : String(token)
                isType = before.hasSuffix("::") || isType && typeWords.contains(name)
                let isElsewhere =
                    isType || before.hasSuffix(".") || before == "COLLATE"
                    || rest.drop(while: \.isWhitespace).first.map { $0 == "(" || $0 == "." }
                        == true
                if !isElsewhere, columns.contains(name) {
                    found.insert(name)
                    text += written(String(token))
                } else {
                    text += token
                }
            } else {
                text += token
            }
            if !first.isWhitespace { before = token }
            if !isName, !first.isWhitespace { isType = false }
        }
        return (text, found)
    }

    private static func token(at rest: Substring, _ first: Character) -> Substring {
        if first == "'" || first == "\"" {
            var end = rest.index(after: rest.startIndex)
            while end < rest.endIndex {
                let isQuote = rest[end] == first
                end = rest.index(after: end)
                if isQuote {
                    guard end < rest.endIndex, rest[end] == first else { break }
                    end = rest.index(after: end)
                }
            }
            return rest[..<end]
        }
        if first.isLetter || first == "_" || first.isNumber {
            return rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
        }
        if first.isWhitespace { return rest.prefix(while: \.isWhitespace) }
        if rest.hasPrefix("::") { return rest.prefix(2) }
        return rest.prefix(1)
    }
}
