/// What a backfill job asks for.
///
/// The values of its scope stay where they stand in the message; what they mean is decided against
/// the types that the catalog declares.
public struct BackfillRequest: Sendable {
    /// The name of the backfill in the catalog.
    public let backfill: String
    public let document: JSONDocument
    /// The object that fills the parameters.
    public let scope: JSONDocument.Index?
    /// It runs although its definition has not changed.
    public let isForced: Bool
    /// Everything is done and rolled back, part by part; the status shows what would have happened.
    public let isDryRun: Bool
    /// The most rows that all workers together walk in a second.
    public let maxRowsPerSecond: Int?

    private static let fields: [StaticString] = [
        "backfill", "scope", "force", "dry_run", "max_rows_per_second",
    ]
    private static let rates = 1...1_000_000_000

    /// Reads the data of a backfill event.
    init(_ document: JSONDocument, _ data: JSONDocument.Index) throws(MessageFault) {
        let fields = try JobFields(document, data, known: Self.fields)
        self.document = document
        backfill = try fields.requiredString("backfill")
        scope = fields.optional("scope")
        if let scope, document[scope].kind != .object {
            throw fields.fault("scope", "an object", scope)
        }
        isForced = try fields.flag("force") ?? false
        isDryRun = try fields.flag("dry_run") ?? false
        maxRowsPerSecond = try fields.wholeNumber("max_rows_per_second", in: Self.rates)
    }

    /// The names that the scope fills, each with its value; the last one of a name counts.
    public var values: [String: JSONDocument.Index] {
        var values: [String: JSONDocument.Index] = [:]
        if let scope {
            document.forEachPair(in: scope) { values[document.text(of: $0)] = $1 }
        }
        return values
    }

    /// An event's `subject`, where there is one, is the name of the backfill.
    func check(subject: String) throws(MessageFault) {
        guard subject == backfill else {
            throw MessageFault(
                .subjectMismatch,
                "subject: expected the backfill \"\(MessageFault.quoted(backfill.utf8))\", got "
                    + "\"\(MessageFault.quoted(subject.utf8))\"")
        }
    }
}
