import Yams

/// Backfills: their parameters, data and steps.
extension CatalogReader {
    mutating func readBackfill(_ name: String, at keyNode: Node, _ node: Node) {
        let path = "backfills.\(name)"
        let known = ["parameters", "gate", "data", "steps"]
        guard let fields = pairs(node, path, known: known) else { return }
        let faultsBefore = faults.count
        let parameters = backfillParameters(fields["parameters"], "\(path).parameters")
        var isGated = false
        if let gate = fields["gate"], let word = string(gate, "\(path).gate") {
            isGated = word == "definition"
            if !isGated { report(gate, "\(path).gate", "expected definition, got \"\(word)\"") }
        }
        let data = dataTables(fields["data"], "\(path).data")
        let steps = steps(
            fields["steps"], "\(path).steps", parameters: parameters.map(\.name), at: keyNode)
        guard faults.count == faultsBefore else { return }
        let used = Set(
            steps.flatMap { step in
                step.statements.flatMap(\.parameters) + (step.chunk?.condition?.parameters ?? [])
            })
        for parameter in parameters where !used.contains(parameter.name) {
            report(
                fields["parameters"], "\(path).parameters.\(parameter.name)",
                "expected a parameter that a step uses as :\(parameter.name), got one that none "
                    + "uses")
        }
        for table in data
        where !steps.contains(where: { $0.statements.contains { $0.mentions(table.name) } }) {
            report(
                fields["data"], "\(path).data.\(table.name)",
                "expected a table that a step reads, got one that none reads")
        }
        guard faults.count == faultsBefore else { return }
        backfills.append(
            Backfill(
                name: name, location: location(keyNode), parameters: parameters, isGated: isGated,
                data: data, steps: steps))
    }

    private mutating func backfillParameters(
        _ node: Node?, _ path: String
    ) -> [Backfill.Parameter] {
        var parameters: [Backfill.Parameter] = []
        for (name, value) in entries(node, path, "names with { type: ..., optional: ... }") {
            let path = "\(path).\(name)"
            guard isSQLName(name), !Backfill.Chunk.bounds.contains(name) else {
                report(
                    value, path,
                    "expected a name of letters, digits and _ other than from and to, got \(name)")
                continue
            }
            guard let fields = pairs(value, path, known: ["type", "optional"]),
                let type = requiredString(fields["type"], "\(path).type", at: value)
            else { continue }
            parameters.append(
                Backfill.Parameter(
                    name: name, typeName: type,
                    isOptional: fields["optional"].map { flag($0, "\(path).optional") } ?? false))
        }
        return parameters
    }

    // MARK: Data

    private mutating func dataTables(_ node: Node?, _ path: String) -> [Backfill.DataTable] {
        var tables: [Backfill.DataTable] = []
        for (name, value) in entries(node, path, "tables with columns and rows") {
            if !isSQLName(name) {
                report(value, path, "expected a name of letters, digits and _, got \(name)")
            } else if let table = dataTable(name, value, "\(path).\(name)") {
                tables.append(table)
            }
        }
        return tables
    }

    private mutating func dataTable(
        _ name: String, _ node: Node, _ path: String
    ) -> Backfill.DataTable? {
        guard let fields = pairs(node, path, known: ["columns", "rows"]) else { return nil }
        guard case .sequence(let columns)? = fields["columns"], !columns.isEmpty else {
            report(node, "\(path).columns", "expected a list of columns, got none")
            return nil
        }
        var names: [(name: String, type: String?)] = []
        for column in columns {
            // `role`, or `role: text` where the values do not say enough.
            if case .mapping(let mapping) = column, mapping.count == 1,
                let (key, type) = mapping.first.map({ ($0.key, $0.value) }),
                let name = key.string, let type = string(type, "\(path).columns.\(name)")
            {
                names.append((name, type))
            } else if let name = string(column, "\(path).columns") {
                names.append((name, nil))
            }
        }
        for (index, column) in names.enumerated() {
            let isRepeated = names[..<index].contains { $0.name == column.name }
            if isRepeated || !isSQLName(column.name) {
                report(
                    fields["columns"], "\(path).columns",
                    "expected names of letters, digits and _, each once, got \(column.name)")
            }
        }
        guard case .sequence(let list)? = fields["rows"], !list.isEmpty else {
            report(node, "\(path).rows", "expected a list of rows, got none")
            return nil
        }
        let rows = list.enumerated().compactMap { number, row in
            dataRow(row, "\(path).rows[\(number)]", of: columns.count)
        }
        guard rows.count == list.count, names.count == columns.count else { return nil }
        return Backfill.DataTable(
            name: name,
            columns: names.enumerated().map { position, column in
                Backfill.DataTable.Column(
                    name: column.name,
                    typeName: column.type ?? DataValue.type(of: rows.map { $0[position] }))
            },
            rows: rows.map { $0.map(\.text) })
    }

    private mutating func dataRow(_ node: Node, _ path: String, of width: Int) -> [DataValue]? {
        let nodes: [Node] = if case .sequence(let list) = node { Array(list) } else { [node] }
        guard nodes.count == width else {
            report(node, path, "expected \(width) values, got \(nodes.count)")
            return nil
        }
        var values: [DataValue] = []
        for value in nodes {
            guard case .scalar(let scalar) = value else {
                report(value, path, "expected a value, got \(shown(value))")
                return nil
            }
            values.append(DataValue(scalar))
        }
        return values
    }

    // MARK: Steps

