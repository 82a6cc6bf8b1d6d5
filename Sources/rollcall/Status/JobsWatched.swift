import Jobs
import Store

/// Shows how jobs go on: on a terminal in place, otherwise a line a change.
struct JobsWatched {
    private let session: StatusSession
    private var redraw: Redraw
    private var shown: [JobID: WatchLine] = [:]

    init(_ session: StatusSession) {
        self.session = session
        redraw = Redraw(session.terminal)
    }

    /// Shows a look.
    mutating func show(_ look: JobFollow.Look) throws {
        guard session.terminal.isTerminal else { return try showChanges(look.jobs) }
        var lines = look.jobs.flatMap {
            WatchFrame(job: $0).lines(width: session.terminal.width, ink: session.ink)
        }
        lines += look.missing.map { "\($0) · no worker has read it yet" }
        try session.output.write(redraw.frame(lines))
    }

    /// Writes a line for each job that is not as it was.
    mutating func showChanges(_ jobs: [StatusQuery.Job]) throws {
        var lines: [String] = []
        for job in jobs {
            let line = WatchLine(job)
            guard shown[job.id] != line else { continue }
            shown[job.id] = line
            lines.append(line.text(job))
        }
        try session.output.write(lines)
    }
}
