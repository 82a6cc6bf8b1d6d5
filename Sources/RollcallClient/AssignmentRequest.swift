import Jobs

/// A request to assign members to targets, or to take them away: the data of an assign or unassign
/// job.
///
/// ```swift
/// var request = AssignmentRequest.assign(to: 42, in: "enrollment", members: [1001, 1002])
/// request.attributes = ["role": "student"]
/// request.members.append(AssignmentRequest.Member(1003, ["role": "ta"]))
/// ```
public struct AssignmentRequest: Sendable, Hashable {
    /// What is assigned, and with what.
    public struct Member: Sendable, Hashable {
        public var member: Value
        /// What holds for this member instead of the request's attributes; none for unassign.
        public var attributes: [String: Value]

        public init(_ member: Value, _ attributes: [String: Value] = [:]) {
            self.member = member
            self.attributes = attributes
        }
    }

    public var operation: Assignment.Operation
    /// The name of the relation in the catalog.
    public var relation: String
    /// What is assigned to; the job covers the product of targets and members.
    public var targets: [Value]
    public var members: [Member]
    /// What holds for every member that does not say otherwise; none for unassign.
    public var attributes: [String: Value] = [:]
    /// Whether one bad item spoils the job.
    public var mode = Job.Mode.partial
    /// What happens where the row is there already; nil leaves it to the catalog.
    public var onConflict: Assignment.Conflict?
    /// Everything is done and rolled back; the status shows what would have happened.
    public var isDryRun = false
    /// Afterwards an assign's targets have exactly these members: all others are removed.
    public var isExact = false
    /// An unassign takes all members of its targets away, and lists none.
    public var removesAll = false

    public init(
        _ operation: Assignment.Operation, relation: String, targets: [Value], members: [Member]
    ) {
        self.operation = operation
        self.relation = relation
        self.targets = targets
        self.members = members
    }

    /// Asks for members of one target.
    public static func assign(
        to target: Value, in relation: String, members: [Value]
    ) -> AssignmentRequest {
        AssignmentRequest(
            .assign, relation: relation, targets: [target], members: members.map { Member($0) })
    }

    /// Asks for one target to be without these members.
    public static func unassign(
        from target: Value, in relation: String, members: [Value]
    ) -> AssignmentRequest {
        AssignmentRequest(
            .unassign, relation: relation, targets: [target], members: members.map { Member($0) })
    }

    /// Asks for one target to be without members.
    public static func unassignAll(
        from target: Value, in relation: String
    ) -> AssignmentRequest {
        var request = unassign(from: target, in: relation, members: [])
        request.removesAll = true
        return request
    }

    /// The kind of job that it becomes.
    public var kind: Job.Kind {
        switch operation {
        case .assign: .assign
        case .unassign: .unassign
        }
    }

    /// The `data` of the event, in JSON.
    ///
    /// What is left at its default is left out, so that the same request is the same bytes.
    ///
    /// - Throws: `invalid-data` for a number that is none in JSON, or for a member object that
    ///   has an attribute of the name `member`.
    public func data() throws(MessageFault) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{\"relation\":")
        json.string(relation)
        if targets.count == 1 {
            json.raw(",\"target\":")
            try json.value(targets[0])
        } else {
            json.raw(",\"targets\":")
            try json.array(targets)
        }
        json.raw(",\"members\":")
        if removesAll {
            guard members.isEmpty else {
                throw MessageFault(
                    .invalidData, "members: expected none beside all, got \(members.count)")
            }
            json.string("all")
        } else {
            json.raw("[")
            for (position, member) in members.enumerated() {
                if position > 0 { json.raw(",") }
                try json.value(member.value)
            }
            json.raw("]")
        }
        if !attributes.isEmpty {
            json.raw(",\"attributes\":")
            try json.object(attributes)
        }
        if mode != .partial {
            json.raw(",\"mode\":")
            json.string(mode.rawValue)
        }
        if let onConflict {
            json.raw(",\"on_conflict\":")
            json.string(onConflict.rawValue)
        }
        if isExact { json.raw(",\"exact\":true") }
        if isDryRun { json.raw(",\"dry_run\":true") }
        json.raw("}")
        return json.bytes
    }
}

extension AssignmentRequest.Member {
    /// As the wire has it: the value alone, or an object with the attributes.
    fileprivate var value: Value {
        get throws(MessageFault) {
            guard !attributes.isEmpty else { return member }
            guard attributes["member"] == nil else {
                throw MessageFault(
                    .invalidData,
                    "members: expected attributes of other names than member, got member")
            }
            var pairs = attributes
            pairs["member"] = member
            return .object(pairs)
        }
    }
}

extension AssignmentRequest.Member: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(.int(value)) }
}

extension AssignmentRequest.Member: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(.string(value)) }
}
