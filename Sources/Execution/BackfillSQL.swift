import Catalog
import Postgres

/// A statement of a backfill with what its parameters stand for.
struct BackfillSQL: Sendable, Equatable {
    /// A value that is known when the statement is sent.
    enum Input: Hashable, Sendable {
        /// A column of the first or the last key of a part.
        case from(Int), to(Int)
        /// A column of the key behind which rows are still to be planned.
        case after(Int)
        /// How many keys are looked at.
        case limit
        /// A value of the scope.
        case argument(Int)
        /// A column of a table of constants.
        case data(table: Int, column: Int)
    }

    /// What the inputs are for one sending.
    struct Values {
        var from: [String?] = []
        var to: [String?] = []
        var after: [String?] = []
        var limit = 0
        var arguments: [String?] = []
    }

    private(set) var text = ""
    private(set) var inputs: [Input] = []

    /// The parameters of the statement, all as texts that it casts itself.
    func parameters(_ values: Values, data: [Backfill.DataTable]) -> Parameters {
        var parameters = Parameters()
        for input in inputs {
            switch input {
            case .from(let column): parameters.append(values.from[column])
            case .to(let column): parameters.append(values.to[column])
            case .after(let column): parameters.append(values.after[column])
            case .limit: parameters.append("\(values.limit)")
            case .argument(let number): parameters.append(values.arguments[number])
            case .data(let table, let column):
                var array = ArrayParameter(.text)
                for row in data[table].rows {
                    if let text = row[column] {
                        array.append(text: text)
                    } else {
                        array.appendNull()
                    }
                }
                parameters.append(array)
            }
        }
        return parameters
    }

    /// Appends SQL that is ready.
    mutating func append(_ sql: String) { text += sql }

    /// The place of an input, cast to its type.
    mutating func place(_ input: Input, _ type: String) -> String {
        let number: Int
        if let known = inputs.firstIndex(of: input) {
            number = known + 1
        } else {
            inputs.append(input)
            number = inputs.count
        }
        return "$\(number)::\(type)"
    }

    /// A key of one column, or a row of several.
    mutating func key(_ columns: [Column], _ input: (Int) -> Input) -> String {
        let places = columns.enumerated().map { place(input($0.offset), $0.element.typeName) }
        return places.count == 1 ? places[0] : "ROW(\(places.joined(separator: ", ")))"
    }
}

/// Puts the statements of a backfill together.
struct BackfillWriter {
    let checked: CheckedBackfill

    private var backfill: Backfill { checked.backfill }

    /// A statement of the catalog.
    func statement(_ statement: BackfillStatement, key: CheckedBackfill.Key?) -> BackfillSQL {
        var sql = BackfillSQL()
        if statement.mayUpdate { sql.append("WITH written AS (\n") }
        var queries: [String] = []
        for (number, table) in backfill.data.enumerated() where statement.mentions(table.name) {
            queries.append(constants(number, table, &sql))
        }
        if let own = statement.queries { queries.append(text(own, key, &sql)) }
        if !queries.isEmpty {
            sql.append("WITH\(statement.isRecursive ? " RECURSIVE" : "") ")
            sql.append(queries.joined(separator: ", "))
            // Words of the catalog may end with a letter.
            sql.append(" ")
        }
        let body = text(statement.body, key, &sql)
        sql.append(body)
        if statement.mayUpdate {
            // A row that was there carries the mark of the lock under which it was changed.
            sql.append(
                """
                \nRETURNING xmax = 0 AS is_new)
                SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
                """)
        }
        return sql
    }

    private func constants(
        _ number: Int, _ table: Backfill.DataTable, _ sql: inout BackfillSQL
    ) -> String {
        let arrays = table.columns.enumerated().map { position, column in
            sql.place(.data(table: number, column: position), "\(column.typeName)[]")
        }
        let names = table.columns.map { quoteIdentifier($0.name) }.joined(separator: ", ")
        return "\(quoteIdentifier(table.name)) (\(names)) AS "
            + "(SELECT * FROM unnest(\(arrays.joined(separator: ", "))))"
    }

    /// SQL of the catalog with places for its values.
    private func text(
        _ template: SQLTemplate, _ key: CheckedBackfill.Key?, _ sql: inout BackfillSQL
    ) -> String {
        var assembled = sql
        let text = template.text { name in
            if let key, let bound = Backfill.Chunk.bounds.firstIndex(of: name) {
                return assembled.key(key.columns) { bound == 0 ? .from($0) : .to($0) }
            }
            guard let number = backfill.parameters.firstIndex(where: { $0.name == name }) else {
                preconditionFailure("a name is checked when the catalog is read")
            }
            return assembled.place(.argument(number), checked.parameters[number].typeName)
        }
        sql = assembled
        return text
    }

    // MARK: The plan

