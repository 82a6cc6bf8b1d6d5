/// The attributes of a CloudEvent 1.0 that a job needs, and where its data stands.
///
/// Both modes of the CloudEvents Kafka protocol binding are read, and structured JSON without any
/// header. Extensions are allowed and, `traceparent` and ``retryAttribute`` apart, not read.
public struct CloudEvent: Sendable {
    public let id: JobID
    public let source: String
    public let type: String
    public let time: Timestamp?
    public let subject: String?
    /// The trace id of the W3C `traceparent`, 32 hexadecimal digits.
    public let traceID: String?
    /// The job that this one does once more.
    public let retryOf: JobID?
    /// The text that holds the data: the whole event in structured mode, the data in binary mode.
    public let document: JSONDocument
    /// The data's place in the document.
    public let data: JSONDocument.Index

    /// The extension attribute that names the job that is done once more.
    public static let retryAttribute = "rollcallretryof"

    /// Reads a message.
    ///
    /// - Parameters:
    ///   - value: the record's value; not a tombstone.
    ///   - headers: names and values; the last one counts where a name is repeated.
    ///   - depth: the nesting allowed in the JSON.
    public init(
        value: [UInt8], headers: [(name: String, value: [UInt8]?)], depth: Int
    ) throws(MessageFault) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(value, from: Self.prefixLength(value), depth: depth)
        } catch {
            throw MessageFault(.notJSON, "\(error)")
        }
        let contentType = try Self.header("content-type", in: headers)
        // A `ce_` header settles the mode only where the content type does not.
        let isStructured =
            contentType?.lowercased().hasPrefix("application/cloudevents") == true
            || !headers.contains { $0.name.hasPrefix("ce_") }
        try self.init(
            isStructured ? .structured(document, headers) : .binary(headers, contentType),
            document: document)
    }

    private init(_ attributes: Attributes, document: JSONDocument) throws(MessageFault) {
        guard attributes.isEvent else {
            throw MessageFault(
                .notACloudEvent,
                "expected a JSON object with specversion, id, source and type, or headers ce_*, got "
                    + MessageFault.quoted(document.root, of: document))
        }
        let version = try attributes.required("specversion")
        guard version == "1.0" else {
            throw MessageFault(
                .notACloudEvent,
                "specversion: expected 1.0, got \"\(MessageFault.quoted(version.utf8))\"")
        }
        let id = try attributes.required("id")
        guard let id = JobID(id) else {
            throw MessageFault(
                .notACloudEvent, "id: expected a UUID, got \"\(MessageFault.quoted(id.utf8))\"")
        }
        self.id = id
        source = try attributes.required("source")
        type = try attributes.required("type")
        subject = try attributes.optional("subject")
        if let text = try attributes.optional("time") {
            guard let time = Timestamp(text) else {
                throw MessageFault(
                    .notACloudEvent,
                    "time: expected RFC 3339, got \"\(MessageFault.quoted(text.utf8))\"")
            }
            self.time = time
        } else {
            time = nil
        }
        let hop = try attributes.transport("traceparent")
        let origin = try attributes.optional("traceparent")
        traceID = Self.traceID(hop ?? origin)
        // Somebody else's attribute of this name is no reason to refuse a job.
        retryOf = (try? attributes.optional("rollcallretryof")).flatMap { $0 }.flatMap(JobID.init)
        if let type = try attributes.contentType, !Self.isJSON(type) {
            throw MessageFault(
                .notACloudEvent,
                "datacontenttype: expected application/json, got \"\(MessageFault.quoted(type.utf8))\""
            )
        }
        self.document = document
        data = try attributes.data
    }

    /// Bytes before the JSON that carry nothing for us: a UTF-8 byte order mark, or the magic byte
    /// and schema id that Confluent's serializers write.
    private static func prefixLength(_ value: [UInt8]) -> Int {
        if value.starts(with: [0xEF, 0xBB, 0xBF]) { return 3 }
        if value.count > 5, value[0] == 0, value[5] == UInt8(ascii: "{") { return 5 }
        return 0
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let name = contentType.lowercased().prefix { $0 != ";" && $0 != " " }
        return name == "application/json" || name.hasSuffix("+json")
    }

    /// The trace id that the headers of a message give that need not be an event.
    static func traceID(in headers: [(name: String, value: [UInt8]?)]) -> String? {
        guard let value = headers.last(where: { $0.name == "traceparent" })?.value else {
            return nil
        }
        return traceID(String(validating: value, as: UTF8.self))
    }

    /// The trace id of `00-<32 hex>-<16 hex>-<2 hex>`; anything else is not a trace.
    private static func traceID(_ traceparent: String?) -> String? {
        guard let bytes = traceparent.map({ Array($0.utf8) }), bytes.count >= 55,
            bytes[2] == UInt8(ascii: "-"), bytes[35] == UInt8(ascii: "-")
        else { return nil }
        let digits = bytes[3..<35]
        guard digits.allSatisfy({ ASCII.hexadecimalValue($0) != nil }),
            digits.contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        return String(decoding: digits, as: UTF8.self)
    }

    fileprivate static func header(
        _ name: String, in headers: [(name: String, value: [UInt8]?)]
    ) throws(MessageFault) -> String? {
        guard let value = headers.last(where: { $0.name == name })?.value else { return nil }
        guard let text = String(validating: value, as: UTF8.self) else {
            throw MessageFault(.notACloudEvent, "header \(name): expected UTF-8")
        }
        return text
    }
}

/// Where the attributes of an event stand.
private enum Attributes {
    case structured(JSONDocument, [(name: String, value: [UInt8]?)])
    case binary([(name: String, value: [UInt8]?)], String?)

    /// Whether there is anything of an event at all.
    var isEvent: Bool {
        switch self {
        case .structured(let document, _):
            document[document.root].kind == .object
                && document.value("specversion", in: document.root) != nil
        case .binary: true
        }
    }

    func required(_ name: StaticString) throws(MessageFault) -> String {
        guard let text = try optional(name) else {
            throw MessageFault(.notACloudEvent, "\(name): expected a value, got none")
        }
        guard !text.isEmpty else {
            throw MessageFault(.notACloudEvent, "\(name): expected a value, got an empty string")
        }
        return text
    }

    func optional(_ name: StaticString) throws(MessageFault) -> String? {
        switch self {
        case .binary(let headers, _):
            return try CloudEvent.header("ce_\(name)", in: headers)
        case .structured(let document, _):
            guard let value = document.value(name, in: document.root),
                document[value].kind != .null
            else { return nil }
            guard document[value].kind == .string else {
                throw MessageFault(
                    .notACloudEvent,
                    "\(name): expected a string, got \(MessageFault.quoted(value, of: document))")
            }
            return document.text(of: value)
        }
    }

    /// A header of the hop, which counts before the event's own attribute.
    func transport(_ name: String) throws(MessageFault) -> String? {
        switch self {
        case .structured(_, let headers), .binary(let headers, _):
            return try CloudEvent.header(name, in: headers)
        }
    }

    var contentType: String? {
        get throws(MessageFault) {
            switch self {
            case .binary(_, let contentType): contentType
            case .structured: try optional("datacontenttype")
            }
        }
    }

    var data: JSONDocument.Index {
        get throws(MessageFault) {
            switch self {
            case .binary: return 0
            case .structured(let document, _):
                guard let data = document.value("data", in: document.root) else {
                    throw MessageFault(.invalidData, "data: expected an object, got none")
                }
                return data
            }
        }
    }
}
