import Catalog
import Execution

/// What `rollcall catalog explain` prints of a relation.
struct ExplanationText {
    private(set) var lines: [String] = []

    /// - Parameter sample: what was planned for each of the statements.
    init(_ plan: RelationPlan, _ sample: [SampledStatement]?) {
        add(plan, sample, plan.statements)
        for child in plan.childPlans {
            lines.append("")
            add(child, nil, child.statements.filter(\.isForAssigns))
        }
    }

    private mutating func add(
        _ plan: RelationPlan, _ sample: [SampledStatement]?, _ statements: [PlannedStatement]
    ) {
        let relation = plan.relation
        let target = relation.target.joined(separator: ", ")
        lines.append(
            "\(relation.name): \(relation.table)\(target.isEmpty ? "" : ", target \(target)"), "
                + "\(target.isEmpty ? "identity" : "member") "
                + "\(relation.member.joined(separator: ", ")), declared at \(relation.location)")
        lines.append("")
        lines.append("The items of a batch are the parameters of each statement, however many:")
        for (number, parameter) in plan.itemParameters.enumerated() {
            lines.append(Self.line(number + 1, parameter))
        }
        for (number, statement) in statements.enumerated() {
            add(statement, after: plan.itemParameters.count)
            guard let sample else { continue }
            lines.append("")
            lines += Self.plan(sample[number])
        }
    }

    private mutating func add(_ statement: PlannedStatement, after itemParameters: Int) {
        lines += ["", "\(statement.name): \(statement.purpose)", "  sent \(statement.timing)"]
        let own = statement.ownParameters
        if !own.isEmpty {
            lines.append(
                statement.takesItems ? "  with one parameter more:" : "  with other parameters:")
            let first = statement.takesItems ? itemParameters + 1 : 1
            for (number, parameter) in own.enumerated() {
                lines.append(Self.line(first + number, parameter))
            }
        }
        lines.append("")
        lines += SQLLayout.lines(of: statement.sql).map { "    \($0)" }
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
