import Jobs
import Testing

/// What is read from files as schools have them.
@Suite struct CSVReaderTests {
    private struct Row: Equatable, CustomStringConvertible {
        var line: Int
        var fields: [String]
        var fault: String?

        init(_ line: Int, _ fields: String..., fault: String? = nil) {
            self.line = line
            self.fields = fields
            self.fault = fault
        }

        var description: String { "\(line) \(fields) \(fault ?? "")" }
    }

    /// Reads a file in pieces of so many bytes.
    private func rows(
        _ bytes: [UInt8], separator: UInt8? = nil, pieces: Int = .max,
        limits: CSVReader.Limits = .init()
    ) throws -> [Row] {
        var reader = CSVReader(separator: separator, limits: limits)
        var rows: [Row] = []
        func take(_ row: borrowing CSVRow) {
            var copy = Row(row.line, fault: row.fault?.description)
            if row.fault == nil { copy.fields = (0..<row.count).map(row.string) }
            rows.append(copy)
        }
        var start = 0
        while start < bytes.count {
            let end = start + min(pieces, bytes.count - start)
            try reader.read(bytes[start..<end], take)
            start = end
        }
        try reader.finish(take)
        return rows
    }

    private func rows(_ text: String, pieces: Int = .max) throws -> [Row] {
        try rows(Array(text.utf8), pieces: pieces)
    }

    private let band = [
        Row(1, "username", "full_name", "class"), Row(2, "zoe", "Zoë Ångström", "Band"),
        Row(3, "hanako", "鈴木花子", "Band"),
    ]

    @Test(
        "line breaks of every kind, with and without a byte order mark, cut anywhere",
        arguments: ["\n", "\r\n", "\r"], ["", "\u{FEFF}"])
    func lineBreaks(_ end: String, _ mark: String) throws {
        let lines = ["username,full_name,class", "zoe,Zoë Ångström,Band", "hanako,鈴木花子,Band"]
        let text = mark + lines.joined(separator: end)
        for pieces in 1...9 {
            #expect(try rows(text, pieces: pieces) == band)
            #expect(try rows(text + end, pieces: pieces) == band)
        }
    }

    @Test("mixed line breaks and blank lines: lines are counted as an editor counts them")
    func mixed() throws {
        let expected = [Row(1, "a", "b"), Row(2, "c", "d"), Row(3, "e", "f"), Row(7, "g", "h")]
        for pieces in 1...9 {
            #expect(try rows("a,b\r\nc,d\re,f\n\n\r\n\rg,h\r\n\n", pieces: pieces) == expected)
        }
    }

    @Test("quotes: separators, line breaks and doubled quotes within them, and lines after them")
    func quotes() throws {
        let text = "a,b\r\n\"x,\"\"y\"\"\",\"1\r\n2\n3\r4\"\r\nlast,\"\"\n\"\"\n"
        let expected = [
            Row(1, "a", "b"), Row(2, "x,\"y\"", "1\r\n2\n3\r4"), Row(6, "last", ""), Row(7, ""),
        ]
        for pieces in 1...9 { #expect(try rows(text, pieces: pieces) == expected) }
        // Where a field does not begin with a quote, it is text.
        #expect(try rows("zo\"e,\"a\"") == [Row(1, "zo\"e", "a")])
    }

    @Test("text behind a closing quote is the row's fault, and the next row is right again")
    func behindQuotes() throws {
        let found = try rows("a,b\n1,\"x\" y\n2,z\n")
        #expect(found[0] == Row(1, "a", "b"))
        #expect(
            found[1].fault
                == "line 2, column 2: expected a separator or the end of the line behind a closing "
                + "quote, got text")
        #expect(found[2] == Row(3, "2", "z"))
    }

