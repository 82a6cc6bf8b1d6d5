/// Who imports whom.
enum ImportCheck {
    /// Imports of a room that the table does not allow it.
    static func violations(
        in files: [SourceFile], rooms: [String: House.Allowance] = House.rooms
    ) -> [Violation] {
        files.flatMap { file -> [Violation] in
            guard let room = file.room else {
                return [
                    Violation(path: file.path, message: "expected a file in a room below Sources")
                ]
            }
            guard let allowance = rooms[room] else {
                return [
                    Violation(
                        path: file.path,
                        message: "the room \(room) is not in the table of HouseTests/House.swift")
                ]
            }
            return modules(importedBy: file.text)
                .filter { $0 != room && !allowance.permits($0) }
                .map { module in
                    Violation(
                        path: file.path,
                        message: "\(room) imports \(module); it may import "
                            + "\(described(allowance))")
                }
        }
    }

    /// The modules of all import declarations in a Swift text, in their order.
    ///
    /// An import inside a multi-line string counts too: better one too many than one overlooked.
    static func modules(importedBy text: String) -> [String] {
        let declaration =
            /^(?:@\w+(?:\([^)]*\))?\s+|(?:public|package|internal|private|fileprivate)\s+)*import\s+(?:(?:struct|class|enum|actor|protocol|typealias|func|let|var)\s+)?`?(\w+)/
        return withoutBlockComments(text).split(separator: "\n").flatMap { line in
            line.split(separator: ";").compactMap { statement in
                let trimmed = statement.drop { $0 == " " || $0 == "\t" }
                return trimmed.firstMatch(of: declaration).map { String($0.1) }
            }
        }
    }

    /// Only comments at the start of a line: a `/*` further on may be in a string.
    private static func withoutBlockComments(_ text: String) -> String {
        text.replacing(/(?m:^)[ \t]*\/\*(?s:.*?)\*\//, with: "")
    }

    static func described(_ allowance: House.Allowance) -> String {
        switch allowance {
        case .only(let modules) where modules.isEmpty: "nothing but the standard library"
        case .only(let modules): modules.sorted().joined(separator: ", ")
        case .allBut(let modules): "all but \(modules.sorted().joined(separator: ", "))"
        }
    }
}
