import Testing

@testable import Catalog

@Suite struct RosterReadingTests {
    private static let whole = """
        catalog: school
        relations:
          enrollment:
            table: school.enrollment
            target: course_id
            member: user_id
            attributes: [role]
        rosters:
          course-roster:
            columns:
              username: { required: true, clean: [trim, nfc, lower], max: 150, unique: ignore-case }
              full_name: { max: 255, header: [Name, Full name] }
              role: { default: student, one_of: [student, ta, teacher], header: Rolle, required: column }
              password:
            reject:
              - { code: odd, when: "row.full_name = job.target", message: "{full_name} is odd" }
            steps:
              - upsert: school.users
                identity: [username]
                values:
                  full_name: "row.full_name -- as it is"
                  username: "ROW.username"
                conflict: { update: [full_name] }
                password: { column: pw, from: password, scheme: django_pbkdf2_sha256, iterations: 1000,
                  keep: "*", mismatch: { reject: taken, message: "{username} is taken" } }
                clear: [left_at]
                on_upsert: UPDATE a SET b = 1 FROM created c
                when: "row.role <> 'guest'"
                set: { slug: "lower(item.username)" }
                reject: [{ code: reserved, when: "item.username = 'root'", message: "{username} is" }]
                as: user
              - assign: enrollment
                target: "job.target"
                member: "user.id"
                attributes: { role: "row.role" }
                when: "row.role <> 'none'"
        """

