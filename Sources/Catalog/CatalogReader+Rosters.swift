import Yams

/// Rosters: what their files may say. What becomes of it stands beside this.
extension CatalogReader {
    /// - Parameters:
    ///   - relations: those of all files.
    ///   - declared: the names of those that stand in the files, also of faulty ones.
    mutating func readRosters(_ relations: [String: Relation], declared: Set<String>) {
        for (name, key, value) in rosterDeclarations {
            readRoster(name, at: key, value, relations, declared)
        }
    }

    private mutating func readRoster(
        _ name: String, at keyNode: Node, _ node: Node, _ relations: [String: Relation],
        _ declared: Set<String>
    ) {
        let path = "rosters.\(name)"
        let known = ["columns", "reject", "steps", "files"]
        guard let fields = pairs(node, path, known: known) else { return }
        let faultsBefore = faults.count
        var scope = RosterScope(
            roster: name, relations: relations, declared: declared, target: RosterTarget())
        var files: [Roster.File] = []
        if let list = fields["files"] {
            for key in known.dropLast() where fields[key] != nil {
                report(
                    fields[key], "\(path).\(key)",
                    "expected \(key) in each of `files`, got them beside it")
            }
            let entries = entries(list, "\(path).files", "files with columns and steps")
            if case .mapping = list, entries.isEmpty {
                report(list, "\(path).files", "expected at least one file, got none")
            }
            for (file, value) in entries {
                let path = "\(path).files.\(file)"
                guard isName(file) else {
                    report(value, path, "expected a name of letters, digits, - and _, got \(file)")
                    continue
                }
                guard let fields = pairs(value, path, known: Array(known.dropLast())) else {
                    continue
                }
                files.append(rosterFile(file, fields, path, at: value, &scope))
            }
        } else {
            files = [rosterFile("", fields, path, at: keyNode, &scope)]
        }
        if let fault = scope.target.fault { report(keyNode, path, fault) }
        guard faults.count == faultsBefore else { return }
        rosters.append(
            Roster(
                name: name, location: location(keyNode), files: files,
                target: scope.target.declared))
    }

    private mutating func rosterFile(
        _ name: String, _ fields: [String: Node], _ path: String, at owner: Node,
        _ scope: inout RosterScope
    ) -> Roster.File {
        let columns = rosterColumns(fields["columns"], "\(path).columns", at: owner)
        scope.enter(file: name, columns.map(\.name), steps: fields["steps"])
        let rejects = rowRules(fields["reject"], "\(path).reject", &scope)
        let steps = rosterSteps(fields["steps"], "\(path).steps", at: owner, columns, &scope)
        return Roster.File(name: name, columns: columns, rejects: rejects, steps: steps)
    }

    // MARK: Columns

    private mutating func rosterColumns(
        _ node: Node?, _ path: String, at owner: Node
    ) -> [Roster.Column] {
        let entries = entries(node, path, "columns with what they may say")
        if node == nil || entries.isEmpty, node?.sequence == nil, node?.scalar == nil {
            report(node ?? owner, path, "expected at least one column, got none")
        }
        var columns: [Roster.Column] = []
        for (name, value) in entries {
            guard isSQLName(name) else {
                report(
                    value, path,
                    "expected names of letters in lower case, digits and _, got \(name)")
                continue
            }
            if let column = rosterColumn(name, value, "\(path).\(name)") { columns.append(column) }
        }
        checkHeaders(columns.map { ($0.name, $0.headers) }, node, path)
        return columns
    }

