import Jobs
import Store
import WorkerPool

/// The event of a job that has ended: a structured CloudEvent with the job as `status --json` has it.
struct JobEventText {
    /// Names the deployment: workers of one consumer group are one.
    private let source: String

    init(_ settings: Settings) {
        source = "/rollcall/" + Self.escaped(settings.kafka.group)
    }

    func text(_ ended: EndedJob) -> String {
        let job = ended.job
        let state = job.state.rawValue.split(separator: "_").joined(separator: "-")
        var event: [(String, JSONText)] = [
            ("specversion", .string("1.0")),
            // A repeat has the same: a job ends once.
            ("id", .string("\(job.id)/ended")),
            ("source", .string(source)), ("type", .string("rollcall.job.\(state)")),
            ("subject", .string(job.id.description)),
            ("datacontenttype", .string("application/json")),
        ]
        if let time = job.finishedAt { event.append(("time", .string(time.description))) }
        if let trace = job.traceparent { event.append(("traceparent", .string(trace))) }
        let detail = StatusDetail(job: job, codes: ended.codes, rejections: ended.rejections)
        return JSONText.object(event + [("data", StatusJSON.object(detail))]).description
    }

    /// As a segment of a URI's path.
    private static func escaped(_ name: String) -> String {
        name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

extension Settings {
    /// Nil where nobody is told.
    var jobEventsOfPool: JobEventTopic? {
        guard jobEvents.isEnabled else { return nil }
        let text = JobEventText(self)
        return JobEventTopic(topic: kafka.topics.jobEvents, text: { text.text($0) })
    }
}
