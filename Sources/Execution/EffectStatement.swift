import Catalog
import Postgres

/// A statement of the catalog over the rows that were written.
///
/// The rows travel back as the database printed them, so that the statement sees them as they are,
/// also where they are gone.
struct EffectStatement: Sendable {
    /// A set of rows that a statement may name.
    enum RowSet: String, Sendable, CaseIterable {
        case created, updated, removed
    }

    /// The column that tells the place of a row's item in the batch.
    static let itemOrder = "item_order"
    /// The column in which statements return a row.
    static let rowText = "\"row:text\""

    let sql: String
    /// The sets that it names, each with two parameters: the rows, and the places of their items.
    let sets: [RowSet]

    init(_ sql: String, of table: TableSchema, sets: [RowSet]) {
        let used = sets.filter { sql.contains(Self.word($0.rawValue)) }
        let columns = (table.columns.map(\.name) + [Self.itemOrder]).map(quoteIdentifier)
        let layers = used.enumerated().map { number, set in
            """
            \(set.rawValue) AS MATERIALIZED (
              SELECT * FROM unnest($\(2 * number + 1)::text[]::\(table.name.quoted)[], $\(2 * number + 2)::int8[])
                AS held (\(columns.joined(separator: ", "))))
            """
        }
        self.sets = used
        guard !layers.isEmpty else {
            self.sql = sql
            return
        }
        // What the statement names itself goes on in the same WITH.
        let own = sql.prefixMatch(of: Self.with)
        let body = own.map { sql[$0.range.upperBound...] } ?? sql[...]
        let isRecursive = own?.recursive != nil
        self.sql =
            "WITH \(isRecursive ? "RECURSIVE " : "")\(layers.joined(separator: ",\n"))"
            + "\(own == nil ? "\n" : ",\n")\(body)"
    }

    private static var with: Regex<(Substring, recursive: Substring?)> {
        #/\s*(?i:with)\s+(?<recursive>(?i:recursive)\s+)?/#
    }

    private static func word(_ name: String) -> some RegexComponent {
        try! Regex("(?i)\\b\(name)\\b")
    }
}

/// Rows as the database printed them, each with the place of its item.
struct WrittenRows {
    private var texts = ArrayParameter(.text)
    private var places = ArrayParameter(.int8)
    private(set) var isEmpty = true

    /// Takes the rows of an answer that has them after the items.
    mutating func append(_ answer: Rows, items: [Int32]) {
        for (row, item) in items.enumerated() {
            answer.withBytes(row, 1) { texts.append(text: $0) }
            places.append(int64: Int64(item))
        }
        if !items.isEmpty { isEmpty = false }
    }

    func append(to parameters: inout Parameters) {
        parameters.append(texts)
        parameters.append(places)
    }
}
