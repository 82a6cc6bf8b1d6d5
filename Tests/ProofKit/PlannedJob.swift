import Jobs

/// A job before it is written as a message.
public struct PlannedJob: Hashable, Sendable {
    /// What is said of an attribute; nil is JSON's null.
    struct Saying: Hashable, Sendable {
        let name: String
        let value: String?
    }

    /// Who is meant, as it is spelt.
    enum Member: Hashable, Sendable {
        case number(Int)
        case text(Int)
        /// JSON that is no person's id.
        case garbage(String)

        var id: Int? {
            switch self {
            case .number(let id), .text(let id): id
            case .garbage: nil
            }
        }

        var json: String {
            switch self {
            case .number(let id): "\(id)"
            case .text(let id): "\"\(id)\""
            case .garbage(let json): json
            }
        }
    }

    struct Entry: Hashable, Sendable {
        let member: Member
        var sayings: [Saying]
    }

    /// One pair of target and member, with all that is said of it.
    struct Item: Hashable, Sendable {
        let team: Int
        let member: Member
        let sayings: [Saying]

        /// The row that it is about.
        var row: String { "\(team)/\(member.json.filter { $0 != "\"" })" }
    }

    let id: JobID
    let isAssign: Bool
    let relation: World.Relation
    var teams: [Int]
    var entries: [Entry]
    /// What is said of all that do not say it themselves.
    var common: [Saying] = []
    var isAtomic = false
    var isDryRun = false
    /// Rows of its teams that it does not name are removed: an assign of exactly its members.
    var isExact = false
    /// All rows of its teams are removed: an unassign of "all".
    var removesAll = false
    var onConflict: String?

    /// The product of targets and members, in the order of their numbers.
    var items: [Item] {
        teams.flatMap { team in
            entries.map { entry in
                let own = Set(entry.sayings.map(\.name))
                return Item(
                    team: team, member: entry.member,
                    sayings: entry.sayings + common.filter { !own.contains($0.name) })
            }
        }
    }

    var kind: String { isAssign ? "assign" : "unassign" }

    /// The event; `isShuffled` writes the same content with other bytes.
    func event(isShuffled: Bool = false) -> String {
        let data = data(isShuffled: isShuffled)
        return isShuffled
            ? #"{ "type": "rollcall.\#(kind).v1", "data": \#(data), "id": "\#(id)", "source": "/proof", "specversion": "1.0" }"#
            : #"{"specversion":"1.0","id":"\#(id)","source":"/proof","type":"rollcall.\#(kind)","data":\#(data)}"#
    }

    private func data(isShuffled: Bool) -> String {
        var fields = [#""relation":"\#(relation.rawValue)""#]
        fields.append(
            teams.count == 1
                ? "\"target\":\(teams[0])"
                : "\"targets\":[\(teams.map(String.init).joined(separator: ","))]")
        fields.append(
            removesAll
                ? #""members":"all""#
                : "\"members\":[\(entries.map(\.json).joined(separator: ","))]")
        if isExact { fields.append(#""exact":true"#) }
        if !common.isEmpty {
            fields.append("\"attributes\":{\(common.map(\.json).joined(separator: ","))}")
        }
        if isAtomic { fields.append(#""mode":"atomic""#) }
        if isDryRun { fields.append(#""dry_run":true"#) }
        if let onConflict { fields.append(#""on_conflict":"\#(onConflict)""#) }
        return isShuffled
            ? "{ \(fields.reversed().joined(separator: " , ")) }"
            : "{\(fields.joined(separator: ","))}"
    }
}

extension PlannedJob.Saying {
    var json: String {
        "\"\(name)\":" + (value.map { "\"\($0)\"" } ?? "null")
    }
}

extension PlannedJob.Entry {
    fileprivate var json: String {
        guard !sayings.isEmpty else { return member.json }
        return "{\"member\":\(member.json),\(sayings.map(\.json).joined(separator: ","))}"
    }
}
