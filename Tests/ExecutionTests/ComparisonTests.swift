import Jobs
import Testing

@testable import Execution

/// Values that the database holds equal, or cannot compare, and what that makes of a job.
@Suite struct ComparisonTests {
    private func desk(_ type: String, _ before: String = "") throws -> Desk {
        try Desk(
            tables: """
                \(before)
                CREATE TABLE thing (target int, member int, value \(type), PRIMARY KEY (target, member));
                """,
            catalog: """
                catalog: things
                relations:
                  thing:
                    table: thing
                    target: target
                    member: member
                    attributes: [value]
                    conflict: { update: [value] }
                """)
    }

    private func message(_ desk: Desk, _ kind: String, _ value: String) throws -> Message {
        try desk.message(
            kind,
            #""relation":"thing","target":1,"members":[{"member":1,"value":\#(value)}]"#)
    }

    /// Each value in a batch of its own, then all in one: the same in the end.
    @Test(arguments: [
        // By its text, as it stands.
        ("json", [#"{"a":1}"#, #"{"a":1}"#, #"{"a": 1}"#, "null", "null"], [1, 0, 2, 2, 0]),
        ("point", [#""(1,2)""#, #""1,2""#, #""(2,1)""#], [1, 0, 2]),
        // A box equals any other of the same size.
        ("box", [#""(2,2),(0,0)""#, #""(0,0),(2,2)""#, #""(4,1),(0,0)""#], [1, 0, 2]),
        ("xml", [#""<a/>""#, #""<a></a>""#], [1, 2]),
        ("json[]", [#"[{"a":1}]"#, #"[{"a":1}]"#, #"[{"a":2}]"#], [1, 0, 2]),
        // By the type.
        ("jsonb", [#"{"a":1}"#, #"{ "a" : 1.0 }"#, "[]"], [1, 0, 2]),
        ("interval", [#""1 day""#, #""24:00""#, #""1 day 1 second""#], [1, 0, 2]),
        ("numeric[]", ["[1.0]", "[1.00,null]", "[1,null]", "[2]"], [1, 2, 0, 2]),
        ("bytea", [#""0a""#, #""\\x0A""#, #""0b""#], [1, 0, 2]),
        ("float8", ["0", #""-0.0""#, "1"], [1, 0, 2]),
        ("few", [#"["a"]"#, #"["a"]"#, "[]"], [1, 0, 2]),
    ])
    func anUpdateIsOneWhereTheValueDiffers(
        _ type: String, _ values: [String], _ outcomes: [Int]
    ) throws {
        let oneByOne = try desk(type, ValueTests.furtherTypes)
        for (value, outcome) in zip(values, outcomes) {
            let job = try message(oneByOne, "assign", value)
            try oneByOne.execute(job)
            let expected = [
                Receipt(unchanged: 1), Receipt(created: 1), Receipt(updated: 1),
            ][outcome]
            #expect(try oneByOne.receipt(job) == expected, "\(value)")
        }
        let together = try desk(type, ValueTests.furtherTypes)
        try together.execute(try values.map { try message(together, "assign", $0) })
        let stored = "SELECT value::text FROM thing"
        #expect(try together.rows(stored) == oneByOne.rows(stored))
        // Another value covers nothing.
        let last = try message(together, "unassign", values.last ?? "")
        let first = try message(together, "unassign", values.first ?? "")
        try together.execute(first)
        try together.execute(last)
        #expect(try together.receipt(first) == Receipt(absent: 1))
        #expect(try together.receipt(last) == Receipt(removed: 1))
    }

    @Test("the equality of a type is found also where the search path does not have it")
    func extensionElsewhere() throws {
        let desk = try Desk(
            tables: """
                CREATE SCHEMA elsewhere; CREATE EXTENSION citext SCHEMA elsewhere;
                CREATE TABLE person (name elsewhere.citext PRIMARY KEY);
                INSERT INTO person VALUES ('Ada'), ('Grace');
                CREATE TABLE thing (target elsewhere.citext, member elsewhere.citext REFERENCES person,
                  note elsewhere.citext, PRIMARY KEY (target, member));
                """,
            catalog: """
                catalog: things
                relations:
                  thing:
                    table: thing
                    target: target
                    member: member
                    attributes: [note]
                    conflict: { update: [note] }
                """)
        func job(_ kind: String, _ members: String, _ more: String = "") throws -> Message {
            let job = try desk.message(
                kind, #""relation":"thing","target":"T","members":[\#(members)]\#(more)"#)
            try desk.execute(job)
            return job
        }
        let first = try job("assign", #""ADA","ada",{"member":"grace","note":"x"},"bob""#)
        #expect(try desk.receipt(first) == Receipt(created: 2, unchanged: 1, rejected: 1))
        #expect(try desk.codes(first) == [4: "unknown-member"])
        let same = try job("assign", #"{"member":"GRACE","note":"X"},{"member":"ada","note":null}"#)
        #expect(try desk.receipt(same) == Receipt(unchanged: 2))
        let other = try job("assign", #"{"member":"GRACE","note":"y"},{"member":"aDa","note":"Z"}"#)
        #expect(try desk.receipt(other) == Receipt(updated: 2))
        let exact = try job("assign", #""Grace""#, #","exact":true"#)
        #expect(try desk.receipt(exact) == Receipt(unchanged: 1, removed: 1))
        let removal = try job("unassign", #"{"member":"gRACE","note":"Y"}"#)
        #expect(try desk.receipt(removal) == Receipt(removed: 1))
    }

    @Test(
        "lists, bytes and intervals are members, however they are written",
        arguments: [
            ("int[]", "[1,2]", #"["01",2]"#, "[2,1]"), ("text[]", #"["a b"]"#, #"["a b"]"#, "[]"),
            ("bytea", #""AB""#, #""\\xab""#, #""""#),
            ("interval", #""1 day""#, #""24 hours""#, #""1 hour""#),
            ("inet", #""::1""#, #""0::1/128""#, #""::2""#), ("jsonb", "[1,2]", "[1.0, 2]", "[2]"),
            ("varbit(4)", #""1""#, #""1""#, #""01""#), ("oid", "7", #""07""#, "4294967295"),
            ("\"char\"", #""x""#, #""x""#, #""y""#),
            ("pair", #""(1,x)""#, #""(01,\"x\")""#, #""(2,)""#),
            ("tint", #""red""#, #""red""#, #""blue""#),
            ("span", #""[1,3)""#, #""[1,2]""#, #""empty""#),
            ("tint[]", #"["red"]"#, #"["red"]"#, #"["blue"]"#),
        ])
    func members(_ type: String, _ value: String, _ again: String, _ other: String) throws {
        // Postgres itself cannot check a foreign key of a domain over an enum.
        let key = type == "tint" ? "" : "REFERENCES parent"
        let desk = try Desk(
            tables: """
                \(ValueTests.furtherTypes)
                CREATE TABLE parent (id \(type) PRIMARY KEY, number int);
                CREATE TABLE thing (target \(type) \(key), member \(type),
                  PRIMARY KEY (target, member));
                """,
            catalog: """
                catalog: things
                relations:
                  parent: { table: parent, target: id, member: number, identity: [id] }
                  thing: { table: thing, target: target, member: member }
                """)
        func job(_ kind: String, _ members: String, _ more: String = "") throws -> Receipt? {
            let job = try desk.message(
                kind, #""relation":"thing","target":\#(value),"members":\#(members)\#(more)"#)
            try desk.execute(job)
            return try desk.receipt(job)
        }
        if !key.isEmpty { #expect(try job("assign", "[\(value)]") == Receipt(rejected: 1)) }
        let parent = try desk.message(
            "assign", #""relation":"parent","target":\#(again),"members":[1]"#)
        try desk.execute(parent)
        #expect(
            try job("assign", "[\(value),\(again),\(other)]")
                == Receipt(created: 2, unchanged: 1))
        #expect(
            try job("assign", "[\(again)]", #","exact":true"#) == Receipt(unchanged: 1, removed: 1))
        #expect(try job("unassign", "[\(other),\(again)]") == Receipt(removed: 1, absent: 1))
        #expect(try job("assign", "[\(other)]") == Receipt(created: 1))
        #expect(try job("unassign", #""all""#) == Receipt(removed: 1))
    }
}
