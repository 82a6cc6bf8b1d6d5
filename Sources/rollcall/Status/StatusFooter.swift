import Store

/// What stands below the list: how much there is, where to go on, and what the system does.
struct StatusFooter {
    let shown: Int
    /// Whether the list was filtered; the number of all jobs then says nothing.
    let isFiltered: Bool
    /// The command for the next page; nil on the last one.
    let next: String?
    let overview: StatusQuery.Overview
    let lag: JobLag
    var pauses: [StatusQuery.Pause] = []

    /// One line if it fits, otherwise two or more; a command is never broken.
    ///
    /// What is paused and what keeps workers from going on stands below, whole.
    func lines(width: Int) -> [String] {
        summary(width: width) + pauses.map(\.line) + overview.waits.map(VisibleText.escaped)
    }

    private func summary(width: Int) -> [String] {
        let halves = [left, right].map { $0.joined(separator: " · ") }
        let line = halves.joined(separator: "        ")
        guard DisplayWidth.of(line) > width else { return [line] }
        return zip(halves, [left, right]).flatMap { half, parts in
            DisplayWidth.of(half) <= width ? [half] : parts
        }
    }

    private var left: [String] {
        let count: String
        if isFiltered {
            count = NumberText.counted(shown, "job")
        } else {
            let all =
                overview.isEstimate
                ? NumberText.estimate(overview.jobs) : NumberText.grouped(overview.jobs)
            count = "\(NumberText.grouped(shown)) of \(all) job\(overview.jobs == 1 ? "" : "s")"
        }
        return [count] + (next.map { ["next: \($0)"] } ?? [])
    }

    private var right: [String] {
        let rate = NumberText.grouped(Int(overview.itemsPerSecond.rounded()))
        return [lag.text, NumberText.counted(overview.workers, "worker"), "\(rate) items/s"]
    }
}