    /// The next keys, cut into parts: for each the first key, the last one, the number of rows, and
    /// how many keys there are up to its end.
    ///
    /// - Parameter isFirst: there is no key yet behind which it goes on.
    func portion(
        _ chunk: Backfill.Chunk, _ key: CheckedBackfill.Key, isFirst: Bool
    ) -> BackfillSQL {
        var sql = BackfillSQL()
        let columns = keyColumns(chunk, key)
        var conditions: [String] = []
        if !isFirst {
            let after = sql.key(key.columns) { .after($0) }
            conditions.append("\(row(columns)) > \(after)")
        }
        let keys = keys(chunk, key, conditions, &sql)
        let limit = sql.place(.limit, "bigint")
        let names = names(key)
        let order = names.joined(separator: ", ")
        let edges =
            names.map { "max(\($0)::text COLLATE \"C\") FILTER (WHERE is_first)" }
            + names.map { "max(\($0)::text COLLATE \"C\") FILTER (WHERE is_last)" }
        sql.append(
            """
            WITH keys AS (\(keys) LIMIT \(limit)), numbered AS (
              SELECT \(order), weight, row_number() OVER place AS n, sum(weight) OVER place AS upto
              FROM keys WINDOW place AS (ORDER BY \(order))
            ), bucketed AS (
              SELECT *, (upto - weight) / \(chunk.rows) AS bucket FROM numbered
            ), marked AS (
              SELECT *, lag(bucket) OVER place IS DISTINCT FROM bucket AS is_first,
                lead(bucket) OVER place IS DISTINCT FROM bucket AS is_last
              FROM bucketed WINDOW place AS (ORDER BY \(order))
            )
            SELECT \(edges.joined(separator: ", ")), max(upto) - min(upto - weight), max(n)
            FROM marked WHERE is_first OR is_last GROUP BY bucket ORDER BY bucket
            """)
        return sql
    }

    /// The middle of a part: the last key of its first half, the first one of its second, and the
    /// rows of both; nulls for a part of one key.
    func middle(_ chunk: Backfill.Chunk, _ key: CheckedBackfill.Key) -> BackfillSQL {
        var sql = BackfillSQL()
        let columns = row(keyColumns(chunk, key))
        let from = sql.key(key.columns) { .from($0) }
        let to = sql.key(key.columns) { .to($0) }
        let keys = keys(chunk, key, ["\(columns) >= \(from)", "\(columns) <= \(to)"], &sql)
        let names = names(key)
        let order = names.joined(separator: ", ")
        let edges =
            names.map { "max(\($0)::text COLLATE \"C\") FILTER (WHERE n = total / 2)" }
            + names.map { "max(\($0)::text COLLATE \"C\") FILTER (WHERE n = total / 2 + 1)" }
        sql.append(
            """
            WITH keys AS (\(keys)), numbered AS (
              SELECT \(order), weight, row_number() OVER (ORDER BY \(order)) AS n,
                count(*) OVER () AS total
              FROM keys
            )
            SELECT \(edges.joined(separator: ", ")),
              coalesce(sum(weight) FILTER (WHERE n <= total / 2), 0),
              coalesce(sum(weight) FILTER (WHERE n > total / 2), 0)
            FROM numbered
            """)
        return sql
    }

    /// The keys in their order, each once, with the number of its rows.
    private func keys(
        _ chunk: Backfill.Chunk, _ key: CheckedBackfill.Key, _ conditions: [String],
        _ sql: inout BackfillSQL
    ) -> String {
        var conditions = conditions
        if let own = chunk.condition { conditions.append("(\(text(own, nil, &sql)))") }
        let columns = keyColumns(chunk, key)
        // What is no table may give rows without a key.
        conditions += zip(columns, key.columns).filter { !$1.isRequired }.map {
            "\($0.0) IS NOT NULL"
        }
        let list = zip(columns, names(key)).map { "\($0) AS \($1)" }.joined(separator: ", ")
        let order = columns.joined(separator: ", ")
        let rest = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        let table = quoteIdentifier(chunk.over.schema) + "." + quoteIdentifier(chunk.over.name)
        return key.isUnique
            ? "SELECT \(list), 1 AS weight FROM \(table)\(rest) ORDER BY \(order)"
            : "SELECT \(list), count(*)::integer AS weight FROM \(table)\(rest) "
                + "GROUP BY \(order) ORDER BY \(order)"
    }

    private func keyColumns(_ chunk: Backfill.Chunk, _ key: CheckedBackfill.Key) -> [String] {
        key.columns.map { quoteIdentifier(chunk.over.name) + "." + quoteIdentifier($0.name) }
    }

    private func row(_ columns: [String]) -> String {
        columns.count == 1 ? columns[0] : "ROW(\(columns.joined(separator: ", ")))"
    }

    private func names(_ key: CheckedBackfill.Key) -> [String] {
        key.columns.indices.map { "k\($0 + 1)" }
    }
}
