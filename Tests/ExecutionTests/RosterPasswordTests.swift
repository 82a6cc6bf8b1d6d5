import Jobs
import Postgres
import Testing

@testable import Execution

/// Passwords of people who are there already: kept, compared, replaced.
@Suite struct RosterPasswordTests {
    private static func catalog(_ password: String) -> String {
        """
        catalog: c
        relations:
          stay: { table: stay, target: room, member: name }
        rosters:
          people:
            columns: { id: {}, name: { required: true }, note: {}, password: { required: true, max: 12 } }
            steps:
              - upsert: account
                identity: name
                values: { name: row.name, note: row.note }
                conflict: { update: [note] }
                password: { column: hash, from: password, scheme: django_pbkdf2_sha256,
                  iterations: 5, \(password) }
                when: row.id IS NULL
                as: account
              - upsert: account
                identity: id
                values: { id: "row.id::int", name: row.name }
                password: { column: hash, from: password, scheme: django_pbkdf2_sha256,
                  iterations: 5, keep: "*", mismatch: update }
                conflict: { update: [name] }
                when: row.id IS NOT NULL
                as: known
              - { assign: stay, target: "1", member: account.name, when: row.id IS NULL }
        """
    }

    private func desk(_ password: String) throws -> RosterDesk {
        let desk = try RosterDesk(
            tables: """
                CREATE TABLE account (id serial PRIMARY KEY, name text UNIQUE NOT NULL, note text,
                  hash varchar(128) NOT NULL);
                CREATE TABLE stay (room integer, name text, PRIMARY KEY (room, name));
                """, catalog: Self.catalog(password))
        // Hashed by Django 3.2 and by another of its hashers.
        let salt = Array("seasalt".utf8)
        for (name, hash) in [
            ("ada", try DjangoPassword.hash("right", salt: salt, iterations: 7)),
            ("bob", "!unusable"), ("cyd", "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA"),
        ] {
            try desk.connection.script(
                "INSERT INTO account (name, hash) VALUES ('\(name)', '\(hash)')")
        }
        return desk
    }

    private func hash(_ name: String, _ desk: RosterDesk) throws -> String {
        try desk.value("SELECT hash FROM account WHERE name = '\(name)'") ?? "none"
    }

    /// Where a password of these tests stands in plain text.
    private func leaks(_ desk: RosterDesk) throws -> [String] {
        try ["roster_row", "rejection", "job", "backfill_run"].flatMap {
            try desk.rows("SELECT t FROM rollcall.\($0) t WHERE t::text ~ 'right|wrong|fresh'")
        }
    }

    private static let reject = #"mismatch: { reject: taken, message: "{name} ({note}) is taken" }"#

    @Test("Django's own example is matched, and nothing else")
    func matches() throws {
        // From Django's tests of its hashers.
        let hash = "pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo="
        #expect(try DjangoPassword.matches("lètmein", hash) == true)
        #expect(try DjangoPassword.matches("letmein", hash) == false)
        for other in ["", "!x", "pbkdf2_sha1$1$s$x", "pbkdf2_sha256$x$s$h", "pbkdf2_sha256$0$s$h"] {
            #expect(try DjangoPassword.matches("x", other) == nil)
        }
    }

