import Jobs
import Store

/// The parts of a job that is done in parts.
extension StatusDetailPage {
    var parts: [String] {
        guard let parts = detail.job.parts else { return [] }
        var lines =
            [""]
            + line(
                "Parts",
                "\(NumberText.grouped(parts.done)) of \(NumberText.grouped(parts.total))"
                    + (parts.failed > 0 ? ", \(NumberText.grouped(parts.failed)) failed" : ""))
        guard !detail.parts.isEmpty else { return lines }
        let rows = detail.parts.map { part in
            [
                parts.steps > 1 ? "\(part.step)/\(part.number)" : "\(part.number)",
                NumberText.grouped(part.items), part.state, "\(part.attempts)",
                VisibleText.escaped(part.worker ?? ""),
                part.milliseconds.map { TimeText.took($0) } ?? "",
            ]
        }
        let table = StatusTable(
            columns: [
                .init(head: "PART"), .init(head: "ITEMS", isRight: true), .init(head: "STATE"),
                .init(head: "ATTEMPTS", isRight: true),
                .init(head: "WORKER", widthMax: max(8, width / 4)), .init(head: "TOOK"),
            ], rows: rows.map { $0.map { StatusTable.Cell($0) } })
        let notes = [""] + detail.parts.map(Self.note)
        for (text, note) in zip(table.lines(ink, isPadded: true), notes) {
            let whole = "  \(text)  \(note)"
            lines.append(VisibleText.cut(whole.trimmedAtEnd, to: width))
        }
        return lines
    }

    private static func note(_ part: StatusQuery.Part) -> String {
        guard let error = part.error else { return "" }
        let words =
            switch part.state {
            case "failed": "failed"
            case "split": "split in two"
            default: "retried"
            }
        return "\(words): \(VisibleText.escaped(error.code)): "
            + VisibleText.escaped(error.message)
    }
}

extension String {
    /// Without the blanks at its end.
    fileprivate var trimmedAtEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
