import Foundation
import Jobs
import Testing

/// Random files are read as Python's `csv` module reads them.
@Suite struct CSVAgreementTests {
    /// Prints for each file its rows as JSON: the line on which each ends, and its fields.
    private static let script = """
        import csv, io, json, sys
        for text in json.load(sys.stdin):
            reader = csv.reader(io.StringIO(text, newline=""), strict=True)
            print(json.dumps([row for row in reader if row]))
        """

    private static let alphabet: [Unicode.Scalar] = [
        "a", "b", "ë", "鈴", "😀", " ", "\"", ",", ";", "\n", "\r", "=", "'", "\u{301}", "\u{200B}",
    ]

    private static func file(_ random: inout some RandomNumberGenerator) -> String {
        let end = ["\n", "\r\n", "\r"].randomElement(using: &random)!
        let columns = Int.random(in: 1...4, using: &random)
        return (0..<Int.random(in: 0...6, using: &random)).map { number in
            (0..<columns).map { _ in field(&random) }.joined(separator: ",")
                + (number == 5 ? "" : end)
        }.joined()
    }

    private static func field(_ random: inout some RandomNumberGenerator) -> String {
        // By scalars: a quote with an accent is another character.
        let text = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            alphabet.randomElement(using: &random)!
        }
        guard text.contains(where: "\",\n\r".unicodeScalars.contains) || Bool.random(using: &random)
        else { return string(text) }
        return "\"" + string(text.flatMap { $0 == "\"" ? [$0, $0] : [$0] }) + "\""
    }

    private static func string(_ scalars: [Unicode.Scalar]) -> String {
        String(String.UnicodeScalarView(scalars))
    }

    @Test(arguments: Seed.some(1))
    func agreement(_ seed: Seed) throws {
        print("csv: \(seed.testDescription)")
        var random = seed.generator
        let files = (0..<3_000).map { _ in Self.file(&random) }
        let expected = try Self.python(files)
        #expect(expected.count == files.count)
        for (file, rows) in zip(files, expected) {
            let bytes = Array(file.utf8)
            var reader = CSVReader(separator: UInt8(ascii: ","))
            var found: [[String]] = []
            func take(_ row: borrowing CSVRow) {
                #expect(row.fault == nil)
                found.append((0..<row.count).map(row.string))
            }
            var start = 0
            while start < bytes.count {
                let end = min(start + Int.random(in: 1...16, using: &random), bytes.count)
                try reader.read(bytes[start..<end], take)
                start = end
            }
            try reader.finish(take)
            // Characters that are equal to Swift need not be the same bytes.
            try #require(
                found.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } },
                "\(file.debugDescription)")
        }
    }

    private static func python(_ files: [String]) throws -> [[[String]]] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let text = try JSONEncoder().encode(files)
        DispatchQueue.global().async {
            input.fileHandleForWriting.write(text)
            try? input.fileHandleForWriting.close()
        }
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try answer.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode([[String]].self, from: $0)
        }
    }
}
