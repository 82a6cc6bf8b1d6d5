import Yams

/// What becomes of a roster's rows.
extension CatalogReader {
    mutating func rosterSteps(
        _ node: Node?, _ path: String, at owner: Node, _ columns: [Roster.Column],
        _ scope: inout RosterScope
    ) -> [Roster.Step] {
        guard case .sequence(let list)? = node, !list.isEmpty else {
            report(node ?? owner, path, "expected a list of steps, got none")
            return []
        }
        var steps: [Roster.Step] = []
        for (index, node) in list.enumerated() {
            let path = "\(path)[\(index)]"
            guard let fields = node.mapping else {
                report(node, path, "expected keys and values, got \(shown(node))")
                continue
            }
            let verbs = ["upsert", "assign", "unassign"].filter { fields[$0] != nil }
            guard verbs.count == 1, let verb = verbs.first else {
                let got = verbs.isEmpty ? "none" : verbs.joined(separator: " and ")
                let keys = fields.keys.compactMap(\.string)
                let hint = keys.lazy.compactMap {
                    Spelling.nearest(to: $0, in: ["upsert", "assign", "unassign"])
                }.first
                report(
                    node, path,
                    "expected one of upsert, assign, unassign, got \(got)"
                        + (verbs.isEmpty ? hint.map { ", did you mean \($0)?" } ?? "" : ""))
                continue
            }
            if verb == "upsert" {
                let found = upsert(node, path, columns, &scope)
                // Later steps may read the row, whatever else is wrong with this one.
                if let alias = fields["as"]?.string { scope.earlierAliases.append(alias) }
                guard let upsert = found else { continue }
                let name = upsert.relation.name
                let isTaken = steps.contains {
                    if case .upsert(let other) = $0 { other.relation.name == name } else { false }
                }
                if isTaken {
                    report(
                        node, "\(path).as",
                        upsert.alias.map { "expected a name of its own, got \($0) twice" }
                            ?? "expected a name, because another step writes "
                            + "\(upsert.relation.table) too")
                }
                steps.append(.upsert(upsert))
            } else if let assign = assign(node, verb, path, &scope) {
                steps.append(.assign(assign))
            }
        }
        return steps
    }

    // MARK: Upsert

