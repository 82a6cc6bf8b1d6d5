import Foundation

/// Shows how far the jobs are, from the receipts.
struct DemoProgress {
    let stage: DemoStage
    let traffic: DemoTraffic
    let signals: StopSignals

    /// Returns when every message is accounted for.
    func watch(since started: ContinuousClock.Instant) throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let deadline = started + .seconds(120)
        var lastLine = ContinuousClock.now
        var done = -1
        while true {
            if signals.isStopped { throw DemoInterrupted() }
            try stage.requireWorkers()
            let now = try DemoAudit.accountedFor(on: stage.connection)
            let isComplete = now == traffic.messages.count
            if isTerminal ? now != done : isComplete || lastLine + .seconds(1) < .now {
                show(now, since: started, isTerminal: isTerminal)
                lastLine = .now
            }
            if isComplete { break }
            guard ContinuousClock.now < deadline else {
                throw DemoFault(
                    "expected \(traffic.messages.count) messages to be done within 120 s, got \(now)"
                )
            }
            done = now
            signals.wait(.milliseconds(50))
        }
        if isTerminal { print("") }
    }

    private func show(_ done: Int, since started: ContinuousClock.Instant, isTerminal: Bool) {
        let total = traffic.messages.count
        let filled = done * 20 / max(1, total)
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled)
        let elapsed = (ContinuousClock.now - started).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
        let rate = Int(Double(done) / max(0.001, seconds))
        let tenths = Int(seconds * 10)
        let line =
            "[\(bar)] \(done * 100 / max(1, total))%  \(done)/\(total) messages  "
            + "\(rate)/s  \(tenths / 10).\(tenths % 10) s"
        print(isTerminal ? "\r\(line)   " : line, terminator: isTerminal ? "" : "\n")
        fflush(nil)
    }
}
