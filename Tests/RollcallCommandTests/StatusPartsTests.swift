import Jobs
import Store
import Testing

@testable import rollcall

/// A job in parts, in every form in which jobs are shown.
@Suite("A job that is done in parts") struct StatusPartsTests {
    private let plain = StatusInk(isOn: false)

    private func job(
        _ state: StatusQuery.State = .running, _ parts: StatusQuery.Parts
    ) -> StatusQuery.Job {
        var job = StatusSample.job(
            "3fd8a0c4-5e0b-4a43-9a4e-0f6f4f2b7c11", state, kind: "backfill",
            relation: "part-types", target: "", items: 0, secondsAgo: 41)
        job.parts = parts
        return job
    }

    private static let half = StatusQuery.Parts(
        planned: 1_000_000, walked: 300_000, total: 1_000, done: 300)

    @Test("the list shows the rows that are walked, and a backfill for all by its name alone")
    func list() {
        let lines = StatusList(jobs: [job(Self.half)]).lines(width: 200, ink: plain)
        #expect(lines[1].contains("part-types  running"))
        #expect(lines[1].contains("[###-------]  30%"))
        #expect(lines[1].contains("300,000/1,000,000"))
    }

    private func job(_ parts: StatusQuery.Parts) -> StatusQuery.Job { job(.running, parts) }

    @Test(
        "steps count alike, and 100 is for what has succeeded",
        arguments: [
            (1, 1, 0, 0, 0, 0), (1, 1, 0, 1_000, 999, 99), (1, 1, 0, 1_000, 1_000, 99),
            (1, 4, 0, 1_000, 500, 12), (2, 4, 1_000, 1_000, 1_000, 25),
            (2, 4, 1_000, 3_000, 2_000, 37),
            (4, 4, 3_000, 4_000, 4_000, 99),
        ])
    func percent(
        step: Int, steps: Int, before: Int, planned: Int, walked: Int, expected: Int
    ) {
        let parts = StatusQuery.Parts(
            planned: planned, walked: walked, walkedBefore: before, total: 4, done: 1, step: step,
            steps: steps)
        #expect(job(parts).percentDone == expected)
        #expect(job(.succeeded, parts).percentDone == 100)
    }

    @Test("one job in detail says how far it is, what it waits for, and which parts had trouble")
    func detail() {
        var parts = Self.half
        parts.failed = 1
        parts.step = 2
        parts.steps = 3
        parts.isPaused = true
        parts.isPlanning = true
        parts.waitsFor = "job x"
        let detail = StatusDetail(
            job: job(parts), codes: [], rejections: [],
            parts: [
                StatusQuery.Part(
                    step: 1, number: 2, items: 1_000, counts: RowCounts(created: 5), state: "done",
                    attempts: 2, worker: "worker-1/77c", milliseconds: 1_400,
                    error: Rejection(code: "sqlstate-40P01", message: "deadlock detected")),
                StatusQuery.Part(
                    step: 2, number: 31, items: 7, counts: RowCounts(), state: "pending",
                    attempts: 0,
                    worker: nil, milliseconds: nil, error: nil),
            ])
        let lines = StatusDetailPage(detail: detail, width: 200, ink: plain).lines
        #expect(
            lines.contains(
                "State         running: 300,000 of 1,000,000 rows walked, step 2 of 3, still planning, paused, "
                    + "waits for job x"))
        #expect(lines.contains { $0.contains("7,317 rows/s") }, "\(lines)")
        #expect(
            lines.suffix(4) == [
                "Parts         300 of 1,000, 1 failed",
                "  PART  ITEMS  STATE    ATTEMPTS  WORKER        TOOK",
                "  1/2   1,000  done            2  worker-1/77c  1.4s  retried: sqlstate-40P01: deadlock detected",
                "  2/31      7  pending         0",
            ])
        // A page has a label and a few characters beside it at the least.
        for width in 26...200 {
            let page = StatusDetailPage(detail: detail, width: width, ink: plain).lines
            let parts = page.drop { !$0.hasPrefix("Parts") }
            #expect(parts.count >= 4)
            #expect(parts.allSatisfy { DisplayWidth.of($0) <= width }, "\(width)")
        }
    }

    @Test("watching shows rate, time left and parts, or a line a change")
    func watch() {
        let job = job(Self.half)
        let frame = WatchFrame(job: job).lines(width: 200, ink: plain)
        #expect(
            frame == [
                "backfill 3fd8a0c4 · part-types · running",
                "[######--------------]  30%   300,000/1,000,000   7,317/s   ETA 1m35s   parts 300/1,000",
            ])
        let line = WatchLine(job).text(job)
        #expect(line.contains("done=300000 total=1000000"))
        #expect(line.contains("parts=300/1000 step=1/1"))
        #expect(line.contains("rate=7317 eta_s=95"))
        var further = Self.half
        further.walked += 1
        #expect(WatchLine(self.job(further)) != WatchLine(job))
    }

    @Test("what waits for another one does not run yet, and what has ended has no time left")
    func beforeAndAfter() {
        let waiting = job(.waiting, Self.half)
        let detail = StatusDetail(job: waiting, codes: [], rejections: [])
        let page = StatusDetailPage(detail: detail, width: 200, ink: plain).lines
        #expect(page.contains { $0.contains("waiting for 4") }, "\(page)")
        #expect(!page.contains { $0.contains("running for") || $0.contains("rows/s") }, "\(page)")
        let cancelled = job(.cancelled, Self.half)
        #expect(!WatchLine(cancelled).text(cancelled).contains("eta_s"))
        #expect(
            !WatchFrame(job: cancelled).lines(width: 200, ink: plain).contains {
                $0.contains("ETA")
            })
    }
}