    private mutating func upsert(
        _ node: Node, _ path: String, _ columns: [Roster.Column], _ scope: inout RosterScope
    ) -> Roster.Upsert? {
        let known = [
            "upsert", "identity", "values", "conflict", "unique", "arbiter", "password", "as",
            "set",
            "reject",
        ]
        guard let fields = pairs(node, path, known: known) else { return nil }
        let faultsBefore = faults.count
        let tableName = requiredString(fields["upsert"], "\(path).upsert", at: node)
        let table = tableName.flatMap { TableName($0) }
        if let tableName, table == nil {
            report(node, "\(path).upsert", "expected schema.table or table, got \"\(tableName)\"")
        }
        let identity = self.columns(fields["identity"], "\(path).identity", required: node)
        let values = values(
            fields["values"], "\(path).values", "columns and their SQL expressions", at: node,
            &scope)
        let given = values.map(\.column)
        for (index, column) in identity.enumerated() {
            if identity[..<index].contains(column) {
                report(
                    fields["identity"], "\(path).identity",
                    "expected each once, got \(column) twice")
            } else if !given.contains(column), fields["values"]?.mapping?[Node(column)] == nil {
                reportUnknown(
                    column, among: given, fields["identity"], "\(path).identity", "columns")
            }
        }
        let others = given.filter { !identity.contains($0) }
        let conflict = conflictRule(
            fields["conflict"], "\(path).conflict", attributes: given, of: "values")
        for column in conflict.updatedColumns where identity.contains(column) {
            report(
                fields["conflict"], "\(path).conflict.update",
                "expected columns that are not part of the identity, got \(column)")
        }
        let password = fields["password"].flatMap {
            self.password($0, "\(path).password", columns, scope)
        }
        let computed = computedColumns(fields["set"], "\(path).set")
        if let column = password?.column {
            if given.contains(column) {
                report(
                    fields["values"], "\(path).values.\(column)",
                    "expected no SQL for the column that `password` fills, got some")
            }
            if computed.contains(where: { $0.name == column }) {
                report(
                    fields["set"], "\(path).set.\(column)",
                    "expected no SQL for the column that `password` fills, got some")
            }
        }
        for column in computed.map(\.name) where given.contains(column) {
            report(
                fields["set"], "\(path).set.\(column)",
                "expected a column that `values` does not give, got one of them")
        }
        let rejects = rules(fields["reject"], "\(path).reject")
        for column in computed {
            checkItem(
                column.expression, fields["set"], "\(path).set.\(column.name)", password, scope)
        }
        for rule in rejects {
            let path = "\(path).reject.\(rule.code)"
            checkItem(rule.condition, fields["reject"], path, password, scope)
            if let column = password?.column, rule.message.contains("{\(column)}") {
                report(
                    fields["reject"], path,
                    "expected a message without the password, got {\(column)}")
            }
        }
        let isUnique = fields["unique"].map { flag($0, "\(path).unique") } ?? true
        let arbiter = fields["arbiter"].flatMap { string($0, "\(path).arbiter") }
        if let node = fields["arbiter"], !isUnique {
            report(node, "\(path).arbiter", "expected none beside `unique: false`, got one")
        }
        let alias = fields["as"].flatMap { self.alias($0, "\(path).as") }
        guard faults.count == faultsBefore, let table else { return nil }
        let relation = Relation(
            name: scope.name(alias ?? table.description), location: location(node), table: table,
            target: [], member: identity,
            attributes: others + (password.map { [$0.column] } ?? []), inputs: [],
            identity: identity, computed: computed, lookups: [], conflict: conflict,
            isUnique: isUnique, arbiter: arbiter, rejects: rejects, protects: [],
            effects: Effects(), children: [], removalLimit: nil, topics: [],
            secrets: Set(password.map { [$0.column] } ?? []))
        let ordered = relation.givenColumns.compactMap { column in
            values.first { $0.column == column }
        }
        return Roster.Upsert(
            alias: alias, relation: relation, values: ordered, password: password)
    }

    private mutating func alias(_ node: Node, _ path: String) -> String? {
        guard let name = string(node, path) else { return nil }
        guard isSQLName(name), !["row", "job", "item", "each"].contains(name) else {
            report(
                node, path,
                "expected a name of letters in lower case, digits and _ other than row, job, item "
                    + "and each, got \(name)")
            return nil
        }
        return name
    }

    private mutating func password(
        _ node: Node, _ path: String, _ columns: [Roster.Column], _ scope: RosterScope
    ) -> Roster.Password? {
        let known = ["column", "from", "scheme", "iterations"]
        guard let fields = pairs(node, path, known: known) else { return nil }
        let faultsBefore = faults.count
        let column = requiredString(fields["column"], "\(path).column", at: node)
        let schemes = Roster.Password.Scheme.allCases.map(\.rawValue)
        let word = requiredString(fields["scheme"], "\(path).scheme", at: node)
        let scheme = word.flatMap(Roster.Password.Scheme.init)
        if let word, scheme == nil {
            report(
                fields["scheme"], "\(path).scheme",
                "expected one of \(schemes.joined(separator: ", ")), got \(word)"
                    + suggestion(word, schemes))
        }
        let source = fields["from"].flatMap { string($0, "\(path).from") }
        if let source {
            if scheme == .unusable {
                report(
                    fields["from"], "\(path).from",
                    "expected none beside `scheme: unusable`, got \(source)")
            } else if let other = scope.secrets.first, other != source {
                report(
                    fields["from"], "\(path).from",
                    "expected one column with passwords in a file, got \(other) and \(source)")
            } else if let column = columns.first(where: { $0.name == source }) {
                for (key, isSaid) in [
                    ("unique", column.uniqueness != nil), ("one_of", !column.choices.isEmpty),
                ] where isSaid {
                    report(
                        fields["from"], "\(path).from",
                        "expected a column without `\(key)`, whose rejections would tell of the "
                            + "password, got \(source)")
                }
            } else {
                reportUnknown(
                    source, among: columns.map(\.name), fields["from"], "\(path).from",
                    "one of the columns")
            }
        } else if fields["from"] == nil, let scheme, scheme != .unusable {
            report(
                node, "\(path).from",
                "expected the column of the file that holds the password, got none")
        }
        var iterations = Self.usualIterations
        if let field = fields["iterations"], let text = string(field, "\(path).iterations") {
            iterations = Int(text) ?? 0
            if !(1...10_000_000).contains(iterations) {
                report(
                    field, "\(path).iterations", "expected a number from 1 to 10000000, got \(text)"
                )
            } else if let scheme, scheme != .djangoPBKDF2 {
                report(
                    field, "\(path).iterations",
                    "expected none beside `scheme: \(scheme.rawValue)`, got \(text)")
            }
        }
        guard faults.count == faultsBefore, let column, let scheme else { return nil }
        return Roster.Password(
            column: column, source: source, scheme: scheme, iterations: iterations)
    }

