import Jobs
import Kafka

/// A record to be sent: a job as a CloudEvent, with its key.
///
/// The worker's own decoder has read it: what cannot become a job does not become a message, but
/// for one that was made ``unchecked(_:depth:)``.
public struct OutgoingMessage: Sendable {
    /// The job's id; nil only for an unchecked message that is no job.
    public let jobID: JobID?
    /// What the job does; nil only for an unchecked message that is no job.
    public let kind: Job.Kind?
    /// How many (target, member) pairs it asks for.
    public let itemCount: Int
    /// Messages of one key are executed in the order in which they were sent.
    public let key: [UInt8]?
    public let value: [UInt8]
    public let headers: [Header]
}

extension OutgoingMessage {
    /// How deep lists and objects may be nested, as workers have it by default.
    public static let defaultDepth = 32

    /// Makes the message of a request.
    ///
    /// - Parameters:
    ///   - key: by default `<relation>/<target>`.
    ///   - depth: how deep lists and objects may be nested.
    /// - Throws: what a worker would refuse the message for.
    public init(
        _ request: AssignmentRequest, _ envelope: Envelope, mode: ContentMode = .structured,
        key: String? = nil, depth: Int = defaultDepth
    ) throws(MessageFault) {
        try self.init(
            request.kind, try request.data(), envelope, mode, key: key, depth: depth)
    }

    /// Makes the message of a request for a backfill.
    ///
    /// - Parameters:
    ///   - key: by default `backfill/<name>`.
    ///   - depth: how deep lists and objects may be nested.
    /// - Throws: what a worker would refuse the message for.
    public init(
        _ order: BackfillOrder, _ envelope: Envelope, mode: ContentMode = .structured,
        key: String? = nil, depth: Int = defaultDepth
    ) throws(MessageFault) {
        try self.init(
            .backfill, try order.data(), envelope, mode, key: key, depth: depth)
    }

    /// Makes the message of one part of a roster import; all of them have one envelope and one key.
    ///
    /// - Parameters:
    ///   - key: by default `<roster>/<target>`, or `roster/<roster>` without a target.
    ///   - depth: how deep lists and objects may be nested.
    /// - Throws: what a worker would refuse the message for.
    public init(
        _ request: RosterRequest, _ part: RosterRequest.Part, _ envelope: Envelope,
        mode: ContentMode = .structured, key: String? = nil, depth: Int = defaultDepth
    ) throws(MessageFault) {
        try self.init(
            .rosterImport, try request.data(part), envelope, mode, key: key, depth: depth)
    }

    /// Makes a message of data that a job had before.
    ///
    /// - Parameters:
    ///   - data: in JSON.
    ///   - key: that of the message before, so that it stands in the same order.
    /// - Throws: what a worker would refuse the message for.
    public init(
        again kind: Job.Kind, data: [UInt8], _ envelope: Envelope, key: [UInt8]?,
        depth: Int = defaultDepth
    ) throws(MessageFault) {
        try self.init(
            checking: Self.structured(envelope, type: "rollcall.\(kind.rawValue)", data: data),
            headers: Self.structuredHeaders, key: key, depth: depth)
    }

    private init(
        _ kind: Job.Kind, _ data: [UInt8], _ envelope: Envelope, _ mode: ContentMode,
        key: String?, depth: Int
    ) throws(MessageFault) {
        let type = "rollcall.\(kind.rawValue)"
        switch mode {
        case .structured:
            try self.init(
                checking: Self.structured(envelope, type: type, data: data),
                headers: Self.structuredHeaders, key: key.map { Array($0.utf8) }, depth: depth)
        case .binary:
            var headers = [Self.header("content-type", "application/json")]
            for (name, value) in envelope.attributes + [(name: "type", value: type)] {
                headers.append(Self.header("ce_\(name)", value))
            }
            try self.init(
                checking: data, headers: headers, key: key.map { Array($0.utf8) }, depth: depth)
        }
    }

    /// Takes a whole CloudEvent in JSON, to be sent byte for byte.
    ///
    /// - Parameters:
    ///   - event: the JSON text, `data` inside.
    ///   - key: by default the event's `partitionkey`, the extension that the CloudEvents Kafka
    ///     binding maps to the key, else `<relation>/<target>`.
    ///   - depth: how deep lists and objects may be nested.
    /// - Throws: what a worker would refuse the message for.
    public init(
        event: [UInt8], key: [UInt8]? = nil, depth: Int = defaultDepth
    ) throws(MessageFault) {
        try self.init(checking: event, headers: Self.structuredHeaders, key: key, depth: depth)
    }

    /// Takes any bytes as a CloudEvent in JSON, even if a worker must refuse them: for tests of
    /// what happens then.
    ///
    /// It has an id, a kind and a key where it is a job after all.
    public static func unchecked(
        _ bytes: [UInt8], key: [UInt8]? = nil, depth: Int = defaultDepth
    ) -> OutgoingMessage {
        (try? OutgoingMessage(event: bytes, key: key, depth: depth))
            ?? OutgoingMessage(
                jobID: nil, kind: nil, itemCount: 0, key: key, value: bytes,
                headers: structuredHeaders)
    }

    private init(
        checking value: [UInt8], headers: [Header], key: [UInt8]?, depth: Int
    ) throws(MessageFault) {
        let event = try CloudEvent(
            value: value, headers: headers.map { ($0.name, $0.value) }, depth: depth)
        let job = try Job(event)
        jobID = job.id
        kind = job.kind
        itemCount = job.assignment?.itemCount ?? 0
        self.key = key ?? Self.partitionKey(of: event) ?? Array(job.defaultKey.utf8)
        self.value = value
        self.headers = headers
    }

    private static let structuredHeaders = [
        header("content-type", "application/cloudevents+json")
    ]

    private static func header(_ name: String, _ value: String) -> Header {
        Header(name: name, value: Array(value.utf8))
    }

    private static func structured(
        _ envelope: Envelope, type: String, data: [UInt8]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{")
        for (name, value) in envelope.attributes + [(name: "type", value: type)] {
            json.string(name)
            json.raw(":")
            json.string(value)
            json.raw(",")
        }
        json.raw("\"data\":")
        json.raw(data)
        json.raw("}")
        return json.bytes
    }

    /// In binary mode the data is the root and has no attributes of the event.
    private static func partitionKey(of event: CloudEvent) -> [UInt8]? {
        let document = event.document
        guard event.data != document.root,
            let key = document.value("partitionkey", in: document.root),
            document[key].kind == .string
        else { return nil }
        return document.withText(of: key) { Array($0) }
    }
}
