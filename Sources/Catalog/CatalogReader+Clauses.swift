import Yams

/// The parts of a relation beyond its columns.
extension CatalogReader {
    mutating func inputs(_ node: Node?, _ path: String, given: [String]) -> [Input] {
        var inputs: [Input] = []
        for (name, value) in entries(node, path, "names and SQL types") {
            guard let type = string(value, "\(path).\(name)") else { continue }
            guard given.contains(name) else {
                report(
                    value, "\(path).\(name)",
                    "expected a name that stands in target, member or attributes too, got \(name)")
                continue
            }
            inputs.append(Input(name: name, typeName: type))
        }
        return inputs
    }

    mutating func lookups(_ node: Node?, _ path: String) -> [Lookup] {
        var lookups: [Lookup] = []
        for (name, value) in entries(node, path, "member.<field> or target.<field> and a SELECT") {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2, let side = Lookup.Side(rawValue: parts[0]), isName(parts[1])
            else {
                report(
                    value, path, "expected member.<field> or target.<field>, got \"\(name)\"")
                continue
            }
            guard let sql = string(value, "\(path).\(name)") else { continue }
            lookups.append(Lookup(side: side, field: parts[1], sql: sql))
        }
        return lookups
    }

    mutating func children(_ node: Node?, _ path: String) -> [ChildTable] {
        var children: [ChildTable] = []
        for (field, value) in entries(node, path, "fields of a member and their tables") {
            if let child = child(field, value, "\(path).\(field)") { children.append(child) }
        }
        return children
    }

    private mutating func child(_ field: String, _ node: Node, _ path: String) -> ChildTable? {
        let known = [
            "table", "parent", "attributes", "identity", "set", "conflict", "reject",
        ]
        guard let fields = pairs(node, path, known: known) else { return nil }
        let faultsBefore = faults.count
        let name = requiredString(fields["table"], "\(path).table", at: node)
        let table = name.flatMap { TableName($0) }
        if let name, table == nil {
            report(node, "\(path).table", "expected schema.table or table, got \"\(name)\"")
        }
        var parent: [(column: String, parentColumn: String)] = []
        for (column, value) in entries(fields["parent"], "\(path).parent", "columns") {
            guard let parentColumn = string(value, "\(path).parent.\(column)") else { continue }
            parent.append((column, parentColumn))
        }
        if parent.isEmpty {
            report(
                node, "\(path).parent", "expected { <column>: <column of the parent> }, got none")
        }
        let attributes = columns(fields["attributes"], "\(path).attributes", required: node)
        let identity = columns(fields["identity"], "\(path).identity")
        let computed = computedColumns(fields["set"], "\(path).set")
        let conflict = conflictRule(fields["conflict"], "\(path).conflict", attributes: attributes)
        let rejects = rules(fields["reject"], "\(path).reject")
        guard faults.count == faultsBefore, let table else { return nil }
        return ChildTable(
            field: field, table: table, parent: parent, attributes: attributes,
            identity: identity.isEmpty
                ? parent.map(\.column) + attributes.prefix(1) : identity,
            computed: computed, conflict: conflict, rejects: rejects)
    }

    mutating func removalLimit(_ node: Node?, _ path: String) -> RemovalLimit? {
        guard let node, let fields = pairs(node, path, known: ["removals"]) else { return nil }
        guard let text = requiredString(fields["removals"], "\(path).removals", at: node) else {
            return nil
        }
        if text.hasSuffix("%"), let share = Double(text.dropLast()), (0...100).contains(share) {
            return .share(share / 100)
        }
        if let rows = Int(text), rows >= 0 { return .rows(rows) }
        report(
            node, "\(path).removals",
            "expected a share from 0% to 100% or a number of rows, got \"\(text)\"")
        return nil
    }

    /// A text or a list of texts.
    mutating func texts(_ node: Node?, _ path: String) -> [String] {
        guard let node else { return [] }
        let list: [Node] =
            if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
        return list.enumerated().compactMap { string($0.element, "\(path)[\($0.offset)]") }
    }

    mutating func flag(_ node: Node, _ path: String) -> Bool {
        switch node.string {
        case "true": return true
        case "false": return false
        default:
            report(node, path, "expected true or false, got \(shown(node))")
            return true
        }
    }

    /// The keys and values of a mapping, in their order.
    mutating func entries(
        _ node: Node?, _ path: String, _ expected: String
    ) -> [(String, Node)] {
        guard let node else { return [] }
        guard case .mapping(let mapping) = node else {
            report(node, path, "expected \(expected), got \(shown(node))")
            return []
        }
        return mapping.map { ($0.key.string ?? shown($0.key), $0.value) }
    }
}