    private mutating func steps(
        _ node: Node?, _ path: String, parameters: [String], at owner: Node
    ) -> [Backfill.Step] {
        guard case .sequence(let list)? = node, !list.isEmpty else {
            report(node ?? owner, path, "expected a list of steps, got none")
            return []
        }
        var steps: [Backfill.Step] = []
        for (index, node) in list.enumerated() {
            guard let step = step(node, "\(path)[\(index)]", parameters: parameters) else {
                continue
            }
            if steps.contains(where: { $0.name == step.name }) {
                report(
                    node, "\(path)[\(index)].name",
                    "expected a name of its own, got \"\(step.name)\" twice")
            }
            steps.append(step)
        }
        return steps
    }

    private mutating func step(
        _ node: Node, _ path: String, parameters: [String]
    ) -> Backfill.Step? {
        guard let fields = pairs(node, path, known: ["name", "chunk", "sql"]),
            let name = requiredString(fields["name"], "\(path).name", at: node)
        else { return nil }
        let chunk = fields["chunk"].flatMap { self.chunk($0, "\(path).chunk", parameters) }
        guard let sql = fields["sql"] else {
            report(node, "\(path).sql", "expected a statement or a list of them, got none")
            return nil
        }
        let hasChunk = fields["chunk"] != nil
        let statements = texts(sql, "\(path).sql").compactMap { text in
            statement(text, at: sql, "\(path).sql", hasChunk: hasChunk, parameters)
        }
        if case .sequence(let list) = sql, list.isEmpty {
            report(sql, "\(path).sql", "expected a statement or a list of them, got none")
        }
        guard !hasChunk || chunk != nil, !statements.isEmpty else { return nil }
        return Backfill.Step(name: name, chunk: chunk, statements: statements)
    }

    private mutating func chunk(
        _ node: Node, _ path: String, _ parameters: [String]
    ) -> Backfill.Chunk? {
        guard let fields = pairs(node, path, known: ["over", "by", "rows", "where"]) else {
            return nil
        }
        let faultsBefore = faults.count
        let name = requiredString(fields["over"], "\(path).over", at: node)
        let table = name.flatMap { TableName($0) }
        if let name, table == nil {
            report(node, "\(path).over", "expected schema.table or table, got \"\(name)\"")
        }
        let key = columns(fields["by"], "\(path).by", required: node)
        var rows = Self.usualRows
        if let field = fields["rows"], let text = string(field, "\(path).rows") {
            rows = Int(text) ?? 0
            if !(1...1_000_000).contains(rows) {
                report(field, "\(path).rows", "expected a number from 1 to 1000000, got \(text)")
            }
        }
        var condition: SQLTemplate?
        if let field = fields["where"], let text = string(field, "\(path).where") {
            let tokens = SQLToken.tokens(of: text)
            if let token = tokens.first(where: {
                [.unended, .position].contains($0.kind) || $0.text == ";"
            }) {
                report(field, "\(path).where", "expected an SQL condition, got \(token.text)")
            }
            condition = SQLTemplate(tokens)
            check(condition?.parameters ?? [], among: parameters, field, "\(path).where")
        }
        guard faults.count == faultsBefore, let table else { return nil }
        return Backfill.Chunk(over: table, key: key, rows: rows, condition: condition)
    }

    /// How many rows a part has where the catalog does not say it.
    private static let usualRows = 1_000

    private mutating func statement(
        _ text: String, at node: Node, _ path: String, hasChunk: Bool, _ parameters: [String]
    ) -> BackfillStatement? {
        let statement: BackfillStatement
        do throws(BackfillStatement.Fault) {
            statement = try BackfillStatement(text)
        } catch {
            report(node, path, error.message)
            return nil
        }
        let bounds = Backfill.Chunk.bounds
        check(statement.parameters, among: parameters + (hasChunk ? bounds : []), node, path)
        for bound in bounds where hasChunk && !statement.parameters.contains(bound) {
            report(
                node, path,
                "expected :from and :to in each statement of a step in parts, got no :\(bound)")
        }
        return statement
    }

    private mutating func check(
        _ names: [String], among known: [String], _ node: Node, _ path: String
    ) {
        for name in names where !known.contains(name) {
            let nearest = Spelling.nearest(to: name, in: known)
            let list = known.map { ":\($0)" }.joined(separator: ", ")
            report(
                node, path,
                "expected \(known.isEmpty ? "no value" : "one of \(list)"), got :\(name)"
                    + (nearest.map { ", did you mean :\($0)?" } ?? ""))
        }
    }

    /// A name that SQL reads without quotes, and as it is written.
    func isSQLName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count < 64 else { return false }
        return !(0x30...0x39).contains(first)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                    || (0x61...0x7A).contains(byte)
            }
    }
}

/// A value of a table of constants, as YAML says it.
private enum DataValue {
    case null
    case integer(String)
    case boolean(String)
    case text(String)

    init(_ scalar: Node.Scalar) {
        guard scalar.style == .plain || scalar.style == .any else {
            self = .text(scalar.string)
            return
        }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .boolean("true")
        case "false", "False", "FALSE": self = .boolean("false")
        case let word: self = Int64(word) == nil ? .text(word) : .integer(word)
        }
    }

    var text: String? {
        switch self {
        case .null: nil
        case .integer(let text), .boolean(let text), .text(let text): text
        }
    }

    /// The type in SQL that takes all of them.
    static func type(of values: [DataValue]) -> String {
        let known = values.filter { $0.text != nil }
        if known.isEmpty { return "text" }
        if known.allSatisfy({ if case .integer = $0 { true } else { false } }) { return "bigint" }
        if known.allSatisfy({ if case .boolean = $0 { true } else { false } }) { return "boolean" }
        return "text"
    }
}
