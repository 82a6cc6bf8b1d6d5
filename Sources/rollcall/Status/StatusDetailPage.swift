import Jobs
import Store

/// One job in detail on a terminal.
struct StatusDetailPage {
    private static let labelWidth = 14
    private static let secondColumn = 39

    let detail: StatusDetail
    /// The width of the terminal.
    let width: Int
    let ink: StatusInk

    private var job: StatusQuery.Job { detail.job }

    var lines: [String] {
        var lines = line("Job", job.id.description)
        lines += line("Kind", shown(job.kind), "Mode  \(mode)")
        lines += line("State", state, color: job.state.color)
        lines += line("Target", shown(job.fullTarget))
        lines += line(
            "Source", shown(job.source),
            job.duplicates > 0 ? "Duplicates ignored  \(NumberText.grouped(job.duplicates))" : "")
        lines += line(
            "Kafka", "\(shown(job.topic))[\(job.partition)] @ \(job.offset)",
            "Worker  \(shown(job.worker))")
        if let old = job.retryOf { lines += line("Retry of", "\(old)") }
        if let trace = job.traceID { lines += line("Trace", shown(trace)) }
        lines += line(
            "Requested",
            "\(TimeText.date(job.requestedAt)) "
                + "(\(TimeText.age(job.readAt.milliseconds - job.requestedAt.milliseconds)) ago)",
            times)
        lines += line("Result", words: result, separator: " · ")
        if let error = job.error {
            lines += line("Error", "\(shown(error.code)): \(shown(error.message))", color: .red)
        }
        return lines + parts + rejected
    }

    private func shown(_ text: String) -> String { VisibleText.escaped(text) }

    private var mode: String { shown(job.mode) + (job.isDryRun ? ", dry run" : "") }

    private var state: String {
        if let parts = job.walks { return state(parts) }
        let counts = job.counts
        let items = NumberText.counted(job.items, "item")
        let done = "\(NumberText.grouped(counts.total)) of \(items) done"
        let sentence =
            switch job.state {
            case .waiting: (["waiting"] + (job.parts?.notes ?? [])).joined(separator: ", ")
            case .running: (["running: \(done)"] + (job.parts?.notes ?? [])).joined(separator: ", ")
            case .succeeded where job.isSkipped: "succeeded: skipped, nothing has changed"
            case .succeeded: "succeeded: \(items)"
            case .succeededWithRejections:
                "succeeded with rejections: \(NumberText.grouped(counts.rejected)) of \(items) "
                    + "rejected"
            case .failed where counts.total > counts.rejected: "failed: \(done)"
            case .failed: "failed: nothing of \(items) was written"
            case .cancelled: "cancelled: \(done)"
            }
        return job.isDryRun && job.state != .failed
            ? "\(sentence) (dry run: nothing was written)" : sentence
    }

    /// Of a job in parts: the rows that are walked, and what else there is to know.
    private func state(_ parts: StatusQuery.Parts) -> String {
        let done =
            "\(NumberText.grouped(parts.walked)) of "
            + "\(NumberText.counted(parts.planned, "row")) walked"
        let words = ["\(job.state.rawValue): \(done)"] + (job.state.isTerminal ? [] : parts.notes)
        return words.joined(separator: ", ")
            + (job.isDryRun && job.state != .failed ? " (dry run: nothing was written)" : "")
    }

    private var times: String {
        guard job.state != .waiting else {
            let waited = max(0, job.readAt.milliseconds - job.requestedAt.milliseconds)
            return "waiting for \(TimeText.took(waited, space: " "))"
        }
        var parts = ["waited \(TimeText.took(job.waitedMilliseconds, space: " "))"]
        let run = TimeText.took(job.runMilliseconds, space: " ")
        parts.append(job.state.isTerminal ? "took \(run)" : "running for \(run)")
        if let rate = NumberText.rate(
            items: job.progress.done, milliseconds: job.runMilliseconds)
        {
            parts.append(
                "\(NumberText.grouped(rate)) \(job.walks == nil ? "items" : "rows")/s")
        }
        parts.append(NumberText.counted(job.attempts, "attempt"))
        return parts.joined(separator: ", ")
    }

