import Catalog
import Execution

/// What `rollcall catalog explain` prints of a backfill.
struct BackfillText {
    private(set) var lines: [String] = []

    init(_ plan: BackfillPlan) {
        let backfill = plan.backfill
        lines.append("\(backfill.name): declared at \(backfill.location)")
        for parameter in backfill.parameters {
            lines.append(
                "  \(parameter.name)  \(parameter.typeName)"
                    + (parameter.isOptional ? ", may be left out" : ""))
        }
        for (number, step) in plan.explained.enumerated() {
            lines += [
                "", "step \(number + 1): \(step.name)",
                "  \(step.walk.map { "walks \($0)" } ?? "one part")",
            ]
            for statement in step.statements {
                lines += ["", "  \(statement.purpose)"]
                for (number, meaning) in statement.parameters.enumerated() {
                    lines.append("    $\(number + 1)  \(meaning)")
                }
                lines.append("")
                lines += SQLLayout.lines(of: statement.sql).map { "    \($0)" }
            }
        }
    }
}
