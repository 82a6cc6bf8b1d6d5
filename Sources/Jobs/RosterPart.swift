/// What a roster-import message brings: a part of the file, or all of it.
///
/// The rows stay where they stand in the message until ``readRows(_:_:)``.
public struct RosterPart: Sendable {
    /// How the rows are written.
    public enum Format: String, Sendable, CaseIterable {
        /// RFC 4180 text in `content`.
        case csv
        /// A list of objects in `rows`.
        case json
        /// One file of a OneRoster package, as text.
        case oneroster
    }

    /// The most parts of a job.
    public static let countLimit = 100_000

    /// The name of the roster in the catalog.
    public let roster: String
    public let document: JSONDocument
    /// What the people are enrolled in, where the roster wants it.
    public let target: JSONDocument.Index?
    public let mode: Job.Mode
    /// Who is not in the file any more is removed.
    public let isExact: Bool
    /// The job may remove more rows than the roster allows.
    public let confirmsRemovals: Bool
    /// Everything is done and rolled back; the status shows what would have happened.
    public let isDryRun: Bool
    /// From 1 to ``count``.
    public let number: Int
    /// The parts of the job.
    public let count: Int
    public let format: Format
    /// Which file of a package it is of; empty for the only one.
    public let file: String
    /// The columns' names, where they do not stand in the first row.
    public let header: [String]?
    /// The text, or the list of objects.
    let body: JSONDocument.Index
    /// A digest of all but what is the part's own: the parts of one job agree in it.
    public let requestDigest: UInt64
}

extension RosterPart {
    private static let fields: [StaticString] = [
        "roster", "target", "mode", "exact", "confirm_removals", "dry_run", "part", "format",
        "file", "header", "content", "rows",
    ]
    /// The fields in which parts of a job may differ.
    private static let ownFields: [StaticString] = ["part", "file", "header", "content", "rows"]

    /// Reads the data of a roster-import event.
    init(_ document: JSONDocument, _ data: JSONDocument.Index) throws(MessageFault) {
        let fields = try JobFields(document, data, known: Self.fields)
        self.document = document
        roster = try fields.requiredString("roster")
        target = fields.optional("target")
        if let target, document[target].kind == .array {
            throw fields.fault("target", "a value or an object", target)
        }
        mode = try fields.choice("mode", of: Job.Mode.self) ?? .partial
        isExact = try fields.flag("exact") ?? false
        confirmsRemovals = try fields.flag("confirm_removals") ?? false
        isDryRun = try fields.flag("dry_run") ?? false
        (number, count) = try Self.place(fields)
        guard let format = try fields.choice("format", of: Format.self) else {
            throw MessageFault(.invalidData, "format: expected csv, json or oneroster, got none")
        }
        self.format = format
        file = fields.optional("file") == nil ? "" : try fields.requiredString("file")
        if format == .oneroster, file.isEmpty {
            throw MessageFault(
                .invalidData, "file: expected the name of a file of the package, got none")
        }
        header = try Self.header(fields)
        body = try Self.body(format, fields)
        if let header, format == .json {
            throw MessageFault(
                .invalidData,
                "header: expected none beside rows, whose keys it would be, got \(header.count)")
        }
        requestDigest = Digest.of("part", data, in: document, without: Self.ownFields)
    }

    private static func place(
        _ fields: JobFields
    ) throws(MessageFault) -> (number: Int, count: Int) {
        guard let part = fields.optional("part") else { return (1, 1) }
        let place = try JobFields(fields.document, part, name: "part", known: ["number", "of"])
        guard let count = try place.wholeNumber("of", in: 1...countLimit),
            let number = try place.wholeNumber("number", in: 1...count)
        else { throw fields.fault("part", "an object with number and of", part) }
        return (number, count)
    }

    private static func header(_ fields: JobFields) throws(MessageFault) -> [String]? {
        guard let list = fields.optional("header") else { return nil }
        let document = fields.document
        guard document[list].kind == .array, document[list].count > 0,
            document.elements(of: list).allSatisfy({ document[$0].kind == .string })
        else { throw fields.fault("header", "a list of names", list) }
        let names = document.elements(of: list).map { document.text(of: $0) }
        if names.contains(where: { $0.utf8.contains(0) }) {
            throw fields.fault("header", "names without NUL", list)
        }
        return names
    }

    private static func body(
        _ format: Format, _ fields: JobFields
    ) throws(MessageFault) -> JSONDocument.Index {
        let document = fields.document
        switch (format, fields.optional("content"), fields.optional("rows")) {
        case (.json, nil, let rows?):
            guard document[rows].kind == .array else { throw fields.fault("rows", "a list", rows) }
            return rows
        case (.csv, let content?, nil), (.oneroster, let content?, nil):
            guard document[content].kind == .string else {
                throw fields.fault("content", "a string", content)
            }
            return content
        case (.json, let content, _):
            throw MessageFault(
                .invalidData,
                "expected rows for the format json, got \(content == nil ? "none" : "content")")
        case (.csv, _, let rows), (.oneroster, _, let rows):
            throw MessageFault(
                .invalidData,
                "expected content for the format \(format.rawValue), got "
                    + (rows == nil ? "none" : "rows"))
        }
    }

    /// The default ordering key: all parts of a job have the same.
    var keyText: String {
        target.map { "\(roster)/\(Assignment.keyText(of: $0, in: document))" } ?? "roster/\(roster)"
    }

    /// The target as people read it; empty where there is none.
    public var targetText: String {
        target.map { Assignment.text(of: $0, in: document) } ?? ""
    }

    /// The target in full, as SQL reads it: a value's text or an object's JSON; nil where there is none.
    public var targetValue: String? {
        target.map { target in
            document[target].kind == .object
                ? String(decoding: document.source(of: target), as: UTF8.self)
                : document.text(of: target)
        }
    }

    /// About as many as it has rows: those of a text are not counted before they are read.
    var weight: Int {
        let node = document[body]
        return max(1, node.kind == .array ? Int(node.count) : Int(node.end - node.start) / 64)
    }

    /// An event's `subject`, where there is one, is the roster, the target or `<roster>/<target>`.
    func check(subject: String) throws(MessageFault) {
        // The whole text: `targetText` is cut off.
        let text = target.map { Assignment.text(of: $0, in: document, limit: Int.max - 1) }
        guard subject != roster, subject != text, text.map({ "\(roster)/\($0)" }) != subject else {
            return
        }
        throw MessageFault(
            .subjectMismatch,
            "subject: expected the roster or the target \"\(targetText)\", got "
                + "\"\(MessageFault.quoted(subject.utf8))\"")
    }
}
