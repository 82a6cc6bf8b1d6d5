import Foundation
import Jobs
import Sandbox
import Testing

@testable import Execution

/// Random values for columns of every type: whatever they are, each is stored or refused alone, and
/// the good ones beside them are stored.
@Suite struct HostileValueTests {
    private static let texts = [
        "infinity", "-infinity", "epoch", "now", "today", "allballs", "24:00",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:59:60Z", "2026-11-21T23:59:60.999999999Z", "2026-11-21T23:59:61Z",
        "0044-03-15 BC", "0001-01-01", "9999-12-31T23:59:59.999999Z", "294277-01-01",
        "5874898-01-01",
        "2026-11-21T08:00:00+15:59", "2026-11-21T08:00:00-15:59:59", "2026-02-30",
        "2026-11-21T08:00:00.\(String(repeating: "1", count: 150))Z", "2026-11-21 08:00:00",
        "NaN", "nan", "inf", "1e400", "-1e-400", "1e38", "3.5e38", "1e-46", "4.9e-324", "1e308",
        "0x1F", "1_000", "0b1", "1e131072", "999.995", "9".padded(to: 999), "-", ".", "+1", "١",
        "", " ", "null", "NULL", "{}", "{1,2}", "{{1},{2}}", "{\"a\",NULL}", "[1:2]={1,2}", "{1,2",
        "[1,3]", "(,)", "empty", "(1,x)", "(1,2)", "((0,0),(1,1))", "<(0,0),-1>", "{1,2,3}",
        "::1", "10.0.0.1/33", "08:00:2b:01:02:03", "P1Y2M3DT4H5M6S", "-1 day", "1 fortnight",
        "@ 1 ago",
        "178956970 years", "a b", "a & b", "'", "''", "\\", "\\x0", "\\x00", "\"", "--", "$1", "%s",
        "$.a", "$[*] ? (@ > 1)", "<a>", "<a/>", "pg_class", "no.such", "1.2.3.4.5", "0", "-0", "7",
        "true", "t", "yes", "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00", "red", "101", "B101", "x1F",
        "16/B374D848", "10:20:10,14,15", "a\u{0}b", "\u{FFFF}", "👩‍👩‍👧", "x".padded(to: 10_001),
        "é".padded(to: 64),
    ]
    private static let values = [
        "null", "true", "false", "0", "-1", "1.5", "1e999", "1e200000", "-0.0", "[]", "{}",
        "[null]",
        "[[]]", "[1,\"2\",null]", "[\"a\",\"{\\\"}\"]", "[[1],[2]]", "[{\"a\":[]}]", "{\"a\":1}",
        "99999999999999999999", "[\"2026-11-21T08:00:00Z\"]", "[\"\\u0000\"]", "{\"\\u0000\":1}",
    ]

