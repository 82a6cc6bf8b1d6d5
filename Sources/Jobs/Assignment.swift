/// What an assign or unassign job asks for: the product of its targets and its members.
///
/// The values stay where they stand in the message; what they mean for the columns of a relation
/// is decided against the database's own types.
public struct Assignment: Sendable {
    public enum Operation: Sendable {
        case assign, unassign
    }

    /// What an assign does where the row is there already.
    public enum Conflict: String, Sendable, CaseIterable {
        case ignore, update
    }

    public let operation: Operation
    /// The name of the relation in the catalog.
    public let relation: String
    public let document: JSONDocument
    /// `target` as a list of one, or the elements of `targets`.
    public let targets: [JSONDocument.Index]
    /// The list of members, or the word "all".
    public let members: JSONDocument.Index
    /// Afterwards the targets have exactly these members: rows of others are removed.
    public let isExact: Bool
    /// All rows of the targets are removed.
    public let removesAll: Bool
    /// The attributes that hold for every member that does not give its own.
    public let attributes: JSONDocument.Index?
    public let mode: Job.Mode
    /// The job's choice, nil where it makes none.
    public let onConflict: Conflict?
    /// The job may remove more rows without naming them than the relation allows.
    public let confirmsRemovals: Bool
    /// Everything is done and rolled back; the status shows what would have happened.
    public let isDryRun: Bool

    /// How many (target, member) pairs are asked for by name.
    public var itemCount: Int { targets.count * Int(document[members].count) }

    /// Rows are removed that the job does not name: each of them is one more item.
    public var sweeps: Bool { isExact || removesAll }

    /// What the job weighs before it is known which rows it removes without naming them.
    public var weight: Int { sweeps ? max(itemCount, targets.count) : itemCount }

    /// The target as people read it: the value, or the first of several and their number.
    public var targetText: String {
        guard let first = targets.first else { return "" }
        let text = Self.text(of: first, in: document)
        return targets.count == 1 ? text : "\(text) and \(targets.count - 1) more"
    }

    /// The target as the default ordering key names it: of several columns each by its name, in one
    /// order however the message spells them.
    var keyText: String {
        guard targets.count == 1, let target = targets.first else { return targetText }
        return Self.keyText(of: target, in: document)
    }

    /// A target as the default ordering key names it.
    static func keyText(of target: JSONDocument.Index, in document: JSONDocument) -> String {
        guard document[target].kind == .object else { return text(of: target, in: document) }
        var columns: [(name: String, value: String)] = []
        document.forEachPair(in: target) { name, value in
            columns.append((document.text(of: name), text(of: value, in: document)))
        }
        return columns.sorted { $0 < $1 }.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    }

    /// A value as people read it: a string without its quotes, anything else as it stands, cut off
    /// at the limit in bytes.
    public static func text(
        of index: JSONDocument.Index, in document: JSONDocument, limit: Int = 200
    ) -> String {
        switch document[index].kind {
        case .array, .object: MessageFault.quoted(index, of: document, limit: limit)
        case .null, .bool, .number, .string:
            document.withText(of: index) { MessageFault.quoted($0, limit: limit) }
        }
    }
}

extension Assignment {
    private static let fields: [StaticString] = [
        "relation", "target", "targets", "members", "attributes", "exact", "confirm_removals",
        "mode", "on_conflict", "dry_run",
    ]

    /// Reads the data of an assign or unassign event.
    ///
    /// A field that is not known is a fault and not ignored: a misspelt `dry_run` would write.
    public init(
        _ operation: Operation, _ document: JSONDocument, _ data: JSONDocument.Index
    ) throws(MessageFault) {
        let fields = try JobFields(document, data, known: Self.fields)
        self.operation = operation
        self.document = document
        relation = try fields.requiredString("relation")
        switch (fields["target"], fields["targets"]) {
        case (let target?, nil): targets = [target]
        case (nil, let list?):
            guard document[list].kind == .array else {
                throw fields.fault("targets", "a list", list)
            }
            targets = Array(document.elements(of: list))
        case (nil, nil):
            throw MessageFault(.invalidData, "expected target or targets, got neither")
        case (.some, .some):
            throw MessageFault(.invalidData, "expected target or targets, got both")
        }
        guard let members = fields["members"] else {
            throw MessageFault(.invalidData, "members: expected a list, got none")
        }
        removesAll =
            operation == .unassign && document[members].kind == .string
            && document.text(of: members, equals: "all")
        guard document[members].kind == .array || removesAll else {
            throw fields.fault(
                "members", operation == .assign ? "a list" : "a list or \"all\"", members)
        }
        self.members = members
        if let attributes = fields["attributes"], document[attributes].kind != .null {
            guard operation == .assign else {
                throw MessageFault(
                    .invalidData,
                    "attributes: expected none for unassign, "
                        + "got \(MessageFault.quoted(attributes, of: document))")
            }
            guard document[attributes].kind == .object else {
                throw fields.fault("attributes", "an object", attributes)
            }
            self.attributes = attributes
        } else {
            attributes = nil
        }
        mode = try fields.choice("mode", of: Job.Mode.self) ?? .partial
        onConflict = try fields.choice("on_conflict", of: Conflict.self)
        if operation == .unassign, onConflict != nil {
            throw MessageFault(.invalidData, "on_conflict: expected none for unassign, got one")
        }
        isDryRun = try fields.flag("dry_run") ?? false
        confirmsRemovals = try fields.flag("confirm_removals") ?? false
        isExact = try fields.flag("exact") ?? false
        if operation == .unassign, isExact {
            throw MessageFault(.invalidData, "exact: expected none for unassign, got true")
        }
    }

    /// An event's `subject`, where there is one, is the target or `<relation>/<target>`.
    func check(subject: String) throws(MessageFault) {
        for target in targets {
            // The whole text: `targetText` is cut off.
            let text = Self.text(of: target, in: document, limit: Int.max - 1)
            if subject == text || subject == "\(relation)/\(text)" { return }
        }
        throw MessageFault(
            .subjectMismatch,
            "subject: expected the target \"\(targetText)\", got \"\(MessageFault.quoted(subject.utf8))\""
        )
    }
}
