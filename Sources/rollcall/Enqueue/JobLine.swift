import Jobs
import RollcallClient

/// How a line of a file of jobs becomes a message.
///
/// A whole CloudEvent (with `specversion`) is sent byte for byte. An object with `type` and `data`
/// gets the attributes that it lacks and is otherwise sent as it is.
struct JobLine {
    let limits: EnqueueLimits
    /// The `source` of lines without one.
    let source: String
    /// Whether a line must be a job; if not, all bytes are sent as they are.
    let isChecked: Bool

    /// Makes the message of a line, or says what a worker would refuse it for.
    func message(_ line: LineReader.Line) throws(MessageFault) -> OutgoingMessage {
        guard !line.isTooLong else {
            throw MessageFault(
                .tooLarge, "expected a line of at most \(limits.messageBytes) bytes, got more")
        }
        guard isChecked else {
            return .unchecked(line.bytes, depth: limits.jsonDepth)
        }
        let message = try OutgoingMessage(
            event: try event(line.bytes), depth: limits.jsonDepth)
        try limits.check(message)
        return message
    }

    private func event(_ bytes: [UInt8]) throws(MessageFault) -> [UInt8] {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes, depth: limits.jsonDepth)
        } catch {
            throw MessageFault(.notJSON, "\(error)")
        }
        let root = document.root
        if document.value("specversion", in: root) != nil { return bytes }
        guard document.value("type", in: root) != nil, document.value("data", in: root) != nil
        else {
            throw MessageFault(
                .notACloudEvent,
                "expected a CloudEvent (with specversion) or an object with type and data, got "
                    + MessageFault.quoted(root, of: document))
        }
        return try Completion(document, source: source).bytes
    }
}

/// An event with the attributes that its line lacks, put before those that it has.
private struct Completion {
    private(set) var bytes: [UInt8]

    init(_ document: JSONDocument, source: String) throws(MessageFault) {
        bytes = Array("{\"specversion\":\"1.0\",".utf8)
        let root = document.root
        if document.value("id", in: root) == nil { try add("id", "\(JobID.now())") }
        if document.value("source", in: root) == nil { try add("source", source) }
        if document.value("time", in: root) == nil { try add("time", "\(Timestamp.now())") }
        bytes += document.source(of: root).dropFirst()
    }

    private mutating func add(_ name: String, _ value: String) throws(MessageFault) {
        bytes += try Array("\"\(name)\":".utf8) + Value.string(value).json() + [UInt8(ascii: ",")]
    }
}
