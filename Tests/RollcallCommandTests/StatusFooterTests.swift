import ArgumentParser
import Store
import Testing

@testable import rollcall

@Suite("The line below the list")
struct StatusFooterTests {
    private func footer(
        jobs: Int = 1_284, isEstimate: Bool = false, isFiltered: Bool = false,
        next: String? = "rollcall status --after 3fd8a0c4", lag: JobLag = .messages(118)
    ) -> StatusFooter {
        StatusFooter(
            shown: 5, isFiltered: isFiltered, next: next,
            overview: .init(
                jobs: jobs, isEstimate: isEstimate, workers: 3, itemsPerSecond: 1_549.6),
            lag: lag)
    }

    @Test("On one line if it fits, otherwise on two")
    func lines() {
        let left = "5 of 1,284 jobs · next: rollcall status --after 3fd8a0c4"
        let right = "lag 118 messages · 3 workers · 1,550 items/s"
        #expect(footer().lines(width: 108) == ["\(left)        \(right)"])
        #expect(footer().lines(width: 107) == [left, right])
        #expect(
            footer().lines(width: 45) == [
                "5 of 1,284 jobs", "next: rollcall status --after 3fd8a0c4", right,
            ])
    }

    @Test("What keeps workers from going on stands below, whole")
    func waits() {
        let waits = "worker-1 waits for enrollment: no lock, held by psql of ada (pid 17)"
        let footer = StatusFooter(
            shown: 1, isFiltered: false, next: nil,
            overview: .init(
                jobs: 1, isEstimate: false, workers: 1, itemsPerSecond: 0, waits: [waits]),
            lag: .messages(0))
        #expect(footer.lines(width: 40).last == waits)
        #expect(footer.lines(width: 200).count == 2)
    }

    @Test("An estimate, the last page, a filter")
    func counts() {
        let many = footer(jobs: 1_234_567, isEstimate: true, next: nil)
        #expect(many.lines(width: 80)[0].hasPrefix("5 of ~1.2 million jobs        lag"))
        #expect(footer(isFiltered: true).lines(width: 80)[0].hasPrefix("5 jobs · next: "))
    }

    @Test("A lag that is not known says why")
    func lag() {
        let lines = footer(lag: .unknown(why: "Kafka does not answer")).lines(width: 80)
        #expect(lines[1] == "lag unknown: Kafka does not answer · 3 workers · 1,550 items/s")
        #expect(JobLag.messages(1).text == "lag 1 message")
    }

    @Test("The command for the next page keeps the filters")
    func next() throws {
        let selection = try StatusSelection.parse([
            "--state", "failed", "--state", "cancelled", "--kind", "backfill", "--target",
            "it's 1/2", "--since", "2h", "--limit", "5", "--relation", "enrollment",
        ])
        #expect(
            selection.command(after: "3fd8a0c4") == """
                rollcall status --state failed --state cancelled --kind backfill --relation \
                enrollment --target 'it'\\''s 1/2' --since 2h --limit 5 --after 3fd8a0c4
                """)
    }
}
