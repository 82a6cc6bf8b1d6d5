import Postgres

/// Kolibri's own code path: one row at a time, as `save()` and `delete()` of its models do it, and
/// the mend that a row which comes back is taken out of `morango_deletedmodels`.
struct KolibriOracle {
    enum Kind: String, CaseIterable, Sendable { case role, membership }

    enum Outcome: Hashable, Sendable {
        case created, unchanged, removed, absent
        case rejected(String)

        var isRejected: Bool { if case .rejected = self { true } else { false } }
    }

    /// What a row is about.
    struct Subject: Hashable, Sendable {
        let table: Kind
        let collection: String
        let user: String
        /// The kind of the role; nil for all, and for memberships.
        let kind: String?
    }

    static let assignableCoach = "classroom assignable coach"

    let connection: Connection
    /// The rows that another row's code has made or removed, and not a job's item for them.
    private(set) var touched: Set<Subject> = []

    init(connection: Connection) { self.connection = connection }

    /// Whether an effect or a cascade was at a row that an item is about.
    func wasTouched(_ subject: Subject) -> Bool {
        touched.contains { row in
            row.table == subject.table && row.collection == subject.collection
                && row.user == subject.user && (subject.kind == nil || row.kind == subject.kind)
        }
    }

    mutating func forgetTouched() { touched = [] }

    // MARK: Jobs

    /// What became of a job.
    struct Result {
        /// Of its items.
        var outcomes: [Outcome]
        /// Of the rows that go because it does not name them.
        var swept: [Subject] = []
        /// The items and rows that an effect or a cascade was at: whether the row was there depends
        /// on whether items are looked at one by one or as a set.
        var loose: Set<Subject> = []
    }

    mutating func execute(_ job: KolibriJob) throws -> Result {
        try connection.script("SAVEPOINT job")
        let before = touched
        var result = Result(outcomes: [])
        let refused = try job.isAssign ? job.items.map(refusal) : []
        let isDoomed = job.isAtomic && refused.contains { $0 != nil }
        if job.sweeps, !isDoomed {
            for target in Set(job.targets).sorted() { try sweep(target, job, &result) }
        }
        for item in job.items {
            if wasTouched(item) { result.loose.insert(item) }
            result.outcomes.append(try job.isAssign ? assign(item) : unassign(item))
        }
        for item in job.items where wasTouched(item) { result.loose.insert(item) }
        for row in result.swept where wasTouched(row) { result.loose.insert(row) }
        if job.isAtomic, result.outcomes.contains(where: \.isRejected) {
            try connection.script("ROLLBACK TO SAVEPOINT job")
            touched = before
            result.swept = []
        }
        try connection.script("RELEASE SAVEPOINT job")
        return result
    }

    private mutating func sweep(
        _ target: String, _ job: KolibriJob, _ result: inout Result
    ) throws {
        guard Self.isID(target) else { return }
        let named = Set(job.items.filter { $0.collection == target })
        for row in try rows(job.table, "collection_id = \(quoteLiteral(target))") {
            guard !named.contains(row.subject), try isThere(row) else { continue }
            try delete(row)
            result.swept.append(row.subject)
        }
    }

    // MARK: Validation

    private struct Collection {
        let kind: String
        let dataset: String
        let parent: String?
    }

    /// A malformed value, then an unknown id, then what `save()` refuses, in its order.
    private func refusal(_ item: Subject) throws -> String? {
        guard Self.isID(item.collection), Self.isID(item.user), (item.kind ?? "").count <= 26 else {
            return "invalid-value"
        }
        if item.table == .role, item.kind == nil { return "missing-value" }
        guard let collection = try collection(item.collection) else { return "unknown-collection" }
        guard let dataset = try datasetOfUser(item.user) else { return "unknown-user" }
        let isGroup = ["learnergroup", "adhoclearnersgroup"].contains(collection.kind)
        switch item.table {
        case .role:
            let kind = item.kind ?? ""
            if !["admin", "coach", Self.assignableCoach].contains(kind) || isGroup
                || collection.kind == "classroom" && kind != "coach"
            {
                return "invalid-role-kind"
            }
        case .membership:
            if collection.kind == "facility" { return "invalid-membership" }
            if isGroup, try rows(.membership, about: collection.parent ?? "", item.user).isEmpty {
                return "invalid-membership"
            }
        }
        return dataset == collection.dataset ? nil : "dataset-mismatch"
    }

