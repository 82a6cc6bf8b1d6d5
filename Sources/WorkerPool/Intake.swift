import Catalog
import Execution
import Jobs
import Kafka

/// Makes messages of records: a job, or the reason why there is none.
struct Intake: Sendable {
    /// The most that a message may ask for.
    struct Limits: Sendable {
        var messageBytes: Int
        var jobItems: Int
        var jsonDepth: Int
    }

    let limits: Limits
    let relations: [String: Relation]
    var rosters: [String: Roster] = [:]
    var backfills: [String: Backfill] = [:]

    /// Reads a record; nil for a tombstone.
    func message(_ record: Record) -> Message? {
        guard let value = record.value else { return nil }
        let headers = record.headers.map { (name: $0.name, value: $0.value) }
        let content: Message.Content
        do throws(MessageFault) {
            content = .job(try job(value, headers, from: record.topic))
        } catch {
            content = .fault(error)
        }
        return Message(
            origin: Origin(
                topic: record.topic, partition: record.partition, offset: record.offset,
                timestamp: Self.timestamp(record)),
            key: record.key, value: value, headers: headers, content: content,
            hasSecrets: mayHaveSecrets(content, value, headers))
    }

    /// Whether a message may bring passwords: it is an import into a roster that takes some, or what
    /// cannot be read says somewhere that it is an import.
    private func mayHaveSecrets(
        _ content: Message.Content, _ value: [UInt8],
        _ headers: [(name: String, value: [UInt8]?)]
    ) -> Bool {
        switch content {
        case .job(let job):
            guard case .rosterImport(let part) = job.work else { return false }
            return rosters[part.roster]?.takesPasswords == true
        case .fault:
            guard rosters.values.contains(where: \.takesPasswords) else { return false }
            let kind = Array(Job.Kind.rosterImport.rawValue.utf8)
            return ([value] + headers.compactMap(\.value)).contains { bytes in
                bytes.indices.contains { bytes[$0...].starts(with: kind) }
            }
        }
    }

    /// When the record was written, as far as a producer's clock can be believed: not before 1970
    /// and not after 9999, which Postgres and RFC 3339 both hold.
    private static func timestamp(_ record: Record) -> Timestamp {
        Timestamp(milliseconds: min(max(record.timestamp ?? 0, 0), 253_402_300_799_999))
    }

    /// The key in whose order the message is executed.
    ///
    /// A record without a key is ordered by its job's target; what is no job needs no order.
    func orderingKey(of message: Message) -> [UInt8] {
        if let key = message.key { return key }
        switch message.content {
        case .job(let job): return Array(job.defaultKey.utf8)
        case .fault: return Array("\(message.origin)".utf8)
        }
    }

    private func job(
        _ value: [UInt8], _ headers: [(name: String, value: [UInt8]?)], from topic: String
    ) throws(MessageFault) -> Job {
        guard value.count <= limits.messageBytes else {
            throw MessageFault(
                .tooLarge,
                "expected a message of at most \(limits.messageBytes) bytes, got \(value.count)")
        }
        let event = try CloudEvent(value: value, headers: headers, depth: limits.jsonDepth)
        let job = try Job(event)
        switch job.work {
        case .assignment(let assignment): try check(assignment, from: topic)
        case .backfill(let request): try check(request)
        case .rosterImport(let part): try check(part)
        }
        return job
    }

    /// Refuses an import into a roster that the catalog does not have, or of a file that it has not.
    private func check(_ part: RosterPart) throws(MessageFault) {
        guard let roster = rosters[part.roster] else {
            let nearest = Spelling.nearest(to: part.roster, in: rosters.keys)
            let hint = nearest.map { ", did you mean \($0)?" } ?? ""
            throw MessageFault(
                .unknownRoster,
                "roster: expected one of the catalog, got "
                    + "\"\(MessageFault.quoted(part.roster.utf8))\"\(hint)")
        }
        guard !roster.files.contains(where: { $0.name == part.file }) else { return }
        let names = roster.files.map(\.name).filter { !$0.isEmpty }
        throw MessageFault(
            .invalidData,
            "file: expected \(names.isEmpty ? "none" : names.joined(separator: ", ")), got "
                + (part.file.isEmpty ? "none" : "\"\(MessageFault.quoted(part.file.utf8))\""))
    }

    /// Refuses a backfill that the catalog does not have, or a scope of other names than its own.
    private func check(_ request: BackfillRequest) throws(MessageFault) {
        guard let backfill = backfills[request.backfill] else {
            let nearest = Spelling.nearest(to: request.backfill, in: backfills.keys)
            let hint = nearest.map { ", did you mean \($0)?" } ?? ""
            throw MessageFault(
                .unknownBackfill,
                "backfill: expected one of the catalog, got "
                    + "\"\(MessageFault.quoted(request.backfill.utf8))\"\(hint)")
        }
        let names = backfill.parameters.map(\.name)
        for name in request.values.keys.sorted() where !names.contains(name) {
            let nearest = Spelling.nearest(to: name, in: names)
            let hint = nearest.map { ", did you mean \($0)?" } ?? ""
            throw MessageFault(
                .invalidData,
                "scope: expected \(names.isEmpty ? "nothing" : names.joined(separator: ", ")), got "
                    + "\"\(MessageFault.quoted(name.utf8))\"\(hint)")
        }
    }

    private func check(_ assignment: Assignment, from topic: String) throws(MessageFault) {
        guard let relation = relations[assignment.relation] else {
            let nearest = Spelling.nearest(to: assignment.relation, in: relations.keys)
            let hint = nearest.map { ", did you mean \($0)?" } ?? ""
            throw MessageFault(
                .unknownRelation,
                "relation: expected one of the catalog, got "
                    + "\"\(MessageFault.quoted(assignment.relation.utf8))\"\(hint)")
        }
        guard assignment.weight <= limits.jobItems else {
            throw MessageFault(
                .tooLarge,
                "expected at most \(limits.jobItems) items, got \(assignment.weight)")
        }
        try Self.check(assignment, against: relation, from: topic)
    }

    /// Refuses what the relation does not allow, whatever the items are.
    private static func check(
        _ assignment: Assignment, against relation: Relation, from topic: String
    ) throws(MessageFault) {
        guard relation.topics.isEmpty || relation.topics.contains(topic) else {
            throw MessageFault(
                .wrongTopic,
                "expected jobs for \(relation.name) on \(relation.topics.joined(separator: " or ")), "
                    + "got one on \(topic)")
        }
        switch (assignment.onConflict, relation.conflict) {
        case (nil, _), (.ignore, .ignore), (_, .update): break
        case (.some(let choice), .ignore), (.some(let choice), .refuse):
            let only = relation.conflict == .ignore ? "ignore" : "none"
            throw MessageFault(
                .invalidData,
                "on_conflict: expected \(only), which is all that \(relation.name) allows, "
                    + "got \(choice.rawValue)")
        }
        if relation.isFoundByIdentity, assignment.sweeps {
            throw MessageFault(
                .invalidData,
                "\(assignment.isExact ? "exact" : "members"): expected the members by name, because "
                    + "the rows of \(relation.name) do not hold their target, got "
                    + "\(assignment.isExact ? "true" : "\"all\"")")
        }
    }
}