    /// Each type with a value that it takes.
    private static let types: [(sql: String, good: String)] = [
        ("int2", "1"), ("int4", "1"), ("int8", "1"), ("oid", "1"), ("bool", "true"),
        ("uuid", #""0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00""#), ("text", #""x""#),
        ("varchar(3)", #""x""#), ("char(3)", #""x""#), ("name", #""x""#), ("\"char\"", #""x""#),
        ("public.citext", #""x""#), ("numeric", "1"), ("numeric(5,2)", "1"), ("real", "1"),
        ("float8", "1"), ("date", #""2026-11-21""#), ("timestamp", #""2026-11-21T08:00:00""#),
        ("timestamp(0)", #""2026-11-21T08:00:00""#), ("timestamptz", #""2026-11-21T08:00:00Z""#),
        ("time", #""08:00""#), ("timetz(2)", #""08:00Z""#), ("interval", #""1 day""#),
        ("interval year", #""1 year""#), ("bytea", #""00""#), ("bit(3)", #""101""#),
        ("varbit(3)", #""1""#), ("json", "1"), ("jsonb", "1"), ("jsonpath", #""$""#),
        ("inet", #""::1""#), ("cidr", #""::1""#), ("macaddr", #""08:00:2b:01:02:03""#),
        ("macaddr8", #""08:00:2b:01:02:03:04:05""#), ("money", "1"), ("int4range", #""[1,2)""#),
        ("tstzrange", #""(,)""#), ("int4multirange", #""{[1,2)}""#), ("point", #""(1,2)""#),
        ("path", #""((0,0))""#), ("circle", #""<(0,0),1>""#), ("xml", #""<a/>""#),
        ("tsvector", #""a""#), ("tsquery", #""a""#), ("pg_lsn", #""0/1""#),
        ("regclass", #""pg_class""#),
        ("regtype", #""int4""#), ("regproc", #""now""#), ("regconfig", #""simple""#), ("xid", "1"),
        ("tid", #""(0,1)""#), ("int2vector", #""1 2""#), ("aclitem", #""=r/postgres""#),
        ("color", #""red""#), ("pair", #""(1,x)""#), ("even", "2"), ("few", #"["a"]"#),
        ("int4[]", "[1]"), ("text[]", #"["x"]"#), ("varchar(3)[]", #"["x"]"#),
        ("bit(3)[]", #"["101"]"#),
        ("jsonb[]", "[1]"), ("tsquery[]", #"["a"]"#), ("box[]", #"["(1,1),(0,0)"]"#),
        ("few[]", "[[]]"),
        ("timestamptz[]", #"["2026-11-21T08:00:00Z"]"#), ("bytea[]", #"["00"]"#),
    ]

    private static func desk() throws -> Desk {
        let tables = types.enumerated().map { number, type in
            "CREATE TABLE t\(number) (target int, member int, value \(type.sql), PRIMARY KEY (target, member));"
        }
        let relations = types.indices.map { number in
            """
              r\(number):
                { table: t\(number), target: target, member: member, attributes: [value],
                  conflict: { update: [value] } }
            """
        }
        return try Desk(
            tables: """
                CREATE EXTENSION citext;
                CREATE TYPE color AS ENUM ('red');
                CREATE DOMAIN even AS integer CONSTRAINT is_even CHECK (VALUE % 2 = 0);
                \(ValueTests.furtherTypes)
                \(tables.joined(separator: "\n"))
                """,
            catalog: "catalog: values\nrelations:\n\(relations.joined(separator: "\n"))")
    }

    @Test func eachIsStoredOrRefusedAlone() throws {
        let desk = try Self.desk()
        let seed =
            ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 0...UInt64.max)
        print("hostile values: ROLLCALL_SEED=\(seed)")
        var random = SeededGenerator(seed: seed)
        for (number, type) in Self.types.enumerated() {
            var isGood: [Bool] = []
            var members: [String] = []
            for member in 1...30 {
                isGood.append(Int.random(in: 0..<6, using: &random) == 0)
                let value = isGood[member - 1] ? type.good : Self.value(&random)
                members.append(#"{"member":\#(member),"value":\#(value)}"#)
            }
            let comment = Comment(rawValue: "ROLLCALL_SEED=\(seed) \(type.sql)")
            let job = try desk.message(
                "assign",
                #""relation":"r\#(number)","target":1,"members":[\#(members.joined(separator: ","))]"#
            )
            try desk.execute(job)
            let refused = Set(try desk.rejections(job).map(\.item))
            let stored = Set(try desk.rows("SELECT member FROM t\(number)").compactMap { Int($0) })
            #expect(refused.union(stored) == Set(1...30), comment)
            #expect(refused.isDisjoint(with: stored), comment)
            for member in 1...30 where isGood[member - 1] {
                #expect(stored.contains(member), "\(type.sql) ROLLCALL_SEED=\(seed)")
            }
            #expect(
                try desk.receipt(job) == Receipt(created: stored.count, rejected: refused.count),
                comment)
        }
    }

    private static func value(_ random: inout SeededGenerator) -> String {
        let isText = Int.random(in: 0..<4, using: &random) > 0
        let value =
            isText
            ? json(texts.randomElement(using: &random) ?? "")
            : values.randomElement(using: &random) ?? "0"
        return Int.random(in: 0..<4, using: &random) == 0 ? "[\(value)]" : value
    }

    private static func json(_ text: String) -> String {
        let units = text.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"\(units.joined())\""
    }
}

extension String {
    fileprivate func padded(to count: Int) -> String { String(repeating: self, count: count) }
}
