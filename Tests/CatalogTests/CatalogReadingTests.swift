import Catalog
import Testing

@Suite struct CatalogReadingTests {
    private static let enrollment = """
        catalog: school
        relations:
          enrollment:
            table: school.enrollment
            target: course_id
            member: [user_id, site]
            attributes: [role, note]
            identity: [id]
            set:
              id: "item.hash || 'x'"
              hash: "md5(item.course_id::text)"
            conflict: { update: [role] }
            reject:
              - code: course-closed
                when: "EXISTS (SELECT 1)"
                message: "course {course_id} is closed"
              - { code: quiet, when: "false" }
        """

    @Test("every key is read")
    func everyKey() throws {
        let catalog = try Catalog(files: [("a.yaml", Self.enrollment)])
        #expect(catalog.names == ["school"])
        let relation = try #require(catalog.relations["enrollment"])
        #expect(relation.location == "a.yaml:3")
        #expect(relation.table == TableName(schema: "school", name: "enrollment"))
        #expect(relation.target == ["course_id"])
        #expect(relation.member == ["user_id", "site"])
        #expect(relation.attributes == ["role", "note"])
        #expect(relation.givenColumns == ["course_id", "user_id", "site", "role", "note"])
        #expect(relation.identity == ["id"])
        // Each after what it uses.
        #expect(relation.computed.map(\.name) == ["hash", "id"])
        #expect(relation.conflict == .update(["role"]))
        #expect(relation.rejects.map(\.code) == ["course-closed", "quiet"])
        #expect(relation.rejects.map(\.message) == ["course {course_id} is closed", "quiet"])
        #expect(relation.rejects[0].condition == "EXISTS (SELECT 1)")
    }

    @Test("what is left out has its default")
    func defaults() throws {
        let text = "catalog: c\nrelations:\n  r: { table: t, target: a, member: b }\n"
        let relation = try #require(try Catalog(files: [("a.yaml", text)]).relations["r"])
        #expect(relation.table == TableName(schema: "public", name: "t"))
        #expect(relation.attributes.isEmpty)
        #expect(relation.identity == ["a", "b"])
        #expect(relation.conflict == .ignore)
        #expect(relation.computed.isEmpty && relation.rejects.isEmpty)
    }

    /// A relation with a line of its own in place of the one that begins alike.
    private func relation(_ line: String) -> String {
        let lines = ["table: t", "target: a", "member: b"]
        let key = line.prefix { $0 != ":" }
        let kept = lines.filter { !$0.hasPrefix("\(key):") }
        return "catalog: c\nrelations:\n  r:\n"
            + (kept + (line.hasPrefix("-") ? [] : [line])).map { "    \($0)\n" }.joined()
    }

