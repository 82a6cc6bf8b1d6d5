import Foundation
import Jobs
import RollcallClient
import Testing

@testable import rollcall

/// How files of a roster become messages.
@Suite struct RosterFileTests {
    private typealias Row = RosterDesk.Row

    @Test("every part has the names, the key and the id, and no more bytes than were allowed")
    func parts() throws {
        var desk = try RosterDesk()
        desk.partBytes = 4_096
        let lines = (1...2_000).map { "user\($0);\"a \"\"\($0)\"\"\n;\\\u{1}\";ü\t" }
        let answer = try desk.send(("name;note;x\r\n\n" + lines.joined(separator: "\r\n")).utf8)
        #expect(answer.faults == [])
        #expect(answer.messages.count > 10)
        #expect(Set(answer.messages.map(\.key)) == [Array("r/42".utf8)])
        #expect(Set(answer.messages.map(\.jobID)) == [desk.envelope.id])
        #expect(answer.messages.allSatisfy { $0.kind == .rosterImport })
        // All but the last are about full.
        #expect(answer.messages.dropLast().allSatisfy { $0.value.count > 4_096 - 100 })
        #expect(
            answer.rows
                == (1...2_000).map { Row(1 + 2 * $0, "user\($0)", "a \"\($0)\"\n;\\\u{1}", "ü\t") })
    }

    @Test("more blank lines than a message holds keep the lines true")
    func blankLines() throws {
        var desk = try RosterDesk()
        desk.partBytes = 4_096
        let blanks = String(repeating: "\n", count: 10_000)
        let answer = try desk.send("a\n1\n\(blanks)2\n".utf8)
        #expect(answer.rows == [Row(2, "1"), Row(10_003, "2")])
    }

    @Test("what a random file says arrives with its lines, however it is cut", arguments: 0..<40)
    func random(_ run: UInt64) throws {
        let seed = UInt64.random(in: 0...(.max >> 8)) << 8 | run
        print("roster file: seed \(seed)")
        var random = EnqueueRandom(seed: seed)
        var desk = try RosterDesk()
        desk.partBytes = random.number(700...3_000)
        let separator = [",", ";", "\t"][random.number(0...2)]
        func field(_ random: inout EnqueueRandom) -> String {
            let text = random.text().filter { !$0.unicodeScalars.contains("\0") }
            return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }
        func row(_ random: inout EnqueueRandom, _ count: Int) -> String {
            (0..<count).map { _ in field(&random) }.joined(separator: separator)
                + ["\n", "\r\n", "\r", "\n\n", "\r\r\n"][random.number(0...4)]
        }
        var text = ["", "\n\n", "sep=\(separator)\r\n"][random.number(0...2)]
        text += ["a", "b", "\"c\n\""].joined(separator: separator) + "\n"
        for _ in 0..<random.number(1...80) { text += row(&random, random.number(1...5)) }
        var expected: [Row] = []
        var reader = CSVReader()
        func take(_ row: borrowing CSVRow) {
            var copy = Row(row.line)
            copy.fields = (0..<row.count).map(row.string)
            expected.append(copy)
        }
        try reader.read(Array(text.utf8), take)
        try reader.finish(take)
        let answer = try desk.send(text.utf8)
        #expect(answer.faults == [], "\(text.debugDescription)")
        try #require(answer.rows == Array(expected.dropFirst()), "\(text.debugDescription)")
    }

    @Test(
        "a converted text is whole where pieces meet",
        arguments: [TextEncoding.utf16, .shiftJIS, .windows1252])
    func pieces(_ encoding: TextEncoding) throws {
        // Longer than two pieces, and at an odd place.
        let characters = encoding == .windows1252 ? "é€" : "鈴木𩸽"
        let text =
            "a\nx" + (1...60_000).map { "\n\($0)\(characters.prefix($0 % 3 + 1))" }.joined()
        let names: [TextEncoding: String.Encoding] = [
            .utf16: .utf16LittleEndian, .shiftJIS: .shiftJIS, .windows1252: .windowsCP1252,
        ]
        // Shift-JIS lacks the last.
        let known = encoding == .shiftJIS ? text.replacing("𩸽", with: "花") : text
        let bytes = try #require(names[encoding].flatMap { known.data(using: $0) })
        var desk = try RosterDesk()
        desk.encoding = encoding
        desk.partBytes = 64 * 1024
        let answer = try desk.send(bytes)
        #expect(answer.faults == [])
        let lines = known.split(separator: "\n").dropFirst()
        #expect(answer.rows.map { $0.fields[0] } == lines.map(String.init))
        #expect(answer.rows.map(\.line) == Array(2...60_002))
    }

    @Test("files of a package are one job, each with lines of its own")
    func package() throws {
        var desk = try RosterDesk()
        desk.format = .oneroster
        let answer = try desk.send([
            ("users", Array("id\nada\n".utf8)), ("enrollments", Array("user;class\nada;7\n".utf8)),
        ])
        #expect(answer.messages.count == 2)
        #expect(answer.header == ["users": ["id"], "enrollments": ["user", "class"]])
        #expect(answer.rows.map(\.file) == ["users", "enrollments"])
        #expect(answer.rows.map(\.line) == [2, 2])
    }

    @Test(
        "objects of a list, or one on each line",
        arguments: [
            #" [{"a":"x,\n]","b":{}} , {"a":1.50,"c":[{"}":"\""}]}]"# + "\n",
            #"{"a":"x,\n]","b":{}}"# + "\r\n\n" + #"{"a":1.50,"c":[{"}":"\""}]}"#,
            "\u{FEFF}" + #"{"a":"x,\n]","b":{}}{"a":1.50,"c":[{"}":"\""}]}"#,
        ])
    func objects(text: String) throws {
        var desk = try RosterDesk()
        desk.format = .json
        let answer = try desk.send(text.utf8)
        #expect(answer.faults == [])
        #expect(answer.header[""] == ["a", "b", "c"])
        // Values that are nested are the worker's to refuse, row by row.
        #expect(answer.rows.map { $0.fields[0] } == ["x,\n]", "1.50"])
        #expect(answer.rows.map { $0.fault != nil } == [true, true])
    }

    @Test("objects are cut into parts, whole")
    func objectParts() throws {
        var desk = try RosterDesk()
        desk.format = .json
        desk.partBytes = 4_096
        let rows = (1...1_000).map { #"{"name":"user\#($0)","n":\#($0)}"# }
        let answer = try desk.send("[\(rows.joined(separator: ",\n"))]".utf8)
        #expect(answer.messages.count > 5)
        #expect(answer.rows == (1...1_000).map { Row($0, "user\($0)", "\($0)") })
    }

    @Test(
        "what is no list of objects is refused with the place",
        arguments: [
            ("[]", "expected at least one row, got none"),
            ("", "expected at least one row, got none"),
            ("[{},\n{\"a\":1},]", "2: expected an object, got ']'"),
            ("[{}\n{}]", "2: expected ',' or ']', got '{'"),
            ("[{}]\n{}", "2: expected nothing behind the list, got '{'"),
            ("{}\n,{}", "2: expected an object, got ','"),
            ("[1]", "1: expected an object, got '1'"),
            (
                "{}\n{\"a\":[\n",
                "3: expected the end of a row that begins on line 2, got the end of the file"
            ),
            ("[{}", "1: expected ']', got the end of the file"),
            ("{}\n{\"a\" 1}", "2: expected ':', got '1' at byte 5 of the row"),
            (
                #"{"Name":1}{"name":2}"#,
                #"1: expected each column once, got "Name" and "name""#
            ),
            ("{\"a\":\"\\u0000\"}", "1: a: expected text without NUL, got a NUL character"),
        ])
    func noObjects(text: String, expected: String) throws {
        var desk = try RosterDesk()
        desk.format = .json
        #expect(try desk.send(text.utf8).faults == [expected])
    }

    @Test("past a limit nothing is sent")
    func limits() throws {
        var desk = try RosterDesk()
        desk.limits = Settings.Roster(fileBytes: 2_000, rows: 3, columns: 2, fieldBytes: 5)
        #expect(
            try desk.send(Array(repeating: 0x61, count: 2_001)).faults
                == ["expected a file of at most 2000B, got 2,001 bytes"])
        #expect(
            try desk.send("a\n1\n2\n3\n4\n".utf8).faults == ["5: expected at most 3 rows, got more"]
        )
        #expect(
            try desk.send("a,b,c\n".utf8).faults
                == ["1: column 3: expected at most 2 columns, got 3"])
        #expect(
            try desk.send("a,b\nc,123456\nd,e,f\n".utf8).faults == [
                "2: column 2: expected a text of at most 5 bytes, got 6",
                "3: column 3: expected at most 2 columns, got 3",
            ])
        #expect(try desk.send("a\n1\n2\n12345\n".utf8).faults == [])
        desk.format = .json
        #expect(
            try desk.send(#"{"a":"123456"}{"a":1,"b":2,"c":3}{}{}"#.utf8).faults == [
                "1: expected at most 3 rows, got more",
                "1: a: expected a text of at most 5 bytes, got 6",
                "1: expected at most 2 columns, got 3",
            ])
        desk.format = .oneroster
        #expect(
            try desk.send([("a", Array("a\n1\n2\n".utf8)), ("b", Array("a\n1\n2\n".utf8))])
                .faults.first?.hasSuffix("expected at most 3 rows, got 4") == true)
    }

    @Test("a row that fits into no message is refused, and names that leave no room")
    func tooLong() throws {
        var desk = try RosterDesk()
        desk.partBytes = 1_000
        desk.limits.fieldBytes = 100_000
        let row = try desk.send("a\n\(String(repeating: "\t", count: 700))\n".utf8).faults
        #expect(row.first?.hasPrefix("2: expected a row of at most ") == true, "\(row)")
        let names = (1...200).map { "column\($0)" }.joined(separator: ",")
        let long = try desk.send("\(names)\n1\n".utf8).faults
        #expect(
            long == ["1: column 201: expected a row of at most 1000 bytes, got 1892 or more"])
        desk.partBytes = 2_000
        let wide = try desk.send("\(names)\n1\n".utf8).faults
        #expect(
            wide == [
                "expected columns' names that leave room for rows in a message of 2000B, got none "
                    + "left"
            ])
    }

    @Test("only the first faults are told, and all are counted")
    func manyFaults() throws {
        let answer = try RosterDesk().send("a\n\(String(repeating: "\0\n", count: 50))".utf8)
        #expect(answer.faults.count == RosterFaults.shown && answer.faultCount == 50)
    }
}
