import Jobs
import Store

/// A job's progress in two lines on a terminal.
struct WatchFrame {
    let job: StatusQuery.Job

    func lines(width: Int, ink: StatusInk) -> [String] {
        let name = "\(VisibleText.escaped(job.kind)) \(job.shortID) · "
        let state = job.state.shortName
        let room = max(8, width - DisplayWidth.of(name) - state.utf8.count - 3)
        let target = VisibleText.cut(VisibleText.escaped(job.fullTarget), to: room)
        return [
            name + target + " · " + ink.paint(state, job.state.color),
            VisibleText.cut(numbers, to: width),
        ]
    }

    private var numbers: String {
        var parts = [
            ProgressText.text(job.percentDone, barWidth: 20),
            "\(NumberText.grouped(job.counts.total))/\(NumberText.grouped(job.items))",
        ]
        if let rate = NumberText.rate(items: job.counts.total, milliseconds: job.runMilliseconds) {
            parts.append("\(NumberText.grouped(rate))/s")
            if rate > 0, job.pending > 0 {
                parts.append("ETA \(TimeText.took(Int64(job.pending / rate) * 1_000))")
            }
        }
        parts.append("rejected \(NumberText.grouped(job.counts.rejected))")
        return parts.joined(separator: "   ")
    }
}