    private func collection(_ id: String) throws -> Collection? {
        let rows = try connection.execute(
            "SELECT kind, dataset_id, parent_id FROM kolibriauth_collection "
                + "WHERE id = \(quoteLiteral(id))")
        guard rows.count == 1 else { return nil }
        return Collection(
            kind: rows.string(0, 0), dataset: rows.string(0, 1), parent: rows.optionalString(0, 2))
    }

    private func datasetOfUser(_ id: String) throws -> String? {
        let rows = try connection.execute(
            "SELECT dataset_id FROM kolibriauth_facilityuser WHERE id = \(quoteLiteral(id))")
        return rows.count == 1 ? rows.string(0, 0) : nil
    }

    /// The canonical form.
    private static func isID(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9a-f\-]{36}/) != nil
    }

    // MARK: Saving

    private mutating func assign(_ item: Subject) throws -> Outcome {
        if let code = try refusal(item) { return .rejected(code) }
        let there = try rows(item.table, about: item.collection, item.user)
        guard !there.contains(where: { $0.subject == item }) else { return .unchanged }
        guard let collection = try collection(item.collection) else { return .unchanged }
        if item.kind == "coach", collection.kind == "classroom", let facility = collection.parent,
            try rows(.role, about: facility, item.user).isEmpty
        {
            let role = Subject(
                table: .role, collection: facility, user: item.user, kind: Self.assignableCoach)
            try save(role, collection.dataset)
            touched.insert(role)
        }
        try save(item, collection.dataset)
        return .created
    }

    private func save(_ row: Subject, _ dataset: String) throws {
        let id = try Self.id(of: row, dataset: dataset, on: connection)
        let kind = row.kind.map { (column: ", kind", value: ", \(quoteLiteral($0))") }
        try connection.execute(
            """
            INSERT INTO kolibriauth_\(row.table) (id, _morango_dirty_bit, _morango_source_id,
                _morango_partition, collection_id, dataset_id, user_id\(kind?.column ?? ""))
            VALUES ('\(id)', true, \(quoteLiteral(Self.source(of: row))),
                '\(Self.partition(of: row, dataset))', '\(row.collection)', '\(dataset)',
                '\(row.user)'\(kind?.value ?? ""))
            """)
        try connection.execute("DELETE FROM morango_deletedmodels WHERE id = '\(id)'")
        guard row.table == .role else { return }
        try connection.execute(
            """
            UPDATE kolibriauth_facilityuser SET picture_password = NULL, _morango_dirty_bit = true
            WHERE id = '\(row.user)'
            """)
    }

    // MARK: Ids

    private static func source(of row: Subject) -> String {
        KolibriSeed.hex(row.collection) + (row.kind.map { ":\($0)" } ?? "")
    }

    private static func partition(of row: Subject, _ dataset: String) -> String {
        "\(KolibriSeed.hex(dataset)):user-ro:\(KolibriSeed.hex(row.user))"
    }

    /// The first half of a hash over partition, source id and the model's name, as 32 digits.
    static func id(
        of row: Subject, dataset: String, on connection: Connection
    ) throws -> String {
        let text = [partition(of: row, dataset), source(of: row), row.table.rawValue]
            .joined(separator: "::")
        return try connection.execute(
            "SELECT left(encode(sha256(convert_to(\(quoteLiteral(text)), 'UTF8')), 'hex'), 32)"
        ).string(0, 0)
    }

    // MARK: Deleting

    private struct Row {
        let id: String
        let subject: Subject
    }

    private mutating func unassign(_ item: Subject) throws -> Outcome {
        guard Self.isID(item.collection), Self.isID(item.user), (item.kind ?? "").count <= 26 else {
            return .rejected("invalid-value")
        }
        let found = try rows(item.table, about: item.collection, item.user)
            .filter { item.kind == nil || $0.subject.kind == item.kind }
        for row in found { try delete(row) }
        return found.isEmpty ? .absent : .removed
    }

    private func rows(_ table: Kind, about collection: String, _ user: String) throws -> [Row] {
        try rows(
            table,
            "collection_id = \(quoteLiteral(collection)) AND user_id = \(quoteLiteral(user))")
    }

    private func rows(_ table: Kind, _ condition: String) throws -> [Row] {
        let rows = try connection.execute(
            """
            SELECT id, collection_id, user_id, \(table == .role ? "kind" : "NULL")
            FROM kolibriauth_\(table) WHERE \(condition) ORDER BY collection_id, user_id, 4
            """)
        return (0..<rows.count).map { index in
            Row(
                id: rows.string(index, 0),
                subject: Subject(
                    table: table, collection: rows.string(index, 1), user: rows.string(index, 2),
                    kind: rows.optionalString(index, 3)))
        }
    }

    private func isThere(_ row: Row) throws -> Bool {
        try !rows(row.subject.table, "id = '\(row.id)'").isEmpty
    }

    private mutating func delete(_ row: Row) throws {
        try deleteAlone(row)
        let isLeaving: Bool
        let cascaded: [Row]
        switch row.subject.table {
        case .role:
            isLeaving = row.subject.kind == Self.assignableCoach
            cascaded = try children(of: row).filter { $0.subject.kind == "coach" }
        case .membership:
            isLeaving = try collection(row.subject.collection)?.kind == "classroom"
            cascaded = try children(of: row)
        }
        guard isLeaving else { return }
        for child in cascaded {
            try deleteAlone(child)
            touched.insert(child.subject)
        }
    }

    /// The user's rows one level below.
    private func children(of row: Row) throws -> [Row] {
        try rows(
            row.subject.table,
            """
            user_id = '\(row.subject.user)' AND collection_id IN (
              SELECT c.id FROM kolibriauth_collection c
              WHERE c.parent_id = '\(row.subject.collection)')
            """)
    }

    private func deleteAlone(_ row: Row) throws {
        try connection.execute(
            "DELETE FROM kolibriauth_\(row.subject.table) WHERE id = '\(row.id)'")
        try connection.execute(
            """
            INSERT INTO morango_deletedmodels (id, profile) VALUES ('\(row.id)', 'facilitydata')
            ON CONFLICT (id) DO UPDATE SET profile = 'facilitydata'
            """)
    }
}

