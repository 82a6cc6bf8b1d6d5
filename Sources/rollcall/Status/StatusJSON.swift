import Jobs
import Store

/// Jobs as JSON, in the shape that is published; a field without a value is null.
enum StatusJSON {
    static let version = "1"

    /// `{"api_version", "job"}`.
    static func job(_ detail: StatusDetail) -> String { object(detail).description }

    /// The same, to stand inside another text.
    static func object(_ detail: StatusDetail) -> JSONText {
        .object([("api_version", .text(version)), ("job", value(detail))])
    }

    /// `{"api_version", "jobs", "next"}`; `next` is what `--after` takes for the next page.
    static func list(_ details: [StatusDetail], next: JobID?) -> String {
        JSONText.object([
            ("api_version", .text(version)), ("jobs", .array(details.map(value))),
            ("next", .text(next?.description)),
        ]).description
    }

    /// The job alone, for a line of JSON Lines.
    static func line(_ detail: StatusDetail) -> String { value(detail).description }

    private static func value(_ detail: StatusDetail) -> JSONText {
        let job = detail.job
        return .object([
            ("id", .text(job.id.description)), ("kind", .text(job.kind)),
            ("state", .text(job.state.rawValue)), ("terminal", .bool(job.state.isTerminal)),
            ("relation", .text(job.relation)), ("target", .text(job.target)),
            ("source", .text(job.source)), ("mode", .text(job.mode)),
            ("dry_run", .bool(job.isDryRun)), ("skipped", .bool(job.isSkipped)),
            ("requested_at", .text(job.requestedAt.description)),
            ("started_at", .text(job.startedAt.description)),
            ("finished_at", .text(job.finishedAt?.description)),
            ("waited_s", .number(TimeText.seconds(job.waitedMilliseconds))),
            ("took_s", job.tookMilliseconds.map { .number(TimeText.seconds($0)) } ?? .null),
            ("attempts", .integer(job.attempts)), ("duplicates", .integer(job.duplicates)),
            ("items", items(job)),
            ("parts", parts(job.parts)),
            ("rejections", rejections(detail)),
            (
                "error",
                job.error.map {
                    .object([("code", .text($0.code)), ("message", .text($0.message))])
                } ?? .null
            ),
            (
                "kafka",
                .object([
                    ("topic", .text(job.topic)), ("partition", .integer(job.partition)),
                    ("offset", .integer(job.offset)),
                ])
            ),
            ("trace_id", .text(job.traceID)), ("worker", .text(job.worker)),
            ("retry_of", .text(job.retryOf?.description)),
        ])
    }

    /// A job that is done in one piece has none.
    private static func parts(_ parts: StatusQuery.Parts?) -> JSONText {
        .object([
            ("total", .integer(parts?.total ?? 0)), ("done", .integer(parts?.done ?? 0)),
            ("failed", .integer(parts?.failed ?? 0)),
            ("rows_planned", parts.map { .integer($0.planned) } ?? .null),
            ("rows_walked", parts.map { .integer($0.walked) } ?? .null),
            ("step", parts.map { .integer($0.step) } ?? .null),
            ("steps", parts.map { .integer($0.steps) } ?? .null),
            ("paused", parts.map { .bool($0.isPaused) } ?? .null),
            ("waits_for", .text(parts?.waitsFor)),
        ])
    }

    private static func items(_ job: StatusQuery.Job) -> JSONText {
        .object(
            [("total", .integer(job.items))]
                + job.counts.named.map { ($0.name, .integer($0.count)) }
                + [("pending", .integer(job.pending))])
    }

    private static func rejections(_ detail: StatusDetail) -> JSONText {
        .object([
            ("by_code", .object(detail.codes.map { ($0.code, .integer($0.count)) })),
            (
                "items",
                .array(
                    detail.rejections.map {
                        .object([
                            ("item", .integer($0.item)), ("member", .text($0.member)),
                            ("code", .text($0.code)), ("message", .text($0.message)),
                        ])
                    })
            ),
        ])
    }
}
