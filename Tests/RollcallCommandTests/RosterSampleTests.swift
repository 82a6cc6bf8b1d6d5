import Jobs
import Testing

@testable import rollcall

/// What `enqueue` does with each trap that files of schools have; the table is in RosterFiles.md.
@Suite struct RosterSampleTests {
    private typealias Row = RosterDesk.Row

    private static let lines = ["username,full_name,class", "zoe,Zoë Ångström,Band"]
    private static let band = [
        Row(2, "zoe", "Zoë Ångström", "Band"), Row(3, "hanako", "鈴木花子", "Band"),
    ]
    private static let names = ["username", "full_name", "class"]

    private static func text(_ end: String) -> [UInt8] {
        Array((lines + ["hanako,鈴木花子,Band", ""]).joined(separator: end).utf8)
    }

    private func check(
        _ bytes: [UInt8], _ encoding: TextEncoding = .utf8, header: [String] = names,
        rows: [RosterDesk.Row], location: SourceLocation = #_sourceLocation
    ) throws {
        var desk = try RosterDesk()
        desk.encoding = encoding
        let answer = try desk.send(bytes)
        #expect(answer.faults == [], sourceLocation: location)
        #expect(answer.header[""] == header, sourceLocation: location)
        #expect(answer.rows == rows, sourceLocation: location)
    }

    private func check(
        _ bytes: [UInt8], _ encoding: TextEncoding = .utf8, refused: String...,
        location: SourceLocation = #_sourceLocation
    ) throws {
        var desk = try RosterDesk()
        desk.encoding = encoding
        let answer = try desk.send(bytes)
        #expect(answer.faults == refused, sourceLocation: location)
        #expect(answer.messages.isEmpty, sourceLocation: location)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("01, 02, 03: line breaks of every kind, with and without a byte order mark")
    func lineBreaks() throws {
        try check(Self.text("\n"), rows: Self.band)
        try check([0xEF, 0xBB, 0xBF] + Self.text("\r\n"), rows: Self.band)
        try check(Self.text("\r"), rows: Self.band)
    }

    @Test("04: UTF-16 is read when it is said, in either order of bytes, and else refused")
    func sixteen() throws {
        let units = Array(String(decoding: Self.text("\r\n"), as: UTF8.self).utf16)
        let little = units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        for file in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little, big] {
            try check(file, .utf16, rows: Self.band)
            try check(file, refused: "expected utf-8, got utf-16; say --encoding utf-16")
        }
        try check(
            [0xFF, 0xFE] + little + [0x00, 0xD8, 0x61, 0x00], .utf16,
            refused: "4: expected utf-16, got the byte 0x0 (offset \(2 + little.count) of the file)"
        )
        try check(
            little.dropLast(), .utf16,
            refused: "4: expected utf-16, got the byte 0xA (offset \(little.count - 2) of the file)"
        )
    }

    @Test("05: Windows-1252 is read when it is said, and else refused with what it could be")
    func windows() throws {
        let header = bytes("username,full_name,class\r\n")
        let file =
            header + bytes("zoe,Zo") + [0xEB, 0x20, 0xC5] + bytes("ngstr") + [0xF6]
            + bytes("m,Band\r\nhanako,Ren") + [0xE9] + bytes("e,Band\r\n")
        try check(
            file, .windows1252,
            rows: [Row(2, "zoe", "Zoë Ångström", "Band"), Row(3, "hanako", "Renée", "Band")])
        try check(
            file,
            refused: "2: column 2: expected UTF-8, got the byte 0xEB as character 3 of the field "
                + "(offset 32 of the file); it reads \"Zoë Ångström\" with --encoding windows-1252",
            "3: column 2: expected UTF-8, got the byte 0xE9 as character 4 of the field (offset 59 of "
                + "the file)")
        // A byte that Windows-1252 has no character for.
        try check(
            header + [0x81, 0x0A], .windows1252,
            refused: "2: expected windows-1252, got the byte 0x81 (offset 26 of the file)")
    }

    @Test("06: Shift-JIS likewise")
    func shiftJIS() throws {
        let file =
            bytes("username,full_name,class\r\nzoe,Zoe,Band\r\nhanako,")
            + [0x97, 0xE9, 0x96, 0xD8, 0x89, 0xD4, 0x8E, 0x71] + bytes(",Band\r\n")
        try check(
            file, .shiftJIS,
            rows: [Row(2, "zoe", "Zoe", "Band"), Row(3, "hanako", "鈴木花子", "Band")])
        try check(
            file,
            refused: "3: column 2: expected UTF-8, got the byte 0x97 as character 1 of the field "
                + "(offset 47 of the file); it reads \"—é–Ø‰ÔŽq\" with --encoding windows-1252, "
                + "\"鈴木花子\" with --encoding shift_jis")
        try check(
            [0xEF, 0xBB, 0xBF] + file, .shiftJIS,
            refused: "expected shift_jis, got utf-8; say --encoding utf-8")
    }

