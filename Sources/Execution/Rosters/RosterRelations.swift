import Catalog
import Postgres

/// What the rosters of a catalog write, checked against the database: the tables of their upserts,
/// each as a relation of its own, and the SQL that fills them.
public enum RosterRelations {
    /// Checks a catalog's rosters and compiles the relations of their upserts.
    ///
    /// - Returns: the plans by the names of the relations, which hold the roster's.
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func compile(
        _ catalog: Catalog, on connection: Connection
    ) throws(PostgresError) -> (plans: [String: RelationPlan], findings: [Finding]) {
        var plans: [String: RelationPlan] = [:]
        var findings: [Finding] = []
        for roster in catalog.sortedRosters {
            let (found, said) = try compile(roster, on: connection)
            plans.merge(found) { first, _ in first }
            findings += said
        }
        return (plans, findings)
    }

    /// Checks one roster and compiles the relations of its upserts.
    public static func compile(
        _ roster: Roster, on connection: Connection
    ) throws(PostgresError) -> (plans: [String: RelationPlan], findings: [Finding]) {
        var plans: [String: RelationPlan] = [:]
        var findings: [Finding] = []
        let readers = try HiddenReaders(on: connection)
        for upsert in roster.files.flatMap(\.steps).compactMap(\.upsert) {
            let relation = upsert.relation
            let (plan, found) = try RelationPlan.compile(
                relation, [], written: [relation.table], readers, on: connection)
            findings += found
            guard let plan else { continue }
            plans[relation.name] = plan
            findings += try plan.missingIndexes(on: connection)
            findings += upsert.password.map { problems(of: $0, in: plan) } ?? []
        }
        findings += try RosterSQLCheck.findings(for: roster, on: connection)
        let isFit = !findings.contains { $0.level == .error }
        if isFit { findings.append(summary(of: roster)) }
        return (plans, findings)
    }

    private static func summary(of roster: Roster) -> Finding {
        func counted(_ number: Int, _ noun: String) -> String {
            "\(number) \(noun)\(number == 1 ? "" : "s")"
        }
        let files = roster.files
        let steps = files.flatMap(\.steps)
        let upserts = steps.compactMap(\.upsert).map { "\($0.relation.table)" }
        let assigned = steps.compactMap(\.assign).map(\.relation)
        let written = (upserts + assigned).reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let parts =
            (files.count > 1 ? [counted(files.count, "file")] : [])
            + [
                counted(files.reduce(0) { $0 + $1.columns.count }, "column"),
                counted(steps.count, "step"), "into \(written.joined(separator: ", "))",
            ]
        return Finding(.ok, roster.name, parts.joined(separator: ", "))
    }

    // MARK: Passwords

    private static func problems(of password: Roster.Password, in plan: RelationPlan) -> [Finding] {
        let relation = plan.relation
        guard let column = plan.table.column(password.column) else { return [] }
        let limit: Int
        switch column.type {
        case .text(limit: .characters(let characters)), .character(limit: let characters):
            limit = characters
        case .text: limit = .max
        default:
            return [
                Finding(
                    .error, relation.name,
                    "expected a column of text for passwords, got \(column.name) of type "
                        + column.typeName,
                    remedy: "mend `password` at \(relation.location)")
            ]
        }
        var findings: [Finding] = []
        // The database itself would show it then, to whoever brings it a second time.
        for index in plan.table.uniqueIndexes where index.columns.contains(column.name) {
            findings.append(
                Finding(
                    .error, relation.name,
                    "expected no unique index with the passwords of \(column.name), got "
                        + "\(index.name), whose violations would show them",
                    remedy: "mend `password` at \(relation.location)"))
        }
        if let length = password.hashLength, length > limit {
            findings.append(
                Finding(
                    .warning, relation.name,
                    "expected room for the \(length) characters of \(password.scheme.rawValue) in "
                        + "\(column.name), got \(column.typeName): no new row can be written",
                    remedy: "ALTER TABLE \(plan.table.name.quoted) ALTER COLUMN "
                        + "\(quoteIdentifier(column.name)) TYPE varchar(\(max(length, 128)))"))
        }
        return findings
    }
}

extension Roster.Password {
    /// How many characters the scheme writes, where it is known.
    fileprivate var hashLength: Int? {
        switch scheme {
        case .given: nil
        // Django's `!` and 40 random characters.
        case .unusable: 41
        // The name, the iterations, 22 characters of salt and 32 bytes in base 64.
        case .djangoPBKDF2: "pbkdf2_sha256$\(iterations)$".count + 22 + 1 + 44
        }
    }
}

extension Roster.Step {
    var upsert: Roster.Upsert? { if case .upsert(let upsert) = self { upsert } else { nil } }

    var assign: Roster.Assign? { if case .assign(let assign) = self { assign } else { nil } }
}
