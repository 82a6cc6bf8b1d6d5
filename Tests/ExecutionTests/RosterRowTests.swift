import Jobs
import Postgres
import Testing

@testable import Execution

/// What a row may say, and what is made of what it says.
@Suite struct RosterRowTests {
    private static let catalog = """
        catalog: c
        rosters:
          r:
            columns:
              name: { required: true, clean: [trim, nfc, lower], max: 6, unique: true }
              kind: { clean: [upper], one_of: [Red, green], default: Red }
              code: { unique: ignore-case }
              raw: {}
            steps:
              - upsert: thing
                identity: name
                values: { name: row.name, kind: row.kind, code: row.code, raw: row.raw }
                conflict: { update: [kind, code, raw] }
        """
    private let desk: RosterDesk

    init() throws {
        desk = try RosterDesk(
            tables: "CREATE TABLE thing (name text PRIMARY KEY, kind text, code text, raw text)",
            catalog: Self.catalog)
    }

    private func things() throws -> [String] {
        try desk.rows("SELECT * FROM thing ORDER BY name COLLATE \"C\"")
    }

    @Test("cells are cleaned, and defaults stand for those that are empty or not there")
    func cleaning() throws {
        let id = try desk.apply(
            "r",
            "name,kind,raw\n"
                // A zero-width space, a byte order mark, a no-break space, an ideographic one.
                + "\u{200B}Ann\u{FEFF},,\" x \"\n" + "\u{A0}BOB\u{3000}\t,Green,\u{A0}\n"
                // A letter and its accent.
                + "JOSE\u{301},red,\n" + "A B,GREEN,0\n")
        #expect(try desk.job(id) == "succeeded items 4 created 4")
        #expect(
            try things() == [
                "a b|GREEN|NULL|0", "ann|Red|NULL| x ", "bob|GREEN|NULL|\u{A0}",
                "jos\u{E9}|RED|NULL|NULL",
            ])
    }

    @Test("each row that is wrong by itself is refused with its line, and the others are written")
    func faults() throws {
        let id = try desk.apply(
            "r",
            "name,kind,code\n" + "ann\n" + "bob,red,1,2\n" + "\n" + " \u{200B},red,3\n"
                + "toolong,red,4\n" + "\"\u{1F600}\n1234\",red,5\n" + "eve,blue,6\n" + ",,\n"
                + "a\u{0}b,red,8\n" + "fay,red,9\n")
        #expect(try desk.job(id) == "succeeded_with_rejections items 9 created 2 rejected 7")
        #expect(
            try desk.messages(id) == [
                "2 ann: expected 3 fields, got 1", "3 bob: expected 3 fields, got 4",
                "5  \u{200B}: name: expected a value, got none",
                "6 toolong: name: expected at most 6 characters, got 7",
                "9 eve: kind: expected one of Red, green, got \"BLUE\"",
                "10 : name: expected a value, got none",
                "11 a\u{FFFD}b: expected text without NUL, got a NUL byte",
            ])
        #expect(
            try desk.rejected(id) == [
                "2 row-width", "3 row-width", "5 missing-value", "6 invalid-value",
                "9 invalid-value", "10 missing-value", "11 invalid-value",
            ])
        #expect(try things().map { $0.prefix { $0 != "|" } } == ["fay", "\u{1F600}\n1234"])
    }

    @Test("rows beyond the limits are refused alone, wherever they stand")
    func limits() throws {
        let wide = [String](repeating: "x", count: 30).joined(separator: ",")
        let long = String(repeating: "x", count: 6_000)
        let id = try desk.apply(
            "r", "name,raw\nann,1\n\(wide)\nbob,\(long)\n\(long),x\ncyd,2\n")
        #expect(try desk.job(id) == "succeeded_with_rejections items 5 created 2 rejected 3")
        #expect(try things().map { $0.prefix { $0 != "|" } } == ["ann", "cyd"])
    }

    @Test("of rows that repeat a value the first one stays, whichever part it is in")
    func repetitions() throws {
        let id = desk.freshID()
        let parts = try desk.parts(
            "r",
            [
                "name,code\nann,x1\n\"b\nb\",X2\n", "toolong,x9\n\nANN ,x3\ncyd,x2\n",
                "dan,X9\neve,\nfay,\nann,X1\n",
            ], id: id)
        for part in parts.reversed() { try desk.stage(part) }
        try desk.run()
        #expect(
            try desk.messages(id) == [
                "5 toolong: name: expected at most 6 characters, got 7",
                "7 ANN : name: expected each value once, got \"ann\" again, first in line 2",
                "8 cyd: code: expected each value once, got \"x2\" again, first in line 3",
                "12 ann: name: expected each value once, got \"ann\" again, first in line 2",
            ])
        #expect(
            try desk.rejected(id).map { $0.split(separator: " ").last } == [
                "invalid-value", "duplicate-name", "duplicate-code", "duplicate-name",
            ])
        #expect(try desk.job(id) == "succeeded_with_rejections items 9 created 5 rejected 4")
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("many parts and rows: each row in its line, and only so many rejections are kept")
    func manyRows() throws {
        desk.storedRejections = 7
        let id = desk.freshID()
        var pieces = ["name,raw\n"]
        for number in 0..<5_000 {
            if number % 700 == 0 { pieces.append("") }
            let name = number % 500 == 7 ? "" : "n\(number)"
            pieces[pieces.count - 1] += "\(name),\(number % 1_000 == 9 ? "\"a\n\nb\"" : "r")\n"
        }
        for part in try desk.parts("r", pieces, id: id) { try desk.stage(part) }
        try desk.run()
        #expect(try desk.job(id) == "succeeded_with_rejections items 5000 created 4990 rejected 10")
        // After its header; each of some rows before has two lines more.
        let lines = (0..<7).map { 500 * $0 + 7 + 2 + ($0 + 1) / 2 * 2 }
        #expect(try desk.rejected(id) == lines.map { "\($0) missing-value" })
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.job_part WHERE items > 0") == "3")
        #expect(try desk.discrepancy(of: id) == nil)
        #expect(try desk.value("SELECT count(*) FROM rollcall.roster_row") == "10")
    }
}