    @Test("07: a line break within quotes is text, and the lines after it are right")
    func quotedBreak() throws {
        try check(
            bytes("username,full_name,class\r\nzoe,\"Zo\r\ne\",Band\r\nbob,Bob,Band\r\n"),
            rows: [Row(2, "zoe", "Zo\r\ne", "Band"), Row(4, "bob", "Bob", "Band")])
    }

    @Test("08, 09: two columns of one name are refused")
    func duplicates() throws {
        try check(
            bytes("username,class,class\nzoe,Band,Choir\n"),
            refused: "1: expected columns of different names, got \"class\" as column 2 and "
                + "\"class\" as column 3")
        try check(
            bytes("username,Username,class\nzoe,zoe2,Band\n"),
            refused: "1: expected columns of different names, got \"username\" as column 1 and "
                + "\"Username\" as column 2")
    }

    @Test("10: rows that are too short or too long are sent as they are")
    func ragged() throws {
        try check(
            bytes("username,full_name,class\nzoe,Zoe\nbob,Bob,Band,extra\n"),
            rows: [Row(2, "zoe", "Zoe"), Row(3, "bob", "Bob", "Band", "extra")])
    }

    @Test("11, 12, 26: no last line break, blank lines, mixed line breaks")
    func breaks() throws {
        let header = ["username", "class"]
        try check(bytes("username,class\nzoe,Band"), header: header, rows: [Row(2, "zoe", "Band")])
        try check(
            bytes("username,class\n\nzoe,Band\n\n\n"), header: header, rows: [Row(3, "zoe", "Band")]
        )
        try check(
            bytes("username,class\r\nzoe,Band\nbob,Band\r\n"), header: header,
            rows: [Row(2, "zoe", "Band"), Row(3, "bob", "Band")])
    }

    @Test("13: a quote that does not close is refused with the line where it opens")
    func unclosed() throws {
        try check(
            bytes("username,class\n\"zoe,Band\nbob,Band\n"),
            refused: "2: column 1: expected a closing quote, got the end of the file")
        try check(
            bytes("username,class\n\"zoe\" x,Band\nbob,Band\n"),
            refused: "2: column 1: expected a separator or the end of the line behind a closing "
                + "quote, got text")
    }

    @Test("14: a quote within a field that does not begin with one is text")
    func innerQuote() throws {
        try check(
            bytes("username,class\nzo\"e,Band\n"), header: ["username", "class"],
            rows: [Row(2, "zo\"e", "Band")])
    }

    @Test("15, 16: NUL and what is no UTF-8 are refused with their place")
    func badBytes() throws {
        try check(
            bytes("username,class\nzo\0e,Band\n"),
            refused: "2: column 1: expected text without NUL, got a NUL byte")
        try check(
            bytes("username,class\nzo") + [0xFF, 0xFE] + bytes("e,Band\n"),
            refused: "2: column 1: expected UTF-8, got the byte 0xFF as character 3 of the field "
                + "(offset 17 of the file); it reads \"zoÿþe\" with --encoding windows-1252")
    }

    @Test("17, 18, 27: other separators, found out or said by the file")
    func separators() throws {
        let header = ["username", "class"]
        try check(
            bytes("username;class\nzoe;Band\n"), header: header, rows: [Row(2, "zoe", "Band")])
        try check(
            bytes("username\tclass\nzoe\tBand\n"), header: header, rows: [Row(2, "zoe", "Band")])
        try check(
            bytes("sep=,\r\nusername,class\r\nzoe,Band\r\n"), header: header,
            rows: [Row(3, "zoe", "Band")])
    }

    @Test("19 to 23: what a value says is not the sender's: it arrives byte for byte")
    func values() throws {
        try check(
            bytes(" username, class \nzoe,Band\n"), header: [" username", " class "],
            rows: [Row(2, "zoe", "Band")])
        try check(
            bytes("username,full_name\nzoe,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"\n"),
            header: ["username", "full_name"],
            rows: [Row(2, "zoe", "=HYPERLINK(\"http://x\",\"y\")")])
        try check(
            bytes("username,full_name\nzoe,Zoe\u{308}\nzoe2,Zo\u{EB}\n"),
            header: ["username", "full_name"],
            rows: [Row(2, "zoe", "Zoe\u{308}"), Row(3, "zoe2", "Zo\u{EB}")])
        try check(
            bytes("username,class\nzoe\u{200B},Band\n"), header: ["username", "class"],
            rows: [Row(2, "zoe\u{200B}", "Band")])
        try check(
            bytes("student_id,class\n1.00095E+08,Band\n00012345,Band\n12345,Band\n"),
            header: ["student_id", "class"],
            rows: [
                Row(2, "1.00095E+08", "Band"), Row(3, "00012345", "Band"),
                Row(4, "12345", "Band"),
            ])
    }

    @Test(
        "24, 25: a file without rows is refused: it would be the end of everybody in an exact one")
    func empty() throws {
        for nothing in ["", "\u{FEFF}", "\n\r\n"] {
            try check(
                bytes(nothing), refused: "expected columns and rows, got an empty file")
        }
        try check(
            bytes("username,class\n"),
            refused: "expected at least one row, got only the columns' names")
        try check(bytes(" ,\nzoe,Band\n"), refused: "1: expected the columns' names, got blanks")
    }
}