    /// Those of Django 3.2, which later versions read too.
    private static let usualIterations = 260_000

    // MARK: Assign

    private mutating func assign(
        _ node: Node, _ verb: String, _ path: String, _ scope: inout RosterScope
    ) -> Roster.Assign? {
        let known = [verb, "target", "member", "attributes", "when", "each"]
        guard let fields = pairs(node, path, known: known) else { return nil }
        let faultsBefore = faults.count
        let name = requiredString(fields[verb], "\(path).\(verb)", at: node)
        let relation = name.flatMap { scope.relations[$0] }
        if let name, relation == nil, !scope.declared.contains(name) {
            let names = scope.relations.keys.sorted()
            report(
                fields[verb], "\(path).\(verb)",
                "expected a relation of the catalog, got \(name)" + suggestion(name, names))
        }
        scope.hasEach = false
        let each = fields["each"].flatMap { expression($0, "\(path).each", &scope) }
        scope.hasEach = fields["each"] != nil
        defer { scope.hasEach = false }
        let target = key(
            fields["target"], "\(path).target", of: relation?.target, at: node, &scope)
        let member = key(
            fields["member"], "\(path).member", of: relation?.member, at: node, &scope)
        let attributes = fields["attributes"].map {
            values(
                $0, "\(path).attributes", "attributes and their SQL expressions", at: node,
                among: relation?.attributes, &scope)
        }
        let condition = fields["when"].flatMap { expression($0, "\(path).when", &scope) }
        guard faults.count == faultsBefore, let relation else { return nil }
        return Roster.Assign(
            isRemoval: verb == "unassign", relation: relation.name, target: target, member: member,
            attributes: attributes ?? [], condition: condition, each: each)
    }

    /// A target or a member: SQL, or SQL for each of its columns.
    ///
    /// - Parameter columns: those of the relation; nil where it has faults of its own.
    private mutating func key(
        _ node: Node?, _ path: String, of columns: [String]?, at owner: Node,
        _ scope: inout RosterScope
    ) -> [Roster.Value] {
        let names = columns?.joined(separator: ", ") ?? ""
        guard let node else {
            report(owner, path, "expected SQL for \(names.isEmpty ? "it" : names), got none")
            return []
        }
        guard node.mapping == nil else {
            let values = values(
                node, path, "columns and their SQL expressions", at: owner, among: columns, &scope)
            for column in columns ?? [] where node.mapping?[Node(column)] == nil {
                report(node, path, "expected SQL for each of \(names), got none for \(column)")
            }
            return (columns ?? []).compactMap { column in values.first { $0.column == column } }
        }
        guard let sql = expression(node, path, &scope), let columns else { return [] }
        guard columns.count == 1 else {
            report(
                node, path, "expected { <column>: SQL } for each of \(names), got \(shown(node))")
            return []
        }
        return [Roster.Value(column: columns[0], sql: sql)]
    }

    // MARK: Expressions

    /// - Parameter known: the names that there may be; nil for any.
    private mutating func values(
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
    private mutating func expression(
        _ node: Node, _ path: String, _ scope: inout RosterScope
    ) -> String? {
        guard let text = string(node, path) else { return nil }
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
                "expected an alias of an earlier step, got \(alias), which is made here or later")
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
    private mutating func checkItem(
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
