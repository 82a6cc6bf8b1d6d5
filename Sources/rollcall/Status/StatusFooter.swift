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

    /// One line if it fits, otherwise two.
    func lines(width: Int) -> [String] {
        let (left, right) = (left, right)
        let blanks = 8
        guard DisplayWidth.of(left) + blanks + DisplayWidth.of(right) <= width else {
            return [left, right]
        }
        return [left + String(repeating: " ", count: blanks) + right]
    }

    private var left: String {
        let count: String
        if isFiltered {
            count = NumberText.counted(shown, "job")
        } else {
            let all =
                overview.isEstimate
                ? NumberText.estimate(overview.jobs) : NumberText.grouped(overview.jobs)
            count = "\(NumberText.grouped(shown)) of \(all) job\(overview.jobs == 1 ? "" : "s")"
        }
        return next.map { "\(count) · next: \($0)" } ?? count
    }

    private var right: String {
        let rate = Int(overview.itemsPerSecond.rounded())
        return "\(lag.text) · \(NumberText.counted(overview.workers, "worker"))"
            + " · \(NumberText.grouped(rate)) items/s"
    }
}
