import Catalog
import Postgres
import Store

/// The SQL over the staged rows of a kind of file.
///
/// Parameters of all: the job, the first part and line, the last part and line, the job's target.
struct RosterSQL: Sendable {
    /// A row that an earlier step has made or found.
    struct Named {
        let alias: String
        let upsert: Roster.Upsert
        let plan: RelationPlan
    }

    private let file: Roster.File
    private let schema: String
    /// What `job` is.
    let job: String
    /// The place of the column whose cells are kept apart.
    private let secret: String?

    init(_ file: Roster.File, of roster: Roster, schema: StatusSchema) {
        self.file = file
        self.schema = quoteIdentifier(schema.name)
        let fields =
            switch roster.target {
            case .none, .value: ["$6::text AS target"]
            case .columns(let names):
                names.map {
                    "$6::text::jsonb ->> \(quoteLiteral($0)) AS \(quoteIdentifier("target.\($0)"))"
                }
            }
        job = "(SELECT \(fields.joined(separator: ", "))) AS \"job\""
        secret =
            file.steps.lazy.compactMap { step -> String? in
                if case .upsert(let upsert) = step { upsert.password?.source } else { nil }
            }.first
    }

    // MARK: Rows

    /// The rows that are not refused, each column clean, by the column's name.
    ///
    /// - Parameter isBounded: only those of a part.
    func rows(isBounded: Bool, isRefusedToo: Bool = false) -> String {
        var columns = [
            "r.part", "r.line", "p.lines_before + r.line AS \"line of all\"",
            "r.ctid AS \" place\"", "p.file_lines_before + r.line AS \"line of file\"",
            "r.secret AS \" secret\"",
            "p.width AS \" width\"", "cardinality(r.\"values\") AS \" count\"",
        ]
        for (position, column) in file.columns.enumerated() where column.name != secret {
            columns.append(
                "\(cell(column, position + 1)) AS \(quoteIdentifier(column.name))")
        }
        let bounds =
            isBounded ? " AND (r.part, r.line) >= ($2, $3) AND (r.part, r.line) <= ($4, $5)" : ""
        return """
            SELECT \(columns.joined(separator: ",\n  "))
            FROM \(schema).roster_row r
            JOIN \(schema).roster_part p ON p.job_id = r.job_id AND p.number = r.part
            WHERE r.job_id = $1 AND p.file = \(quoteLiteral(file.name))\(bounds)\
            \(isRefusedToo ? "" : " AND r.code IS NULL")
            OFFSET 0
            """
    }

    /// A column's cleaned text; NULL where the cell is empty or not there and there is no default.
    private func cell(_ column: Roster.Column, _ position: Int) -> String {
        var sql = cleaned(column.cleaning, position)
        let plain = column.cleaning.filter { $0 != .trim && $0 != .nfc }
        if plain != column.cleaning {
            sql = "CASE WHEN r.is_plain THEN \(cleaned(plain, position)) ELSE \(sql) END"
        }
        sql = "nullif(\(sql), '')"
        guard let value = column.defaultValue else { return sql }
        return "coalesce(\(sql), \(quoteLiteral(value)))"
    }

    private func cleaned(_ steps: [Roster.Cleaning], _ position: Int) -> String {
        var sql = "r.\"values\"[p.positions[\(position)]]"
        for step in steps {
            sql =
                switch step {
                case .trim: "btrim(\(sql), \(quoteLiteral(Self.blanks)))"
                case .nfc: "normalize(\(sql), NFC)"
                case .lower: "lower(\(sql))"
                case .upper: "upper(\(sql))"
                }
        }
        return sql
    }

    /// What nobody sees at the ends of a value.
    private static let blanks =
        " \t\n\r\u{B}\u{C}\u{A0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}"
        + "\u{2007}\u{2008}\u{2009}\u{200A}\u{200B}\u{200C}\u{200D}\u{2028}\u{2029}\u{202F}\u{205F}"
        + "\u{2060}\u{3000}\u{FEFF}"

    /// The rows of a part as people know them.
    var staged: String {
        """
        SELECT r.part, r.line, p.lines_before + r.line, p.file_lines_before + r.line,
          left(r."values"[1], 200)
        FROM \(schema).roster_row r
        JOIN \(schema).roster_part p ON p.job_id = r.job_id AND p.number = r.part
        WHERE r.job_id = $1 AND p.file = \(quoteLiteral(file.name))
          AND (r.part, r.line) >= ($2, $3) AND (r.part, r.line) <= ($4, $5) AND r.code IS NULL
          AND $6::text IS NULL
        ORDER BY r.part, r.line
        """
    }

