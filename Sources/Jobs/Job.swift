/// One unit of requested work.
public struct Job: Sendable {
    public let id: JobID
    public let kind: Kind
    /// Who asked, as the event's `source` says.
    public let source: String
    /// When it was asked for; nil where the event has no `time`.
    public let requestedAt: Timestamp?
    public let traceID: String?
    public let assignment: Assignment
    /// A digest of type and data: two messages with one id are the same job only if it agrees.
    public let digest: UInt64

    /// What a job does; the raw value is its name on the command line and in the tables.
    public enum Kind: String, Sendable, CaseIterable {
        case assign, unassign
        case rosterImport = "roster-import"
        case backfill

        /// The kind of a CloudEvent `type`: `rollcall.<kind>`, with or without `.v1`.
        public init?(eventType: String) {
            guard eventType.hasPrefix("rollcall.") else { return nil }
            var name = eventType.dropFirst("rollcall.".count)
            if name.hasSuffix(".v1") { name = name.dropLast(3) }
            self.init(rawValue: String(name))
        }
    }

    /// What happens to a job with bad items.
    public enum Mode: String, Sendable, CaseIterable {
        /// Bad items are rejected, the rest is applied.
        case partial
        /// One bad item, and nothing of the job is written.
        case atomic
    }
}

extension Job {
    /// Reads a job from an event.
    public init(_ event: CloudEvent) throws(MessageFault) {
        guard let kind = Kind(eventType: event.type) else {
            let known = Kind.allCases.map { "rollcall.\($0.rawValue)" }.joined(separator: ", ")
            throw MessageFault(
                .unknownType,
                "type: expected one of \(known), got \"\(MessageFault.quoted(event.type.utf8))\"")
        }
        switch kind {
        case .assign:
            assignment = try Assignment(.assign, event.document, event.data)
        case .unassign:
            assignment = try Assignment(.unassign, event.document, event.data)
        case .rosterImport, .backfill:
            throw MessageFault(
                .unsupported,
                "expected assign or unassign, got \(kind.rawValue): "
                    + "this version does not execute it")
        }
        if let subject = event.subject { try assignment.check(subject: subject) }
        id = event.id
        self.kind = kind
        source = event.source
        requestedAt = event.time
        traceID = event.traceID
        digest = Digest.of(kind.rawValue, event.data, in: event.document)
    }

    /// The ordering key of a record without a key.
    public var defaultKey: String { "\(assignment.relation)/\(assignment.targetText)" }
}
