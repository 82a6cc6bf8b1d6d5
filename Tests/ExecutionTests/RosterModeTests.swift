import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// Exact, atomic and dry.
@Suite struct RosterModeTests {
    private static let catalog =
        RosterSchool.catalog.replacing(
            "attributes: [role]", with: "attributes: [role]\n    limits: { removals: 2 }")
        + "\n" + """
              two:
                columns: { a: {}, b: {}, course: {} }
                steps:
                  - { assign: seat, target: "coalesce(row.course, job.target)::int",
                      member: "(SELECT p.id FROM person p WHERE p.username = row.a)" }
                  - { assign: seat, target: "coalesce(row.course, job.target)::int",
                      member: "(SELECT p.id FROM person p WHERE p.username = row.b)" }
              pack:
                files:
                  students:
                    columns: { name: {} }
                    steps:
                      - { assign: seat, target: job.target,
                          member: "(SELECT p.id FROM person p WHERE p.username = row.name)" }
                  tas:
                    columns: { name: {} }
                    steps:
                      - { assign: seat, target: job.target, attributes: { role: "'ta'" },
                          member: "(SELECT p.id FROM person p WHERE p.username = row.name)" }
            """
    private static let exact = #""target":1,"exact":true"#
    private let desk: RosterDesk

    init() throws {
        desk = try RosterDesk(tables: RosterSchool.tables, catalog: Self.catalog)
        try desk.connection.script(
            """
            INSERT INTO person (username) VALUES ('ada'), ('bob'), ('cyd'), ('dan'), ('eve');
            INSERT INTO seat SELECT 1, id FROM person WHERE username < 'e';
            INSERT INTO seat SELECT 2, id FROM person;
            """)
    }

    private func seated(_ course: Int = 1) throws -> [String] {
        try desk.rows(
            """
            SELECT username FROM seat JOIN person ON id = person_id WHERE course_id = \(course)
            ORDER BY username COLLATE "C"
            """)
    }

    // MARK: Exact

    @Test("who is not in the file loses the seat in this course, and nothing else")
    func exact() throws {
        let id = try desk.apply("people", "username\nada\nbob\nfay\n", Self.exact)
        #expect(try desk.job(id) == "succeeded items 5 created 1 unchanged 2 removed 2")
        #expect(try seated() == ["ada", "bob", "fay"])
        #expect(try seated(2).count == 5)
        #expect(try desk.people().count == 6)
        #expect(try desk.discrepancy(of: id) == nil)
        let again = try desk.apply("people", "username\nada\nbob\nfay\n", Self.exact)
        #expect(try desk.job(again) == "succeeded items 3 unchanged 3")
    }

    @Test("more removals than the relation allows are made only if they are confirmed")
    func removalLimit() throws {
        let id = try desk.apply("people", "username,full_name\nada,Ada\n", Self.exact)
        #expect(try desk.job(id) == "failed items 1 rejected 1 too-many-removals")
        #expect(
            try desk.reason(id)
                == "1: expected at most 2 of its 4 rows to go, got 3; `confirm_removals` lets them go"
        )
        #expect(try seated() == ["ada", "bob", "cyd", "dan"])
        #expect(try desk.people().first == "ada|nobody")
        #expect(try desk.discrepancy(of: id) == nil)
        let confirmed = try desk.apply(
            "people", "username\nada\n", Self.exact + #","confirm_removals":true"#)
        #expect(try desk.job(confirmed) == "succeeded items 4 unchanged 1 removed 3")
        #expect(try seated() == ["ada"])
    }

