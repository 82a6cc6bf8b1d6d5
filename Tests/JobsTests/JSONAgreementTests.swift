import Foundation
import Jobs
import Testing

@Suite struct JSONAgreementTests {
    private static let depth = 8

    private func read(_ bytes: [UInt8]) -> JSONDocument? {
        try? JSONDocument(bytes, depth: Self.depth)
    }

    private func shown(_ bytes: [UInt8]) -> Comment {
        "\(String(decoding: bytes, as: UTF8.self).debugDescription) \(bytes)"
    }

    @Test("a valid text has the values that Foundation reads", arguments: Seed.some(4))
    func values(seed: Seed) throws {
        var random = seed.generator
        for _ in 0..<500 {
            let bytes = RandomJSON.text(&random)
            #expect(StrictJSON.accepts(bytes, depth: Self.depth), shown(bytes))
            let document = try JSONDocument(bytes, depth: Self.depth)
            let expected = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            #expect(JSONValue(document, document.root) == expected, shown(bytes))
            #expect(throws: Never.self, shown(bytes)) {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
    }

    @Test("a text is accepted if and only if RFC 8259 does", arguments: Seed.some(8))
    func acceptance(seed: Seed) {
        var random = seed.generator
        for _ in 0..<2_000 {
            let bytes = RandomJSON.mutated(RandomJSON.text(&random, depth: 3), &random)
            let isValid = StrictJSON.accepts(bytes, depth: Self.depth)
            let document = read(bytes)
            #expect((document != nil) == isValid, shown(bytes))
        }
    }

    @Test("what is accepted, Foundation accepts with the same values", arguments: Seed.some(4))
    func foundation(seed: Seed) {
        var random = seed.generator
        for _ in 0..<2_000 {
            let bytes = RandomJSON.mutated(RandomJSON.text(&random, depth: 3), &random)
            let theirs = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            guard let document = read(bytes) else {
                #expect(theirs == nil || isLenience(bytes), shown(bytes))
                continue
            }
            // A repeated key is JSON, but what it means is left open.
            guard !hasRepeatedKey(document), !hasOddNumber(document) else { continue }
            #expect(theirs == JSONValue(document, document.root), shown(bytes))
        }
    }

    /// What Foundation takes beyond RFC 8259, as its JSONDecoder of Swift 6.3 does: a comma before
    /// a closing bracket; UTF-16 and UTF-32, which RFC 8259 section 8.1 forbids between systems and
    /// which it guesses from NUL bytes at the start; and a byte order mark, which a reader may skip
    /// but is no part of the text.
    private func isLenience(_ bytes: [UInt8]) -> Bool {
        let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]]
        return bytes.prefix(4).contains(0) || marks.contains { bytes.starts(with: $0) }
            || hasControlInEscape(bytes)
            || StrictJSON.accepts(withoutTrailingCommas(bytes), depth: Self.depth)
    }

    /// It takes some control characters for hexadecimal digits.
    private func hasControlInEscape(_ bytes: [UInt8]) -> Bool {
        bytes.indices.contains { place in
            bytes[place...].starts(with: Array("\\u".utf8))
                && bytes[place...].dropFirst(2).prefix(4).contains { $0 < 0x20 }
        }
    }

    private func withoutTrailingCommas(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var isInString = false
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\\"), isInString, position + 1 < bytes.count {
                kept += [byte, bytes[position + 1]]
                position += 2
                continue
            }
            if byte == UInt8(ascii: "\"") { isInString.toggle() }
            let next = bytes[(position + 1)...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            let isTrailing =
                byte == UInt8(ascii: ",") && !isInString
                && (next == UInt8(ascii: "]") || next == UInt8(ascii: "}"))
            // A comma alone in its brackets Foundation refuses, and so does the grammar without it.
            if !isTrailing { kept.append(byte) }
            position += 1
        }
        return kept
    }

    private func hasRepeatedKey(_ document: JSONDocument) -> Bool {
        document.nodes.indices.contains { index in
            guard document[index].kind == .object else { return false }
            var keys: Set<String> = []
            var isRepeated = false
            document.forEachPair(in: index) { key, _ in
                if !keys.insert(document.text(of: key)).inserted { isRepeated = true }
            }
            return isRepeated
        }
    }

    /// Numbers that RFC 8259 allows and Foundation refuses: beyond a Double's range at either end,
    /// and a zero with an exponent directly behind it (`0e2`).
    private func hasOddNumber(_ document: JSONDocument) -> Bool {
        document.nodes.indices.contains { index in
            guard document[index].kind == .number else { return false }
            let text = document.text(of: index)
            guard let value = Double(text), value.isFinite else { return true }
            let mantissa = text.prefix { $0 != "e" && $0 != "E" }
            let isUnderflow = value == 0 && mantissa.contains { ("1"..."9").contains($0) }
            return isUnderflow || text.contains(/^-?0[eE]/)
        }
    }

    @Test("every truncation of a structured text is refused", arguments: Seed.some(4))
    func truncation(seed: Seed) {
        var random = seed.generator
        for _ in 0..<100 {
            // Inside brackets: `12` is a truncation of `123` and valid.
            let bytes = Array("[".utf8) + RandomJSON.text(&random, depth: 4) + Array("]".utf8)
            for end in 0..<bytes.count { #expect(read(Array(bytes[..<end])) == nil) }
        }
    }

    @Test("the order of nodes is that of the text, and each leads past its own")
    func nodes() throws {
        let document = try JSONDocument(Array(#"{"a":[1,[]],"b":{}}"#.utf8))
        #expect(
            document.nodes.map(\.kind) == [
                .object, .string, .array, .number, .array, .string, .object,
            ])
        #expect(document.nodes.map(\.next) == [7, 2, 5, 4, 5, 6, 7])
        #expect(document.nodes.map(\.count) == [2, 0, 2, 0, 0, 0, 0])
        #expect(String(decoding: document.source(of: 2), as: UTF8.self) == "[1,[]]")
        #expect(String(decoding: document.source(of: 1), as: UTF8.self) == "\"a\"")
    }
}
