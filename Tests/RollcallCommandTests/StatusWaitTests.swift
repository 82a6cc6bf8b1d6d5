import ArgumentParser
import Jobs
import Store
import Testing

@testable import rollcall

@Suite("Waiting for jobs")
struct StatusWaitTests {
    @Test("The pause grows from 50 ms to a second")
    func pace() {
        var pace = PollPace()
        var pauses: [Duration] = []
        for _ in 0..<12 { pauses += pace.pause(left: nil).map { [$0] } ?? [] }
        #expect(pauses.prefix(3) == [.milliseconds(50), .milliseconds(75), .microseconds(112_500)])
        #expect(pauses.last == .seconds(1))
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
        pace.hurry()
        #expect(pace.pause(left: nil) == .milliseconds(50))
    }

    @Test("The last pause ends with the wait")
    func limit() {
        var pace = PollPace()
        #expect(pace.pause(left: .milliseconds(20)) == .milliseconds(20))
        #expect(pace.pause(left: .zero) == nil)
        #expect(pace.pause(left: .milliseconds(-1)) == nil)
    }

    @Test("The worst job decides the exit code")
    func verdict() {
        func code(_ states: [StatusQuery.State], _ allowRejections: Bool = false) -> Int32 {
            WaitVerdict.exitCode(states, allowRejections: allowRejections).rawValue
        }
        #expect(code([.succeeded]) == 0)
        #expect(code([.failed]) == 5)
        #expect(code([.succeededWithRejections]) == 6)
        #expect(code([.succeededWithRejections], true) == 0)
        #expect(code([.cancelled]) == 7)
        #expect(code([.succeeded, .succeededWithRejections, .cancelled, .failed]) == 5)
        #expect(code([.cancelled, .succeededWithRejections]) == 7)
        #expect(code([.failed], true) == 5)
    }

    @Test("A line for the log when something has changed")
    func line() {
        let job = StatusSample.running
        #expect(
            WatchLine(job).text(job) == """
                2026-11-21T03:14:07.120Z 7c1f9a2e-5e0b-4a43-9a4e-0f6f4f2b7c11 running done=61000 \
                total=100000 rejected=14 rate=488 eta_s=79
                """)
        var later = job
        later.readAt = StatusSample.time("2026-11-21T04:14:07Z")
        #expect(WatchLine(later) == WatchLine(job))
        later.counts.created += 1
        #expect(WatchLine(later) != WatchLine(job))
    }

    @Test("Two lines on a terminal, over those from before")
    func frame() {
        let lines = WatchFrame(job: StatusSample.running).lines(
            width: 80, ink: StatusInk(isOn: false))
        #expect(
            lines == [
                "roster-import 7c1f9a2e · rosters/district-12 · running",
                "[############--------]  61%   61,000/100,000   488/s   ETA 1m19s   rejected 14",
            ])
        var redraw = Redraw(StatusTerminal(isTerminal: true, width: 80, height: 4))
        #expect(redraw.frame(["a", "b"]) == "\ra\u{1B}[K\n\rb\u{1B}[K\n\u{1B}[J")
        #expect(redraw.frame(["c"]) == "\u{1B}[2A\rc\u{1B}[K\n\u{1B}[J")
        #expect(redraw.frame(["1", "2", "3", "4"]).hasSuffix("\r3\u{1B}[K\n\u{1B}[J"))
    }
}
