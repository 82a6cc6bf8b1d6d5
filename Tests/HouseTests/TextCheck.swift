/// What no file of the house has.
enum TextCheck {
    static let mostLines = 500
    /// Put together, so that this file does not contain them.
    static let unfinished = ["TO" + "DO", "FIX" + "ME"]
    private static let unchecked = "@" + "unchecked"

    static func tooLong(_ files: [SourceFile]) -> [Violation] {
        files.compactMap { file in
            let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
            guard count > mostLines else { return nil }
            return Violation(
                path: file.path, message: "expected at most \(mostLines) lines, got \(count)")
        }
    }

    static func unfinishedWork(_ files: [SourceFile]) -> [Violation] {
        files.flatMap { file in
            file.lines.enumerated().compactMap { number, line -> Violation? in
                let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                guard let word = words.first(where: { unfinished.contains(String($0)) }) else {
                    return nil
                }
                return Violation(path: "\(file.path):\(number + 1)", message: "\(word) is left")
            }
        }
    }

    /// Unchecked conformances without a reason directly above their declaration.
    static func unreasonedConformances(_ files: [SourceFile]) -> [Violation] {
        files.flatMap { file in
            let lines = file.lines.map { $0.drop { $0 == " " || $0 == "\t" } }
            return lines.indices.compactMap { index -> Violation? in
                guard !lines[index].hasPrefix("//"),
                    lines[index].contains(try! Regex("\(unchecked)\\s+Sendable")),
                    !isReasoned(lines[..<index], lines[index])
                else { return nil }
                return Violation(
                    path: "\(file.path):\(index + 1)",
                    message: "expected a comment \"// \(unchecked) because ...\" directly above")
            }
        }
    }

    /// Whether the comment above the declaration that ends in `line` gives the reason.
    private static func isReasoned(_ above: ArraySlice<Substring>, _ line: Substring) -> Bool {
        let declaration = /\b(class|struct|enum|actor|extension)\b/
        var above = above
        var current = line
        // A long list of conformances stands below the declaration's first line.
        while !current.contains(declaration), let previous = above.popLast() { current = previous }
        while above.last?.hasPrefix("@") == true { above.removeLast() }
        while let comment = above.popLast(), comment.hasPrefix("//"), !comment.hasPrefix("///") {
            if comment.hasPrefix("// \(unchecked) because ") { return true }
        }
        return false
    }
}
