import Yams

extension Catalog {
    /// Reads catalog files' texts into one catalog.
    ///
    /// - Throws: `CatalogFaults` with every fault of every file.
    public init(files: [(path: String, text: String)]) throws(CatalogFaults) {
        self.init()
        var faults: [CatalogFault] = []
        var readers = files.map { file in
            var reader = CatalogReader(path: file.path)
            reader.read(file.text)
            return reader
        }
        // A roster may assign a relation of another file.
        let known = readers.flatMap(\.relations).reduce(into: [:]) { $0[$1.name] = $1 }
        let declared = readers.reduce(into: Set<String>()) { $0.formUnion($1.declaredRelations) }
        for index in readers.indices {
            readers[index].readRosters(known, declared: declared)
            let reader = readers[index]
            faults += reader.faults
            if let name = reader.name { names.append(name) }
            for relation in reader.relations {
                if let other = relations.updateValue(relation, forKey: relation.name) {
                    faults.append(
                        .twice("relations", relation.name, relation.location, other.location))
                }
            }
            for roster in reader.rosters {
                if let other = rosters.updateValue(roster, forKey: roster.name) {
                    faults.append(.twice("rosters", roster.name, roster.location, other.location))
                }
            }
            for backfill in reader.backfills {
                if let other = backfills.updateValue(backfill, forKey: backfill.name) {
                    faults.append(
                        .twice("backfills", backfill.name, backfill.location, other.location))
                }
            }
        }
        // Jobs and people tell them apart by their names alone.
        for roster in sortedRosters {
            guard let other = relations[roster.name] else { continue }
            faults.append(
                .taken("rosters", roster.name, roster.location, by: "relation", other.location))
        }
        for backfill in sortedBackfills {
            let (name, location) = (backfill.name, backfill.location)
            if let other = relations[name] {
                faults.append(.taken("backfills", name, location, by: "relation", other.location))
            } else if let other = rosters[name] {
                faults.append(.taken("backfills", name, location, by: "roster", other.location))
            }
        }
        guard faults.isEmpty else { throw CatalogFaults(faults: faults) }
    }
}

extension CatalogFault {
    fileprivate static func twice(
        _ kind: String, _ name: String, _ location: String, _ other: String
    ) -> CatalogFault {
        CatalogFault(
            location: location, key: "\(kind).\(name)",
            message: "expected a name of its own, got one declared at \(other)")
    }

    fileprivate static func taken(
        _ kind: String, _ name: String, _ location: String, by noun: String, _ other: String
    ) -> CatalogFault {
        CatalogFault(
            location: location, key: "\(kind).\(name)",
            message: "expected a name that no \(noun) has, got that of the one at \(other)")
    }
}

/// Reads one file; faults are collected and reading goes on.
struct CatalogReader {
    let path: String
    var name: String?
    var relations: [Relation] = []
    /// Also those with faults.
    var declaredRelations: [String] = []
    /// What is read when the relations of all files are known.
    var rosterDeclarations: [(name: String, key: Node, value: Node)] = []
    var rosters: [Roster] = []
    var backfills: [Backfill] = []
    var faults: [CatalogFault] = []

    init(path: String) { self.path = path }

