import Testing

@testable import Catalog

@Suite struct BackfillReadingTests {
    private static let whole = """
        catalog: c
        backfills:
          roles:
            parameters:
              product_id: { type: bigint, optional: true }
              since: { type: date }
            gate: definition
            data:
              role_permission:
                columns: [role, codename, level, on, { note: text }]
                rows:
                  - [Basic, view_project, 1, true, 7]
                  - ["Manager", "12", 2, false, null]
            steps:
              - name: in parts
                chunk: { over: s.product, by: [a, b], rows: 50, where: "product_id = :product_id" }
                sql:
                  - DELETE FROM s.x WHERE (a, b) BETWEEN :from AND :to AND d < :since
                  - INSERT INTO s.x SELECT * FROM role_permission WHERE a BETWEEN :from AND :to
              - name: at once
                sql: UPDATE s.x SET a = 1
        """

    @Test("every key is read")
    func everyKey() throws {
        let catalog = try Catalog(files: [("a.yaml", Self.whole)])
        #expect(catalog.relations.isEmpty)
        let backfill = try #require(catalog.backfills["roles"])
        #expect(backfill.location == "a.yaml:3")
        #expect(backfill.isGated)
        #expect(backfill.parameters.map(\.name) == ["product_id", "since"])
        #expect(backfill.parameters.map(\.typeName) == ["bigint", "date"])
        #expect(backfill.parameters.map(\.isOptional) == [true, false])
        let data = try #require(backfill.data.first)
        #expect(data.columns.map(\.name) == ["role", "codename", "level", "on", "note"])
        // Whole numbers and truths are such where all are; what is quoted is a text.
        #expect(data.columns.map(\.typeName) == ["text", "text", "bigint", "boolean", "text"])
        #expect(
            data.rows == [
                ["Basic", "view_project", "1", "true", "7"], ["Manager", "12", "2", "false", nil],
            ])
        #expect(backfill.steps.map(\.name) == ["in parts", "at once"])
        let chunk = try #require(backfill.steps[0].chunk)
        #expect(chunk.over == TableName(schema: "s", name: "product"))
        #expect(chunk.key == ["a", "b"] && chunk.rows == 50)
        #expect(chunk.condition?.parameters == ["product_id"])
        #expect(backfill.steps[0].statements.map(\.verb) == [.delete, .insert])
        #expect(backfill.steps[0].statements[0].parameters == ["from", "to", "since"])
        #expect(backfill.steps[0].statements[1].mentions("role_permission"))
        #expect(backfill.steps[1].chunk == nil)
    }

    /// As YAML has them, and as people write them who think in SQL.
    @Test(arguments: [("null", "TRUE"), ("Null", "True"), ("NULL", "true"), ("~", "FALSE")])
    func wordsForNothingAndForTruths(null: String, truth: String) throws {
        let text = Self.whole.replacing("2, false, null", with: "\(null), \(truth), \"NULL\"")
        let backfill = try #require(try Catalog(files: [("a.yaml", text)]).backfills["roles"])
        let data = try #require(backfill.data.first)
        #expect(data.columns.map(\.typeName) == ["text", "text", "bigint", "boolean", "text"])
        #expect(data.rows[1] == ["Manager", "12", nil, truth.lowercased(), "NULL"])
    }

    /// A backfill with lines of its own in place of those that begin alike.
    private func fault(_ lines: String...) -> String? {
        var fields = [
            "steps": "steps: [{ name: a, chunk: { over: t, by: id }, sql: \(Self.delete) }]"
        ]
        for line in lines { fields[String(line.prefix { $0 != ":" })] = line }
        let body = fields.values.sorted().map { "    \($0)" }.joined(separator: "\n")
        do {
            _ = try Catalog(files: [("c.yaml", "catalog: c\nbackfills:\n  b:\n\(body)\n")])
            return nil
        } catch {
            return error.faults.map(\.description).joined(separator: "\n")
        }
    }

    private static let delete = "\"DELETE FROM t WHERE id BETWEEN :from AND :to\""

    @Test("what is left out has its default")
    func defaults() throws {
        #expect(fault() == nil)
    }

    @Test(
        "a faulty key is named with its place and what was expected",
        arguments: [
            (
                "gates: x",
                "b: expected one of parameters, gate, data, steps, got \"gates\", did you mean gate?"
            ),
            ("gate: always", "b.gate: expected definition, got \"always\""),
            ("steps: []", "b.steps: expected a list of steps, got none"),
            (
                "steps: [{ name: a }]",
                "b.steps[0].sql: expected a statement or a list of them, got none"
            ),
            (
                "steps: [{ name: a, sql: [] }]",
                "b.steps[0].sql: expected a statement or a list of them, got none"
            ),
            ("steps: [{ sql: DELETE FROM t }]", "b.steps[0].name: expected a text, got none"),
            (
                "steps: [{ name: a, chunks: {}, sql: DELETE FROM t }]",
                "b.steps[0]: expected one of name, chunk, sql, got \"chunks\", did you mean chunk?"
            ),
            (
                "steps: [{ name: a, sql: DELETE FROM t }, { name: a, sql: DELETE FROM u }]",
                "b.steps[1].name: expected a name of its own, got \"a\" twice"
            ),
            (
                "steps: [{ name: a, sql: DELETE FROM t WHERE id > :from }]",
                "b.steps[0].sql: expected no value, got :from"
            ),
            (
                "steps: [{ name: a, chunk: { over: t, by: id }, sql: DELETE FROM t WHERE id >= :from }]",
                "b.steps[0].sql: expected :from and :to in each statement of a step in parts, got no :to"
            ),
            (
                "steps: [{ name: a, chunk: { over: t, by: id }, sql: DELETE FROM t WHERE id BETWEEN :form AND :to }]",
                "b.steps[0].sql: expected one of :from, :to, got :form, did you mean :from?\n"
                    + "c.yaml:4: backfills.b.steps[0].sql: expected :from and :to in each statement of a "
                    + "step in parts, got no :from"
            ),
            (
                "steps: [{ name: a, chunk: { by: id }, sql: \(delete) }]",
                "b.steps[0].chunk.over: expected a text, got none"
            ),
            (
                "steps: [{ name: a, chunk: { over: t }, sql: \(delete) }]",
                "b.steps[0].chunk.by: expected a column or a list of columns, got none"
            ),
            (
                "steps: [{ name: a, chunk: { over: a.b.c, by: id }, sql: \(delete) }]",
                "b.steps[0].chunk.over: expected schema.table or table, got \"a.b.c\""
            ),
            (
                "steps: [{ name: a, chunk: { over: t, by: id, rows: 0 }, sql: \(delete) }]",
                "b.steps[0].chunk.rows: expected a number from 1 to 1000000, got 0"
            ),
            (
                "steps: [{ name: a, chunk: { over: t, by: id, where: a = :b }, sql: \(delete) }]",
                "b.steps[0].chunk.where: expected no value, got :b"
            ),
            (
                "steps: [{ name: a, chunk: { over: t, by: id, where: a; b }, sql: \(delete) }]",
                "b.steps[0].chunk.where: expected an SQL condition, got ;"
            ),
            (
                "parameters: { x: { type: bigint } }",
                "b.parameters.x: expected a parameter that a step uses as :x, got one that none uses"
            ),
            (
                "parameters: { from: { type: bigint } }",
                "b.parameters.from: expected a name of letters, digits and _ other than from and to, got from"
            ),
            (
                "parameters: { x: bigint }",
                "b.parameters.x: expected keys and values, got \"bigint\""
            ),
            (
                "parameters: { x: { optional: true } }",
                "b.parameters.x.type: expected a text, got none"
            ),
            (
                "data: { x: { columns: [a], rows: [[1]] } }",
                "b.data.x: expected a table that a step reads, got one that none reads"
            ),
            (
                "data: { t: { columns: [a, b], rows: [[1]] } }",
                "b.data.t.rows[0]: expected 2 values, got 1"
            ),
            (
                "data: { t: { columns: [a, a], rows: [[1, 2]] } }",
                "b.data.t.columns: expected names of letters, digits and _, each once, got a"
            ),
            (
                "data: { t: { rows: [[1]] } }",
                "b.data.t.columns: expected a list of columns, got none"
            ),
            (
                "data: { t: { columns: [a], rows: [] } }",
                "b.data.t.rows: expected a list of rows, got none"
            ),
            (
                "data: { t: { columns: [a], rows: [[{}]] } }",
                "b.data.t.rows[0]: expected a value, got keys and values"
            ),
        ])
    func faulty(line: String, expected: String) {
        #expect(
            fault(line)?.split(separator: ": backfills.", maxSplits: 1).last.map(String.init)
                == expected)
    }

    @Test("a backfill has a name that no relation and no other backfill has")
    func names() {
        let backfill = "backfills:\n  x:\n    steps: [{ name: a, sql: DELETE FROM t }]\n"
        let relation = "relations:\n  x: { table: t, target: a, member: b }\n"
        let faults = #expect(throws: CatalogFaults.self) {
            try Catalog(files: [("a.yaml", "catalog: c\n" + relation + backfill)])
        }
        #expect(
            faults?.description
                == "a.yaml:5: backfills.x: expected a name that no relation has, got "
                + "that of the one at a.yaml:3")
        let twice = #expect(throws: CatalogFaults.self) {
            try Catalog(files: [
                ("a.yaml", "catalog: c\n" + backfill), ("b.yaml", "catalog: d\n" + backfill),
            ])
        }
        #expect(
            twice?.description
                == "b.yaml:3: backfills.x: expected a name of its own, got one declared at a.yaml:3"
        )
    }

    @Test("the digest follows steps, data and parameters, and nothing else")
    func digest() throws {
        func digest(_ old: String = "", _ new: String = "") throws -> UInt64 {
            let text = old.isEmpty ? Self.whole : Self.whole.replacing(old, with: new)
            return try #require(try Catalog(files: [("a.yaml", text)]).backfills["roles"]).digest
        }
        let first = try digest()
        #expect(try digest() == first)
        #expect(try digest("catalog: c", "# further down\ncatalog: d") == first)
        #expect(try digest("rows: 50", "rows: 51") == first)
        #expect(try digest("SET a = 1", "SET a = 1 -- one") == first)
        for (old, new) in [
            ("SET a = 1", "SET a = 2"), ("at once", "once"), ("view_project", "view_projects"),
            ("false, null", "false, ''"), ("by: [a, b]", "by: [b, a]"),
            ("over: s.product", "over: s.p"),
            ("product_id = :product_id", "product_id >= :product_id"),
            ("type: date", "type: timestamptz"), ("optional: true", "optional: false"),
            ("role, codename", "roles, codename"),
        ] {
            #expect(try digest(old, new) != first, "\(new)")
        }
    }
}
