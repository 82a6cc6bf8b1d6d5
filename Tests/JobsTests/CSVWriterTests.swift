import Jobs
import Testing

/// What is written is read again as it was.
@Suite struct CSVWriterTests {
    private static let pieces: [String] = [
        "a", "ë", "鈴", " ", "\"", ",", ";", "\n", "\r", "\r\n", "\u{FEFF}", "sep=;", "\t", "'",
    ]

    private struct Row: Equatable {
        var line: Int
        var fields: [[UInt8]]
    }

    private func rows(_ bytes: [UInt8]) throws -> (rows: [Row], written: [UInt8], lines: Int) {
        var reader = CSVReader(separator: UInt8(ascii: ","))
        var rows: [Row] = []
        var writer = CSVWriter()
        var lines = 0
        func take(_ row: borrowing CSVRow) {
            #expect(row.fault == nil)
            lines += writer.write(row)
            rows.append(Row(line: row.line, fields: (0..<row.count).map { Array(row[$0]) }))
        }
        try reader.read(bytes, take)
        try reader.finish(take)
        #expect(reader.lines >= lines)
        return (rows, writer.bytes, lines)
    }

    @Test("random rows, with the lines that they take", arguments: Seed.some(1))
    func random(_ seed: Seed) throws {
        print("csv writer: \(seed.testDescription)")
        var random = seed.generator
        for _ in 0..<2_000 {
            let text = (0..<random.below(5)).map { _ in
                (0..<(1 + random.below(4))).map { _ in
                    let text = (0..<random.below(4)).map { _ in random.pick(Self.pieces) }.joined()
                    return
                        "\"\(text.utf8.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false).map { String($0)! }.joined(separator: "\"\""))\""
                }.joined(separator: ",") + "\r\n"
            }.joined()
            let first = try rows(Array(text.utf8))
            let second = try rows(first.written)
            try #require(first.rows == second.rows, "\(text.debugDescription)")
            #expect(first.lines == second.lines && first.written == second.written)
        }
    }

    @Test("only what needs quotes has them")
    func quotes() throws {
        #expect(
            try String(
                decoding: rows(Array("\"a\",\" b\",\"\",\"c,\"\r\"\"\n\"\u{FEFF}x\"".utf8)).written,
                as: UTF8.self) == "a, b,,\"c,\"\n\"\"\n\"\u{FEFF}x\"\n")
    }
}
