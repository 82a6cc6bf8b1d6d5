import Jobs
import Store

@testable import rollcall

/// Jobs as the database would show them at a fixed moment.
enum StatusSample {
    static let now = time("2026-11-21T03:14:07.120Z")

    static func time(_ text: String) -> Timestamp { Timestamp(text) ?? Timestamp(milliseconds: 0) }

    static func id(_ text: String) -> JobID { JobID(text) ?? JobID(high: 0, low: 0) }

    /// A job that began so many seconds ago.
    static func job(
        _ id: String, _ state: StatusQuery.State, kind: String = "assign",
        relation: String = "enrollment", target: String = "42", items: Int = 10,
        secondsAgo: Int64 = 60, tookMilliseconds: Int64 = 400,
        _ counts: (inout OutcomeCounts) -> Void = { _ in }
    ) -> StatusQuery.Job {
        let start = now.milliseconds - secondsAgo * 1_000
        var job = StatusQuery.Job(
            id: self.id(id), kind: kind, state: state, relation: relation, target: target,
            source: "/services/sis-sync", mode: "partial", items: items,
            requestedAt: Timestamp(milliseconds: start - 900),
            startedAt: Timestamp(milliseconds: start),
            finishedAt: state.isTerminal
                ? Timestamp(milliseconds: start + tookMilliseconds) : nil,
            readAt: now)
        counts(&job.counts)
        job.worker = "worker-1/77c"
        job.topic = "rollcall.assignments"
        job.partition = 3
        job.offset = 88_120
        return job
    }

    static let running = job(
        "7c1f9a2e-5e0b-4a43-9a4e-0f6f4f2b7c11", .running, kind: "roster-import",
        relation: "rosters", target: "district-12", items: 100_000, secondsAgo: 125
    ) {
        $0.created = 60_986
        $0.rejected = 14
    }
    static let succeeded = job(
        "5b02e771-5e0b-4a43-9a4e-0f6f4f2b7c11", .succeeded, items: 480, secondsAgo: 360
    ) { $0.created = 480 }
    static let withRejections = job(
        "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", .succeededWithRejections, kind: "roster-import",
        relation: "course-roster", target: "7", items: 3_004, secondsAgo: 3_600,
        tookMilliseconds: 3_100
    ) {
        $0.created = 212
        $0.updated = 40
        $0.unchanged = 2_739
        $0.rejected = 13
    }
    static let failed: StatusQuery.Job = {
        var job = Self.job(
            "3fd8a0c4-5e0b-4a43-9a4e-0f6f4f2b7c11", .failed, kind: "backfill",
            relation: "part-types", target: "数学 🎓", items: 1_000_000, secondsAgo: 10_800,
            tookMilliseconds: 41_000
        ) { $0.rejected = 1_000_000 }
        job.mode = "atomic"
        job.attempts = 5
        job.error = Rejection(
            code: "item-rejected",
            message: "the job is atomic and nothing of it was written; item 3: unknown-user: "
                + "users.id has no row \"u-9914\"")
        return job
    }()
    static let cancelled: StatusQuery.Job = {
        var job = Self.job(
            "2a9d1177-5e0b-4a43-9a4e-0f6f4f2b7c11", .cancelled, kind: "unassign",
            target: "a\u{1B}[31m\nb", secondsAgo: 10_800, tookMilliseconds: 3
        ) { $0.removed = 4 }
        job.isDryRun = true
        return job
    }()
    static let waiting = job(
        "2a9d1178-5e0b-4a43-9a4e-0f6f4f2b7c11", .waiting, secondsAgo: 200_000)

    /// One of each state.
    static let all = [running, succeeded, withRejections, failed, cancelled, waiting]

    static let rejections = [
        StatusQuery.Rejection(
            item: 118, member: "u-9914", code: "unknown-user",
            message: "users.id has no row \"u-9914\""),
        StatusQuery.Rejection(
            item: 119, member: "grace\u{9B}2J", code: "invalid-value",
            message: "role must be one of student, ta, teacher; got \"substitute\""),
    ]

    static let detail = StatusDetail(
        job: {
            var job = withRejections
            job.duplicates = 1
            job.traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
            return job
        }(),
        codes: [
            .init(code: "unknown-user", count: 8), .init(code: "duplicate-username", count: 4),
            .init(code: "invalid-value", count: 1),
        ],
        rejections: rejections)
}
