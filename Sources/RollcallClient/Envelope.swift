import Jobs

/// What a CloudEvent says about a job besides its data.
public struct Envelope: Sendable, Hashable {
    /// The job's id and its idempotency key: send the same id again when you try again.
    public var id: JobID
    /// Who asks, for example `/services/admin`; shown in the status.
    public var source: String
    /// When it was asked for; nil leaves it to the record's timestamp.
    public var time: Timestamp?
    /// If given, it must be the target or `<relation>/<target>`.
    public var subject: String?
    /// The W3C trace context of the request that led to the job.
    public var traceparent: String?
    /// The job that this one does once more.
    public var retryOf: JobID?

    /// - Parameters:
    ///   - id: by default a new one that sorts by time.
    ///   - time: by default now.
    public init(
        id: JobID = .now(), source: String, time: Timestamp? = .now(), subject: String? = nil,
        traceparent: String? = nil, retryOf: JobID? = nil
    ) {
        self.id = id
        self.source = source
        self.time = time
        self.subject = subject
        self.traceparent = traceparent
        self.retryOf = retryOf
    }

    /// The event's attributes but its type, in the order in which they are written.
    var attributes: [(name: String, value: String)] {
        var all = [
            (name: "specversion", value: "1.0"), (name: "id", value: "\(id)"),
            (name: "source", value: source),
        ]
        if let time { all.append((name: "time", value: "\(time)")) }
        if let subject { all.append((name: "subject", value: subject)) }
        if let traceparent { all.append((name: "traceparent", value: traceparent)) }
        if let retryOf { all.append((name: CloudEvent.retryAttribute, value: "\(retryOf)")) }
        return all
    }
}
