import Catalog
import Testing

@Suite struct RosterFaultTests {
    private func faults(_ lines: [String]) -> [String] { RosterDeclaration.faults(lines) }

    @Test("a column may have nothing said about it")
    func sound() {
        #expect(faults([]) == [])
        #expect(faults(["columns: { a: ~, b: {} }"]) == [])
    }

    @Test(
        "a faulty key of a roster or its columns is named with what was expected",
        arguments: [
            (
                "colums: {}",
                "r: expected one of columns, reject, steps, files, got \"colums\", did you mean columns?"
            ),
            ("columns: -", "r.columns: expected at least one column, got none"),
            ("columns: {}", "r.columns: expected at least one column, got none"),
            (
                "columns: [a]",
                "r.columns: expected columns with what they may say, got a list"
            ),
            (
                "columns: { a: {}, Full Name: {} }",
                "r.columns: expected names of letters in lower case, digits and _, got Full Name"
            ),
            ("columns: { a: text }", "r.columns.a: expected keys and values, got \"text\""),
            (
                "columns: { a: { requird: true } }",
                "r.columns.a: expected one of required, clean, max, unique, default, one_of, header, got \"requird\", did you mean required?"
            ),
            (
                "columns: { a: { required: yes } }",
                "r.columns.a.required: expected true, false or column, got \"yes\""
            ),
            (
                "columns: { a: { clean: [trim, nfk] } }",
                "r.columns.a.clean: expected trim, nfc, lower, upper, got nfk, did you mean nfc?"
            ),
            (
                "columns: { a: { clean: [trim, trim] } }",
                "r.columns.a.clean: expected each once, got trim twice"
            ),
            (
                "columns: { a: { clean: [lower, upper] } }",
                "r.columns.a.clean: expected lower or upper, got both"
            ),
            (
                "columns: { a: { max: 0 } }",
                "r.columns.a.max: expected a number of characters from 1 to 1000000, got 0"
            ),
            (
                "columns: { a: { unique: maybe } }",
                "r.columns.a.unique: expected true, false or ignore-case, got maybe"
            ),
            (
                "columns: { a: { one_of: [] } }",
                "r.columns.a.one_of: expected at least one value, got none"
            ),
            (
                "columns: { a: { one_of: [x], default: y } }",
                "r.columns.a.default: expected one of x, got y"
            ),
            (
                "columns: { a: { one_of: [student, Teacher], default: techer } }",
                "r.columns.a.default: expected one of student, Teacher, got techer, did you mean Teacher?"
            ),
            (
                "columns: { a: { max: 2, default: abc } }",
                "r.columns.a.default: expected at most 2 characters, as `max` says, got 3"
            ),
            (
                "columns: { a: { required: true, default: abc } }",
                "r.columns.a.default: expected none beside `required: true`, which refuses a row without a value"
            ),
            (
                "columns: { a: {}, b: { header: [x, ' A ' ] } }",
                "r.columns.b: expected headers of its own, got \" A \", which is one of a"
            ),
            ("reject: x", "r.reject: expected a list of rules with code, when and message"),
            (
                "reject: [{ code: x, when: row.c = 'x' }]",
                "r.reject.x: expected row.<one of a, b, secret>, got row.c"
            ),
            (
                "reject: [{ code: x, when: row.a = 'x', message: 'no {c} and no {A}' }]",
                "r.reject.x: expected one of a, b, secret in the message's braces, got {c}"
            ),
            (
                "reject: [{ code: x, when: user.a = 'x' }]",
                "r.reject.x: expected one of row, job before the dot, got user"
            ),
            ("files: {}", "r.columns: expected columns in each of `files`, got them beside it"),
            ("steps: -", "r.steps: expected a list of steps, got none"),
            ("steps: []", "r.steps: expected a list of steps, got none"),
            ("steps: [x]", "r.steps[0]: expected keys and values, got \"x\""),
            (
                "steps: [{ upser: t }]",
                "r.steps[0]: expected one of upsert, assign, unassign, got none, did you mean upsert?"
            ),
            (
                "steps: [{ upsert: t, assign: pair }]",
                "r.steps[0]: expected one of upsert, assign, unassign, got upsert and assign"
            ),
        ])
    func columns(line: String, expected: String) {
        #expect(faults([line]).first == expected)
    }

