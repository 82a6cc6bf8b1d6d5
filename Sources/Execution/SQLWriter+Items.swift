import Catalog
import Postgres

/// The items as statements see them.
extension SQLWriter {
    /// The items as the job gave them, each column in its own type.
    ///
    /// - Parameter condition: which of them, by the reason to lock them that comes in a last array.
    func staged(where condition: String? = nil) -> String {
        var columns = ["raw.n AS \"item:n\""]
        var names = ["n"]
        var arrays = ["$1::int4[]"]
        for (index, column) in given.enumerated() {
            let wire = StagedColumn.Wire(column.type)
            arrays.append("$\(index + 2)::\(wire.type)[]")
            names.append("c\(index)")
            columns.append("\(cast("raw.c\(index)", column)) AS \(quoteIdentifier(column.name))")
        }
        for (index, column) in attributes.enumerated() {
            arrays.append("$\(given.count + index + 2)::bool[]")
            names.append("g\(index)")
            columns.append("raw.g\(index) AS \(givenName(column.name))")
        }
        if condition != nil {
            arrays.append("$\(arrays.count + 1)::int2[]")
            names.append("reason")
            columns.append("raw.reason AS \(Self.reasonName)")
        }
        return """
            SELECT \(columns.joined(separator: ", "))
            FROM unnest(\(arrays.joined(separator: ", "))) AS raw (\(names.joined(separator: ", ")))
            \(condition.map { "WHERE \($0)" } ?? "")
            """
    }

    /// The items with the database's defaults for attributes that the job left out, and with the
    /// computed columns, each in a layer of its own so that it can use the ones before.
    ///
    /// - Parameter named: the columns that are read; others need not be computed.
    func completed(
        for named: Set<String>? = nil, where condition: String? = nil
    ) -> String {
        var sql = staged(where: condition)
        let defaulted = attributes.filter { $0.defaultExpression != nil }
        if !defaulted.isEmpty {
            let columns =
                [Self.number]
                + given.map { column -> String in
                    let name = quoteIdentifier(column.name)
                    guard relation.attributes.contains(column.name),
                        let expression = column.defaultExpression
                    else { return "item.\(name)" }
                    return "CASE WHEN item.\(givenName(column.name)) THEN item.\(name) "
                        + "ELSE (\(expression)) END AS \(name)"
                } + attributes.map { "item.\(givenName($0.name))" }
                + (condition == nil ? [] : ["item.\(Self.reasonName)"])
            sql = "SELECT \(columns.joined(separator: ", ")) FROM (\(sql)) AS item"
        }
        for computed in computed(for: named) {
            sql = """
                SELECT item.*, \(converted(computed)) AS \(quoteIdentifier(computed.name))
                FROM (\(sql)) AS item
                """
        }
        return sql
    }

    /// The computed columns among these, and those that they use.
    func computed(for named: Set<String>?) -> [ComputedColumn] {
        guard var needed = named else { return relation.computed }
        // A column uses only earlier ones, so one pass from the end finds all.
        for column in relation.computed.reversed() where needed.contains(column.name) {
            needed.formUnion(ItemReferences.columns(in: column.expression))
        }
        return relation.computed.filter { needed.contains($0.name) }
    }

    /// A computed value in its column's type.
    ///
    /// Texts stay as they are: a cast to varchar(n) would cut them off in silence where the INSERT
    /// refuses them.
    func converted(_ computed: ComputedColumn) -> String {
        guard let column = table.column(computed.name) else { return computed.expression }
        switch column.type {
        case .text, .character: return "(\(computed.expression))"
        case .array(of: .text, separator: _), .array(of: .character, separator: _):
            return "(\(computed.expression))::pg_catalog.text[]"
        default: return "(\(computed.expression))::\(column.typeName)"
        }
    }

    /// A value that travels as text becomes its column's type; integers, UUIDs and plain texts are
    /// what they are.
    func cast(_ expression: String, _ column: Column) -> String {
        let isPlain =
            switch column.type {
            case .int16, .int32, .int64, .boolean, .uuid, .text(limit: nil),
                .text(limit: .characters):
                true
            case .oid, .text(limit: .bytes), .character, .numeric, .float32, .float64, .date,
                .timestamp, .timestampWithZone, .enumeration, .bytes, .bits, .json, .array, .other:
                false
            }
        let isBuiltIn = !column.typeName.contains(".")
        return isPlain && isBuiltIn ? expression : "\(expression)::\(column.typeName)"
    }

    /// The number of the staged item.
    ///
    /// Its name is one that hardly a table has, because the item's columns stand beside it.
    static let number = "item.\"item:n\""

    static let reasonName = "\"item:reason\""

    /// Whether the job said something of an attribute: a column of the staged item beside it, by
    /// its position, so that a long name is not cut off.
    func givenName(_ attribute: String) -> String {
        let position = relation.attributes.firstIndex(of: attribute)
        return quoteIdentifier("given:\(position ?? relation.attributes.count)")
    }

    func comparison(_ name: String) -> Comparison {
        table.comparison(name)
    }

    func differs(_ row: String, _ columns: [String]) -> String {
        guard !columns.isEmpty else { return "false" }
        return columns.map { name in
            "(item.\(givenName(name)) AND \(comparison(name).distinct(row, "item")))"
        }.joined(separator: " OR ")
    }

    /// The items of an unassign, with what `covers` compares.
    func removalItems(where condition: String? = nil) -> String {
        relation.isFoundByIdentity
            ? completed(for: Set(relation.identity), where: condition) : staged(where: condition)
    }

    /// The rows that an unassign covers: target, member and the attributes that it gives.
    func covers(_ row: String, by item: String = "item") -> String {
        var conditions =
            relation.isFoundByIdentity
            ? [rows.matches(row, item)]
            : (relation.target + relation.member).map { comparison($0).equal(row, item) }
        conditions += attributes.filter { attribute in
            !inputs.contains { $0.name == attribute.name }
        }.map { attribute in
            "(NOT \(item).\(givenName(attribute.name)) "
                + "OR \(comparison(attribute.name).same(row, item)))"
        }
        return conditions.joined(separator: " AND ")
    }
}
