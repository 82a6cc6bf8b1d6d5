import Glibc
import Jobs
import Store

extension StatusCommand {
    /// Shows the list until interrupted, or until the time has run out.
    func watchList(_ session: StatusSession, after: JobID?) throws {
        exitAtInterrupt()
        let deadline = timeout.map { ContinuousClock.now + $0 }
        var watched = JobsWatched(session)
        var redraw = Redraw(session.terminal)
        while true {
            let page = try readPage(session, after: after)
            if session.terminal.isTerminal {
                let lag = JobLagReading(session.settings.kafka).result()
                let width = session.terminal.width
                let lines =
                    try terminalLines(page, session)
                    + footerLines(page, lag: lag, width: width, session)
                try session.output.write(redraw.frame(lines))
            } else {
                try watched.showChanges(page.jobs.reversed())
            }
            if let deadline, .now >= deadline { return }
            usleep(1_000_000)
        }
    }
}
