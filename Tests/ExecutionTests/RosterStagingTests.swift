import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// The parts of an import come as they come.
@Suite struct RosterStagingTests {
    private let desk: RosterDesk
    private let id: JobID
    private static let target = #""target":1"#
    private static let pieces = [
        "username,full_name\r\nada,Ada\r\n", "bob,Bob\r\n\r\ncyd,Cyd\r\n", "dan,Dan\r\n",
    ]

    init() throws {
        desk = try RosterSchool.desk()
        id = desk.freshID()
    }

    private func parts(_ pieces: [String] = pieces, _ more: String = target) throws -> [Message] {
        try desk.parts("people", pieces, more, id: id)
    }

    @Test(
        "parts come in any order, the one with the header last, and each more than once",
        arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 2, 0, 2, 0, 1, 1, 0]])
    func anyOrder(_ order: [Int]) throws {
        let parts = try parts()
        for place in order {
            try desk.run()
            try desk.stage(parts[place])
        }
        try desk.run()
        #expect(try desk.job(id) == "succeeded items 4 created 4")
        #expect(try desk.people() == ["ada|Ada", "bob|Bob", "cyd|Cyd", "dan|Dan"])
        #expect(try desk.seats().count == 4)
        #expect(try desk.deadLetters() == [])
        #expect(try desk.discrepancy(of: id) == nil)
        #expect(
            try desk.value("SELECT duplicates FROM rollcall.jobs") == (order.count > 3 ? "2" : "0"))
        #expect(try desk.value("SELECT count(*) FROM rollcall.roster_row") == "0")
        // What comes after the end is a duplicate too.
        try desk.stage(parts[1])
        #expect(try !desk.turn())
        #expect(try desk.job(id) == "succeeded items 4 created 4")
    }

    @Test("without all parts nothing begins, and the missing ones are named when it is given up")
    func missing() throws {
        let parts = try desk.parts(
            "people", ["username,full_name\nada,Ada\n"] + (2...9).map { "p\($0),P\n" }, Self.target,
            id: id)
        for place in [0, 3, 4, 7] { try desk.stage(parts[place]) }
        #expect(try !desk.turn())
        #expect(try desk.job(id) == "waiting items 4")
        #expect(
            try desk.value("SELECT waits_for FROM rollcall.jobs") == "part 2 to 3, 6 to 7, 9 of 9")
        #expect(try desk.store.failStale(after: .seconds(60), on: desk.connection) == [])
        #expect(try desk.store.failStale(after: .seconds(-1), on: desk.connection) == [id])
        #expect(try desk.job(id) == "failed items 4 rejected 4 missing-parts")
        #expect(
            try desk.reason(id) == "expected 9 parts, got 4; missing: 2 to 3, 6 to 7, 9")
        // What comes now changes nothing.
        for part in parts { try desk.stage(part) }
        #expect(try !desk.turn())
        #expect(try desk.job(id) == "failed items 4 rejected 4 missing-parts")
        #expect(try desk.value("SELECT count(*) FROM person") == "0")
    }

    @Test("a part of another content or of another request goes to the dead letters")
    func conflicting() throws {
        let parts = try parts()
        try desk.stage(parts[0])
        var others = try self.parts(["username,full_name\r\neve,Eve\r\n", "x", "y"])[..<1]
        others += try self.parts(Self.pieces, #""target":2"#)[1..<2]
        others += try self.parts(Self.pieces, #""target":1,"exact":true"#)[1..<2]
        others += try self.parts(Self.pieces, #""target":1,"mode":"atomic""#)[1..<2]
        // A file in another number of parts.
        others += try self.parts(Self.pieces + ["z"])[3...]
        others += try self.parts(Array(Self.pieces[..<2]))[1...]
        for other in others { #expect(try desk.stage(other).deadLetters == 1) }
        #expect(
            try desk.deadLetters()
                == [String](repeating: "conflicting-duplicate", count: others.count))
        for part in parts { try desk.stage(part) }
        try desk.run()
        #expect(try desk.job(id) == "succeeded items 4 created 4")
        #expect(try desk.people() == ["ada|Ada", "bob|Bob", "cyd|Cyd", "dan|Dan"])
    }

    @Test("an import with the id of another kind of job goes to the dead letters")
    func idOfAnother() throws {
        let text = """
            {"specversion":"1.0","id":"\(id)","source":"/tests","type":"rollcall.assign",\
            "data":{"relation":"seat","target":1,"members":[]}}
            """
        try desk.stage(desk.message(Array(text.utf8)))
        #expect(try desk.job(id) == "succeeded items 0")
        #expect(try desk.stage(parts()[0]).deadLetters == 1)
        #expect(try desk.deadLetters() == ["conflicting-duplicate"])
        #expect(try desk.job(id) == "succeeded items 0")
    }

    @Test("two workers that bring the last parts at once start it once")
    func lastTwoAtOnce() throws {
        let parts = try parts()
        try desk.stage(parts[0])
        let worker = desk.worker()
        #expect(sideBySide { side in try worker.ask(parts[side + 1]) } == [])
        let turns = desk.worker("a")
        #expect(sideBySide(3) { _ in try turns.run() } == [])
        #expect(try desk.job(id) == "succeeded items 4 created 4")
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("the same part brought by two workers at once is staged once")
    func sameAtOnce() throws {
        let parts = try parts()
        let worker = desk.worker()
        #expect(sideBySide { _ in for part in parts { try worker.ask(part) } } == [])
        try desk.run()
        #expect(try desk.job(id) == "succeeded items 4 created 4")
        // What comes again from the place of the job itself is no duplicate.
        #expect(try desk.value("SELECT duplicates FROM rollcall.jobs") == "2")
    }

    // MARK: Files that cannot be read

    @Test(
        "a file without its columns fails as a whole",
        arguments: [
            (
                "full_name,role\nAda,ta\n",
                "expected a column username or Login, got \"full_name\", \"role\""
            ),
            (
                "username,age, AGE \nada,1,2\n",
                "expected each column once, got \"age\" and \" AGE \""
            ),
            ("", "part 1: expected a header in the first part of its file, got none"),
        ])
    func header(_ text: String, _ reason: String) throws {
        let id = try desk.apply("people", text, Self.target)
        let rows = text.isEmpty ? 0 : 1
        #expect(
            try desk.job(id)
                == "failed items \(rows)\(rows > 0 ? " rejected 1" : "") invalid-header")
        #expect(try desk.reason(id) == reason)
        #expect(try desk.value("SELECT count(*) FROM person") == "0")
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("columns go by other names, in other cases and with blanks around; others are ignored")
    func headerNames() throws {
        let id = try desk.apply(
            "people", "\u{FEFF}\u{A0}LOGIN ;Shoe size;Full_Name;;\r\nada;38;Ada;;\r\n", Self.target)
        #expect(try desk.job(id) == "succeeded items 1 created 1")
        #expect(try desk.people() == ["ada|Ada"])
    }

    @Test(
        "text that is no CSV fails its import when it comes, whatever came before",
        arguments: ["dan,\"Dan\r\neve,Eve\r\n"])
    func noCSV(_ text: String) throws {
        let parts = try parts([Self.pieces[0], text, Self.pieces[2]])
        try desk.stage(parts[0])
        let result = try desk.stage(parts[1])
        #expect(result.deadLetters == 1 && result.failed == 1)
        #expect(try desk.deadLetters() == ["job-failed"])
        #expect(try desk.job(id) == "failed items 1 rejected 1 invalid-file")
        #expect(try desk.reason(id)?.hasPrefix("part 2: line 1, column 2: ") == true)
        #expect(try desk.value("SELECT count(*) FROM rollcall.roster_row WHERE part = 2") == "0")
        try desk.stage(parts[2])
        try desk.run()
        #expect(try desk.value("SELECT count(*) FROM person") == "0")
    }

    @Test("a part that is given up fails its import")
    func givenUp() throws {
        let parts = try parts()
        try desk.stage(parts[0])
        var entry = Batch.Entry(message: parts[1], key: 0)
        entry.verdict = Rejection(code: "too-slow", message: "it took too long")
        let result = try desk.worker().batches.execute(Batch([entry]), on: desk.connection)
        #expect(result.deadLetters == 1)
        #expect(try desk.job(id) == "failed items 1 rejected 1 too-slow")
    }

    @Test("lists of objects are staged like text, each part with keys of its own")
    func objects() throws {
        let rows = [
            #"{"username":"ada","age":36,"email":null}, {"role":"ta","username":"bob"}, {}"#,
            #"{"age":true,"username":"cyd"}, 7, {"username":["x"]}, {"username":"dan"}"#,
            #"{"full_name":"Nobody"}"#, #"{"user\u0000name":["x"],"username":"eve"}"#,
            #"{"username":"f\u0000y"}"#,
        ]
        for (place, rows) in rows.enumerated() {
            try desk.stage(
                desk.message(
                    "people",
                    #""target":1,"format":"json","part":{"number":\#(place + 1),"of":5},"rows":[\#(rows)]"#,
                    id: id))
        }
        try desk.run()
        #expect(try desk.reason(id) == nil)
        #expect(try desk.job(id) == "succeeded_with_rejections items 10 created 3 rejected 7")
        #expect(
            try desk.rejected(id) == [
                "3 missing-value", "4 invalid-value", "5 invalid-row", "6 invalid-value",
                "8 missing-value", "9 invalid-value", "10 invalid-value",
            ])
        #expect(try desk.seats() == ["ada|1|student", "bob|1|ta", "dan|1|student"])
        #expect(try desk.value("SELECT age FROM person WHERE username = 'ada'") == "36")
    }
}
