import Jobs
import Store
import Testing

@testable import rollcall

@Suite("One job in detail on a terminal")
struct StatusDetailPageTests {
    private func page(_ detail: StatusDetail, width: Int = 200) -> String {
        StatusDetailPage(detail: detail, width: width, ink: StatusInk(isOn: false)).lines
            .joined(separator: "\n")
    }

    private func page(_ job: StatusQuery.Job, width: Int = 200) -> String {
        page(StatusDetail(job: job, codes: [], rejections: []), width: width)
    }

    @Test("With rejections at 200 columns")
    func wide() {
        #expect(
            page(StatusSample.detail) == """
                Job           4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11
                Kind          roster-import                          Mode  partial
                State         succeeded with rejections: 13 of 3,004 items rejected
                Target        course-roster/7
                Source        /services/sis-sync                     Duplicates ignored  1
                Kafka         rollcall.assignments[3] @ 88120        Worker  worker-1/77c
                Trace         4bf92f3577b34da6a3ce929d0e0e4736
                Requested     2026-11-21 02:14:06 UTC (1h ago)       waited 0.9 s, took 3.1 s, 969 items/s, 1 attempt
                Result        created 212 · updated 40 · unchanged 2,739 · removed 0 · absent 0 · superseded 0 · rejected 13

                Rejected      13   (8 unknown-user · 4 duplicate-username · 1 invalid-value)
                  ITEM  MEMBER         CODE           MESSAGE
                  118   u-9914         unknown-user   users.id has no row "u-9914"
                  119   grace\\u{9B}2J  invalid-value  role must be one of student, ta, teacher; got "substitute"
                  ...   11 more: rollcall status 4410ad09 --rejections all
                """)
    }

    @Test("With rejections at 60 columns: what does not fit goes on below")
    func narrow() {
        #expect(
            page(StatusSample.detail, width: 60) == """
                Job           4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11
                Kind          roster-import
                              Mode  partial
                State         succeeded with rejections: 13 of 3,004 items
                              rejected
                Target        course-roster/7
                Source        /services/sis-sync
                              Duplicates ignored  1
                Kafka         rollcall.assignments[3] @ 88120
                              Worker  worker-1/77c
                Trace         4bf92f3577b34da6a3ce929d0e0e4736
                Requested     2026-11-21 02:14:06 UTC (1h ago)
                              waited 0.9 s, took 3.1 s, 969 items/s, 1
                              attempt
                Result        created 212 · updated 40 · unchanged 2,739 ·
                              removed 0 · absent 0 · superseded 0 ·
                              rejected 13

                Rejected      13 (8 unknown-user · 4 duplicate-username · 1
                              invalid-value)
                  ITEM  MEMBER         CODE           MESSAGE
                  118   u-9914         unknown-user   users.id has no row
                                                      "u-9914"
                  119   grace\\u{9B}2J  invalid-value  role must be one of
                                                      student, ta, teacher;
                                                      got "substitute"
                  ...   11 more: rollcall status 4410ad09 --rejections all
                """)
    }

    @Test("A failed job says why")
    func failed() {
        #expect(
            page(StatusSample.failed, width: 80) == """
                Job           3fd8a0c4-5e0b-4a43-9a4e-0f6f4f2b7c11
                Kind          backfill                               Mode  atomic
                State         failed: nothing of 1,000,000 items was written
                Target        part-types/数学 🎓
                Source        /services/sis-sync
                Kafka         rollcall.assignments[3] @ 88120        Worker  worker-1/77c
                Requested     2026-11-21 00:14:06 UTC (3h ago)
                              waited 0.9 s, took 41 s, 24,390 items/s, 5 attempts
                Result        created 0 · updated 0 · unchanged 0 · removed 0 · absent 0 ·
                              superseded 0 · rejected 1,000,000
                Error         item-rejected: the job is atomic and nothing of it was written;
                              item 3: unknown-user: users.id has no row "u-9914"

                Rejected      1,000,000
                """)
    }

    @Test("The sentence for each state")
    func sentences() {
        func sentence(_ job: StatusQuery.Job) -> String? {
            page(job).split(separator: "\n").first { $0.hasPrefix("State") }.map {
                String($0.dropFirst(14))
            }
        }
        #expect(sentence(StatusSample.running) == "running: 61,000 of 100,000 items done")
        #expect(sentence(StatusSample.waiting) == "waiting")
        #expect(sentence(StatusSample.succeeded) == "succeeded: 480 items")
        #expect(
            sentence(StatusSample.cancelled)
                == "cancelled: 4 of 10 items done (dry run: nothing was written)")
        var job = StatusSample.job("00000000-0000-0000-0000-000000000001", .succeeded, items: 1)
        #expect(sentence(job) == "succeeded: 1 item")
        job.isSkipped = true
        #expect(sentence(job) == "succeeded: skipped, nothing has changed")
        job = StatusSample.failed
        job.counts.created = 300_000
        job.counts.rejected = 0
        #expect(sentence(job) == "failed: 300,000 of 1,000,000 items done")
    }

    @Test("A running job says for how long, and a dry run that it is one")
    func times() {
        #expect(page(StatusSample.running).contains("waited 0.9 s, running for 2m05s, 488 items/s"))
        #expect(page(StatusSample.cancelled).contains("Mode  partial, dry run"))
    }

    @Test("More rejections than are kept")
    func capped() {
        var job = StatusSample.withRejections
        job.counts.rejected = 3_000
        let codes = [StatusQuery.RejectionCode(code: "unknown-user", count: 1_000)]
        let some = StatusDetail(job: job, codes: codes, rejections: StatusSample.rejections)
        #expect(page(some).contains("3,000   (the first 1,000: 1,000 unknown-user)"))
        #expect(page(some).contains("...   2,998 more: rollcall status 4410ad09 --rejections all"))
        let rejections = (1...1_000).map {
            StatusQuery.Rejection(item: $0, member: "m", code: "c", message: "t")
        }
        let all = StatusDetail(job: job, codes: codes, rejections: rejections)
        #expect(page(all).hasSuffix("  ...   2,000 more, not kept"))
    }

    @Test("No line is wider than the terminal", arguments: 50...140)
    func fits(_ width: Int) {
        for job in StatusSample.all {
            let detail = StatusDetail(
                job: job, codes: StatusSample.detail.codes,
                rejections: StatusSample.rejections)
            for line in page(detail, width: width).split(separator: "\n") {
                #expect(DisplayWidth.of(String(line)) <= width, "\(line)")
            }
        }
    }

    @Test("Nothing of a job's text reaches the terminal as a command")
    func escapes() {
        var job = StatusSample.cancelled
        job.source = "\u{1B}]0;title\u{7}"
        job.worker = "\u{9B}31m"
        job.traceID = "\r\u{202E}"
        let text = page(
            StatusDetail(job: job, codes: [], rejections: StatusSample.rejections))
        #expect(
            text.unicodeScalars.allSatisfy {
                $0 == "\n" || ($0.properties.generalCategory != .control && $0 != "\u{202E}")
            })
    }
}
