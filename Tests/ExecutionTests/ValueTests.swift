import Jobs
import Testing

@testable import Execution

/// What of a message becomes a value of which type: stored exactly, or refused.
@Suite struct ValueTests {
    /// What must become of a value.
    enum Fate: Sendable, CustomTestStringConvertible {
        /// The column's text, as Postgres shows it.
        case stored(String)
        case refused

        var testDescription: String {
            switch self {
            case .stored(let text): text.count < 60 ? text : "\(text.prefix(60))..."
            case .refused: "refused"
            }
        }
    }

    /// Columns with values in JSON and what must become of them.
    struct Table: Sendable, CustomTestStringConvertible {
        let type: String
        let values: [(json: String, fate: Fate)]
        /// A key can be made of it.
        let isKey: Bool

        var testDescription: String { type }

        init(
            _ type: String, _ stored: [String: String], refused: [String], isKey: Bool = true
        ) {
            self.type = type
            self.isKey = isKey
            values =
                stored.sorted { $0.key < $1.key }.map { ($0.key, .stored($0.value)) }
                + refused.map { ($0, .refused) }
        }
    }

    private static let million = String(repeating: "9", count: 1_000_000)
    static let never = [
        "[]", "{}", "[1]", #"{"a":1}"#,
    ]
    private static let notNumbers =
        never + [
            "true", #""""#, #"" 1""#, #""1 ""#, #""0x10""#, #""1_000""#, #""NaN""#, #""Infinity""#,
            #""١""#, #""--1""#, #""1e""#, #""+""#, #""'; --""#, #""1\u0000""#,
        ]
    private static let huge = [million, "\"\(million)\""]