    private func faults(_ files: (path: String, text: String)...) -> [String] {
        do throws(CatalogFaults) {
            _ = try Catalog(files: files)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test(
        "a faulty key is named with its place and what was expected",
        arguments: [
            (
                "table: a.b.c",
                "c.yaml:6: relations.r.table: expected schema.table or table, got \"a.b.c\""
            ),
            (
                "table: .t",
                "c.yaml:6: relations.r.table: expected schema.table or table, got \".t\""
            ),
            ("table: [t]", "c.yaml:6: relations.r.table: expected a text, got a list"),
            ("table: ''", "c.yaml:6: relations.r.table: expected a text, got \"\""),
            ("target: []", "c.yaml:6: relations.r.target: expected at least one column, got none"),
            (
                "target: {x: y}",
                "c.yaml:6: relations.r.target: expected the name of a column, got keys and values"
            ),
            (
                "member: [b, [c]]",
                "c.yaml:6: relations.r.member: expected the name of a column, got a list"
            ),
            (
                "member: a",
                "c.yaml:3: relations.r: expected each column once in target, member and attributes, got a twice"
            ),
            (
                "attributes: [b]",
                "c.yaml:3: relations.r: expected each column once in target, member and attributes, got b twice"
            ),
            (
                "identity: [a, z]",
                "c.yaml:7: relations.r.identity: expected columns of target, member, attributes or set, got z"
            ),
            ("set: [a]", "c.yaml:7: relations.r.set: expected columns and their SQL expressions"),
            (
                "set: { b: '1' }",
                "c.yaml:7: relations.r.set.b: expected a column that a job does not give, got one of target, member, attributes"
            ),
            ("set: { x: [1] }", "c.yaml:7: relations.r.set.x: expected a text, got a list"),
            (
                "set: { x: item.x }",
                "c.yaml:7: relations.r.set: expected no column that depends on itself, got a cycle"
            ),
            (
                "set: { x: item.y, y: item.z, z: item.x }",
                "c.yaml:7: relations.r.set: expected no column that depends on itself, got a cycle"
            ),
            (
                "conflict: replace",
                "c.yaml:7: relations.r.conflict: expected ignore, refuse or { update: [columns] }, got \"replace\""
            ),
            (
                "conflict: { update: [q] }",
                "c.yaml:7: relations.r.conflict.update: expected columns of attributes, got q"
            ),
            (
                "conflict: { updates: [q] }",
                "c.yaml:7: relations.r.conflict: expected one of update, got \"updates\", did you mean update?"
            ),
            (
                "reject: { code: x }",
                "c.yaml:7: relations.r.reject: expected a list of rules with code, when and message"
            ),
            ("reject: [1]", "c.yaml:7: relations.r.reject[0]: expected keys and values, got \"1\""),
            (
                "reject: [{ when: x }]",
                "c.yaml:7: relations.r.reject[0].code: expected a text, got none"
            ),
            (
                "reject: [{ code: x }]",
                "c.yaml:7: relations.r.reject[0].when: expected a text, got none"
            ),
            (
                "reject: [{ code: a b, when: x }]",
                "c.yaml:7: relations.r.reject[0].code: expected letters, digits, - and _, got \"a b\""
            ),
            (
                "reject: [{ code: a, when: x, mesage: m }]",
                "c.yaml:7: relations.r.reject[0]: expected one of code, when, message, got \"mesage\", did you mean message?"
            ),
            (
                "tabel: t",
                "c.yaml:7: relations.r: expected one of table, target, member, attributes, inputs, identity, set, lookup, conflict, unique, arbiter, reject, protect, on_assign, on_unassign, children, limits, topics, got \"tabel\", did you mean table?"
            ),
            (
                "colour: red",
                "c.yaml:7: relations.r: expected one of table, target, member, attributes, inputs, identity, set, lookup, conflict, unique, arbiter, reject, protect, on_assign, on_unassign, children, limits, topics, got \"colour\""
            ),
        ])
    func faulty(line: String, expected: String) {
        let all = faults(("c.yaml", relation(line)))
        #expect(all.first == expected)
    }

    @Test(
        "what a relation needs and has not is named",
        arguments: [
            ("table", "c.yaml:3: relations.r.table: expected the name of a table, got none"),
            (
                "target",
                "c.yaml:3: relations.r.target: expected a column or a list of columns, got none"
            ),
            (
                "member",
                "c.yaml:3: relations.r.member: expected a column or a list of columns, got none"
            ),
        ])
    func missing(key: String, expected: String) {
        let lines = ["table: t", "target: a", "member: b"].filter { !$0.hasPrefix(key) }
        let text = "catalog: c\nrelations:\n  r:\n" + lines.map { "    \($0)\n" }.joined()
        #expect(faults(("c.yaml", text)) == [expected])
    }

    @Test(
        "a file that is no catalog is refused",
        arguments: [
            ("", "c.yaml: catalog: expected a catalog, got an empty file"),
            ("# nothing\n", "c.yaml: catalog: expected a catalog, got an empty file"),
            ("text", "c.yaml:1: catalog: expected keys and values, got \"text\""),
            ("- a", "c.yaml:1: catalog: expected keys and values, got a list"),
            (
                "catalog: c",
                "c.yaml:1: relations: expected at least one relation, roster or backfill, got none"
            ),
            (
                "catalog: c\nrelations: {}",
                "c.yaml:2: relations: expected at least one relation, got none"
            ),
            (
                "catalog: c\nrelations: [r]",
                "c.yaml:2: relations: expected at least one relation, got none"
            ),
            (
                "catalog: c\nrelations:\n  a b: { table: t, target: a, member: b }",
                "c.yaml:3: relations: expected a name of letters, digits, - and _"
            ),
            (
                "catalog: c\nrelation:\n  r: {}",
                "c.yaml:2: catalog: expected one of catalog, relations, rosters, backfills, got \"relation\", did you mean relations?"
            ),
            (
                "relations:\n  r: { table: t, target: a, member: b }",
                "c.yaml:1: catalog: expected a name, got none"
            ),
            (
                "catalog: [c]\nrelations:\n  r: { table: t, target: a, member: b }",
                "c.yaml:1: catalog: expected a text, got a list"
            ),
        ])
    func noCatalog(text: String, expected: String) {
        #expect(faults(("c.yaml", text)).first == expected)
    }

    @Test(
        "a text that is no YAML, or has a key twice, is refused with the parser's own words",
        arguments: [
            "catalog: [", "catalog: c\n\tx: y", "a: b: c", "catalog: *unknown", "catalog: \"\\q\"",
            "catalog: c\ncatalog: d", "catalog: c\nrelations:\n  r: {}\n  r: {}",
        ])
    func noYAML(text: String) {
        let all = faults(("c.yaml", text))
        #expect(all.count == 1)
        #expect(all.first?.hasPrefix("c.yaml: catalog: expected YAML, got an error: ") == true)
    }

    @Test("all faults of all files are found in one reading")
    func allAtOnce() {
        let first = "catalog: a\nrelations:\n  r: { table: t, target: [], membr: b, conflict: x }\n"
        let second = "catalog: b\nrelations:\n  s: { table: 'a.b.c', target: a, member: a }\n"
        let all = faults(("a.yaml", first), ("b.yaml", second))
        #expect(all.filter { $0.hasPrefix("a.yaml:3: ") }.count == 4)
        #expect(all.filter { $0.hasPrefix("b.yaml:3: ") }.count == 2)
    }

    @Test("a relation is declared once, also over two files")
    func duplicates() throws {
        let one = "catalog: a\nrelations:\n  r: { table: t, target: a, member: b }\n"
        let two = "catalog: b\nrelations:\n  s: { table: t, target: a, member: b }\n"
        let both = try Catalog(files: [("a.yaml", one), ("b.yaml", two)])
        #expect(both.names == ["a", "b"])
        #expect(both.sortedRelations.map(\.name) == ["r", "s"])
        #expect(
            faults(("a.yaml", one), ("b.yaml", "\n" + one)) == [
                "b.yaml:4: relations.r: expected a name of its own, got one declared at a.yaml:3"
            ])
    }

    @Test("anchors that multiply do not multiply the work", .timeLimit(.minutes(1)))
    func aliasBomb() {
        var text = "catalog: c\nrelations:\n  r:\n    table: t\n    target: a\n    member: b\n"
        text += "    reject:\n      - &a0 [x, x]\n"
        for level in 1...40 {
            text += "      - &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        #expect(faults(("c.yaml", text)).count == 41)
    }
}

@Suite struct TableNameTests {
    @Test(
        "a table is named with or without its schema",
        arguments: [
            ("t", "public", "t"), ("s.t", "s", "t"), ("School.User List", "School", "User List"),
            ("s.é", "s", "é"),
        ])
    func valid(text: String, schema: String, name: String) {
        #expect(TableName(text) == TableName(schema: schema, name: name))
    }

    @Test(
        "a name that no table can have is refused",
        arguments: ["", ".", "s.", ".t", "a.b.c", String(repeating: "x", count: 64)])
    func invalid(text: String) {
        #expect(TableName(text) == nil)
    }
}