    @Test("who is there and comes with another password is refused, and written nowhere")
    func rejected() throws {
        let desk = try desk(Self.reject)
        let before = try desk.rows("SELECT * FROM account ORDER BY 1")
        let id = try desk.apply(
            "people",
            "name,note,password\nada,a,wrong\nbob,b,right\ncyd,c,right\ndan,d,fresh\nzoe,,\n")
        #expect(try desk.job(id) == "succeeded_with_rejections items 5 created 1 rejected 4")
        #expect(
            try desk.messages(id) == [
                "2 ada: ada (a) is taken",
                "3 bob: bob (b) is taken: a password hashed in another way "
                    + "cannot be compared",
                "4 cyd: cyd (c) is taken: a password hashed in another way cannot be compared",
                "6 zoe: password: expected a value, got none",
            ])
        #expect(try desk.rows("SELECT name FROM stay") == ["dan"])
        #expect(try desk.rows("SELECT * FROM account WHERE name <> 'dan' ORDER BY 1") == before)
        #expect(try DjangoPassword.matches("fresh", hash("dan", desk)) == true)
        let again = try desk.apply(
            "people", "name,note,password\nada,a,right\ndan,d,fresh\ndan,d,fresh\n")
        #expect(try desk.job(again) == "succeeded items 3 created 1 unchanged 2")
        #expect(try leaks(desk) == [])
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("an atomic import and a dry run are told the same", arguments: ["atomic", "dry"])
    func told(mode: String) throws {
        let desk = try desk(Self.reject)
        let before = try desk.rows("SELECT * FROM account ORDER BY 1")
        let id = try desk.apply(
            "people", "name,note,password\nada,a,right\nada,a,wrong\ndan,d,fresh\n",
            mode == "atomic" ? #""mode":"atomic""# : #""dry_run":true"#)
        #expect(
            try desk.job(id)
                == (mode == "atomic"
                    ? "failed items 3 rejected 3 item-rejected"
                    : "succeeded_with_rejections items 3 created 2 rejected 1"))
        #expect(try desk.rejected(id) == ["3 taken"])
        #expect(try desk.rows("SELECT * FROM account ORDER BY 1") == before)
        #expect(try leaks(desk) == [])
    }

    @Test("people who come between the comparison and the import are not taken for those compared")
    func late() throws {
        let desk = try desk(Self.reject)
        let id = try desk.send("people", "name,note,password\ndan,d,fresh\neve,e,fresh\n")
        let hashed = "SELECT count(*) FROM rollcall.roster_row WHERE secret LIKE 'pbkdf2%'"
        while try desk.value(hashed) == "0" { try #require(try desk.turn()) }
        try desk.connection.script("INSERT INTO account (name, hash) VALUES ('dan', 'x')")
        try desk.run()
        #expect(try desk.job(id) == "succeeded_with_rejections items 2 created 1 rejected 1")
        #expect(try desk.messages(id) == ["2 dan: dan (d) is taken"])
        #expect(try desk.rows("SELECT name FROM stay") == ["eve"])
    }

    @Test("who has another password gets the one of the file, and a mark keeps the old one")
    func updated() throws {
        let desk = try desk("keep: '*', mismatch: keep")
        let ada = try hash("ada", desk)
        let file =
            "id,name,password\n1,ada,right\n2,bob,*\n3,cyd,fresh\n9,new,*\n,newer,*\n,ada,wrong\n"
            + ",dan,fresh\n"
        let dry = try desk.apply("people", file, #""dry_run":true"#)
        let said = "succeeded_with_rejections items 7 created 2 updated 1 unchanged 2 rejected 2"
        #expect(try desk.job(dry) == said)
        #expect(try hash("cyd", desk).hasPrefix("argon2"))
        let id = try desk.apply("people", file)
        #expect(try desk.job(id) == said)
        #expect(
            try desk.messages(id)
                == ["9 new", "newer"].enumerated().map { place, name in
                    "\(place + 5) \(place == 0 ? "9" : "newer"): hash: expected a password for somebody "
                        + "new, got \"*\", with which people keep theirs"
                })
        #expect(try hash("ada", desk) == ada)
        #expect(try hash("bob", desk) == "!unusable")
        let cyd = try hash("cyd", desk)
        #expect(try DjangoPassword.matches("fresh", cyd) == true)
        let again = try desk.apply("people", file)
        #expect(
            try desk.job(again)
                == "succeeded_with_rejections items 7 unchanged 5 rejected 2")
        #expect(try hash("cyd", desk) == cyd)
        #expect(try leaks(desk) == [])
    }

    @Test("a password that is too long is refused without being shown")
    func long() throws {
        let desk = try desk(Self.reject)
        let id = try desk.apply("people", "name,password\ndan,wrong-wrong-wrong\n")
        #expect(
            try desk.messages(id) == ["2 dan: password: expected at most 12 characters, got more"])
        #expect(try leaks(desk) == [])
    }
}
