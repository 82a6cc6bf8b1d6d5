/// A message as it was read: the job in it, or why there is none, and its bytes.
public struct Message: Sendable {
    public enum Content: Sendable {
        case job(Job)
        case fault(MessageFault)
    }

    public let origin: Origin
    public let key: [UInt8]?
    public let value: [UInt8]?
    public let headers: [(name: String, value: [UInt8]?)]
    public let content: Content
    /// It may bring passwords: its value is kept nowhere else than in the topic.
    public let hasSecrets: Bool

    public init(
        origin: Origin, key: [UInt8]?, value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)], content: Content, hasSecrets: Bool = false
    ) {
        self.hasSecrets = hasSecrets
        self.origin = origin
        self.key = key
        self.value = value
        self.headers = headers
        self.content = content
    }

    /// The job, where the message is one.
    public var job: Job? {
        if case .job(let job) = content { job } else { nil }
    }

    /// Why the message is no job, where it is none.
    public var fault: MessageFault? {
        if case .fault(let fault) = content { fault } else { nil }
    }

    /// How many items the message asks for; one without items or without a job weighs as one.
    public var itemCount: Int { max(1, job?.weight ?? 1) }

    /// The bytes that it holds in memory, a job's index of its values included.
    public var byteCount: Int {
        (job?.byteCount ?? value?.count ?? 0) + (key?.count ?? 0)
    }

    /// The dead letter that it becomes, without its value where that may bring passwords.
    public func deadLetter(code: String, reason: String) -> DeadLetter {
        let traceID = job?.traceID ?? CloudEvent.traceID(in: headers)
        guard hasSecrets else {
            return DeadLetter(
                origin: origin, key: key, value: value, headers: headers, code: code,
                reason: reason, jobID: job?.id, traceID: traceID)
        }
        // What was found is a piece of the value.
        let expected = reason.split(separator: ", got ", maxSplits: 1)[0]
        return DeadLetter(
            origin: origin, key: key, value: nil, headers: headers, code: code,
            reason: "\(expected); the value, \(value?.count ?? 0) bytes, may bring passwords and "
                + "stands in the topic only",
            jobID: job?.id, traceID: traceID)
    }
}
