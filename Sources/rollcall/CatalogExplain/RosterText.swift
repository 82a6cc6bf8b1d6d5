import Catalog
import Execution

/// What `rollcall catalog explain` prints of a roster.
struct RosterText {
    private(set) var lines: [String] = []

    /// - Parameter plans: the tables of its upserts as relations, by their names.
    init(_ roster: Roster, _ plans: [String: RelationPlan]) {
        lines.append("\(roster.name): declared at \(roster.location)")
        for file in roster.files {
            lines.append("")
            lines.append(file.name.isEmpty ? "columns:" : "columns of \(file.name):")
            lines += file.columns.map { "  \($0.name)\(Self.words(on: $0))" }
            lines += file.rejects.map { "  refused \($0.code): \($0.condition)" }
            for (number, step) in file.steps.enumerated() {
                let place = "step \(number + 1)" + (file.name.isEmpty ? "" : " of \(file.name)")
                switch step {
                case .upsert(let upsert): add(upsert, place, plans[upsert.relation.name])
                case .assign(let assign): add(assign, place)
                }
            }
        }
    }

    private mutating func add(_ upsert: Roster.Upsert, _ place: String, _ plan: RelationPlan?) {
        let name = upsert.alias.map { ", later \($0)" } ?? ""
        lines += ["", "\(place): upsert \(upsert.relation.table)\(name)"]
        add(each: upsert.each, where: upsert.condition)
        add(upsert.values, "")
        lines += upsert.cleared.map { "  \($0) becomes NULL" }
        if let password = upsert.password {
            lines.append(
                "  \(password.column) is a password, \(password.scheme.rawValue)"
                    + (password.source.map { ", of the column \($0)" } ?? ""))
        }
        guard let plan else { return }
        lines += [""] + ExplanationText(plan, nil).lines
    }

    private mutating func add(_ assign: Roster.Assign, _ place: String) {
        let verb = assign.isRemoval ? "unassign" : "assign"
        lines += ["", "\(place): \(verb) \(assign.relation)"]
        add(each: assign.each, where: assign.condition)
        add(assign.target, "target ")
        add(assign.member, "member ")
        add(assign.attributes, "attribute ")
        lines.append(
            "  with the statements that `rollcall catalog explain \(assign.relation)` shows")
    }

    private mutating func add(each: String?, where condition: String?) {
        if let each { lines.append("  for each of \(each)") }
        if let condition { lines.append("  where \(condition)") }
    }

    private mutating func add(_ values: [Roster.Value], _ kind: String) {
        lines += values.map { "  \(kind)\($0.column) = \($0.sql)" }
    }

    private static func words(on column: Roster.Column) -> String {
        var words: [String] = []
        if column.isExpected {
            words.append(column.isRequired ? "required" : "required as a column")
        }
        if !column.cleaning.isEmpty {
            words.append("clean " + column.cleaning.map(\.rawValue).joined(separator: " "))
        }
        if let length = column.maxLength { words.append("at most \(length) characters") }
        switch column.uniqueness {
        case .exact: words.append("unique")
        case .ignoringCase: words.append("unique without case")
        case nil: break
        }
        if let value = column.defaultValue { words.append("default \(value)") }
        if !column.choices.isEmpty {
            words.append("one of \(column.choices.joined(separator: ", "))")
        }
        let headers = column.headers.dropFirst()
        if !headers.isEmpty { words.append("header \(headers.joined(separator: " or "))") }
        return words.isEmpty ? "" : ": " + words.joined(separator: "; ")
    }
}
