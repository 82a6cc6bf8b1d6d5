import Jobs
import Kafka
import Postgres
import Store

/// A job that has ended, as its event tells it.
public struct EndedJob: Sendable {
    public let job: StatusQuery.Job
    public let codes: [StatusQuery.RejectionCode]
    /// The first of its rejected items.
    public let rejections: [StatusQuery.Rejection]
}

/// Where events of jobs go, and how one is written.
public struct JobEventTopic: Sendable {
    public let topic: String
    let text: @Sendable (EndedJob) -> String

    /// - Parameter text: the value of the record, a structured CloudEvent.
    public init(topic: String, text: @escaping @Sendable (EndedJob) -> String) {
        self.topic = topic
        self.text = text
    }
}

/// The events of jobs that have ended, each once unless something fails in between.
///
/// A job ends once, and its event is made from its row: a repeat is the same but for what was counted
/// since. Events of different jobs are in the order of their transactions within a page.
struct JobEventPages: Outbox {
    /// The most rows of the outbox and, but for the last of them, the most jobs that one transaction
    /// publishes.
    private static let pageRows = 200
    private static let pageJobs = 2_000
    /// How many jobs are in memory at once, and how many rejected items each of them brings.
    private static let jobsAtOnce = 200
    private static let rejectionsMax = 20

    let name = "job events"
    /// Events are for others: a page for each small batch would cost more than the batch.
    let gathering = Duration.milliseconds(250)
    private let outbox: JobEventOutbox
    private let query: StatusQuery
    private let text: @Sendable (EndedJob) -> String

    init(_ schema: StatusSchema, text: @escaping @Sendable (EndedJob) -> String) {
        outbox = JobEventOutbox(schema)
        query = StatusQuery(schema)
        self.text = text
    }

    func publishPage(
        with sender: () throws(KafkaError) -> RecordSender, on connection: Connection,
        until deadline: ContinuousClock.Instant
    ) throws -> OutboxPage {
        var outcome = OutboxPage()
        let page = try outbox.claim(rows: Self.pageRows, jobs: Self.pageJobs, on: connection)
        guard !page.isEmpty else { return outcome }
        var untold: [JobEventOutbox.Entry] = []
        var rest = page[...]
        while !rest.isEmpty {
            let entries = rest.prefix(Self.jobsAtOnce)
            rest = rest.dropFirst(entries.count)
            // Where something has to wait all that is behind it waits, too.
            guard outcome.waiting == 0, ContinuousClock.now < deadline else {
                untold += entries
                outcome.waiting += entries.count
                continue
            }
            let jobs = try read(entries.map(\.job), on: connection)
            let fates = try sender().send(jobs.count, until: deadline) { row in
                record(jobs[row])
            }
            var waiting: Set<JobID> = []
            for (job, fate) in zip(jobs, fates)
            where !outcome.note(fate, "\(job.job.id)") { waiting.insert(job.job.id) }
            // What is no longer there has been swept: nobody can tell of it.
            outcome.settled += entries.count - jobs.count
            untold += entries.filter { waiting.contains($0.job) }
        }
        try outbox.mark(page, untold: untold, on: connection)
        return outcome
    }

    private func read(
        _ ids: [JobID], on connection: Connection
    ) throws(PostgresError) -> [EndedJob] {
        let jobs = try query.jobs(ids, on: connection)
        let refused = jobs.filter { $0.counts.rejected > 0 }.map(\.id)
        let codes = try query.rejectionCodes(of: refused, on: connection)
        let items = try query.rejections(of: refused, limit: Self.rejectionsMax, on: connection)
        return jobs.map { job in
            EndedJob(job: job, codes: codes[job.id] ?? [], rejections: items[job.id] ?? [])
        }
    }

    private func record(_ job: EndedJob) -> OutboxRecord {
        var headers = [
            Header(
                name: "content-type",
                value: Array("application/cloudevents+json; charset=UTF-8".utf8))
        ]
        if let trace = job.job.traceparent {
            headers.append(Header(name: "traceparent", value: Array(trace.utf8)))
        }
        return OutboxRecord(
            key: Array(job.job.id.description.utf8), value: Array(text(job).utf8), headers: headers)
    }
}

extension StatusQuery.Job {
    /// The producer's trace, in which the job is a span of its own; nil where the producer had none.
    ///
    /// Its number is the job's, so that a repeat says the same.
    public var traceparent: String? {
        guard let traceID else { return nil }
        let digits = String(id.low, radix: 16)
        return
            "00-\(traceID.lowercased())-\(String(repeating: "0", count: 16 - digits.count))\(digits)-01"
    }
}