    @Test("the example of the documentation is read, with every key of a file")
    func everyKey() throws {
        let catalog = try Catalog(files: [("a.yaml", Self.whole)])
        #expect(catalog.sortedRosters.map(\.name) == ["course-roster"])
        let roster = try #require(catalog.rosters["course-roster"])
        #expect(roster.location == "a.yaml:9")
        #expect(roster.target == .value)
        let file = try #require(roster.files.first)
        #expect(roster.files.count == 1 && file.name.isEmpty)
        let columns = file.columns
        #expect(columns.map(\.name) == ["username", "full_name", "role", "password"])
        #expect(columns.map(\.isRequired) == [true, false, false, false])
        #expect(columns.map(\.isExpected) == [true, false, true, false])
        #expect(columns[0].cleaning == [.trim, .nfc, .lower])
        #expect(columns.map(\.maxLength) == [150, 255, nil, nil])
        #expect(columns[0].uniqueness == .ignoringCase && columns[1].uniqueness == nil)
        #expect(columns.map(\.defaultValue) == [nil, nil, "student", nil])
        #expect(columns[2].choices == ["student", "ta", "teacher"])
        #expect(
            columns.map(\.headers) == [
                ["username"], ["full_name", "Name", "Full name"], ["role", "Rolle"], ["password"],
            ])
        #expect(file.rejects.map(\.code) == ["odd"])
        #expect(file.rejects.map(\.condition) == ["row.full_name = job.target"])
        #expect(file.rejects.map(\.message) == ["{full_name} is odd"])
    }

    @Test("an upsert is a relation without a target whose members are the identities")
    func upsert() throws {
        let roster = try #require(Catalog(files: [("a.yaml", Self.whole)]).rosters["course-roster"])
        guard case .upsert(let upsert) = roster.files[0].steps[0] else {
            Issue.record("expected an upsert, got \(roster.files[0].steps[0])")
            return
        }
        #expect(upsert.alias == "user")
        // In the order of the relation's columns, whatever that of the catalog.
        #expect(upsert.values.map(\.column) == ["username", "full_name"])
        #expect(upsert.values.map(\.sql) == ["ROW.username", "row.full_name  "])
        #expect(
            upsert.password
                == Roster.Password(
                    column: "pw", source: "password", scheme: .djangoPBKDF2, iterations: 1000,
                    keepMark: "*",
                    mismatch: .reject(code: "taken", message: "{username} is taken")))
        #expect(upsert.cleared == ["left_at"] && upsert.condition == "row.role <> 'guest'")
        #expect(upsert.each == nil)
        let relation = upsert.relation
        #expect(relation.name == "course-roster.user" && relation.location == "a.yaml:18")
        #expect(relation.table == TableName(schema: "school", name: "users"))
        #expect(relation.target.isEmpty && relation.member == ["username"])
        #expect(relation.attributes == ["full_name", "left_at", "pw"])
        #expect(relation.identity == ["username"])
        #expect(relation.conflict == .update(["full_name"]))
        #expect(relation.computed.map(\.name) == ["slug"])
        #expect(relation.rejects.map(\.code) == ["reserved"])
        #expect(relation.isUnique && relation.arbiter == nil)
        #expect(relation.effects.onAssign == ["UPDATE a SET b = 1 FROM created c"])
    }

    @Test("an assign fills the relation's columns")
    func assign() throws {
        let roster = try #require(Catalog(files: [("a.yaml", Self.whole)]).rosters["course-roster"])
        guard case .assign(let assign) = roster.files[0].steps[1] else {
            Issue.record("expected an assign, got \(roster.files[0].steps[1])")
            return
        }
        #expect(!assign.isRemoval && assign.relation == "enrollment")
        #expect(assign.target == [Roster.Value(column: "course_id", sql: "job.target")])
        // `user` is a word of SQL.
        #expect(assign.member == [Roster.Value(column: "user_id", sql: "\"user\".id")])
        #expect(assign.attributes == [Roster.Value(column: "role", sql: "row.role")])
        #expect(assign.condition == "row.role <> 'none'" && assign.each == nil)
    }

    private static let package = """
        catalog: package
        rosters:
          sis:
            files:
              users:
                columns: { id: { required: true }, status: {} }
                steps:
                  - { upsert: person, identity: id, values: { id: row.id }, as: person }
              enrollments:
                columns: { classes: {}, user: {}, status: {} }
                steps:
                  - { upsert: person, identity: id, values: { id: row.user }, as: person,
                      unique: false, ignore_case: id }
                  - { upsert: place, identity: name, values: { name: each },
                      each: "string_to_array(row.classes, ',')" }
                  - unassign: seat
                    target: { room: each, place: "job.target.place" }
                    member: { user_id: person.id }
                    each: "string_to_array(row.classes, ',')"
                    when: "row.status = 'tobedeleted' AND each <> ''"
        """

    private static let seat =
        "catalog: seats\nrelations:\n"
        + "  seat: { table: seat, target: [place, room], member: user_id }\n"

    @Test("a roster of several files assigns relations that another file of the catalog declares")
    func files() throws {
        let catalog = try Catalog(files: [("a.yaml", Self.package), ("b.yaml", Self.seat)])
        let roster = try #require(catalog.rosters["sis"])
        #expect(roster.files.map(\.name) == ["users", "enrollments"])
        #expect(roster.target == .columns(["place"]))
        let upserts = roster.files.flatMap(\.steps).compactMap {
            if case .upsert(let upsert) = $0 { upsert } else { nil }
        }
        #expect(
            upserts.map(\.relation.name) == [
                "sis.users.person", "sis.enrollments.person", "sis.enrollments.public.place",
            ])
        #expect(upserts.map(\.relation.isUnique) == [true, false, true])
        #expect(upserts.map(\.relation.caseless) == [[], ["id"], []])
        #expect(upserts.map(\.each) == [nil, nil, "string_to_array(row.classes, ',')"])
        guard case .assign(let assign) = roster.files[1].steps[2] else {
            Issue.record("expected an assign, got \(roster.files[1].steps[2])")
            return
        }
        #expect(assign.isRemoval)
        // In the order of the relation's columns.
        #expect(assign.target.map(\.column) == ["place", "room"])
        #expect(assign.target.map(\.sql) == ["job.\"target.place\"", "each"])
        #expect(assign.each == "string_to_array(row.classes, ',')")
        #expect(assign.condition == "row.status = 'tobedeleted' AND each <> ''")
    }

    @Test("a roster has a name that no relation, no backfill and no other roster has")
    func names() {
        let roster =
            "rosters:\n  x: { columns: { a: {} }, steps: [{ upsert: t, identity: a, "
            + "values: { a: row.a } }] }\n"
        let relation = "relations:\n  x: { table: t, target: a, member: b }\n"
        let backfill = "backfills:\n  x:\n    steps: [{ name: a, sql: DELETE FROM t }]\n"
        #expect(
            faults(("a.yaml", "catalog: c\n" + relation + roster)) == [
                "a.yaml:5: rosters.x: expected a name that no relation has, got that of the one at "
                    + "a.yaml:3"
            ])
        #expect(
            faults(("a.yaml", "catalog: c\n" + roster + backfill)) == [
                "a.yaml:5: backfills.x: expected a name that no roster has, got that of the one at "
                    + "a.yaml:3"
            ])
        #expect(
            faults(("a.yaml", "catalog: c\n" + roster), ("b.yaml", "catalog: c\n" + roster)) == [
                "b.yaml:3: rosters.x: expected a name of its own, got one declared at a.yaml:3"
            ])
    }

    @Test("a relation that has faults of its own is none that a roster lacks")
    func faultyRelation() {
        let seat = Self.seat.replacing("table: seat", with: "tabel: seat")
        let all = faults(("a.yaml", Self.package), ("b.yaml", seat))
        #expect(all.count == 2)
        #expect(all.allSatisfy { $0.hasPrefix("b.yaml:3: relations.seat") })
    }

    private func faults(_ files: (path: String, text: String)...) -> [String] {
        do throws(CatalogFaults) {
            _ = try Catalog(files: files)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test("the digest follows what is read and what is made of it, and nothing else")
    func digest() throws {
        func digest(_ text: String, _ name: String) throws -> UInt64 {
            let catalog = try Catalog(files: [("a.yaml", text), ("b.yaml", Self.seat)])
            return try #require(catalog.rosters[name]).digest
        }
        let first = try digest(Self.whole, "course-roster")
        let package = try digest(Self.package, "sis")
        #expect(first != package)
        for (old, new) in [
            ("catalog: school", "# further down\ncatalog: s"), ("-- as it is", "-- so"),
        ] {
            #expect(
                try digest(Self.whole.replacing(old, with: new), "course-roster") == first, "\(new)"
            )
        }
        for (old, new) in [
            ("required: true, ", ""), ("trim, nfc", "nfc, trim"), ("max: 150", "max: 151"),
            (", unique: ignore-case", ", unique: true"), ("[Name, Full", "[Full"),
            ("default: student", "default: ta"), ("student, ta, teacher]", "student, ta]"),
            ("upsert: school.users", "upsert: school.user"),
            ("ROW.username", "upper(row.username)"),
            ("{ update: [full_name] }", "refuse"), ("column: pw", "column: pass"),
            ("iterations: 1000", "iterations: 1001"), ("keep: \"*\"", "keep: \"-\""),
            ("SET b = 1", "SET b = 2"), (", required: column", ""),
            ("reject: taken", "reject: used"), ("is taken", "is used"), ("[left_at]", "[gone_at]"),
            ("<> 'guest'", "<> 'host'"), ("code: odd", "code: even"),
            ("= job.target", "<> job.target"),
            ("is odd", "is even"),
            (
                "from: password, scheme: django_pbkdf2_sha256, iterations: 1000,\n"
                    + "          keep: \"*\", mismatch: { reject: taken, message: "
                    + "\"{username} is taken\" } }", "scheme: unusable }"
            ),
            ("lower(item.username)", "upper(item.username)"), ("code: reserved", "code: r"),
            ("= 'root'", "= 'toor'"), ("{username} is", "{username} is not"),
            ("as: user\n", "as: user\n        unique: false\n"),
            ("as: user\n", "as: user\n        arbiter: any\n"),
            ("\"user.id\"", "\"user.number\""), ("role: \"row.role\"", "role: \"'ta'\""),
            ("<> 'none'", "<> 'any'"), ("assign: enrollment", "unassign: enrollment"),
            ("\"job.target\"", "\"job.target::int\""),
        ] {
            #expect(Self.whole.contains(old), "\(old)")
            let text = Self.whole.replacing(old, with: new)
            #expect(try digest(text, "course-roster") != first, "\(new)")
        }
        for (old, new) in [
            ("users:", "people:"), ("string_to_array(row.classes, ',')", "ARRAY[row.classes]"),
            ("{ id: row.user }", "{ id: row.user, n: row.user }"),
            (", ignore_case: id", ""),
            ("values: { name: each }", "values: { name: each, x: each }"),
        ] {
            #expect(Self.package.contains(old), "\(old)")
            #expect(try digest(Self.package.replacing(old, with: new), "sis") != package, "\(new)")
        }
    }
}
