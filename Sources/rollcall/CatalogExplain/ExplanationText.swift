import Catalog
import Execution

/// What `rollcall catalog explain` prints of a relation.
struct ExplanationText {
    private(set) var lines: [String] = []

    init(_ plan: RelationPlan, _ sample: [SampledStatement]?) {
        let relation = plan.relation
        lines.append(
            "\(relation.name): \(relation.table), target "
                + "\(relation.target.joined(separator: ", ")), member "
                + "\(relation.member.joined(separator: ", ")), declared at \(relation.location)")
        lines.append("")
        lines.append("The items of a batch are the parameters of each statement, however many:")
        let parameters = plan.itemParameters
        for (number, parameter) in parameters.enumerated() {
            lines.append(Self.line(number + 1, parameter))
        }
        for (number, statement) in plan.statements.enumerated() {
            lines += ["", "\(statement.name): \(statement.purpose)", "  sent \(statement.timing)"]
            let own = statement.ownParameters
            if !own.isEmpty {
                let first = statement.takesItems ? parameters.count : 0
                lines.append(
                    statement.takesItems ? "  with one parameter more:" : "  with other parameters:"
                )
                for (number, parameter) in own.enumerated() {
                    lines.append(Self.line(first + number + 1, parameter))
                }
            }
            lines.append("")
            lines += SQLLayout.lines(of: statement.sql).map { "    \($0)" }
            guard let sample else { continue }
            lines.append("")
            lines += Self.plan(sample[number])
        }
    }

    private static func line(_ number: Int, _ parameter: (type: String, meaning: String)) -> String
    {
        let place = "$\(number)"
        return "  " + place.padded(4) + parameter.type.padded(9) + parameter.meaning
    }

    private static func plan(_ sampled: SampledStatement) -> [String] {
        let heading =
            switch sampled.itemCount {
            case 0: "  plan: none, no item of the sample is sent with it"
            case let count?: "  plan for \(NumberText.counted(count, "item")):"
            case nil: "  plan, without rows as nothing is written here:"
            }
        return [heading] + sampled.plan.map { "    \($0)" }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
