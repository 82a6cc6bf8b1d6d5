import Jobs
import Testing

@Suite struct JSONDocumentTests {
    private func read(_ text: String, depth: Int = 32) throws(JSONError) -> JSONDocument {
        try JSONDocument(Array(text.utf8), depth: depth)
    }

    private func reason(_ bytes: [UInt8], depth: Int = 32) -> String? {
        do throws(JSONError) {
            _ = try JSONDocument(bytes, depth: depth)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "a fault says what was expected, what was found and where",
        arguments: [
            ("", "expected a value, got the end at byte 0"),
            ("  ", "expected a value, got the end at byte 2"),
            ("nul", "expected a value, got 'n' at byte 0"),
            ("nulL", "expected a value, got 'n' at byte 0"),
            ("True", "expected a value, got 'T' at byte 0"),
            ("NaN", "expected a value, got 'N' at byte 0"),
            ("+1", "expected a value, got '+' at byte 0"),
            (".5", "expected a value, got '.' at byte 0"),
            ("'a'", "expected a value, got ''' at byte 0"),
            ("01", "expected the end of the JSON text, got '1' at byte 1"),
            ("-", "expected a digit, got the end at byte 1"),
            ("-a", "expected a digit, got 'a' at byte 1"),
            ("1.", "expected a digit, got the end at byte 2"),
            ("1.e5", "expected a digit, got 'e' at byte 2"),
            ("1e", "expected a digit, got the end at byte 2"),
            ("1e+", "expected a digit, got the end at byte 3"),
            ("0x1", "expected the end of the JSON text, got 'x' at byte 1"),
            ("1 2", "expected the end of the JSON text, got '2' at byte 2"),
            ("[1,]", "expected a value, got ']' at byte 3"),
            ("[,1]", "expected a value, got ',' at byte 1"),
            ("[1 2]", "expected ',' or ']', got '2' at byte 3"),
            ("[1", "expected ',' or ']', got the end at byte 2"),
            ("[1}", "expected ',' or ']', got '}' at byte 2"),
            ("{1:2}", "expected a key in quotes, got '1' at byte 1"),
            ("{\"a\":1,}", "expected a key in quotes, got '}' at byte 7"),
            ("{\"a\" 1}", "expected ':', got '1' at byte 5"),
            ("{\"a\":}", "expected a value, got '}' at byte 5"),
            ("{\"a\":1]", "expected ',' or '}', got ']' at byte 6"),
            ("\"a", "expected the closing quote, got the end at byte 2"),
            ("\"\\", "expected an escape after '\\', got the end at byte 1"),
            ("\"\\x\"", "expected a known escape after '\\' at byte 1"),
            ("\"\\u12\"", "expected four hexadecimal digits, got '1' at byte 3"),
            ("\"\\u12g4\"", "expected four hexadecimal digits, got '1' at byte 3"),
            ("\"\n\"", "expected no control character inside a string, got one at byte 1"),
            ("\"\u{0}\"", "expected no control character inside a string, got one at byte 1"),
            ("1\u{0}", "expected the end of the JSON text, got the byte 0 at byte 1"),
            ("\u{A0}1", "expected a value, got the byte 194 at byte 0"),
            ("// a\n1", "expected a value, got '/' at byte 0"),
        ])
    func faults(text: String, expected: String) {
        #expect(reason(Array(text.utf8)) == expected)
    }

    @Test(
        "half a surrogate pair is refused",
        arguments: [
            #""\uD800""#, #""\uDBFF""#, #""\uDC00""#, #""\uDFFF""#, #""\uD800a""#, #""\uD800\n""#,
            #""\uD800\uD800""#, #""\uD83D\u0041""#, #""\uDE00\uD83D""#, #""\uD83D\"#, #""\uD83D\u"#,
            #""\uD83D\uDE0""#,
        ])
    func surrogates(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }

    @Test(
        "escapes become their characters",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (#""\u0000""#, "\u{0}"), (#""a\u0000b""#, "a\u{0}b"),
            (#""\u00e9\u00E9""#, "éé"), (#""\uD83D\uDE00""#, "😀"), (#""\ud83d\ude00""#, "😀"),
            (#""\uD800\uDC00""#, "\u{10000}"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
            (#""\uD7FF\uE000\uFFFF""#, "\u{D7FF}\u{E000}\u{FFFF}"),
            (
                "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFD}\u{10000}\"",
                "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFD}\u{10000}"
            ),
            (#""""#, ""),
        ])
    func escapes(text: String, expected: String) throws {
        let document = try read(text)
        #expect(Array(document.text(of: document.root).utf8) == Array(expected.utf8))
    }

    /// The Unicode Standard, table 3-7: the bounds of every row.
    private static let sequences: [[UInt8]] = [
        [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xE0, 0xBF, 0xBF], [0xE1, 0x80, 0x80],
        [0xEC, 0xBF, 0xBF], [0xED, 0x80, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
        [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF0, 0xBF, 0xBF, 0xBF],
        [0xF1, 0x80, 0x80, 0x80], [0xF3, 0xBF, 0xBF, 0xBF], [0xF4, 0x80, 0x80, 0x80],
        [0xF4, 0x8F, 0xBF, 0xBF],
    ]

    @Test("every class of well-formed UTF-8 is read", arguments: sequences)
    func wellFormed(sequence: [UInt8]) {
        #expect(reason([0x22] + sequence + [0x22]) == nil)
    }

    @Test("a well-formed sequence that is cut off or broken is refused", arguments: sequences)
    func broken(sequence: [UInt8]) {
        for end in 1..<sequence.count {
            #expect(reason([0x22] + sequence[..<end] + [0x22]) != nil)
            #expect(reason([0x22] + sequence[..<end]) != nil)
            for byte: UInt8 in [0x00, 0x7F, 0xC0, 0xFF] {
                var wrong = sequence
                wrong[end] = byte
                #expect(reason([0x22] + wrong + [0x22]) != nil)
            }
        }
    }

    @Test("every sequence of two bytes is read as Swift's own decoder reads it")
    func pairs() {
        for lead: UInt8 in 0x80...0xFF {
            for second: UInt8 in 0x80...0xFF {
                for tail: [UInt8] in [[], [0x80], [0x80, 0x80], [0xBF, 0xBF]] {
                    let bytes = [lead, second] + tail
                    let isValid = String(validating: bytes, as: UTF8.self) != nil
                    if (reason([0x22] + bytes + [0x22]) == nil) != isValid {
                        Issue.record("\(bytes)")
                    }
                }
            }
        }
    }

    @Test(
        "ill-formed UTF-8 is refused",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFE], [0xFF], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func illFormed(sequence: [UInt8]) {
        #expect(reason([0x22] + sequence + [0x22])?.hasPrefix("expected UTF-8") == true)
        // A key is a string like any other.
        #expect(reason(Array("{\"".utf8) + sequence + Array("\":1}".utf8)) != nil)
        #expect(reason(sequence) != nil)
    }

    @Test("nesting is allowed to the limit and not beyond", arguments: [1, 2, 32, 500])
    func depth(limit: Int) {
        let open = String(repeating: "[", count: limit)
        let close = String(repeating: "]", count: limit)
        #expect(reason(Array((open + close).utf8), depth: limit) == nil)
        #expect(
            reason(Array(("[" + open + close + "]").utf8), depth: limit)
                == "expected less nesting of arrays and objects at byte \(limit)")
        let objects = String(repeating: "{\"a\":", count: limit)
        #expect(
            reason(Array((objects + "1" + String(repeating: "}", count: limit)).utf8), depth: limit)
                == nil)
        // Beside one another, brackets are not nested.
        let list = "[" + String(repeating: "[],", count: 1_000) + "[]]"
        #expect(reason(Array(list.utf8), depth: 2) == nil)
    }

    @Test(
        "a million brackets are refused and do not exhaust the stack", arguments: ["[", "{\"a\":"])
    func manyBrackets(bracket: String) {
        let text = String(repeating: bracket, count: 1_000_000)
        #expect(reason(Array(text.utf8))?.hasPrefix("expected less nesting") == true)
    }

    @Test("a number of a million digits is kept as it stands")
    func hugeNumber() throws {
        let digits = String(repeating: "9", count: 1_000_000)
        let document = try read("[-\(digits).\(digits)e\(digits),1]")
        #expect(document[1].end - document[1].start == 3_000_003)
        #expect(document.text(of: 2) == "1")
    }

    @Test("of a repeated key the last value counts, however it is spelt")
    func repeatedKey() throws {
        let document = try read(#"{"mode":1,"a":{"mode":9},"mode":2,"m\u006fde":3}"#)
        let value = try #require(document.value("mode", in: document.root))
        #expect(document.text(of: value) == "3")
        #expect(document.value("absent", in: document.root) == nil)
        #expect(document.value("mode", in: value) == nil)
    }

    @Test("reading begins where it is told to")
    func start() throws {
        let bytes = Array("xyz{}".utf8)
        #expect(try JSONDocument(bytes, from: 3).root == 0)
        #expect(throws: JSONError.self) { try JSONDocument(bytes) }
        // A byte order mark is no blank; who knows of it starts behind it.
        #expect(throws: JSONError.self) { try JSONDocument([0xEF, 0xBB, 0xBF, 0x31]) }
    }
}
