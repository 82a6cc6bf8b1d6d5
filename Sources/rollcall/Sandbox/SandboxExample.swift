import Catalog
import Postgres

/// A job for a relation that a person can send: with rows that are there, where the tables have some.
struct SandboxExample {
    private static let memberCount = 3

    let relation: String
    /// The words behind `rollcall enqueue assign` that name target, members and attributes.
    let options: [String]

    /// Asks the database for values; what it does not tell is made up from the column's type.
    init(_ relation: Relation, on connection: Connection) {
        self.relation = relation.name
        let table = (try? TableSchema.read(relation.table, on: connection)) ?? nil
        let values = ExampleValues(
            table: table, inputs: relation.inputs, connection: connection)
        let target = Self.keys(relation.target, values.of, count: 1)
        let members = Self.keys(relation.member, values.of, count: Self.memberCount)
        var options = ["--relation", relation.name, "--target", target.first ?? "1"]
        if members.contains(where: { $0.hasPrefix("{") || $0.contains(",") }) {
            for member in members { options += ["--members", member] }
        } else {
            options += ["--members", members.joined(separator: ",")]
        }
        let needed = relation.attributes.filter { name in
            relation.identity.contains(name) || table?.column(name)?.canBeOmitted == false
        }
        for name in needed {
            options += ["--attribute", "\(name)=\(values.of(name, count: 1).first ?? "")"]
        }
        self.options = options
    }

    /// Each a value, or an object where the key has several columns.
    private static func keys(
        _ columns: [String], _ values: (String, Int) -> [String], count: Int
    ) -> [String] {
        if columns.count == 1 { return values(columns[0], count) }
        let lists = columns.map { values($0, count) }
        return (0..<(lists.map(\.count).max() ?? 0)).map { number in
            let fields = zip(columns, lists).map { column, list in
                // The first columns repeat where fewer rows are known.
                "\(json(column)):\(json(list[min(number, list.count - 1)]))"
            }
            return "{\(fields.joined(separator: ","))}"
        }
    }

    private static func json(_ text: String) -> String {
        if let number = Int(text), "\(number)" == text { return text }
        return JSONText.string(text).description
    }
}

/// Plausible values for the columns of a table.
private struct ExampleValues {
    let table: TableSchema?
    let inputs: [Input]
    let connection: Connection

    func of(_ name: String, count: Int) -> [String] {
        if let input = inputs.first(where: { $0.name == name }) {
            return input.typeName.contains("int") ? numbers(count) : texts(name, count)
        }
        guard let table, let column = table.column(name) else { return texts(name, count) }
        for found in [parents(of: name, in: table, count), present(name, in: table, count)]
        where !found.isEmpty {
            return found
        }
        return allowed(name, in: table).map { [$0] } ?? madeUp(column, count)
    }

    /// Keys of the table that the column refers to.
    private func parents(of name: String, in table: TableSchema, _ count: Int) -> [String] {
        guard let key = table.foreignKeys.first(where: { $0.columns == [name] }) else { return [] }
        return ask(key.parentColumns[0], key.parent, count)
    }

    /// What the column has in rows that are there.
    private func present(_ name: String, in table: TableSchema, _ count: Int) -> [String] {
        ask(name, table.name, count)
    }

    private func ask(_ column: String, _ table: TableName, _ count: Int) -> [String] {
        let column = quoteIdentifier(column)
        let name = "\(quoteIdentifier(table.schema)).\(quoteIdentifier(table.name))"
        let rows = try? connection.execute(
            """
            SELECT DISTINCT \(column)::text, \(column) FROM \(name) WHERE \(column) IS NOT NULL
            ORDER BY \(column) LIMIT \(count)
            """)
        return rows.map { rows in (0..<rows.count).map { rows.string($0, 0) } } ?? []
    }

    /// The first text that a CHECK on the column alone names.
    private func allowed(_ name: String, in table: TableSchema) -> String? {
        var parameters = Parameters()
        parameters.append(
            "\(quoteIdentifier(table.name.schema)).\(quoteIdentifier(table.name.name))")
        parameters.append(name)
        let rows = try? connection.execute(
            """
            SELECT substring(pg_get_constraintdef(c.oid) FROM '''([^'']+)''')
            FROM pg_catalog.pg_constraint c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
            WHERE c.conrelid = $1::regclass AND c.contype = 'c' AND a.attname = $2
            ORDER BY c.conname LIMIT 1
            """, parameters)
        guard let rows, rows.count == 1 else { return nil }
        return rows.optionalString(0, 0)
    }

    private func madeUp(_ column: Column, _ count: Int) -> [String] {
        switch column.type {
        case .int16, .int32, .int64, .numeric, .float32, .float64: numbers(count)
        case .boolean: ["true"]
        case .uuid:
            (1...count).map { "00000000-0000-4000-8000-00000000000\($0)" }
        case .date: ["2027-01-31"]
        case .timestamp, .timestampWithZone: ["2027-01-31T12:00:00Z"]
        case .enumeration(let labels): Array(labels.prefix(count))
        default: texts(column.name, count)
        }
    }

    private func numbers(_ count: Int) -> [String] { (1...count).map(String.init) }

    private func texts(_ name: String, _ count: Int) -> [String] {
        (1...count).map { "\(name)-\($0)" }
    }
}
