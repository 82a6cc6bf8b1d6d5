import Catalog
import Jobs

/// A table that a plan reads again and again, or joins, and how it gets at the rows.
struct TableScan: Sendable {
    /// The table or partition.
    let table: TableName
    /// Its name in the conditions.
    let alias: String
    /// The indexes that are used, each with the condition that is looked up in it; empty where the
    /// table is read from end to end.
    let lookups: [(index: String, condition: String)]
    /// What rows must fulfil, here and where they are joined, as the database prints it.
    let conditions: [String]
    /// The nodes above return this constant: the number of a check.
    let constant: Int?
}

/// Reads what EXPLAIN (VERBOSE, FORMAT JSON) says.
struct PlanReading {
    private let document: JSONDocument
    private var scans: [TableScan] = []

    /// The scans of tables below a join or in a subquery for each row.
    ///
    /// What is read once for a whole statement, and joined with nothing, costs no item anything.
    ///
    /// - Returns: nil if this is no plan.
    static func scans(in json: String) -> [TableScan]? {
        // A node takes two levels, and there may be many.
        guard let document = try? JSONDocument(Array(json.utf8), depth: 1_000),
            document[document.root].kind == .array
        else { return nil }
        var reading = PlanReading(document: document)
        for element in document.elements(of: document.root) {
            guard let plan = document.value("Plan", in: element) else { return nil }
            reading.walk(plan, Above())
        }
        return reading.scans
    }

    private init(document: JSONDocument) { self.document = document }

    /// What is known from the nodes above.
    private struct Above {
        /// A join or a subquery for each row is among them.
        var isRepeated = false
        var conditions: [String] = []
        var constant: Int?
    }

    private mutating func walk(_ node: JSONDocument.Index, _ above: Above) {
        var above = above
        switch text("Parent Relationship", of: node) {
        // Computed once: its own joins count, not those around it. CTEs are such nodes too.
        case "InitPlan": above = Above()
        case "SubPlan": above = Above(isRepeated: true, constant: above.constant)
        default: break
        }
        if let constant = constant(of: node) { above.constant = constant }
        let type = text("Node Type", of: node) ?? ""
        switch type {
        case "Nested Loop", "Hash Join", "Merge Join":
            above.isRepeated = true
            above.conditions += ["Join Filter", "Hash Cond", "Merge Cond"].compactMap {
                text($0, of: node)
            }
        case "Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan":
            if above.isRepeated { note(node, above) }
        default: break
        }
        for child in children(of: node) { walk(child, above) }
    }

    private mutating func note(_ node: JSONDocument.Index, _ above: Above) {
        guard let schema = text("Schema", of: node), let name = text("Relation Name", of: node)
        else { return }
        let own = ["Filter", "Index Cond", "Recheck Cond"].compactMap { text($0, of: node) }
        scans.append(
            TableScan(
                table: TableName(schema: schema, name: name),
                alias: text("Alias", of: node) ?? name, lookups: lookups(in: node),
                conditions: own + above.conditions, constant: above.constant))
    }

    /// The index of a scan, or the indexes that a bitmap is made of.
    private func lookups(in node: JSONDocument.Index) -> [(index: String, condition: String)] {
        if let index = text("Index Name", of: node) {
            return [(index, text("Index Cond", of: node) ?? "")]
        }
        return children(of: node).flatMap(lookups)
    }

    /// The second column, where it is a number and the first the number of an item.
    private func constant(of node: JSONDocument.Index) -> Int? {
        guard let output = document.value("Output", in: node) else { return nil }
        let columns = document.elements(of: output).map(document.text)
        guard columns.count > 1, columns[0].hasSuffix("\"item:n\"") else { return nil }
        return Int(columns[1])
    }

    private func children(of node: JSONDocument.Index) -> [JSONDocument.Index] {
        document.value("Plans", in: node).map { Array(document.elements(of: $0)) } ?? []
    }

    private func text(_ key: StaticString, of node: JSONDocument.Index) -> String? {
        document.value(key, in: node).map(document.text)
    }
}
