import Catalog
import Jobs

/// A member of a job: a value, or an object with the member and attributes of its own.
struct MemberNode {
    private let node: JSONDocument.Index
    private let assignment: Assignment
    private let relation: Relation
    private var document: JSONDocument { assignment.document }

    init(_ node: JSONDocument.Index, of assignment: Assignment, relation: Relation) {
        self.node = node
        self.assignment = assignment
        self.relation = relation
    }

    /// The value of one column of a target or member: the value itself, or of several columns the
    /// field with the column's name.
    static func part(
        of node: JSONDocument.Index, named name: String, among columns: [String],
        _ document: JSONDocument
    ) -> JSONDocument.Index? {
        guard document[node].kind == .object else { return columns.count == 1 ? node : nil }
        return field(name, in: node, document)
    }

    /// What stands for the member: the field `member`, or the node itself.
    var value: JSONDocument.Index {
        guard document[node].kind == .object else { return node }
        return document.value("member", in: node) ?? node
    }

    func part(named name: String) -> JSONDocument.Index? {
        Self.part(of: value, named: name, among: relation.member, document)
    }

    /// The member's own attribute, or the job's.
    func attribute(_ name: String) -> JSONDocument.Index? {
        if document[node].kind == .object, let own = Self.field(name, in: node, document) {
            return own
        }
        return assignment.attributes.flatMap { Self.field(name, in: $0, document) }
    }

    /// A message about a field that the relation does not have.
    ///
    /// It is refused and not ignored: a misspelt attribute would write a default in silence.
    var unknownField: String? {
        let own = document[node].kind == .object ? [node] : []
        let ownNames =
            relation.member
            + relation.lookups.filter { $0.side == .member }.map(\.field)
            + relation.children.map(\.field)
        for object in own + (assignment.attributes.map { [$0] } ?? []) {
            var unknown: JSONDocument.Index?
            let isMember = object == node
            document.forEachPair(in: object) { key, _ in
                let name = document.text(of: key)
                let isKnown =
                    relation.attributes.contains(name)
                    || isMember && (name == "member" || ownNames.contains(name))
                if !isKnown { unknown = unknown ?? key }
            }
            if let unknown {
                let known =
                    (isMember ? ["member"] + ownNames.filter { !relation.member.contains($0) } : [])
                    + relation.attributes
                let names = known.isEmpty ? "no attributes" : known.joined(separator: ", ")
                return "expected \(names), got \(MessageFault.quoted(unknown, of: document))"
            }
        }
        return nil
    }

    var text: String {
        let value = value
        switch document[value].kind {
        case .array, .object: return MessageFault.quoted(value, of: document, limit: 200)
        case .null, .bool, .number, .string:
            return document.withText(of: value) { MessageFault.quoted($0, limit: 200) }
        }
    }

    static func field(
        _ name: String, in object: JSONDocument.Index, _ document: JSONDocument
    ) -> JSONDocument.Index? {
        var found: JSONDocument.Index?
        document.forEachPair(in: object) { key, value in
            let isNamed = document.withText(of: key) { $0.elementsEqual(name.utf8) }
            if isNamed { found = value }
        }
        return found
    }
}
