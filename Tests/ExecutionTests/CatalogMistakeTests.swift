import Catalog
import Postgres
import Sandbox
import Testing

@testable import Execution

/// Mistakes in a relation's own SQL and messages that the database alone would let pass.
@Suite struct CatalogMistakeTests {
    private static let table = """
        CREATE TABLE p (id integer PRIMARY KEY, name text UNIQUE);
        CREATE TABLE t (a integer, b integer, colour text, PRIMARY KEY (a, b))
        """

    private func errors(_ clauses: String) throws -> [String] {
        let database = try SharedPostgres.database()
        let connection = try Connection(database.conninfo, applicationName: "execution-tests")
        try connection.script(Self.table)
        let catalog = try Catalog(
            files: [
                (
                    "c.yaml",
                    "catalog: c\nrelations:\n  r:\n    { table: t, target: a, member: b, "
                        + "attributes: [colour], \(clauses) }\n"
                )
            ])
        let (_, findings) = try RelationPlan.compile(catalog, on: connection)
        return findings.filter { $0.level == .error }.map(\.description)
    }

    @Test("a lookup finds as many columns as its side has")
    func lookups() throws {
        let many = try errors(
            "lookup: { member.name: 'SELECT p.id, p.name FROM p WHERE p.name = lookup.value' }")
        #expect(
            many == [
                "error: r: lookup.member.name: expected as many columns as the member has, 1, got 2; "
                    + "mend `lookup` at c.yaml:3"
            ])
        #expect(
            try errors("lookup: { member.name: 'SELECT p.id FROM p WHERE p.name = lookup.value' }")
                == [])
    }

    @Test("a message names columns of the item, and one about a row those of its table")
    func messages() throws {
        func rule(_ key: String, _ message: String) -> String {
            "\(key): [{ code: no, when: 'item.a > 9', message: '\(message)' }]"
        }
        #expect(
            try errors(rule("reject", "not {a} as {color}")) == [
                "error: r: reject no: expected a column in the message's braces, got {color}; "
                    + "did you mean colour?"
            ])
        #expect(
            try errors(rule("protect", "not {xyzzy}")) == [
                "error: r: protect no: expected a column in the message's braces, got {xyzzy}"
            ])
        #expect(try errors(rule("reject", "{a} {b} {colour} { } {9} {")) == [])
        #expect(try errors(rule("protect", "{a} {b} {colour}")) == [])
    }
}