    /// The parts in which the rows are applied, so many rows in each: first and last part and line,
    /// and the number of rows.
    func parts(of rows: Int) -> String {
        """
        SELECT (min(place))[1], (min(place))[2], (max(place))[1], (max(place))[2], count(*)
        FROM (SELECT ARRAY[r.part, r.line] AS place,
                (row_number() OVER (ORDER BY r.part, r.line) - 1) / \(rows) AS bucket
              FROM \(schema).roster_row r
              JOIN \(schema).roster_part p ON p.job_id = r.job_id AND p.number = r.part
              WHERE r.job_id = $1 AND p.file = \(quoteLiteral(file.name)) AND r.code IS NULL) AS row
        GROUP BY bucket ORDER BY bucket
        """
    }

    // MARK: Check

    /// Refuses the rows that are wrong by themselves.
    var check: String {
        var cases = [
            """
            WHEN row." count" <> row." width" THEN ARRAY['row-width', format(
              'expected %s fields, got %s', row." width", row." count")]
            """
        ]
        for column in file.columns {
            let isSecret = column.name == secret
            let value = isSecret ? "row.\" secret\"" : "row.\(quoteIdentifier(column.name))"
            func add(_ condition: String, _ code: String, _ expected: String, _ got: String) {
                let words = quoteLiteral("\(column.name): expected \(expected), got ")
                cases.append(
                    "WHEN \(condition) THEN ARRAY[\(quoteLiteral(code)), \(words) || \(got)]")
            }
            if column.isRequired { add("\(value) IS NULL", "missing-value", "a value", "'none'") }
            if let most = column.maxLength {
                add(
                    "char_length(\(value)) > \(most)", "invalid-value",
                    "at most \(most) characters",
                    isSecret ? "'more'" : "char_length(\(value))::text")
            }
            if !column.choices.isEmpty {
                let ignoresCase = column.cleaning.contains { $0 == .lower || $0 == .upper }
                let fold = ignoresCase ? "lower" : ""
                let list = column.choices.map { "\(fold)(\(quoteLiteral($0)))" }
                add(
                    "\(fold)(\(value)) <> ALL (ARRAY[\(list.joined(separator: ", "))])",
                    "invalid-value",
                    "one of \(column.choices.joined(separator: ", "))", quoted(value))
            }
        }
        return refuse(
            """
            SELECT row." place" AS place, CASE \(cases.joined(separator: "\n")) END AS fault
            FROM (\(rows(isBounded: false))) AS row
            """)
    }

    /// Refuses the rows of a range that the catalog's rules are against; nil where there are none.
    var reject: String? {
        guard !file.rejects.isEmpty else { return nil }
        let cases = file.rejects.map { rule in
            "WHEN (\(rule.condition)) THEN ARRAY[\(quoteLiteral(rule.code)), \(text(rule.message))]"
        }
        return refuse(
            """
            SELECT "row"." place" AS place, CASE \(cases.joined(separator: "\n")) END AS fault
            \(source(rows(isBounded: true), each: nil, []))
            """)
    }

    /// A rule's message with the row's values in the place of their columns' names.
    private func text(_ message: String) -> String {
        var pieces: [String] = []
        var rest = message.startIndex
        for match in message.matches(of: /\{([^{}]+)\}/) {
            let name = String(match.1)
            guard file.columns.contains(where: { $0.name == name }) else { continue }
            pieces.append(quoteLiteral(String(message[rest..<match.range.lowerBound])))
            pieces.append("coalesce(left(\"row\".\(quoteIdentifier(name)), 200), 'null')")
            rest = match.range.upperBound
        }
        pieces.append(quoteLiteral(String(message[rest...])))
        return pieces.joined(separator: " || ")
    }

    /// Refuses the rows that repeat what an earlier one says and only one may.
    var repetitions: [String] {
        file.columns.compactMap { column in
            guard let uniqueness = column.uniqueness, column.name != secret else { return nil }
            let name = "row.\(quoteIdentifier(column.name))"
            let value = uniqueness == .exact ? name : "lower(\(name))"
            return refuse(
                """
                SELECT row." place" AS place, CASE WHEN row.n > 1 THEN ARRAY[
                  \(quoteLiteral("duplicate-\(column.name)")),
                  \(quoteLiteral("\(column.name): expected each value once, got ")) || \(quoted("row.value"))
                    || ' again, first in line ' || row.first] END AS fault
                FROM (SELECT row." place", \(name) AS value,
                        row_number() OVER same AS n, first_value(row."line of file") OVER same AS first
                      FROM (\(rows(isBounded: false))) AS row
                      WHERE \(name) IS NOT NULL
                      WINDOW same AS (PARTITION BY \(value) COLLATE "C" ORDER BY row.part, row.line)
                ) AS row
                """)
        }
    }

