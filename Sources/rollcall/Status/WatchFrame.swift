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
            "\(NumberText.grouped(job.progress.done))/\(NumberText.grouped(job.progress.total))",
        ]
        if let rate = NumberText.rate(
            items: job.progress.done, milliseconds: job.runMilliseconds)
        {
            parts.append("\(NumberText.grouped(rate))/s")
            if rate > 0, job.left > 0, !job.state.isTerminal {
                parts.append("ETA \(TimeText.took(Int64(job.left / rate) * 1_000))")
            }
        }
        if let work = job.parts {
            parts.append("parts \(NumberText.grouped(work.done))/\(NumberText.grouped(work.total))")
            if !job.state.isTerminal { parts += work.notes.map(VisibleText.escaped) }
        } else {
            parts.append("rejected \(NumberText.grouped(job.counts.rejected))")
        }
        return parts.joined(separator: "   ")
    }
}
