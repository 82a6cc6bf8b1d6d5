/// A message that can never succeed, with its bytes and the reason.
public struct DeadLetter: Sendable {
    public let origin: Origin
    public let key: [UInt8]?
    public let value: [UInt8]?
    public let headers: [(name: String, value: [UInt8]?)]
    /// A short name that does not change.
    public let code: String
    public let reason: String
    /// The job that it was, where it was one.
    public let jobID: JobID?
    /// Of the trace that its producer began, where that is known.
    public let traceID: String?

    public init(
        origin: Origin, key: [UInt8]?, value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)], code: String, reason: String, jobID: JobID?,
        traceID: String? = nil
    ) {
        self.origin = origin
        self.key = key
        self.value = value
        self.headers = headers
        self.code = code
        self.reason = reason
        self.jobID = jobID
        self.traceID = traceID
    }
}
