import Foundation
import Postgres
import Testing

@Suite struct CatalogRosterTests {
    private static let tables = """
        CREATE TABLE person (id serial PRIMARY KEY, username text UNIQUE NOT NULL, hash varchar(40));
        CREATE TABLE seat (course integer, person integer REFERENCES person,
          PRIMARY KEY (course, person));
        """
    private static let seat = "seat: { table: seat, target: course, member: person }"
    private static let roster = """
        people: { columns: { name: { required: true, clean: [trim, lower], max: 9 }, kind: { \
        default: a, one_of: [a, b], header: [Art] }, secret: {} }, reject: [{ code: odd, when: "row.name = 'x'" }], steps: [{ upsert: person, identity: \
        username, values: { username: row.name }, password: { column: hash, from: secret, scheme: \
        django_pbkdf2_sha256 }, when: "row.kind <> 'b'", as: user }, { assign: seat, target: job.target, member: user.id, \
        when: "row.kind = 'a'" }] }
        """

    private func program(_ roster: String = Self.roster) throws -> CatalogProgram {
        try CatalogProgram(Self.tables, Self.seat, rosters: [roster])
    }

    @Test("a roster is checked beside the relations; what is an error ends the command with 78")
    func check() throws {
        let program = try program()
        let run = try program.run("check")
        #expect(run.code == 0, "\(run.errors)")
        let expected = [
            "ok: people.user: public.person, identity (username) by person_username_key, "
                + "0 foreign keys, 0 rules",
            "warning: people.user: expected room for the 88 characters of django_pbkdf2_sha256 "
                + "in hash, got character varying(40): no new row can be written; ALTER TABLE "
                + "\"public\".\"person\" ALTER COLUMN \"hash\" TYPE varchar(128)",
            "ok: people: 3 columns, 2 steps, into public.person, seat",
        ]
        #expect(Array(run.lines.suffix(3)) == expected)
        try program.connection.script("ALTER TABLE person DROP COLUMN hash, DROP COLUMN id CASCADE")
        let broken = try program.run("check")
        #expect(broken.code == 78)
        let place = program.path("catalog.yaml")
        let missing =
            "error: people.user: expected a column hash in public.person, got none; add it, or mend "
            + "the catalog at \(place):5"
        #expect(broken.lines.contains(missing), "\(broken.output)")
        let expression =
            "error: people: steps[1].member.person: expected SQL that the database accepts, got an "
            + "error: column user.id does not exist; mend it at \(place):5"
        #expect(broken.lines.contains(expression), "\(broken.output)")
        let explained = try program.run("explain", "people")
        #expect(explained.code == 78)
        #expect(explained.errors.contains("error: people.user: expected a column hash"))
    }

    @Test("a roster is explained with its columns, its steps and the statements that write")
    func explain() throws {
        let program = try program()
        let run = try program.run("explain", "people")
        #expect(run.code == 0, "\(run.errors)")
        let place = program.path("catalog.yaml")
        let first = [
            "people: declared at \(place):5", "columns:",
            "  name: required; clean trim lower; at most 9 characters",
            "  kind: default a; one of a, b; header Art", "  secret",
            "  refused odd: row.name = 'x'", "step 1: upsert public.person, later user",
            "  where row.kind <> 'b'", "  username = row.name",
            "  hash is a password, django_pbkdf2_sha256, of the column secret",
            "people.user: public.person, identity username, declared at \(place):5",
        ]
        #expect(Array(run.lines.prefix(11)) == first)
        let headings = run.lines.filter { !$0.hasPrefix(" ") && $0.contains(": ") }
        #expect(headings.contains { $0.hasPrefix("insert: ") })
        // Rows of a roster's table are never removed.
        #expect(!headings.contains { $0.hasPrefix("delete: ") || $0.hasPrefix("present: ") })
        let last = Array(run.lines.drop { !$0.hasPrefix("step 2") })
        let second = [
            "step 2: assign seat", "  where row.kind = 'a'", "  target course = job.target",
            "  member person = \"user\".id",
            "  with the statements that `rollcall catalog explain seat` shows",
        ]
        #expect(Array(last.prefix(5)) == second)
        let levels = last.suffix(3).map { line in String(line.prefix { $0 != ":" }) }
        #expect(levels == ["ok", "warning", "ok"])
        // They are such as the database takes.
        let insert = run.output.components(separatedBy: "insert: ")[1]
            .split(separator: "\n").dropFirst(2).prefix { $0.hasPrefix("    ") }
        try program.connection.execute("PREPARE s AS \(insert.joined(separator: "\n"))")
    }

    @Test("a roster has no sample, and its name is one that is suggested")
    func usage() throws {
        let program = try program()
        let sample = try program.sample("{}")
        let run = try program.run("explain", "people", "--sample", sample)
        #expect(run.code == 2)
        #expect(
            run.errors
                == "rollcall: expected no sample for a roster, whose rows come in files, got one\n")
        let misspelt = try program.run("explain", "poeple")
        #expect(misspelt.code == 2)
        #expect(misspelt.errors.contains("did you mean people?"))
    }
}
