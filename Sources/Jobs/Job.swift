/// One unit of requested work.
public struct Job: Sendable {
    public let id: JobID
    public let kind: Kind
    /// Who asked, as the event's `source` says.
    public let source: String
    /// When it was asked for; nil where the event has no `time`.
    public let requestedAt: Timestamp?
    public let traceID: String?
    /// The job that this one does once more.
    public let retryOf: JobID?
    public let work: Work
    /// A digest of type and data: two messages with one id are the same job only if it agrees.
    public let digest: UInt64

    /// What a job asks for.
    public enum Work: Sendable {
        case assignment(Assignment)
        case backfill(BackfillRequest)
        case rosterImport(RosterPart)
    }

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
            work = .assignment(try Assignment(.assign, event.document, event.data))
        case .unassign:
            work = .assignment(try Assignment(.unassign, event.document, event.data))
        case .backfill:
            work = .backfill(try BackfillRequest(event.document, event.data))
        case .rosterImport:
            work = .rosterImport(try RosterPart(event.document, event.data))
        }
        if let subject = event.subject { try work.check(subject: subject) }
        id = event.id
        self.kind = kind
        source = event.source
        requestedAt = event.time
        traceID = event.traceID
        retryOf = event.retryOf
        digest = Digest.of(kind.rawValue, event.data, in: event.document)
    }

    /// The ordering key of a record without a key.
    public var defaultKey: String {
        switch work {
        case .assignment(let assignment): "\(assignment.relation)/\(assignment.keyText)"
        case .backfill(let request): "backfill/\(request.backfill)"
        case .rosterImport(let part): part.keyText
        }
    }

    /// What is assigned or unassigned; nil for a job that does something else.
    public var assignment: Assignment? {
        if case .assignment(let assignment) = work { assignment } else { nil }
    }

    /// The backfill that is asked for; nil for a job that does something else.
    public var backfill: BackfillRequest? {
        if case .backfill(let request) = work { request } else { nil }
    }

    /// The part of a roster import that the message is; nil for a job that does something else.
    public var rosterPart: RosterPart? {
        if case .rosterImport(let part) = work { part } else { nil }
    }

    /// The name of the catalog's entry that it is for.
    public var entry: String {
        switch work {
        case .assignment(let assignment): assignment.relation
        case .backfill(let request): request.backfill
        case .rosterImport(let part): part.roster
        }
    }

    /// What of that entry it is about, as people read it.
    public var targetText: String {
        switch work {
        case .assignment(let assignment): assignment.targetText
        case .backfill(let request):
            request.scope.map { MessageFault.quoted($0, of: request.document, limit: 200) } ?? ""
        case .rosterImport(let part): part.targetText
        }
    }

    public var mode: Mode {
        switch work {
        case .assignment(let assignment): assignment.mode
        case .backfill: .partial
        case .rosterImport(let part): part.mode
        }
    }

    /// Everything is done and rolled back.
    public var isDryRun: Bool {
        switch work {
        case .assignment(let assignment): assignment.isDryRun
        case .backfill(let request): request.isDryRun
        case .rosterImport(let part): part.isDryRun
        }
    }

    /// What it weighs before anything of it is executed.
    public var weight: Int {
        switch work {
        case .assignment(let assignment): assignment.weight
        case .backfill: 1
        case .rosterImport(let part): part.weight
        }
    }

    /// The bytes that its text and the index of its values hold in memory.
    public var byteCount: Int {
        switch work {
        case .assignment(let assignment): assignment.document.byteCount
        case .backfill(let request): request.document.byteCount
        case .rosterImport(let part): part.document.byteCount
        }
    }
}

extension Job.Work {
    /// An event's `subject`, where there is one, says what the data says.
    fileprivate func check(subject: String) throws(MessageFault) {
        switch self {
        case .assignment(let assignment): try assignment.check(subject: subject)
        case .backfill(let request): try request.check(subject: subject)
        case .rosterImport(let part): try part.check(subject: subject)
        }
    }
}
