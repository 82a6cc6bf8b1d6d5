import Jobs

/// Jobs for those items of a job alone that were rejected.
struct RejectedItems {
    /// Why there can be none.
    struct Refusal: Error {
        let reason: String
    }

    /// The `data` of each job; the targets of one have the same members rejected.
    let data: [[UInt8]]

    /// - Parameter numbers: of the items, from 1: target by target, and of each one member by member.
    init(_ numbers: [Int], of assignment: Assignment, _ root: JSONDocument.Index) throws(Refusal) {
        let document = assignment.document
        guard !assignment.removesAll else {
            throw Refusal(
                reason: "expected members by name, got \"all\": enqueue the unassign again")
        }
        let members = Array(document.elements(of: assignment.members))
        guard numbers.allSatisfy({ $0 <= assignment.itemCount }) else {
            throw Refusal(
                reason:
                    "expected items that the job names, got removals of an exact job: mend what "
                    + "they were refused for and enqueue the exact job again")
        }
        var groups: [(targets: [JSONDocument.Index], members: [Int])] = []
        let byTarget = Dictionary(grouping: numbers) { ($0 - 1) / max(1, members.count) }
        for (target, own) in byTarget.sorted(by: { $0.key < $1.key }) {
            let places = Set(own.map { ($0 - 1) % members.count }).sorted()
            if let known = groups.firstIndex(where: { $0.members == places }) {
                groups[known].targets.append(assignment.targets[target])
            } else {
                groups.append(([assignment.targets[target]], places))
            }
        }
        data = groups.map { group in
            Self.data(
                document, root, targets: group.targets, members: group.members.map { members[$0] })
        }
    }

    /// The job's data with other targets and members; what is left has been applied, so it is not
    /// exact.
    private static func data(
        _ document: JSONDocument, _ root: JSONDocument.Index, targets: [JSONDocument.Index],
        members: [JSONDocument.Index]
    ) -> [UInt8] {
        var json = JSONWriter()
        func list(_ indices: [JSONDocument.Index]) {
            json.raw("[")
            for (position, index) in indices.enumerated() {
                if position > 0 { json.raw(",") }
                json.raw(document.source(of: index))
            }
            json.raw("]")
        }
        json.raw(targets.count == 1 ? "{\"target\":" : "{\"targets\":")
        if targets.count == 1 { json.raw(document.source(of: targets[0])) } else { list(targets) }
        json.raw(",\"members\":")
        list(members)
        let others = ["target", "targets", "members", "exact", "confirm_removals"]
        document.forEachPair(in: root) { key, value in
            guard !others.contains(document.text(of: key)) else { return }
            json.raw(",")
            json.raw(document.source(of: key))
            json.raw(":")
            json.raw(document.source(of: value))
        }
        json.raw("}")
        return json.bytes
    }
}