    mutating func read(_ text: String) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            report(nil, "catalog", "expected YAML, got an error: \(error)")
            return
        }
        let known = ["catalog", "relations", "rosters", "backfills"]
        guard let root, let top = pairs(root, "catalog", known: known) else {
            if root == nil { report(nil, "catalog", "expected a catalog, got an empty file") }
            return
        }
        name = top["catalog"].flatMap { string($0, "catalog") }
        if top["catalog"] == nil { report(root, "catalog", "expected a name, got none") }
        if top.keys.allSatisfy({ $0 == "catalog" }) {
            report(
                root, "relations", "expected at least one relation, roster or backfill, got none")
        }
        for (name, key, value) in declarations(top["relations"], "relations", "relation") {
            declaredRelations.append(name)
            readRelation(name, at: key, value)
        }
        rosterDeclarations = declarations(top["rosters"], "rosters", "roster")
        for (name, key, value) in declarations(top["backfills"], "backfills", "backfill") {
            readBackfill(name, at: key, value)
        }
    }

    /// What is declared under one of the keys at the top, by name.
    private mutating func declarations(
        _ node: Node?, _ path: String, _ noun: String
    ) -> [(name: String, key: Node, value: Node)] {
        guard let node else { return [] }
        guard case .mapping(let mapping) = node, !mapping.isEmpty else {
            report(node, path, "expected at least one \(noun), got none")
            return []
        }
        return mapping.compactMap { key, value in
            guard let name = key.string, isName(name) else {
                report(key, path, "expected a name of letters, digits, - and _")
                return nil
            }
            return (name, key, value)
        }
    }

    private mutating func readRelation(_ name: String, at keyNode: Node, _ node: Node) {
        let path = "relations.\(name)"
        let known = [
            "table", "target", "member", "attributes", "inputs", "identity", "set", "lookup",
            "conflict", "unique", "arbiter", "reject", "protect", "on_assign", "on_unassign",
            "children", "limits", "topics",
        ]
        guard let fields = pairs(node, path, known: known) else { return }
        let faultsBefore = faults.count
        var table: TableName?
        if let node = fields["table"], let text = string(node, "\(path).table") {
            table = TableName(text)
            if table == nil {
                report(node, "\(path).table", "expected schema.table or table, got \"\(text)\"")
            }
        } else if fields["table"] == nil {
            report(keyNode, "\(path).table", "expected the name of a table, got none")
        }
        let target = columns(fields["target"], "\(path).target", required: keyNode)
        let member = columns(fields["member"], "\(path).member", required: keyNode)
        let attributes = columns(fields["attributes"], "\(path).attributes")
        let identity = columns(fields["identity"], "\(path).identity")
        let computed = computedColumns(fields["set"], "\(path).set")
        let given = target + member + attributes
        for (index, column) in given.enumerated() where given[..<index].contains(column) {
            report(
                keyNode, path,
                "expected each column once in target, member and attributes, got \(column) twice")
        }
        for column in computed.map(\.name) where given.contains(column) {
            report(
                fields["set"], "\(path).set.\(column)",
                "expected a column that a job does not give, got one of target, member, attributes")
        }
        for column in identity where !(given + computed.map(\.name)).contains(column) {
            report(
                fields["identity"], "\(path).identity",
                "expected columns of target, member, attributes or set, got \(column)")
        }
        let inputs = inputs(fields["inputs"], "\(path).inputs", given: given)
        let conflict = conflictRule(fields["conflict"], "\(path).conflict", attributes: attributes)
        let identityColumns = identity.isEmpty ? target + member : identity
        for column in conflict.updatedColumns where identityColumns.contains(column) {
            report(
                fields["conflict"], "\(path).conflict.update",
                "expected attributes that are not part of the identity, got \(column)")
        }
        for input in inputs
        where identityColumns.contains(input.name) || conflict.updatedColumns.contains(input.name) {
            report(
                fields["inputs"], "\(path).inputs",
                "expected no input in `identity` and `conflict`, which are about columns, "
                    + "got \(input.name)")
        }
        let isUnique = fields["unique"].map { flag($0, "\(path).unique") } ?? true
        let arbiter = fields["arbiter"].flatMap { string($0, "\(path).arbiter") }
        if let node = fields["arbiter"], !isUnique {
            report(node, "\(path).arbiter", "expected none beside `unique: false`, got one")
        }
        let relation = Relation(
            name: name, location: location(keyNode),
            table: table ?? TableName(schema: "", name: ""), target: target, member: member,
            attributes: attributes, inputs: inputs, identity: identityColumns, computed: computed,
            lookups: lookups(fields["lookup"], "\(path).lookup"), conflict: conflict,
            isUnique: isUnique, arbiter: arbiter,
            rejects: rules(fields["reject"], "\(path).reject"),
            protects: rules(fields["protect"], "\(path).protect"),
            effects: Effects(
                onAssign: texts(fields["on_assign"], "\(path).on_assign"),
                onUnassign: texts(fields["on_unassign"], "\(path).on_unassign")),
            children: children(fields["children"], "\(path).children"),
            removalLimit: removalLimit(fields["limits"], "\(path).limits"),
            topics: texts(fields["topics"], "\(path).topics"))
        guard faults.count == faultsBefore, table != nil else { return }
        relations.append(relation)
    }

    mutating func computedColumns(_ node: Node?, _ path: String) -> [ComputedColumn] {
        guard let node else { return [] }
        guard case .mapping(let mapping) = node else {
            report(node, path, "expected columns and their SQL expressions")
            return []
        }
        var columns: [ComputedColumn] = []
        for (key, value) in mapping {
            guard let name = key.string,
                let expression = string(value, "\(path).\(key.string ?? "?")")
            else { continue }
            columns.append(ComputedColumn(name: name, expression: expression))
        }
        guard let ordered = Self.ordered(columns) else {
            report(node, path, "expected no column that depends on itself, got a cycle")
            return []
        }
        return ordered
    }

    /// Each column after those that its expression names as `item.<column>`.
    private static func ordered(_ columns: [ComputedColumn]) -> [ComputedColumn]? {
        var ordered: [ComputedColumn] = []
        var remaining = columns
        while !remaining.isEmpty {
            let open = Set(remaining.map(\.name))
            let ready = remaining.filter { column in
                ItemReferences.columns(in: column.expression).isDisjoint(with: open)
            }
            guard !ready.isEmpty else { return nil }
            ordered += ready
            remaining.removeAll { column in ready.contains { $0.name == column.name } }
        }
        return ordered
    }

    mutating func conflictRule(
        _ node: Node?, _ path: String, attributes: [String], of key: String = "attributes"
    ) -> ConflictRule {
        guard let node else { return .ignore }
        if node.string == "ignore" { return .ignore }
        if node.string == "refuse" { return .refuse }
        guard case .mapping = node else {
            report(
                node, path, "expected ignore, refuse or { update: [columns] }, got \(shown(node))")
            return .ignore
        }
        guard let fields = pairs(node, path, known: ["update"]) else { return .ignore }
        let updated = columns(fields["update"], "\(path).update", required: node)
        for column in updated where !attributes.contains(column) {
            report(node, "\(path).update", "expected columns of \(key), got \(column)")
        }
        return .update(updated)
    }

    mutating func rules(_ node: Node?, _ path: String) -> [RejectRule] {
        guard let node else { return [] }
        guard case .sequence(let list) = node else {
            report(node, path, "expected a list of rules with code, when and message")
            return []
        }
        var rules: [RejectRule] = []
        for (index, rule) in list.enumerated() {
            let path = "\(path)[\(index)]"
            guard let fields = pairs(rule, path, known: ["code", "when", "message"]) else {
                continue
            }
            guard let code = requiredString(fields["code"], "\(path).code", at: rule),
                let condition = requiredString(fields["when"], "\(path).when", at: rule)
            else { continue }
            guard isName(code) else {
                report(rule, "\(path).code", "expected letters, digits, - and _, got \"\(code)\"")
                continue
            }
            let message = fields["message"].flatMap { string($0, "\(path).message") } ?? code
            rules.append(RejectRule(code: code, condition: condition, message: message))
        }
        return rules
    }

    // MARK: Reading single values

    mutating func pairs(_ node: Node, _ path: String, known: [String]) -> [String: Node]? {
        guard case .mapping(let mapping) = node else {
            report(node, path, "expected keys and values, got \(shown(node))")
            return nil
        }
        var found: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.string ?? shown(key)
            guard known.contains(name) else {
                let nearest = Spelling.nearest(to: name, in: known)
                let hint = nearest.map { ", did you mean \($0)?" } ?? ""
                report(
                    key, path,
                    "expected one of \(known.joined(separator: ", ")), got \"\(name)\"\(hint)")
                continue
            }
            found[name] = value
        }
        return found
    }

    mutating func columns(
        _ node: Node?, _ path: String, required owner: Node? = nil
    ) -> [String] {
        guard let node else {
            if let owner { report(owner, path, "expected a column or a list of columns, got none") }
            return []
        }
        let list: [Node] =
            if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
        let names = list.compactMap { column -> String? in
            guard let name = column.string, !name.isEmpty, name.utf8.count < 64 else {
                report(column, path, "expected the name of a column, got \(shown(column))")
                return nil
            }
            return name
        }
        if list.isEmpty, owner != nil {
            report(node, path, "expected at least one column, got none")
        }
        return names
    }

    mutating func requiredString(
        _ node: Node?, _ path: String, at owner: Node
    ) -> String? {
        guard let node else {
            report(owner, path, "expected a text, got none")
            return nil
        }
        return string(node, path)
    }

    mutating func string(_ node: Node, _ path: String) -> String? {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
            report(node, path, "expected a text, got \(shown(node))")
            return nil
        }
        return scalar.string
    }

    func shown(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): "\"\(scalar.string)\""
        case .mapping: "keys and values"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                    || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
            }
    }

    func location(_ node: Node?) -> String {
        node?.mark.map { "\(path):\($0.line)" } ?? path
    }

    mutating func report(_ node: Node?, _ key: String, _ message: String) {
        faults.append(CatalogFault(location: location(node), key: key, message: message))
    }
}