/// A job of a test, before it is written as a message.
struct KolibriJob: Sendable {
    struct Member: Sendable {
        let user: String
        /// Of the role; nil where the job does not say it.
        var kind: String?
    }

    var table = KolibriOracle.Kind.role
    var isAssign = true
    let targets: [String]
    let members: [Member]
    var isAtomic = false
    /// Rows of the targets that the job does not name go: it is exact, or for all members.
    var sweeps = false

    var items: [KolibriOracle.Subject] {
        targets.flatMap { target in
            members.map { member in
                KolibriOracle.Subject(
                    table: table, collection: target, user: member.user, kind: member.kind)
            }
        }
    }

    /// The fields of the job's data.
    var fields: String {
        let list = members.map { member in
            member.kind.map { "{\"member\":\"\(member.user)\",\"kind\":\"\($0)\"}" }
                ?? "\"\(member.user)\""
        }
        let isAll = !isAssign && sweeps
        let target =
            targets.count == 1
            ? "\"target\":\"\(targets[0])\""
            : "\"targets\":[\(targets.map { "\"\($0)\"" }.joined(separator: ","))]"
        return "\"relation\":\"\(table)\",\(target),"
            + "\"members\":\(isAll ? "\"all\"" : "[\(list.joined(separator: ","))]")"
            + (isAssign && sweeps ? ",\"exact\":true" : "")
            + (isAtomic ? ",\"mode\":\"atomic\"" : "")
    }
}
