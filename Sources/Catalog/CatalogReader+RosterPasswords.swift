import Yams

/// How rosters say where passwords come from.
extension CatalogReader {
    /// - Parameter given: the columns that `values` gives.
    mutating func password(
        _ node: Node, _ path: String, _ columns: [Roster.Column], given: [String],
        _ scope: RosterScope
    ) -> Roster.Password? {
        let known = ["column", "from", "scheme", "iterations", "keep", "mismatch"]
        guard let fields = pairs(node, path, known: known) else { return nil }
        let faultsBefore = faults.count
        let column = requiredString(fields["column"], "\(path).column", at: node)
        let schemes = Roster.Password.Scheme.allCases.map(\.rawValue)
        let word = requiredString(fields["scheme"], "\(path).scheme", at: node)
        let scheme = word.flatMap(Roster.Password.Scheme.init)
        if let word, scheme == nil {
            report(
                fields["scheme"], "\(path).scheme",
                "expected one of \(schemes.joined(separator: ", ")), got \(word)"
                    + suggestion(word, schemes))
        }
        let source = fields["from"].flatMap { string($0, "\(path).from") }
        if let source {
            if scheme == .unusable {
                report(
                    fields["from"], "\(path).from",
                    "expected none beside `scheme: unusable`, got \(source)")
            } else if let other = scope.secrets.first, other != source {
                report(
                    fields["from"], "\(path).from",
                    "expected one column with passwords in a file, got \(other) and \(source)")
            } else if let column = columns.first(where: { $0.name == source }) {
                for (key, isSaid) in [
                    ("unique", column.uniqueness != nil), ("one_of", !column.choices.isEmpty),
                ] where isSaid {
                    report(
                        fields["from"], "\(path).from",
                        "expected a column without `\(key)`, whose rejections would tell of the "
                            + "password, got \(source)")
                }
                for (key, isSaid) in [
                    ("clean", !column.cleaning.isEmpty), ("default", column.defaultValue != nil),
                ] where isSaid {
                    report(
                        fields["from"], "\(path).from",
                        "expected a column without `\(key)`, because passwords are taken as they "
                            + "are, got \(source)")
                }
            } else {
                reportUnknown(
                    source, among: columns.map(\.name), fields["from"], "\(path).from",
                    "one of the columns")
            }
        } else if fields["from"] == nil, let scheme, scheme != .unusable {
            report(
                node, "\(path).from",
                "expected the column of the file that holds the password, got none")
        }
        var iterations = Self.usualIterations
        if let field = fields["iterations"], let text = string(field, "\(path).iterations") {
            iterations = Int(text) ?? 0
            if !(1...10_000_000).contains(iterations) {
                report(
                    field, "\(path).iterations", "expected a number from 1 to 10000000, got \(text)"
                )
            } else if let scheme, scheme != .djangoPBKDF2 {
                report(
                    field, "\(path).iterations",
                    "expected none beside `scheme: \(scheme.rawValue)`, got \(text)")
            }
        }
        let keepMark = fields["keep"].flatMap { string($0, "\(path).keep") }
        let mismatch = fields["mismatch"].map { self.mismatch($0, "\(path).mismatch", given) }
        for key in ["keep", "mismatch"] {
            guard let field = fields[key], let scheme, scheme != .djangoPBKDF2 else { continue }
            report(
                field, "\(path).\(key)",
                "expected none beside `scheme: \(scheme.rawValue)`, got some")
        }
        guard faults.count == faultsBefore, let column, let scheme else { return nil }
        return Roster.Password(
            column: column, source: source, scheme: scheme, iterations: iterations,
            keepMark: keepMark, mismatch: mismatch ?? .keep)
    }

    /// Those of Django 3.2, which later versions read too.
    private static let usualIterations = 260_000

    private mutating func mismatch(
        _ node: Node, _ path: String, _ given: [String]
    ) -> Roster.Password.Mismatch {
        switch node.string {
        case "keep": return .keep
        case "update": return .update
        case let text?:
            report(node, path, "expected keep, update or { reject, message }, got \"\(text)\"")
            return .keep
        case nil: break
        }
        guard let fields = pairs(node, path, known: ["reject", "message"]),
            let code = requiredString(fields["reject"], "\(path).reject", at: node)
        else { return .keep }
        if !isName(code) {
            report(node, "\(path).reject", "expected letters, digits, - and _, got \"\(code)\"")
        }
        let message = fields["message"].flatMap { string($0, "\(path).message") } ?? code
        checkMessage(message, node, "\(path).message", among: given)
        return .reject(code: code, message: message)
    }
}
