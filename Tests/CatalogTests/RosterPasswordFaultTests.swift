import Catalog
import Testing

/// A catalog with one roster.
enum RosterDeclaration {
    /// The faults of a roster with lines of its own in place of those that begin alike.
    static func faults(_ lines: [String]) -> [String] {
        var fields = [
            "columns": "columns: { a: {}, b: {}, secret: {} }",
            "steps": "steps: [{ upsert: t, identity: a, values: { a: row.a } }]",
        ]
        for line in lines { fields[String(line.prefix { $0 != ":" })] = line }
        let body = fields.values.filter { !$0.hasSuffix("-") }.sorted().map { "    \($0)\n" }
        let text = """
            catalog: c
            relations:
              pair: { table: p, target: x, member: [y, z], attributes: [role] }
              many: { table: m, target: [v, w], member: y }
            rosters:
              r:
            \(body.joined())
            """
        do throws(CatalogFaults) {
            _ = try Catalog(files: [("c.yaml", text)])
            return []
        } catch {
            return error.faults.map { fault in
                fault.key.replacing("rosters.", with: "", maxReplacements: 1) + ": " + fault.message
            }
        }
    }
}

/// What rosters say of passwords.
@Suite struct RosterPasswordFaultTests {
    private func faults(_ lines: [String]) -> [String] { RosterDeclaration.faults(lines) }

    @Test(
        "a faulty password is named with what was expected, and no expression reads one",
        arguments: [
            (
                "password: { column: p, from: secret, scheme: md5 }",
                "password.scheme: expected one of unusable, given, django_pbkdf2_sha256, got md5"
            ),
            ("password: { column: p }", "password.scheme: expected a text, got none"),
            ("password: { scheme: unusable }", "password.column: expected a text, got none"),
            (
                "password: { column: p, scheme: unusable, form: secret }",
                "password: expected one of column, from, scheme, iterations, keep, mismatch, got \"form\", did you mean from?"
            ),
            (
                "password: { column: p, scheme: unusable, from: secret }",
                "password.from: expected none beside `scheme: unusable`, got secret"
            ),
            (
                "password: { column: p, scheme: given }",
                "password.from: expected the column of the file that holds the password, got none"
            ),
            (
                "password: { column: p, scheme: given, from: secrets }",
                "password.from: expected one of the columns of a, b, secret, got secrets, did you mean secret?"
            ),
            (
                "password: { column: p, scheme: given, from: once }",
                "password.from: expected a column without `unique`, whose rejections would tell of the password, got once"
            ),
            (
                "password: { column: p, scheme: given, from: few }",
                "password.from: expected a column without `one_of`, whose rejections would tell of the password, got few"
            ),
            (
                "password: { column: p, scheme: given, from: secret, iterations: 5 }",
                "password.iterations: expected none beside `scheme: given`, got 5"
            ),
            (
                "password: { column: p, scheme: django_pbkdf2_sha256, from: secret, iterations: 0 }",
                "password.iterations: expected a number from 1 to 10000000, got 0"
            ),
            (
                "password: { column: p, scheme: given, from: trimmed }",
                "password.from: expected a column without `clean`, because passwords are taken as they are, got trimmed"
            ),
            (
                "password: { column: p, scheme: given, from: secret, keep: '*' }",
                "password.keep: expected none beside `scheme: given`, got some"
            ),
            (
                "password: { column: p, scheme: unusable, mismatch: update }",
                "password.mismatch: expected none beside `scheme: unusable`, got some"
            ),
            (
                "password: { column: p, scheme: django_pbkdf2_sha256, from: secret, mismatch: replace }",
                "password.mismatch: expected keep, update or { reject, message }, got \"replace\""
            ),
            (
                "unique: false, password: { column: p, scheme: django_pbkdf2_sha256, from: secret, mismatch: update }",
                "password.mismatch: expected none beside `unique: false`, got update"
            ),
            (
                "conflict: refuse, password: { column: p, scheme: django_pbkdf2_sha256, from: secret, mismatch: update }",
                "password.mismatch: expected none beside `conflict: refuse`, got update"
            ),
            (
                "password: { column: p, scheme: django_pbkdf2_sha256, from: secret, mismatch: { code: x } }",
                "password.mismatch: expected one of reject, message, got \"code\""
            ),
            (
                "password: { column: p, scheme: django_pbkdf2_sha256, from: secret, mismatch: { reject: x, message: 'no {p}' } }",
                "password.mismatch.message: expected one of a in the message's braces, got {p}"
            ),
            (
                "password: { column: a, scheme: unusable }",
                "values.a: expected no SQL for the column that `password` fills, got some"
            ),
            (
                "password: { column: p, scheme: unusable }, set: { p: '1' }",
                "set.p: expected no SQL for the column that `password` fills, got some"
            ),
            (
                "password: { column: p, scheme: unusable }, set: { q: item.p }",
                "set.q: expected columns other than the password's, got item.p"
            ),
            (
                "password: { column: p, scheme: unusable }, reject: [{ code: x, when: item.p = 'x' }]",
                "reject.x: expected columns other than the password's, got item.p"
            ),
            (
                "password: { column: p, scheme: unusable }, reject: [{ code: x, when: 'true', message: 'no {p}' }]",
                "reject.x: expected a message without the password, got {p}"
            ),
        ])
    func password(keys: String, expected: String) {
        let columns = "a: {}, b: {}, secret: {}"
        let further = ["once", "few", "trimmed"].contains { expected.hasSuffix($0) }
        let found = faults([
            "columns: { \(columns)"
                + (further
                    ? ", once: { unique: true }, few: { one_of: [x] }, trimmed: { clean: trim } }"
                    : " }"),
            "steps: [{ upsert: t, identity: a, values: { a: row.a }, \(keys) }]",
        ])
        #expect(found.first == "r.steps[0].\(expected)")
    }

    @Test("a password is read by `password` alone, in whichever step it stands")
    func secret() {
        let found = faults([
            "steps: [{ upsert: u, identity: a, values: { a: 'md5(row.\"secret\")' } }, "
                + "{ upsert: t, identity: a, values: { a: row.a }, "
                + "password: { column: p, scheme: given, from: secret } }]"
        ])
        #expect(
            found == [
                "r.steps[0].values.a: expected columns other than passwords, which `password` alone "
                    + "reads, got row.secret"
            ])
    }

    @Test("a file has one column with passwords")
    func oneSecret() {
        func step(_ name: String, _ source: String) -> String {
            "{ upsert: \(name), identity: a, values: { a: row.a }, "
                + "password: { column: p, from: \(source), scheme: given } }"
        }
        #expect(faults(["steps: [\(step("t", "secret")), \(step("u", "secret"))]"]) == [])
        #expect(
            faults(["steps: [\(step("t", "secret")), \(step("u", "b"))]"]) == [
                "r.steps[1].password.from: expected one column with passwords in a file, got secret "
                    + "and b"
            ])
    }
}
