import Yams

/// The SQL of a roster: expressions over a row of the file, the job and what earlier steps wrote.
extension CatalogReader {
    /// The rules over rows of a file, whose messages name its columns.
    mutating func rowRules(
        _ node: Node?, _ path: String, _ scope: inout RosterScope
    ) -> [RejectRule] {
        guard let node else { return [] }
        let known = scope.columns.filter { !scope.secrets.contains($0) }
        return rules(node, path).compactMap { rule in
            let path = "\(path).\(rule.code)"
            checkMessage(rule.message, node, path, among: known)
            return expression(rule.condition, at: node, path, &scope).map {
                RejectRule(code: rule.code, condition: $0, message: rule.message)
            }
        }
    }

    /// What is no name is left as it stands.
    mutating func checkMessage(
        _ message: String, _ node: Node?, _ path: String, among known: [String]
    ) {
        for name in RejectRule.placeholders(in: message)
        where isSQLName(name) && !known.contains(name) {
            report(
                node, path,
                "expected one of \(known.joined(separator: ", ")) in the message's braces, got "
                    + "{\(name)}" + suggestion(name, known))
        }
    }

    /// - Parameter known: the names that there may be; nil for any.
    mutating func values(
        _ node: Node?, _ path: String, _ expected: String, at owner: Node,
        among known: [String]? = nil, _ scope: inout RosterScope
    ) -> [Roster.Value] {
        guard let node else {
            report(owner, path, "expected \(expected), got none")
            return []
        }
        let entries = entries(node, path, expected)
        if entries.isEmpty, node.mapping != nil {
            report(node, path, "expected \(expected), got none")
        }
        var values: [Roster.Value] = []
        for (column, value) in entries {
            if let known, !known.contains(column) {
                report(
                    value, path,
                    "expected \(known.isEmpty ? "none" : known.joined(separator: ", ")), got "
                        + column + suggestion(column, known))
            }
            guard let sql = expression(value, "\(path).\(column)", &scope) else { continue }
            values.append(Roster.Value(column: column, sql: sql))
        }
        return values
    }

    /// - Returns: the SQL as the database is to read it, if there is nothing wrong with it.
    mutating func expression(
        _ node: Node, _ path: String, _ scope: inout RosterScope
    ) -> String? {
        string(node, path).flatMap { expression($0, at: node, path, &scope) }
    }

    private mutating func expression(
        _ text: String, at node: Node, _ path: String, _ scope: inout RosterScope
    ) -> String? {
        let faultsBefore = faults.count
        let found: RosterExpression
        do throws(RosterExpression.Fault) {
            found = try RosterExpression(text, aliases: scope.aliases)
        } catch {
            report(node, path, error.message)
            return nil
        }
        for column in found.columns {
            if scope.secrets.contains(column) {
                report(
                    node, path,
                    "expected columns other than passwords, which `password` alone reads, got "
                        + "row.\(column)")
            } else if !scope.columns.contains(column) {
                let known = scope.columns.filter { !scope.secrets.contains($0) }
                report(
                    node, path,
                    "expected row.<one of \(known.joined(separator: ", "))>, got row.\(column)"
                        + suggestion(column, known, before: "row."))
            }
        }
        for field in found.jobFields {
            let parts = field.split(separator: ".", maxSplits: 1).map(String.init)
            if parts.first == "target" {
                scope.target.read(parts.count == 2 ? parts[1] : nil)
            } else {
                report(
                    node, path,
                    "expected job.target, got job.\(field)"
                        + suggestion(field, ["target"], before: "job."))
            }
        }
        let earlier = scope.earlierAliases
        for alias in found.aliases where !earlier.contains(alias) {
            report(
                node, path,
                scope.listAliases.contains(alias)
                    ? "expected an alias of one row, got \(alias), whose step has `each`"
                    : "expected an alias of an earlier step, got \(alias), which is made here or "
                        + "later")
        }
        for name in found.strays {
            let known = ["row", "job"] + earlier
            report(
                node, path,
                "expected one of \(known.joined(separator: ", ")) before the dot, got \(name)"
                    + suggestion(name, known))
        }
        if found.usesEach, !scope.hasEach {
            report(
                node, path,
                "expected `each` in the other expressions of a step that says `each:`, got it here")
        }
        return faults.count == faultsBefore ? found.sql : nil
    }

    /// `set` and `reject` are over the item, as those of relations.
    mutating func checkItem(
        _ sql: String, _ node: Node?, _ path: String, _ password: Roster.Password?,
        _ scope: RosterScope
    ) {
        if let found = try? RosterExpression(sql, aliases: scope.aliases) {
            let name =
                found.columns.first.map { "row.\($0)" } ?? found.jobFields.first.map { "job.\($0)" }
                ?? found.aliases.first
            if let name {
                report(node, path, "expected item.<column of `values` or `set`>, got \(name)")
            }
        }
        if let password, ItemReferences.columns(in: sql).contains(password.column) {
            report(
                node, path,
                "expected columns other than the password's, got item.\(password.column)")
        }
    }
}