    private var result: [String] {
        job.counts.named.map { "\($0.name) \(NumberText.grouped($0.count))" }
    }

    // MARK: Rejections

    private var rejected: [String] {
        let count = job.counts.rejected
        guard count > 0 else { return [] }
        let codes = detail.codes.map { "\(NumberText.grouped($0.count)) \(shown($0.code))" }
        var summary = NumberText.grouped(count)
        if !codes.isEmpty {
            let limit = detail.kept < count ? "the first \(NumberText.grouped(detail.kept)): " : ""
            summary += "   (\(limit)\(codes.joined(separator: " · ")))"
        }
        var lines = [""] + line("Rejected", summary)
        if !detail.rejections.isEmpty { lines += table }
        let more = count - detail.rejections.count
        if more > 0, detail.kept > 0 { lines.append(VisibleText.cut(rest(more), to: width)) }
        return lines
    }

    private func rest(_ more: Int) -> String {
        let readable = detail.kept - detail.rejections.count
        let count = "  ...   \(NumberText.grouped(more)) more"
        return readable > 0
            ? "\(count): rollcall status \(job.shortID) --rejections all" : "\(count), not kept"
    }

    /// The items; messages go on below themselves, they say what to mend.
    private var table: [String] {
        let heads = ["ITEM", "MEMBER", "CODE"]
        let rows = detail.rejections.map { [String($0.item), shown($0.member), shown($0.code)] }
        let limits = [Int.max, max(8, width / 4), max(8, width / 3)]
        let columns = zip(heads, limits).map { StatusTable.Column(head: $0, widthMax: $1) }
        let table = StatusTable(
            columns: columns, rows: rows.map { $0.map { StatusTable.Cell($0) } })
        let indent = 2 + table.width + StatusTable.gap
        let messages = ["MESSAGE"] + detail.rejections.map { shown($0.message) }
        let gap = String(repeating: " ", count: StatusTable.gap)
        let below = String(repeating: " ", count: indent)
        var lines: [String] = []
        for (index, start) in table.lines(ink, isPadded: true).enumerated() {
            let parts = VisibleText.wrapped(messages[index], to: max(12, width - indent))
                .map { ink.paint($0, index == 0 ? .gray : nil) }
            lines.append("  " + start + gap + (parts.first ?? ""))
            lines += parts.dropFirst().map { below + $0 }
        }
        return lines
    }

    // MARK: Lines

    /// A label and its value, and beside it something else if there is room, otherwise below.
    func line(
        _ label: String, _ value: String, _ second: String = "", color: StatusColor? = nil
    ) -> [String] {
        let used = DisplayWidth.of(value)
        if !second.isEmpty {
            let gap = max(2, Self.secondColumn - used)
            if Self.labelWidth + used + gap + DisplayWidth.of(second) <= width {
                return [
                    head(label) + ink.paint(value, color) + String(repeating: " ", count: gap)
                        + second
                ]
            }
            return line(label, value, color: color) + line("", second)
        }
        return layOut(label, VisibleText.wrapped(value, to: room), color)
    }

    private func line(_ label: String, words: [String], separator: String) -> [String] {
        layOut(label, VisibleText.wrapped(words, separator: separator, to: room), nil)
    }

    private var room: Int { max(12, width - Self.labelWidth) }

    private func layOut(_ label: String, _ values: [String], _ color: StatusColor?) -> [String] {
        guard let first = values.first else { return [label] }
        return [head(label) + ink.paint(first, color)]
            + values.dropFirst().map { head("") + ink.paint($0, color) }
    }

    private func head(_ label: String) -> String {
        ink.bold(label) + String(repeating: " ", count: Self.labelWidth - label.utf8.count)
    }
}

extension OutcomeCounts {
    /// The seven outcomes in the order in which they are always told.
    var named: [(name: String, count: Int)] {
        [
            ("created", created), ("updated", updated), ("unchanged", unchanged),
            ("removed", removed), ("absent", absent), ("superseded", superseded),
            ("rejected", rejected),
        ]
    }
}
