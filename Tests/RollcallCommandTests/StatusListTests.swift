import Jobs
import Store
import Testing

@testable import rollcall

@Suite("The list of jobs on a terminal")
struct StatusListTests {
    private let list = StatusList(jobs: StatusSample.all)
    private let plain = StatusInk(isOn: false)

    private func text(_ lines: [String]) -> String { lines.joined(separator: "\n") }

    @Test("Every state at 200 columns, with all that there is")
    func wide() {
        #expect(
            text(list.lines(width: 200, ink: plain)) == """
                  JOB       KIND                TARGET                     STATE       PROGRESS                    DONE/ITEMS   REJECTED  AGE  TOOK
                ● 7c1f9a2e  roster-import       rosters/district-12        running     [######----]  61%       61,000/100,000         14  2m   2m05s
                ✓ 5b02e771  assign              enrollment/42              succeeded   [##########] 100%              480/480          0  6m   0.4s
                ! 4410ad09  roster-import       course-roster/7            succeeded*  [##########] 100%          3,004/3,004         13  1h   3.1s
                ✗ 3fd8a0c4  backfill            part-types/数学 🎓         failed      [##########] 100%  1,000,000/1,000,000  1,000,000  3h   41s
                ⊘ 2a9d1177  unassign (dry run)  enrollment/a\\u{1B}[31m\\nb  cancelled   [####------]  40%                 4/10          0  3h   3ms
                ◌ 2a9d1178  assign              enrollment/42              waiting     [----------]   0%                 0/10          0  2d   2d07h
                """)
    }

    @Test("Every state at 80 columns, with the most important of it")
    func narrow() {
        #expect(
            text(list.lines(width: 80, ink: plain)) == """
                  JOB       KIND            TARGET           STATE          DONE/ITEMS  REJECTED
                ● 7c1f9a2e  roster-import   ro…/district-12  running          61k/100k        14
                ✓ 5b02e771  assign          enrollment/42    succeeded         480/480         0
                ! 4410ad09  roster-import   course-roster/7  succeeded*    3,004/3,004        13
                ✗ 3fd8a0c4  backfill        part-t…/数学 🎓  failed      1,000k/1,000k    1,000k
                ⊘ 2a9d1177  unassign (dry)  en…/a\\u{1B}[31…  cancelled            4/10         0
                ◌ 2a9d1178  assign          enrollment/42    waiting              0/10         0
                """)
    }

    @Test("Common jobs fit 80 columns with their times")
    func common() {
        let list = StatusList(jobs: [StatusSample.succeeded, StatusSample.waiting])
        #expect(
            text(list.lines(width: 80, ink: plain)) == """
                  JOB       KIND    TARGET         STATE      DONE/ITEMS  REJECTED  AGE  TOOK
                ✓ 5b02e771  assign  enrollment/42  succeeded     480/480         0  6m   0.4s
                ◌ 2a9d1178  assign  enrollment/42  waiting          0/10         0  2d   2d07h
                """)
    }

    @Test(
        "Where the target must be cut, its relation is cut first",
        arguments: [
            (13, "enrollment/42"), (12, "enrollme…/42"), (6, "en…/42"),
            (5, "en…/…"), (3, "en…"),
        ])
    func target(_ width: Int, _ shown: String) {
        #expect(TargetText.fitted(StatusSample.succeeded, to: width) == shown)
    }

    @Test("No line is wider than the terminal", arguments: 1...220)
    func fits(_ width: Int) {
        for line in list.lines(width: width, ink: plain) {
            #expect(DisplayWidth.of(line) <= width)
        }
    }

    @Test("Ids that begin alike are shown as far as they tell the jobs apart")
    func ids() {
        let jobs = StatusSample.all.enumerated().map { index, job in
            var job = job
            job.distinctLength = index == 2 ? 10 : 3
            return job
        }
        let lines = StatusList(jobs: jobs).lines(width: 200, ink: plain)
        #expect(lines.dropFirst().allSatisfy { $0.split(separator: " ")[1].count == 10 })
        #expect(lines[3].contains("4410ad09-5 "))
    }

    @Test("Colour marks the state, and nothing else moves")
    func color() {
        let lines = list.lines(width: 200, ink: StatusInk(isOn: true))
        #expect(lines[1].hasPrefix("\u{1B}[34m●\u{1B}[0m 7c1f9a2e"))
        #expect(lines[4].contains("\u{1B}[31mfailed\u{1B}[0m"))
        let bare = lines.map { line in
            line.replacing(#/\u{1B}\[\d+m/#, with: "")
        }
        #expect(bare == list.lines(width: 200, ink: plain))
    }
}