    @Test("each file of several has its own name, columns and steps")
    func files() {
        let file =
            "{ columns: { a: {} }, steps: [{ upsert: t, identity: a, values: { a: row.a } }] }"
        #expect(faults(["files: { x: \(file), y: \(file) }", "columns: -", "steps: -"]) == [])
        #expect(
            faults(["files: {}", "columns: -", "steps: -"]) == [
                "r.files: expected at least one file, got none"
            ])
        #expect(
            faults(["files: { x/y: \(file) }", "columns: -", "steps: -"]) == [
                "r.files.x/y: expected a name of letters, digits, - and _, got x/y"
            ])
        #expect(
            faults(["files: { x: { columns: { a: {} }, step: [] } }", "columns: -", "steps: -"])
                == [
                    "r.files.x: expected one of columns, reject, steps, got \"step\", did you mean steps?",
                    "r.files.x.steps: expected a list of steps, got none",
                ])
    }

    @Test(
        "a faulty upsert is named with what was expected",
        arguments: [
            ("{ upsert: a.b.c }", "upsert: expected schema.table or table, got \"a.b.c\""),
            (
                "{ upsert: t, identiy: a }",
                ": expected one of upsert, identity, values, conflict, unique, arbiter, password, as, set, reject, when, each, clear, ignore_case, on_upsert, got \"identiy\", did you mean identity?"
            ),
            (
                "{ upsert: t, values: { a: row.a } }",
                "identity: expected a column or a list of columns, got none"
            ),
            (
                "{ upsert: t, identity: a }",
                "values: expected columns and their SQL expressions, got none"
            ),
            (
                "{ upsert: t, identity: a, values: {} }",
                "values: expected columns and their SQL expressions, got none"
            ),
            (
                "{ upsert: t, identity: a, values: [a] }",
                "values: expected columns and their SQL expressions, got a list"
            ),
            (
                "{ upsert: t, identity: nam, values: { name: row.a } }",
                "identity: expected columns of name, got nam, did you mean name?"
            ),
            (
                "{ upsert: t, identity: [a, a], values: { a: row.a } }",
                "identity: expected each once, got a twice"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, conflict: { update: [b] } }",
                "conflict.update: expected columns of values, got b"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, conflict: { update: [a] } }",
                "conflict.update: expected columns that are not part of the identity, got a"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, conflict: replace }",
                "conflict: expected ignore, refuse or { update: [columns] }, got \"replace\""
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, set: { a: '1' } }",
                "set.a: expected a column that `values` does not give, got one of them"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, set: { c: row.b } }",
                "set.c: expected item.<column of `values` or `set`>, got row.b"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, reject: [{ code: x, when: job.target IS NULL }] }",
                "reject.x: expected item.<column of `values` or `set`>, got job.target"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, unique: false, arbiter: any }",
                "arbiter: expected none beside `unique: false`, got one"
            ),
            (
                "{ upsert: t, identity: a, values: { a: each } }",
                "values.a: expected `each` in the other expressions of a step that says `each:`, got it here"
            ),
            (
                "{ upsert: t, identity: a, values: { a: each }, each: 'ARRAY[each]' }",
                "each: expected `each` in the other expressions of a step that says `each:`, got it here"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, when: row.c = 'x' }",
                "when: expected row.<one of a, b, secret>, got row.c"
            ),
            (
                "{ upsert: t, identity: a, values: { a: each }, each: 'ARRAY[row.a]', password: { column: p, scheme: unusable } }",
                "password: expected none beside `each`, got one"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, clear: a }",
                "clear: expected columns that `values` does not give, got a"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, clear: c, set: { c: '1' } }",
                "set.c: expected a column that `values` does not give, got one of them"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, ignore_case: a }",
                "ignore_case: expected it beside `unique: false` alone: a unique index says whether capitals make a difference"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, unique: false, ignore_case: b }",
                "ignore_case: expected columns of a, got b"
            ),
            (
                "{ upsert: t, identity: a, values: { a: row.a }, as: row }",
                "as: expected a name of letters in lower case, digits and _ other than row, job, item and each, got row"
            ),
        ])
    func upsert(step: String, expected: String) {
        let first = faults(["steps: [\(step)]"]).first
        #expect(first == (expected.hasPrefix(":") ? "r.steps[0]" : "r.steps[0].") + expected)
    }

    @Test("a step of a list has a name, by which no row can be read")
    func listAlias() {
        let list = "{ upsert: t, identity: a, values: { a: each }, each: 'ARRAY[row.a]', as: list }"
        let plain = "{ upsert: t, identity: a, values: { a: row.a } }"
        #expect(faults(["steps: [\(list), \(plain)]"]) == [])
        #expect(
            faults(["steps: [\(list), { upsert: u, identity: a, values: { a: list.a } }]"]) == [
                "r.steps[1].values.a: expected an alias of one row, got list, whose step has `each`"
            ])
    }

    @Test("steps that write one table have names of their own")
    func stepNames() {
        let step = "upsert: t, identity: a, values: { a: row.a }"
        #expect(
            faults(["steps: [{ \(step) }, { \(step) }]"]) == [
                "r.steps[1].as: expected a name, because another step writes public.t too"
            ])
        #expect(
            faults(["steps: [{ \(step), as: x }, { \(step), as: x }]"]) == [
                "r.steps[1].as: expected a name of its own, got x twice"
            ])
        #expect(faults(["steps: [{ \(step), as: x }, { \(step), as: y }, { \(step) }]"]) == [])
    }

    @Test(
        "a faulty assign is named with what was expected",
        arguments: [
            (
                "{ assign: par }",
                "assign: expected a relation of the catalog, got par, did you mean pair?"
            ),
            (
                "{ unassign: pair, targets: row.a }",
                ": expected one of unassign, target, member, attributes, when, each, got \"targets\", did you mean target?"
            ),
            (
                "{ assign: pair, member: { y: row.a, z: row.b } }",
                "target: expected SQL for x, got none"
            ),
            (
                "{ assign: pair, target: row.a }",
                "member: expected SQL for y, z, got none"
            ),
            (
                "{ assign: pair, target: row.a, member: row.b }",
                "member: expected { <column>: SQL } for each of y, z, got \"row.b\""
            ),
            (
                "{ assign: pair, target: row.a, member: { y: row.b } }",
                "member: expected SQL for each of y, z, got none for z"
            ),
            (
                "{ assign: many, target: { vv: row.a, w: row.a }, member: row.b }",
                "target: expected v, w, got vv, did you mean v?"
            ),
            (
                "{ assign: pair, target: [row.a], member: { y: row.a, z: row.b } }",
                "target: expected a text, got a list"
            ),
            (
                "{ assign: pair, target: row.a, member: { y: row.a, z: row.b }, attributes: { rle: row.a } }",
                "attributes: expected role, got rle, did you mean role?"
            ),
            (
                "{ assign: many, target: { v: row.a, w: row.a }, member: row.b, attributes: { role: row.a } }",
                "attributes: expected none, got role"
            ),
            (
                "{ assign: many, target: { v: job.target, w: job.target.w }, member: row.b }",
                "!r: expected job.target or its columns, got both job.target and job.target.w"
            ),
        ])
    func assign(step: String, expected: String) {
        let first = faults(["steps: [\(step)]"]).first
        let prefix =
            expected.hasPrefix("!") ? "" : "r.steps[0]" + (expected.hasPrefix(":") ? "" : ".")
        #expect(first == prefix + expected.drop { $0 == "!" })
    }

    @Test(
        "an expression that reads what is not there is named",
        arguments: [
            ("row.aa", "expected row.<one of a, b, secret>, got row.aa, did you mean row.a?"),
            ("row.*", "expected row.<one of a, b, secret>, got row.*"),
            ("row . \"A\"", "expected row.<one of a, b, secret>, got row.A, did you mean row.a?"),
            ("job.id", "expected job.target, got job.id"),
            ("job.taget", "expected job.target, got job.taget, did you mean job.target?"),
            (
                "user.id",
                "expected an alias of an earlier step, got user, which is made here or later"
            ),
            ("usr.id", "expected one of row, job, first before the dot, got usr"),
            (
                "frst.id",
                "expected one of row, job, first before the dot, got frst, did you mean first?"
            ),
            (
                "lower(each)",
                "expected `each` in the other expressions of a step that says `each:`, got it here"
            ),
            ("row.a; DROP", "expected an SQL expression over row, job and aliases, got ;"),
            ("row.a = :a", "expected an SQL expression over row, job and aliases, got :a"),
            ("row.a = $1", "expected an SQL expression over row, job and aliases, got $1"),
            ("''row.a", "expected an end of what begins with 'row.a"),
            ("/* no */", "expected an SQL expression, got none"),
        ])
    func expression(sql: String, expected: String) {
        let sql = sql.hasPrefix("''") ? String(sql.dropFirst()) : sql
        let quoted = sql.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let found = faults([
            "steps: [{ upsert: s, identity: a, values: { a: row.a }, as: first }, "
                + "{ upsert: t, identity: a, values: { a: \"\(quoted)\" }, as: user }]"
        ])
        #expect(found == ["r.steps[1].values.a: \(expected)"])
    }

    @Test(
        "what is no reference is let be",
        arguments: [
            "row.a || ' row.x '", "pg_catalog.lower(row.a)", "row.a::school.mood",
            "CAST(row.a AS school.mood)", "row.a COLLATE pg_catalog.\"C\"", "school.mood 'glad'",
            "row.a OPERATOR(pg_catalog.||) row.b",
            "(SELECT c.id FROM s.course c WHERE c.n = row.a)",
            "(SELECT course.id FROM s.course WHERE course.n = row.a)",
            "count(row.a) FILTER (WHERE true)",
            "(SELECT user.id FROM s.people AS user WHERE user.n = row.a)",
            "(SELECT job.id FROM s.job WHERE job.n = row.a)", "substring(first.n FROM row.a)",
            "s.t.each",
            "each(row.a)",
            "first.row", "row(row.a, 1)::text", "job.target", "'{\"a\"}'",
            "$$ row.x $$",
        ])
    func noReference(sql: String) {
        let quoted = sql.replacing("\"", with: "\\\"")
        let found = faults([
            "steps: [{ upsert: s, identity: a, values: { a: row.a }, as: first }, "
                + "{ upsert: t, identity: a, values: { a: \"\(quoted)\" }, as: user }]"
        ])
        #expect(found == [])
    }

    @Test("all faults of a roster are found in one reading")
    func allAtOnce() {
        let found = faults([
            "columns: { a: { max: x }, b: { uniqe: true } }",
            "steps: [{ upsert: t, identity: c, values: { a: row.c, d: job.d } }, { assign: pair }]",
        ])
        #expect(found.count == 7, "\(found)")
        // A step may read the row of one that has faults.
        let steps = faults([
            "steps: [{ upsert: t, identity: c, values: { a: row.a }, as: t }, "
                + "{ upsert: u, identity: a, values: { a: t.a } }]"
        ])
        #expect(steps == ["r.steps[0].identity: expected columns of a, got c"])
    }
}
