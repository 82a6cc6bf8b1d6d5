import Jobs

/// A request to import a roster: what the messages of all its parts say.
///
/// ```swift
/// let request = RosterRequest("course-roster", target: 42)
/// let part = RosterRequest.Part(header: ["username"], .content(Array("ada\n".utf8)))
/// try producer.send(OutgoingMessage(request, part, Envelope(source: "/services/sis-sync")))
/// ```
public struct RosterRequest: Sendable, Hashable {
    /// A slice of the rows, or all of them.
    public struct Part: Sendable, Hashable {
        public enum Rows: Sendable, Hashable {
            /// RFC 4180 in UTF-8, with commas.
            case content([UInt8])
            /// JSON objects, separated by commas.
            case objects([UInt8])
        }

        /// From 1 to ``count``.
        public var number = 1
        public var count = 1
        /// Which file of a package it is of; empty for the only one.
        public var file = ""
        /// The columns' names; nil where they stand in the rows.
        public var header: [String]?
        public var rows: Rows

        public init(header: [String]? = nil, _ rows: Rows) {
            self.header = header
            self.rows = rows
        }
    }

    /// The name of the roster in the catalog.
    public var roster: String
    /// What the people are enrolled in, where the roster wants it.
    public var target: Value?
    public var format = RosterPart.Format.csv
    /// Whether one bad row spoils the import.
    public var mode = Job.Mode.partial
    /// Who is not in the file any more is removed.
    public var isExact = false
    /// It may remove more rows than the roster allows.
    public var confirmsRemovals = false
    /// Everything is done and rolled back; the status shows what would have happened.
    public var isDryRun = false

    public init(_ roster: String, target: Value? = nil) {
        self.roster = roster
        self.target = target
    }

    /// The `data` of a part's event, in JSON.
    ///
    /// What is left at its default is left out, so that the same request is the same bytes.
    ///
    /// - Throws: `invalid-data` for a number that is none in JSON.
    public func data(_ part: Part) throws(MessageFault) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{\"roster\":")
        json.string(roster)
        if let target {
            json.raw(",\"target\":")
            try json.value(target)
        }
        if mode != .partial {
            json.raw(",\"mode\":")
            json.string(mode.rawValue)
        }
        if isExact { json.raw(",\"exact\":true") }
        if confirmsRemovals { json.raw(",\"confirm_removals\":true") }
        if isDryRun { json.raw(",\"dry_run\":true") }
        json.raw(",\"part\":{\"number\":")
        json.raw("\(part.number)".utf8)
        json.raw(",\"of\":")
        json.raw("\(part.count)".utf8)
        json.raw("},\"format\":")
        json.string(format.rawValue)
        if !part.file.isEmpty {
            json.raw(",\"file\":")
            json.string(part.file)
        }
        if let header = part.header {
            json.raw(",\"header\":")
            try json.array(header.map { .string($0) })
        }
        switch part.rows {
        case .content(let text):
            json.raw(",\"content\":")
            text.withUnsafeBufferPointer { json.string(utf8: $0) }
            json.raw("}")
        case .objects(let objects):
            json.raw(",\"rows\":[")
            json.raw(objects)
            json.raw("]}")
        }
        return json.bytes
    }
}