    /// Rows are found by where they are, and not by their key: nobody has counted them yet, and a plan
    /// for a few may compare each with each.
    private func refuse(_ faults: String) -> String {
        """
        UPDATE \(schema).roster_row r SET code = found.fault[1], message = found.fault[2], secret = NULL
        FROM (\(faults)) AS found
        WHERE r.job_id = $1 AND r.ctid = found.place AND found.fault IS NOT NULL
        """
    }

    /// A value in a message, not longer than people read it.
    private func quoted(_ value: String) -> String {
        "'\"' || left(\(value), 200) || CASE WHEN char_length(\(value)) > 200 THEN '…' ELSE '' END || '\"'"
    }

    // MARK: Steps

    /// The rows of a part with what a step gives.
    ///
    /// - Parameter person: whose password is replaced, if there is one to replace it by.
    func select(
        _ values: [Roster.Value], where condition: String?, each: String?, _ named: [Named],
        replacing person: Named? = nil
    ) -> String {
        let columns = values.map { "(\($0.sql))::text" }
        var secret = "\"row\".\" secret\""
        if let person, let column = person.upsert.password?.column {
            let held = "\(quoteIdentifier(person.alias)).\(quoteIdentifier(column))"
            secret = "coalesce(\(secret), \(held)::text)"
        }
        return """
            SELECT "row".part, "row".line, "row"."line of all", "row"."line of file", \(secret)\
            \(columns.map { ",\n  \($0)" }.joined())
            \(source(rows(isBounded: true), each: each, named + [person].compactMap { $0 }))
            \(condition.map { "WHERE \($0)" } ?? "")
            ORDER BY "row".part, "row".line
            """
    }

    /// The rows of a part with what is known of the people that they are about: whether the step has
    /// to do with the row, whether nobody is there yet, who is there with which password, and what
    /// the file gives of them.
    func people(_ named: [Named], _ person: Named, _ password: Roster.Password) -> String {
        let alias = quoteIdentifier(person.alias)
        let given = person.upsert.values.map { ", (\($0.sql))::text" }
        return """
            SELECT "row".part, "row".line, "row"."line of all", "row"."line of file", "row"." secret",
              \(person.upsert.condition.map { "(\($0)) IS TRUE" } ?? "true"), \(alias) IS NULL,
              \(alias).\(quoteIdentifier(password.column))::text\(given.joined())
            \(source(rows(isBounded: true), each: nil, named + [person]))
            ORDER BY "row".part, "row".line
            """
    }

    func source(_ rows: String, each: String?, _ named: [Named]) -> String {
        var sql = """
            FROM (\(rows)) AS "row"
            CROSS JOIN \(job)
            """
        for name in named { sql += "\n" + join(name) }
        if let each { sql += "\nCROSS JOIN LATERAL unnest(\(each)) AS element (\"each\")" }
        return sql
    }

    /// The row of a table that an earlier step's identity is about.
    private func join(_ named: Named) -> String {
        let relation = named.upsert.relation
        let item = quoteIdentifier("\(named.alias) item")
        let values = relation.identity.compactMap { name -> String? in
            guard let value = named.upsert.values.first(where: { $0.column == name }),
                let column = named.plan.given.first(where: { $0.name == name })
            else { return nil }
            return "CAST((\(value.sql)) AS \(column.unlimitedTypeName)) AS \(quoteIdentifier(name))"
        }
        let alias = quoteIdentifier(named.alias)
        return """
            CROSS JOIN LATERAL (SELECT \(values.joined(separator: ", "))) AS \(item)
            LEFT JOIN \(named.plan.match.source) AS \(alias) ON \(named.plan.match.matches(alias, item))
            """
    }
}

extension Column {
    /// The type without a length: a cast to one with a length cuts off what is too long.
    var unlimitedTypeName: String {
        if typeName.hasPrefix("character(") { return "bpchar" }
        guard let open = typeName.firstIndex(of: "("), let close = typeName.lastIndex(of: ")")
        else { return typeName }
        return String(typeName[..<open] + typeName[typeName.index(after: close)...])
    }
}