    static let tables: [Table] = [
        Table(
            "smallint",
            ["32767": "32767", "-32768": "-32768", "\"7\"": "7", "0": "0", "-0": "0"],
            refused: notNumbers + ["32768", "-32769", "1.0", "1.5", "1e2"]),
        Table(
            "integer", ["2147483647": "2147483647", "-2147483648": "-2147483648", "\"007\"": "7"],
            refused: notNumbers + huge + [
                "2147483648", "-2147483649", "1.0", "9223372036854775808",
            ]),
        Table(
            "bigint",
            [
                "9223372036854775807": "9223372036854775807",
                "-9223372036854775808": "-9223372036854775808", "\"42\"": "42",
            ],
            refused: notNumbers + [
                "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1.0",
                "99999999999999999999",
            ]),
        Table(
            "uuid",
            [
                #""0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00""#: "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00",
                #""0197A2C4-8D1E-7B43-9A55-0D5F3C2B1A00""#: "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00",
                #""0197a2c48d1e7b439a550d5f3c2b1a00""#: "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00",
                #""ffffffffffffffffffffffffffffffff""#: "ffffffff-ffff-ffff-ffff-ffffffffffff",
            ],
            refused: notNumbers + [
                "7", #""7""#, "12345678901234567890123456789012",
                #""0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a0""#,
                #""{0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00}""#,
                #""0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a0g""#,
            ]),
        Table(
            "boolean", ["true": "true", "false": "false", #""true""#: "true"],
            refused: never + ["0", "1", #""yes""#, #""t""#, #""TRUE""#, #""""#]),
        Table(
            "text",
            [
                "\"\"": "", "42": "42", "1.50": "1.50", "\"a\\nb\\t\\\\\"": "a\nb\t\\",
                #""\ud83d\ude00""#: "😀",
                "\"\(String(repeating: "😀", count: 10_000))\"":
                    String(repeating: "😀", count: 10_000),
            ],
            refused: never + [
                "true", #""a\u0000b""#, "\"\(String(repeating: "x", count: 10_001))\"",
            ]),
        Table(
            "varchar(3)", ["\"abc\"": "abc", "\"😀😀😀\"": "😀😀😀", "\"e\u{301}x\"": "e\u{301}x"],
            refused: never + [
                "\"abcd\"", "\"ab  \"", "\"😀😀😀😀\"", "\"e\u{301}xy\"", #""a\u0000""#,
            ]),
        Table(
            "char(3)", ["\"abc\"": "abc", "\"a\"": "a", "\"a      \"": "a", "\"😀\"": "😀"],
            refused: never + ["\"abcd\"", #""\u0000""#, "\"    x\""]),
        Table(
            "numeric",
            ["1.50": "1.50", "\"-0.001\"": "-0.001", "1e3": "1000", "12E-1": "1.2"],
            refused: notNumbers + huge + ["\".5\"", "\"5.\"", "1e1000"]),
        Table(
            "numeric(5,2)",
            ["999.99": "999.99", "1.5": "1.50", "1.500": "1.50", "0": "0.00", "12e1": "120.00"],
            refused: notNumbers + ["1000", "999.995", "1.005", "1e3", "99999999"]),
        Table(
            "double precision",
            ["0.1": "0.1", "1e308": "1e+308", "-0.0": "-0", "1234567890": "1234567890"],
            refused: notNumbers + huge + ["1e309", "1e-400", "\"inf\""]),
        Table("real", ["0.5": "0.5", "1e38": "1e+38"], refused: notNumbers + ["1e39", "1e-60"]),
        Table(
            "date",
            [
                #""2024-02-29""#: "2024-02-29", #""0001-01-01""#: "0001-01-01",
                #""9999-12-31""#: "9999-12-31",
            ],
            refused: never + [
                #""2023-02-29""#, #""0000-01-01""#, #""2024-13-01""#, #""today""#, #""infinity""#,
                #""29.02.2024""#, "20240229", #""2024-02-29T00:00:00Z""#, "true", #""""#,
            ]),
        Table(
            "timestamptz",
            [
                #""2026-11-21T08:00:00Z""#: "2026-11-21 08:00:00+00",
                #""2026-11-21T08:00:00.123456+01:30""#: "2026-11-21 06:30:00.123456+00",
                #""2026-11-21t08:00:00z""#: "2026-11-21 08:00:00+00",
                #""2016-12-31T23:59:60Z""#: "2017-01-01 00:00:00+00",
                #""2026-11-21T08:00:00-15:59""#: "2026-11-21 23:59:00+00",
            ],
            refused: never + [
                #""2026-11-21T08:00:00""#, #""2026-11-21""#, #""now""#, #""2026-11-21T24:00:00Z""#,
                #""0000-01-01T00:00:00Z""#, #""2026-11-21T08:00:00+16:00""#,
                #""2026-11-21T08:00:00+23:59""#, "1763712000", "false",
            ]),
        Table(
            "timestamp",
            [#""2026-11-21T08:00:00.5""#: "2026-11-21 08:00:00.5"],
            refused: never + [#""2026-11-21T08:00:00Z""#, #""2026-11-21T08:00:00+01:00""#, "1"]),
        Table(
            "color", [#""red""#: "red", #""it's; \"blue\"""#: #"it's; "blue""#],
            refused: never + [#""Red""#, #""green""#, "1", "true", #""""#, #""red\u0000""#]),
        Table("even", ["2": "2", "\"-4\"": "-4"], refused: never + ["3", "2147483648", "true"]),
        Table(
            "word", [#""abc""#: "abc"], refused: never + [#""abcdefghi""#, #""a b""#, "true"]),
    ]

    private static let types = """
        \(furtherTypes)
        CREATE TYPE color AS ENUM ('red', 'it''s; "blue"');
        CREATE DOMAIN even AS integer CONSTRAINT is_even CHECK (VALUE % 2 = 0);
        CREATE DOMAIN word AS varchar(8) CONSTRAINT is_word CHECK (VALUE ~ '^[a-z]+$');
        """

    private static func catalog(attribute: Bool) -> String {
        """
        catalog: values
        relations:
          thing:
            table: thing
            target: target
            member: \(attribute ? "member" : "value")
            attributes: [\(attribute ? "value" : "member")]
            \(attribute ? "conflict: { update: [value] }" : "")
        """
    }

    private static func desk(_ type: String, attribute: Bool) throws -> Desk {
        try Desk(
            tables: """
                \(types)
                CREATE TABLE thing (target int NOT NULL, member int\(attribute ? " NOT NULL" : ""),
                  value \(type)\(attribute ? "" : " NOT NULL"),
                  PRIMARY KEY (target, \(attribute ? "member" : "value")));
                """,
            catalog: catalog(attribute: attribute))
    }

    @Test(arguments: tables + furtherTables)
    func anAttributeIsStoredExactlyOrRefused(_ table: Table) throws {
        let desk = try Self.desk(table.type, attribute: true)
        let members = table.values.enumerated().map { #"{"member":\#($0),"value":\#($1.json)}"# }
        let job = try desk.message(
            "assign",
            #""relation":"thing","target":1,"members":[\#(members.joined(separator: ","))]"#)
        try desk.execute(job)
        let rejections = Dictionary(
            uniqueKeysWithValues: try desk.rejections(job).map { ($0.item, $0) })
        for (index, (json, fate)) in table.values.enumerated() {
            let shown = json.prefix(60)
            let stored = try desk.rows("SELECT value::text FROM thing WHERE member = \(index)")
            let rejection = rejections[index + 1]
            switch fate {
            case .stored(let text):
                #expect(stored == [text], "\(table.type): \(shown)")
                #expect(rejection == nil, "\(table.type): \(shown)")
            case .refused:
                #expect(stored.isEmpty, "\(table.type): \(shown)")
                // A domain's constraint has a name of its own.
                let codes = ["invalid-value", "is_even", "is_word", "is_few"]
                #expect(
                    rejection.map { codes.contains($0.code) } == true, "\(table.type): \(shown)")
                #expect(rejection?.member == String(index))
                #expect((rejection?.message.utf8.count ?? 0) < 400)
            }
        }
    }

    @Test(arguments: (tables + furtherTables).filter(\.isKey))
    func aMemberIsStoredExactlyOrRefused(_ table: Table) throws {
        let desk = try Self.desk(table.type, attribute: false)
        // What is an object or a list may be one of the member with its attributes.
        let values = table.values.filter { !$0.json.hasPrefix("{") }
        let job = try desk.message(
            "assign",
            """
            "relation":"thing","target":1,"members":[\(values.map(\.json).joined(separator: ","))]
            """)
        try desk.execute(job)
        let codes = try desk.codes(job)
        for (index, (json, fate)) in values.enumerated() {
            switch fate {
            case .stored: #expect(codes[index + 1] == nil, "\(table.type): \(json.prefix(60))")
            case .refused: #expect(codes[index + 1] != nil, "\(table.type): \(json.prefix(60))")
            }
        }
        let expected = Set(
            values.compactMap { value -> String? in
                guard case .stored(let text) = value.fate else { return nil }
                return text
            })
        #expect(Set(try desk.rows("SELECT value::text FROM thing")) == expected)
        // What was stored is found again by the same values.
        let removal = try desk.message(
            "unassign",
            """
            "relation":"thing","target":1,"members":[\(values.map(\.json).joined(separator: ","))]
            """)
        try desk.execute(removal)
        #expect(try desk.rows("SELECT value::text FROM thing").isEmpty)
    }

    @Test func nullIsStoredWhereTheColumnTakesIt() throws {
        let desk = try Self.desk("text DEFAULT 'none'", attribute: true)
        func assign(_ members: String) throws -> Message {
            try desk.message("assign", #""relation":"thing","target":1,"members":[\#(members)]"#)
        }
        try desk.execute(
            try assign(#"{"member":1,"value":null},{"member":2},{"member":3,"value":"x"}"#))
        #expect(try desk.rows("SELECT value FROM thing ORDER BY member") == ["NULL", "none", "x"])
        let job = try assign(#"{"member":1,"value":null},{"member":2,"value":null},3"#)
        try desk.execute(job)
        #expect(try desk.rows("SELECT value FROM thing ORDER BY member") == ["NULL", "NULL", "x"])
        #expect(try desk.receipt(job) == Receipt(updated: 1, unchanged: 2))
    }

    // MARK: Values that are equal though their bytes differ

    @Test("failure 8: texts that the column holds equal are one member, also in one statement")
    func textsThatTheColumnHoldsEqualAreOneMember() throws {
        let desk = try Self.desk("public.citext", types: "CREATE EXTENSION citext;")
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":["Ada","ADA","ada","grace"]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 2, unchanged: 2))
        #expect(try desk.rows("SELECT value FROM thing ORDER BY 1") == ["Ada", "grace"])
        let jobs = [
            try desk.message(
                "unassign", #""relation":"thing","target":1,"members":["aDA","ada"]"#),
            try desk.message("assign", #""relation":"thing","target":1,"members":["GRACE"]"#),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(removed: 1, absent: 1), Receipt(unchanged: 1),
            ])
    }

    @Test func aDomainOfSuchTextsRefusesItsOwn() throws {
        let desk = try Self.desk(
            "tag",
            types: """
                CREATE EXTENSION citext;
                CREATE DOMAIN tag AS citext CONSTRAINT is_tag CHECK (VALUE ~ '^[a-z]+$');
                """)
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":["ok","not 1","OK","2"]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1, unchanged: 1, rejected: 2))
        #expect(try desk.codes(job) == [2: "is_tag", 4: "is_tag"])
    }

    private static func desk(_ type: String, types: String) throws -> Desk {
        try Desk(
            tables: """
                \(types)
                CREATE TABLE thing (target int NOT NULL, value \(type) NOT NULL, member int,
                  PRIMARY KEY (target, value));
                """,
            catalog: catalog(attribute: false))
    }

    @Test func numbersThatAreEqualAreOneMember() throws {
        let desk = try Self.desk("numeric", types: "")
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[1.0,"1.00",1,2,10e-1]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 2, unchanged: 3))
        #expect(try desk.rows("SELECT value FROM thing ORDER BY 1") == ["1.0", "2"])
    }

    @Test func anAttributeThatOnlyLooksDifferentIsUnchanged() throws {
        let desk = try Self.desk("numeric", attribute: true)
        let jobs = try ["1.0", "1.00", "2"].map { value in
            try desk.message(
                "assign",
                #""relation":"thing","target":1,"members":[{"member":1,"value":\#(value)}]"#)
        }
        try desk.execute(Array(jobs[..<2]))
        #expect(try desk.rows("SELECT value FROM thing") == ["1.0"])
        #expect(try desk.receipt(jobs[1]) == Receipt(unchanged: 1))
        try desk.execute(jobs[2])
        #expect(try desk.rows("SELECT value FROM thing") == ["2"])
    }

    // MARK: Hostile texts

    private static let hostile: [String] = [
        "'", "\"", "\\", "\\'", "''", "'); DROP TABLE thing; --", "$1", "$$", "%s", "{value}",
        "{\"a\",NULL}", "NULL", "null", ",", "(1,2)", "\u{202E}reversed", "مرحبا", "שלום",
        "e\u{301}",
        "é", "👩‍👩‍👧‍👦", "\u{200B}", "\u{FEFF}bom", "\u{FFFF}", "\u{10FFFF}", "\t", "\n", "\r\n", " ",
        "a b  ", "\u{7F}", "\u{1}", "\u{1F}", "\u{85}", "\u{2028}", "ﬁ", "ı", "İ", "ß",
    ]

    @Test func hostileTextsAreStoredExactlyAndFoundAgain() throws {
        let desk = try Self.desk("text", attribute: false)
        func json(_ text: String) -> String {
            "\""
                + text.utf16.map { unit in
                    let digits = String(unit, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined() + "\""
        }
        let list = (Self.hostile.map(json) + [#""a\u0000'""#]).joined(separator: ",")
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[\#(list)]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: Self.hostile.count, rejected: 1))
        let stored = try desk.rows("SELECT value FROM thing")
        // Compared by bytes: Swift holds composed and decomposed letters equal.
        #expect(Set(stored.map { Array($0.utf8) }) == Set(Self.hostile.map { Array($0.utf8) }))
        let rejections = try desk.rejections(job)
        #expect(rejections.map(\.member) == ["a\u{FFFD}'"])
        #expect(rejections.first?.message.contains("without NUL") == true)
        let removal = try desk.message(
            "unassign", #""relation":"thing","target":1,"members":[\#(list)]"#)
        try desk.execute(removal)
        #expect(try desk.receipt(removal) == Receipt(removed: Self.hostile.count, rejected: 1))
    }
}
