import Catalog
import Postgres

/// A condition under which an item is refused before the write.
struct ItemCheck: Sendable {
    let code: String
    /// SQL over `item`, true for an item to refuse.
    let condition: String
    /// What to say; `{column}` stands for a value of the item.
    let message: String
    /// The columns of `item` that it reads.
    let columns: Set<String>

    /// A foreign key or CHECK with a column that is not staged is left to the database.
    static func all(
        of relation: Relation, in table: TableSchema, _ constraints: [CheckConstraint],
        _ rows: RowMatch
    ) -> [ItemCheck] {
        let staged = Set(relation.givenColumns + relation.computed.map(\.name))
        return
            table.foreignKeys
            .filter { $0.columns.allSatisfy(staged.contains) }
            .map { foreignKey($0, of: table) }
            + constraints
            .filter { $0.columns.allSatisfy(staged.contains) }
            .map { constraint($0, of: relation) }
            + relation.rejects.map {
                ItemCheck(
                    code: $0.code, condition: "(\($0.condition))", message: $0.message,
                    columns: ItemReferences.columns(in: $0.condition))
            } + [outside(rows, staged)].compactMap { $0 }
            + (relation.conflict == .refuse ? [refusal(of: relation, rows)] : [])
    }

    /// A row that the index would not hold by which rows are known: it would come again each time.
    private static func outside(_ rows: RowMatch, _ staged: Set<String>) -> ItemCheck? {
        guard let predicate = rows.predicate, predicate.columns.isSubset(of: staged) else {
            return nil
        }
        return ItemCheck(
            code: predicate.index, condition: "((\(predicate.sql)) IS NOT TRUE)",
            message: "expected a row with \(predicate.sql), which are those that "
                + "\(predicate.index) knows",
            columns: predicate.columns)
    }

    static let alreadyExists = "already-exists"

    /// A row that is there already, where that is a fault.
    private static func refusal(of relation: Relation, _ rows: RowMatch) -> ItemCheck {
        ItemCheck(
            code: alreadyExists,
            condition:
                "EXISTS (SELECT 1 FROM \(rows.source) AS held WHERE \(rows.matches("held")))",
            message: "expected no row with this identity, got one",
            columns: Set(relation.identity))
    }

    private static func constraint(
        _ constraint: CheckConstraint, of relation: Relation
    ) -> ItemCheck {
        let values = constraint.columns.map { name in
            relation.secrets.contains(name)
                ? "a \(name) that is not shown" : "\(name) \"{\(name)}\""
        }.joined(separator: ", ")
        return ItemCheck(
            code: constraint.name, condition: "((\(constraint.expression)) IS FALSE)",
            message: "expected \(constraint.expression), got \(values)",
            columns: Set(constraint.columns))
    }

    private static func foreignKey(_ key: ForeignKey, of table: TableSchema) -> ItemCheck {
        let parent = key.parent.quoted
        let isGiven = key.columns.map { "item.\(quoteIdentifier($0)) IS NOT NULL" }
        let joins = key.columns.indices.map { index in
            let type = table.column(key.columns[index])?.comparedType.map { "::\($0)" } ?? ""
            return "parent.\(quoteIdentifier(key.parentColumns[index]))\(type) "
                + "\(key.operators[index]) item.\(quoteIdentifier(key.columns[index]))\(type)"
        }
        let values = key.columns.map { "\"{\($0)}\"" }.joined(separator: ", ")
        return ItemCheck(
            code: key.rejectionCode,
            condition: "(\(isGiven.joined(separator: " AND ")) AND NOT EXISTS (SELECT 1 FROM "
                + "\(parent) AS parent WHERE \(joins.joined(separator: " AND "))))",
            message: "\(key.parent.name).\(key.parentColumns.joined(separator: ", ")) "
                + "has no row \(values)",
            columns: Set(key.columns))
    }
}