    private mutating func rosterColumn(
        _ name: String, _ node: Node, _ path: String
    ) -> Roster.Column? {
        let known = ["required", "clean", "max", "unique", "default", "one_of", "header"]
        // `full_name:` alone is a column about which there is nothing to say.
        let isBare = node.scalar.map { ["", "~", "null"].contains($0.string) } == true
        guard let fields = isBare ? [:] : pairs(node, path, known: known) else { return nil }
        let (isExpected, isRequired) = requirement(fields["required"], "\(path).required")
        let cleaning = cleaning(fields["clean"], "\(path).clean")
        let defaultValue = fields["default"].flatMap { string($0, "\(path).default") }
        let choices = texts(fields["one_of"], "\(path).one_of")
        if let field = fields["one_of"], choices.isEmpty, field.sequence != nil {
            report(field, "\(path).one_of", "expected at least one value, got none")
        }
        var maxLength: Int?
        if let field = fields["max"], let text = string(field, "\(path).max") {
            maxLength = Int(text).flatMap { (1...Self.longest).contains($0) ? $0 : nil }
            if maxLength == nil {
                report(
                    field, "\(path).max",
                    "expected a number of characters from 1 to \(Self.longest), got \(text)")
            }
        }
        var uniqueness: Roster.Column.Uniqueness?
        if let field = fields["unique"], let text = string(field, "\(path).unique") {
            switch text {
            case "true": uniqueness = .exact
            case "false": break
            case Roster.Column.Uniqueness.ignoringCase.rawValue: uniqueness = .ignoringCase
            default:
                report(
                    field, "\(path).unique", "expected true, false or ignore-case, got \(text)")
            }
        }
        if let defaultValue {
            let field = fields["default"]
            if isRequired {
                report(
                    field, "\(path).default",
                    "expected none beside `required: true`, which refuses a row without a value")
            }
            if let maxLength, defaultValue.count > maxLength {
                report(
                    field, "\(path).default",
                    "expected at most \(maxLength) characters, as `max` says, got "
                        + "\(defaultValue.count)")
            }
            let ignoresCase = cleaning.contains(.lower) || cleaning.contains(.upper)
            let isChoice = choices.contains {
                $0 == defaultValue || ignoresCase && $0.lowercased() == defaultValue.lowercased()
            }
            if !choices.isEmpty, !isChoice {
                report(
                    field, "\(path).default",
                    "expected one of \(choices.joined(separator: ", ")), got \(defaultValue)"
                        + suggestion(defaultValue, choices))
            }
        }
        return Roster.Column(
            name: name, headers: [name] + texts(fields["header"], "\(path).header"),
            isExpected: isExpected, isRequired: isRequired, cleaning: cleaning,
            maxLength: maxLength,
            uniqueness: uniqueness, defaultValue: defaultValue, choices: choices)
    }

    /// More characters than any field of a file may have.
    private static let longest = 1_000_000

    /// Whether a file must have the column, and each row a value.
    private mutating func requirement(
        _ node: Node?, _ path: String
    ) -> (isExpected: Bool, isRequired: Bool) {
        guard let node else { return (false, false) }
        switch node.string {
        case "true": return (true, true)
        case "false": return (false, false)
        case "column": return (true, false)
        default:
            report(node, path, "expected true, false or column, got \(shown(node))")
            return (false, false)
        }
    }

    private mutating func cleaning(_ node: Node?, _ path: String) -> [Roster.Cleaning] {
        let names = Roster.Cleaning.allCases.map(\.rawValue)
        var cleaning: [Roster.Cleaning] = []
        for word in texts(node, path) {
            guard let step = Roster.Cleaning(rawValue: word) else {
                report(
                    node, path,
                    "expected \(names.joined(separator: ", ")), got \(word)"
                        + suggestion(word, names))
                continue
            }
            if cleaning.contains(step) {
                report(node, path, "expected each once, got \(word) twice")
            }
            cleaning.append(step)
        }
        if cleaning.contains(.lower), cleaning.contains(.upper) {
            report(node, path, "expected lower or upper, got both")
        }
        return cleaning
    }

    // MARK: Heads

    /// A head belongs to one column.
    private mutating func checkHeaders(
        _ columns: [(name: String, headers: [String])], _ node: Node?, _ path: String
    ) {
        var owners: [String: String] = [:]
        for (name, headers) in columns {
            for header in headers {
                let other = owners.updateValue(name, forKey: Roster.Column.folded(header))
                guard let other, other != name else { continue }
                report(
                    node, "\(path).\(name)",
                    "expected headers of its own, got \"\(header)\", which is one of \(other)")
            }
        }
    }

    // MARK: Words for faults

    func suggestion(_ word: String, _ known: [String], before: String = "") -> String {
        Spelling.nearest(to: word, in: known).map { ", did you mean \(before)\($0)?" } ?? ""
    }

    mutating func reportUnknown(
        _ name: String, among known: [String], _ node: Node?, _ path: String, _ noun: String
    ) {
        report(
            node, path,
            "expected \(noun) of \(known.joined(separator: ", ")), got \(name)"
                + suggestion(name, known))
    }
}
