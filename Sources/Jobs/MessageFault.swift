/// Why a message cannot become a job: the reason of a dead letter.
public struct MessageFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A short name that does not change, for programs: `not-json`, `unknown-type` and so on.
    public let code: Code
    /// For people: what was expected and what was found.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }

    /// The reasons for which a message is dead-lettered.
    public enum Code: String, Sendable, CaseIterable {
        /// The value is no JSON text in UTF-8.
        case notJSON = "not-json"
        /// JSON, but no CloudEvent: an attribute is missing or has the wrong form.
        case notACloudEvent = "not-a-cloudevent"
        /// A `type` that names no kind of job.
        case unknownType = "unknown-type"
        /// The data has not the shape of its kind.
        case invalidData = "invalid-data"
        /// A `relation` that the catalog does not have.
        case unknownRelation = "unknown-relation"
        /// A `roster` that the catalog does not have.
        case unknownRoster = "unknown-roster"
        /// A `backfill` that the catalog does not have.
        case unknownBackfill = "unknown-backfill"
        /// The relation is not written by jobs of this topic.
        case wrongTopic = "wrong-topic"
        /// A message or a job over a limit.
        case tooLarge = "too-large"
        /// The `subject` names another target than the data.
        case subjectMismatch = "subject-mismatch"
        /// An id that an earlier job with other content has.
        case conflictingDuplicate = "conflicting-duplicate"
        /// A job that is valid but that this version cannot execute.
        case unsupported = "unsupported"
        /// A job that failed for good, kept with its bytes.
        case jobFailed = "job-failed"
    }
}

extension MessageFault {
    /// The part of a foreign value that a message quotes: enough to find it, never a whole payload.
    public static func quoted(_ value: some Sequence<UInt8>, limit: Int = 120) -> String {
        let bytes = Array(value.prefix(limit + 1))
        guard bytes.count > limit else { return String(decoding: bytes, as: UTF8.self) }
        // The end is where a character begins: none is cut in two.
        let end = bytes.indices.reversed().first { bytes[$0] & 0xC0 != 0x80 } ?? limit
        return String(decoding: bytes[..<end], as: UTF8.self) + "…"
    }

    /// A value of a message as an error quotes it.
    public static func quoted(
        _ index: JSONDocument.Index, of document: JSONDocument, limit: Int = 120
    ) -> String {
        quoted(document.source(of: index), limit: limit)
    }
}