    @Test("a file without rows removes all, if that is confirmed")
    func emptyFile() throws {
        let id = try desk.apply("people", "username\n", Self.exact)
        #expect(try desk.job(id) == "failed items 0 too-many-removals")
        let confirmed = try desk.apply(
            "people", "username\n", Self.exact + #","confirm_removals":true"#)
        #expect(try desk.job(confirmed) == "succeeded items 4 removed 4")
        #expect(try seated() == [])
    }

    @Test("whose row is refused keeps the seat, and so does who is protected")
    func kept() throws {
        try desk.connection.script(
            "UPDATE seat SET kept = true FROM person WHERE id = person_id AND username = 'dan'")
        let id = try desk.apply(
            "people", "username,role,age\nada,,1\nbob,king,\ncyd,,x\n", Self.exact)
        #expect(
            try desk.job(id) == "succeeded_with_rejections items 4 updated 1 rejected 3")
        #expect(try desk.rejected(id) == ["3 invalid-value", "4 invalid-value", "5 kept"])
        #expect(try seated() == ["ada", "bob", "cyd", "dan"])
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test(
        "rows that do not say whom they list let nobody go, unless that is confirmed",
        arguments: [
            "username;role\nada;ta\nbob;ta\n", "username,role\nada,ta\nbob,ta,3\n",
            "username,role\nada,ta\n,ta\n", "username,role\nada,ta\nb\\u0000b,ta\n",
        ])
    func garbled(_ text: String) throws {
        let content =
            "\"header\":[\"username\",\"role\"],\"content\":\""
            + text.drop { $0 != "\n" }.dropFirst().replacing("\n", with: "\\n") + "\""
        func send(_ more: String) throws -> JobID {
            let id = desk.freshID()
            try desk.stage(
                desk.message(
                    "people", "\"format\":\"csv\",\(content),\(Self.exact)\(more)", id: id))
            try desk.run()
            return id
        }
        let id = try send("")
        #expect(try desk.job(id)?.hasSuffix(" unreadable-rows") == true)
        #expect(try desk.reason(id)?.contains("expected rows that say whom they list") == true)
        #expect(try seated() == ["ada", "bob", "cyd", "dan"])
        #expect(try desk.discrepancy(of: id) == nil)
        let confirmed = try send(#","confirm_removals":true"#)
        #expect(try desk.job(confirmed)?.hasPrefix("succeeded_with_rejections") == true)
        #expect(try !seated().contains("cyd"))
    }

    @Test("whom another step lists keeps the seat, whatever the target is made of")
    func severalSteps() throws {
        let id = try desk.apply("two", "a,b\nada,bob\ncyd,dan\n", Self.exact)
        #expect(try desk.job(id) == "succeeded items 2 unchanged 2")
        #expect(try seated() == ["ada", "bob", "cyd", "dan"])
        let other = try desk.apply("two", "a,b,course\nada,bob,2\ncyd,eve,2\n", Self.exact)
        #expect(try desk.job(other) == "succeeded items 3 unchanged 2 removed 1")
        #expect(try seated(2) == ["ada", "bob", "cyd", "eve"])
        #expect(try seated() == ["ada", "bob", "cyd", "dan"])
    }

    @Test("whom another file lists keeps the seat, and nobody goes where a file did not come")
    func severalFiles() throws {
        func package(_ files: [(String, String)]) throws -> JobID {
            let id = desk.freshID()
            for (place, file) in files.enumerated() {
                let part =
                    #""format":"oneroster","part":{"number":\#(place + 1),"of":\#(files.count)}"#
                try desk.stage(
                    desk.message(
                        "pack",
                        "\(part),\"file\":\"\(file.0)\",\(RosterDesk.content(file.1)),\(Self.exact)",
                        id: id))
            }
            try desk.run()
            return id
        }
        let half = try package([("students", "name\nada\nbob\n")])
        #expect(try desk.job(half) == "succeeded items 2 unchanged 2")
        let whole = try package([("tas", "name\ncyd\n"), ("students", "name\nada\nbob\n")])
        #expect(try desk.job(whole) == "succeeded items 4 updated 1 unchanged 2 removed 1")
        #expect(try seated() == ["ada", "bob", "cyd"])
    }

    // MARK: Atomic

    @Test(
        "one bad row of an atomic file and nothing is written, wherever it is found",
        arguments: ["zoe,king,\n", "zoe,,-1\n", "zoe,,x\n", "zoe,,77777777777\n", "ada,,\n"])
    func atomic(_ bad: String) throws {
        let before = try desk.rows(
            "SELECT p.xmin, s.xmin, p.* FROM person p LEFT JOIN seat s ON id = person_id ORDER BY p.id, s.course_id"
        )
        var file = "username,role,age\nada,ta,1\nnew,,2\n"
        for number in 0..<2_500 { file += "n\(number),,\n" }
        let id = try desk.apply(
            "people", file + bad, Self.exact + #","mode":"atomic","confirm_removals":true"#)
        #expect(try desk.job(id) == "failed items 2503 rejected 2503 item-rejected")
        #expect(try desk.rejected(id).count == 1)
        #expect(try desk.rejected(id).first?.hasPrefix("2504 ") == true)
        #expect(
            try desk.reason(id)?.hasSuffix(
                "the import is atomic and nothing of it was written; 1 of its rows were rejected")
                == true)
        let after = try desk.rows(
            "SELECT p.xmin, s.xmin, p.* FROM person p LEFT JOIN seat s ON id = person_id ORDER BY p.id, s.course_id"
        )
        #expect(before == after)
        #expect(try desk.discrepancy(of: id) == nil)
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.roster_row WHERE code IS NULL") == "0")
    }

    @Test("an atomic file without faults is written at once, removals included")
    func atomicGood() throws {
        let id = try desk.apply(
            "people", "username,role\nada,ta\nnew,\nbob,\n", Self.exact + #","mode":"atomic""#)
        #expect(
            try desk.job(id) == "succeeded items 5 created 1 updated 1 unchanged 1 removed 2")
        #expect(try seated() == ["ada", "bob", "new"])
        #expect(try desk.discrepancy(of: id) == nil)
    }

    // MARK: Dry

    @Test("a dry run says what would be, and nothing stays", arguments: ["partial", "atomic"])
    func dry(_ mode: String) throws {
        let state = "SELECT p.*, s.* FROM person p LEFT JOIN seat s ON id = person_id ORDER BY 1, 6"
        let before = try desk.rows(state)
        desk.storedRejections = 4
        let file =
            "username,role,age\nada,ta,1\nn1,,-1\nnew,,2\n,,\nbob,,\nn2,,x\nn3,king,\nn4,,y\n"
        // One of the rows does not say whom it lists.
        let exact = Self.exact + #","confirm_removals":true"#
        let dry = try desk.apply("people", file, exact + #","dry_run":true,"mode":"\#(mode)""#)
        #expect(try desk.rows(state) == before)
        guard mode == "partial" else {
            #expect(try desk.job(dry) == "failed items 8 rejected 8 item-rejected")
            return
        }
        #expect(
            try desk.job(dry)
                == "succeeded_with_rejections items 10 created 1 updated 1 unchanged 1 removed 2 rejected 5"
        )
        #expect(
            try desk.rejected(dry)
                == ["3 person_age", "5 missing-value", "7 invalid-value", "8 invalid-value"])
        #expect(try desk.discrepancy(of: dry) == nil)
        var verdicts: [String] = []
        try desk.store.forEachRow(of: dry, file: "", isRefused: false, on: desk.connection) { row in
            let name = row.values.first ?? "-"
            verdicts.append("\(row.outcome) \(name) \(row.rejection?.code ?? "")")
        }
        #expect(
            verdicts == [
                "updated ada ", "rejected n1 person_age", "created new ", "rejected  missing-value",
                "unchanged bob ", "rejected n2 invalid-value", "rejected n3 invalid-value",
                "rejected n4 invalid-value", "removed - ", "removed - ",
            ])
        let wet = try desk.apply("people", file, exact)
        #expect(try desk.job(wet) == desk.job(dry))
    }
}
