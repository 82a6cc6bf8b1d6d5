import Catalog
import Postgres

/// How a row of the table is known to be the one of an item.
struct RowMatch: Sendable {
    private let relation: Relation
    private let table: TableSchema
    private let arbiter: UniqueIndex?
    private let columns: [String]

    init(_ checked: CheckedRelation) {
        relation = checked.relation
        table = checked.table
        arbiter = checked.arbiter
        columns = checked.table.columns.map(\.name)
    }

    /// No index keeps rows of one identity apart: they are looked for before they are written.
    var isAntiJoin: Bool { arbiter == nil }

    /// The rows that count as there: all, or those of a partial index.
    var source: String {
        guard let predicate = arbiter?.predicate else { return table.name.quoted }
        return "(SELECT * FROM \(table.name.quoted) WHERE \(predicate))"
    }

    /// The same as a condition, for statements that need the table itself; empty for all rows.
    func restriction(_ row: String) -> String {
        guard let predicate = arbiter?.predicate else { return "" }
        return " AND (\(QualifiedSQL.text(predicate, columns: columns, of: row)))"
    }

    /// What holds for rows of a partial index, the columns that it reads, and the index's name.
    var predicate: (sql: String, columns: Set<String>, index: String)? {
        guard let arbiter, let sql = arbiter.predicate else { return nil }
        return (sql, QualifiedSQL.columns(in: sql, among: columns), arbiter.name)
    }

    /// A row has the identity of an item.
    func matches(_ row: String, _ item: String = "item") -> String {
        guard let arbiter, arbiter.hasExpressions else {
            return relation.identity.map { compared($0, row, item) }.joined(separator: " AND ")
        }
        return arbiter.keys.map { key in
            switch key {
            case .column(let name): compared(name, row, item)
            case .expression(let sql, _):
                "(\(QualifiedSQL.text(sql, columns: columns, of: row))) = "
                    + "(\(QualifiedSQL.text(sql, columns: columns, of: item)))"
            }
        }.joined(separator: " AND ")
    }

    private func compared(_ name: String, _ row: String, _ item: String) -> String {
        if relation.caseless.contains(name) {
            return "\(key(name, of: row)) = \(key(name, of: item))"
        }
        // What finds NULLs finds no index: only where NULLs can be. An item without a target or member
        // is refused.
        let isKey = (relation.target + relation.member).contains(name)
        let isNullable = table.column(name)?.isRequired == false && !isKey
        let comparison = table.comparison(name)
        return isNullable ? comparison.same(row, item) : comparison.equal(row, item)
    }

    /// What makes rows the same although their values differ: an index, or capitals.
    var hasExpressions: Bool { arbiter?.hasExpressions == true || !relation.caseless.isEmpty }

    private func key(_ name: String, of row: String) -> String {
        let value = "\(row).\(quoteIdentifier(name))"
        return relation.caseless.contains(name) ? "lower(\(value))" : value
    }

    /// What is compared, of a row.
    func keys(of row: String) -> [String] {
        guard let arbiter else { return relation.identity.map { key($0, of: row) } }
        return arbiter.keys.map { key in
            switch key {
            case .column(let name): "\(row).\(quoteIdentifier(name))"
            case .expression(let sql, _):
                "(\(QualifiedSQL.text(sql, columns: columns, of: row)))"
            }
        }
    }

    /// - Parameter isByAnyIndex: whichever finds the row first, it is the same.
    func conflictClause(isByAnyIndex: Bool) -> String {
        guard let arbiter else { return "" }
        if isByAnyIndex { return "ON CONFLICT DO NOTHING" }
        let keys =
            arbiter.hasExpressions
            ? arbiter.keys.map { key in
                switch key {
                case .column(let name): quoteIdentifier(name)
                case .expression(let sql, _): "(\(sql))"
                }
            } : relation.identity.map(quoteIdentifier)
        let predicate = arbiter.predicate.map { " WHERE \($0)" } ?? ""
        return "ON CONFLICT (\(keys.joined(separator: ", ")))\(predicate) DO NOTHING"
    }
}

extension TableName {
    /// As it stands in SQL.
    var quoted: String { quoteIdentifier(schema) + "." + quoteIdentifier(name) }
}
