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
                if let alias = fields["as"]?.string {
                    if fields["each"] == nil {
                        scope.earlierAliases.append(alias)
                    } else {
                        scope.listAliases.append(alias)
                    }
                }
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
            "set", "reject", "when", "each", "clear", "ignore_case", "on_upsert",
        ]
        guard let fields = pairs(node, path, known: known) else { return nil }
        let faultsBefore = faults.count
        let tableName = requiredString(fields["upsert"], "\(path).upsert", at: node)
        let table = tableName.flatMap { TableName($0) }
        if let tableName, table == nil {
            report(node, "\(path).upsert", "expected schema.table or table, got \"\(tableName)\"")
        }
        let identity = self.columns(fields["identity"], "\(path).identity", required: node)
        let each = each(fields["each"], "\(path).each", &scope)
        defer { scope.hasEach = false }
        let values = values(
            fields["values"], "\(path).values", "columns and their SQL expressions", at: node,
            &scope)
        let condition = fields["when"].flatMap { expression($0, "\(path).when", &scope) }
        let cleared = texts(fields["clear"], "\(path).clear")
        for column in cleared where values.contains(where: { $0.column == column }) {
            report(
                fields["clear"], "\(path).clear",
                "expected columns that `values` does not give, got \(column)")
        }
        let given = values.map(\.column) + cleared
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
        var conflict = conflictRule(
            fields["conflict"], "\(path).conflict", attributes: given, of: "values")
        for column in conflict.updatedColumns where identity.contains(column) {
            report(
                fields["conflict"], "\(path).conflict.update",
                "expected columns that are not part of the identity, got \(column)")
        }
        let password = fields["password"].flatMap {
            self.password($0, "\(path).password", columns, given: values.map(\.column), scope)
        }
        if let field = fields["password"], fields["each"] != nil {
            report(field, "\(path).password", "expected none beside `each`, got one")
        }
        if let password, password.mismatch == .update {
            if conflict == .refuse {
                report(
                    fields["password"], "\(path).password.mismatch",
                    "expected none beside `conflict: refuse`, got update")
            }
            conflict = .update(conflict.updatedColumns + [password.column])
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
        if password?.mismatch == .update, !isUnique {
            report(
                fields["password"], "\(path).password.mismatch",
                "expected none beside `unique: false`, got update")
        }
        let arbiter = fields["arbiter"].flatMap { string($0, "\(path).arbiter") }
        if let node = fields["arbiter"], !isUnique {
            report(node, "\(path).arbiter", "expected none beside `unique: false`, got one")
        }
        let caseless = texts(fields["ignore_case"], "\(path).ignore_case")
        if let field = fields["ignore_case"], isUnique {
            report(
                field, "\(path).ignore_case",
                "expected it beside `unique: false` alone: a unique index says whether capitals "
                    + "make a difference")
        }
        for column in caseless where !identity.contains(column) {
            reportUnknown(
                column, among: identity, fields["ignore_case"], "\(path).ignore_case", "columns")
        }
        let alias = fields["as"].flatMap { self.alias($0, "\(path).as") }
        guard faults.count == faultsBefore, let table else { return nil }
        let relation = Relation(
            name: scope.name(alias ?? table.description), location: location(node), table: table,
            target: [], member: identity,
            attributes: others + (password.map { [$0.column] } ?? []), inputs: [],
            identity: identity, computed: computed, lookups: [], conflict: conflict,
            isUnique: isUnique, arbiter: arbiter, rejects: rejects, protects: [],
            effects: Effects(onAssign: texts(fields["on_upsert"], "\(path).on_upsert")),
            children: [], removalLimit: nil, topics: [],
            secrets: Set(password.map { [$0.column] } ?? []), caseless: Set(caseless))
        let ordered = relation.givenColumns.compactMap { column in
            values.first { $0.column == column }
        }
        return Roster.Upsert(
            alias: alias, relation: relation, values: ordered, cleared: cleared,
            password: password, condition: condition, each: each)
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

    /// Reads an array, whose elements the step's other expressions may read from here on.
    private mutating func each(
        _ node: Node?, _ path: String, _ scope: inout RosterScope
    ) -> String? {
        scope.hasEach = false
        let each = node.flatMap { expression($0, path, &scope) }
        scope.hasEach = node != nil
        return each
    }

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
        let each = each(fields["each"], "\(path).each", &scope)
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
}