    @Test("a quote that does not close names the line where it opens")
    func unclosed() throws {
        let fault = #expect(throws: CSVFault.self) { try rows("a,b\n1,x\n2,\"y\nz\n") }
        #expect(
            fault?.description
                == "line 3, column 2: expected a closing quote, got the end of the file")
        let long = #expect(throws: CSVFault.self) {
            try rows(
                Array("a,b\n\"\(String(repeating: "y\n", count: 99))".utf8), pieces: 50,
                limits: .init(rowBytes: 100))
        }
        #expect(
            long?.description
                == "line 2, column 1: expected a row of at most 100 bytes, got 146 or more; a quote "
                + "that opens in line 2 does not close")
    }

    @Test("a row beyond a limit is refused with the limit")
    func limits() throws {
        let wide = try rows(Array("a,b,c\nd\n".utf8), limits: .init(columns: 2))
        #expect(wide[0].fault == "line 1, column 3: expected at most 2 columns, got 3")
        #expect(wide[1] == Row(2, "d"))
        #expect(throws: CSVFault.self) {
            try rows(
                Array("a\n\(String(repeating: "y", count: 99))\n".utf8), limits: .init(rowBytes: 50)
            )
        }
    }

    @Test("bytes that are no UTF-8, and NUL, are named with their place")
    func encodings() throws {
        let header = Array("username,full_name,class\r\n".utf8)
        let latin = header + Array("zoe,Zo".utf8) + [0xEB] + Array(" x,Band\r\nbob,B,C\r\n".utf8)
        for pieces in [1, 7, 1_000] {
            let found = try rows(latin, pieces: pieces)
            #expect(
                found[1].fault
                    == "line 2, column 2: expected UTF-8, got the byte 0xEB as character 3 of the field"
            )
            #expect(found[2] == Row(3, "bob", "B", "C"))
        }
        let japanese = header + Array("h,".utf8) + [0x97, 0xE9, 0x96, 0xD8] + Array(",B\r\n".utf8)
        #expect(
            try rows(japanese)[1].fault
                == "line 2, column 2: expected UTF-8, got the byte 0x97 as character 1 of the field"
        )
        #expect(
            try rows("a,b\nzo\0e,Band\n")[1].fault
                == "line 2, column 1: expected text without NUL, got a NUL byte")
        #expect(
            try rows("a,b\nx,\"zo\n\0e\"\n")[1].fault
                == "line 3, column 2: expected text without NUL, got a NUL byte")
    }

    @Test("UTF-16 is refused, with and without its mark")
    func sixteen() throws {
        let text = Array("user,name\n".utf16)
        let little = text.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = text.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        for file in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little, big] {
            for pieces in [1, 3, 100] {
                let fault = #expect(throws: CSVFault.self) { try rows(file, pieces: pieces) }
                #expect(fault?.description == "line 1, column 1: expected UTF-8, got UTF-16")
            }
        }
    }

    @Test("the separator is found out, or said by the file or the caller")
    func separators() throws {
        for pieces in 1...9 {
            #expect(
                try rows("a;b\nc;d,e\n", pieces: pieces) == [Row(1, "a", "b"), Row(2, "c", "d,e")])
            #expect(
                try rows("a\tb\nc\td\n", pieces: pieces) == [Row(1, "a", "b"), Row(2, "c", "d")])
            #expect(try rows("\"a;;\",b\n", pieces: pieces) == [Row(1, "a;;", "b")])
            for end in ["\r\n", "\n", "\r"] {
                #expect(
                    try rows("sep=;\(end)a,b;c\(end)d;e", pieces: pieces)
                        == [Row(2, "a,b", "c"), Row(3, "d", "e")])
            }
            #expect(
                try rows("\u{FEFF}sep=|\r\na|b\r\n", pieces: pieces) == [Row(2, "a", "b")])
        }
        #expect(
            try rows(Array("a;b,c\n".utf8), separator: UInt8(ascii: ",")) == [Row(1, "a;b", "c")])
        #expect(
            try rows("one\ntwo,\tthree;\n") == [Row(1, "one"), Row(2, "two", "\tthree;")])
    }

    @Test("a file of nothing has no row", arguments: ["", "\u{FEFF}", "\n\n", "\r\n"])
    func nothing(_ text: String) throws {
        #expect(try rows(text) == [])
        #expect(try rows(text, pieces: 1) == [])
    }
}
