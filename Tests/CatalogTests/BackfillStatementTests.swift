import Testing

@testable import Catalog

/// What is read of the SQL in a backfill.
@Suite struct BackfillStatementTests {
    /// The names that a text uses, in the order of their first use.
    private func names(_ sql: String) -> [String] {
        SQLTemplate(SQLToken.tokens(of: sql)).parameters
    }

    @Test(
        "a name behind a colon is a value",
        arguments: [
            ("SELECT :a", ["a"]),
            ("SELECT :a, :b_2, :a", ["a", "b_2"]),
            ("SELECT a=:a", ["a"]),
            ("SELECT (:a)", ["a"]),
            ("SELECT -:a", ["a"]),
            ("SELECT :a::bigint, x::text", ["a"]),
            ("SELECT :a::text::int", ["a"]),
            // No values: casts, slices, literals, names, comments, assignments.
            ("SELECT x::a", []),
            ("SELECT x:: a", []),
            ("SELECT x[1:2], y[i:j], z[1 : n], f(x)[(1):(n)]", []),
            ("SELECT x[:a]", ["a"]),
            ("SELECT ':a'", []),
            ("SELECT 'it''s :a'", []),
            ("SELECT E'\\' :a'", []),
            ("SELECT 'a\\', :b", ["b"]),
            ("SELECT U&'\\0061 :a'", []),
            ("SELECT n':a', b'1', x'1F', :c", ["c"]),
            ("SELECT \":a\"", []),
            ("SELECT \"x\"\":a\"", []),
            ("SELECT $$ :a $$", []),
            ("SELECT $tag$ :a $$ :b $tag$, :c", ["c"]),
            ("SELECT a$b, :c", ["c"]),
            ("SELECT 1 -- :a\n, :b", ["b"]),
            ("SELECT /* :a /* :b */ :c */ :d", ["d"]),
            ("SELECT f(x := 1), :a", ["a"]),
            ("SELECT e, :a", ["a"]),
            ("SELECT '👩‍👩‍👧:a', :b", ["b"]),
        ])
    func values(sql: String, expected: [String]) {
        #expect(names(sql) == expected)
    }

    @Test("the tokens are the text", arguments: 0..<200)
    func tokensAreTheText(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let pieces = [
            "'", "''", "\"", "$$", "$a$", "$1", ":", "::", ":x", "[", "]", "(", ")", "--", "\n",
            "/*",
            "*/", "E'", "\\", "a", "1", " ", ".", "é", "👩‍👧", ";", "U&", "x'",
        ]
        let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in
            pieces[Int.random(in: 0..<pieces.count, using: &random)]
        }.joined()
        let tokens = SQLToken.tokens(of: text)
        #expect(
            tokens.map { String($0.text) }.joined().unicodeScalars.elementsEqual(
                text.unicodeScalars), "seed \(seed): \(text)")
        #expect(!tokens.contains { $0.text.isEmpty }, "seed \(seed): \(text)")
    }

    @Test("a comment leaves a blank, so that what follows stands alone")
    func comments() throws {
        let statement = try BackfillStatement("INSERT INTO t SELECT 1 -- the end")
        #expect(statement.text == "INSERT INTO t SELECT 1")
        let middle = try BackfillStatement("DELETE/**/FROM t -- x\nWHERE a = :from")
        #expect(middle.text == "DELETE FROM t  \nWHERE a = :from")
    }

    @Test("the verb is found behind the queries of a WITH")
    func verbs() throws {
        let plain = try BackfillStatement("  update only s.t set a = 1 ;  ")
        #expect(plain.verb == .update)
        #expect(plain.table == TableName(schema: "s", name: "t"))
        #expect(plain.queries == nil && !plain.mayUpdate)
        let with = try BackfillStatement(
            """
            WITH RECURSIVE a (x) AS (SELECT 1 UNION SELECT x + 1 FROM a), "b" AS MATERIALIZED (SELECT 2)
            INSERT INTO "My Schema"."T""x" SELECT * FROM a
            """)
        #expect(with.verb == .insert && with.isRecursive)
        #expect(with.table == TableName(schema: "My Schema", name: "T\"x"))
        #expect(with.queries?.text { $0 }.hasPrefix(" a (x) AS (SELECT 1") == true)
        #expect(with.body.text { $0 }.hasPrefix("INSERT INTO"))
        let oddly = try BackfillStatement("WITH update AS (SELECT 1) DELETE FROM t")
        #expect(oddly.verb == .delete)
        #expect(oddly.table == TableName(schema: "public", name: "t"))
    }

    @Test("an INSERT that may change rows is known by its words, not by a subquery's")
    func conflicts() throws {
        func mayUpdate(_ sql: String) throws -> Bool { try BackfillStatement(sql).mayUpdate }
        #expect(
            try mayUpdate("INSERT INTO t SELECT 1 ON CONFLICT (a) DO UPDATE SET b = 1"))
        #expect(try !mayUpdate("INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING"))
        #expect(try !mayUpdate("INSERT INTO t SELECT a FROM (SELECT 'do update') x (a)"))
    }

    @Test(
        "what is no statement whose rows can be counted is refused",
        arguments: [
            ("SELECT 1", "expected INSERT, UPDATE or DELETE, got \"SELECT 1\""),
            ("TRUNCATE t", "expected INSERT, UPDATE or DELETE, got \"TRUNCATE t\""),
            ("", "expected INSERT, UPDATE or DELETE, got nothing"),
            ("-- nothing", "expected INSERT, UPDATE or DELETE, got nothing"),
            (
                "WITH a AS (SELECT 1) SELECT * FROM a",
                "expected INSERT, UPDATE or DELETE, got \"SELECT * FROM\""
            ),
            (
                "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
                "expected INSERT, UPDATE or DELETE, got \"MERGE INTO t\""
            ),
            (
                "WITH gone AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM gone",
                "expected no DELETE inside the statement, because its rows would not be counted; "
                    + "make it a statement of its own"
            ),
            (
                "INSERT INTO t SELECT 1 RETURNING id",
                "expected no RETURNING, because nobody reads it"
            ),
            (
                "DELETE FROM t; DELETE FROM u",
                "expected one statement, got several; write them as a list"
            ),
            (
                "DELETE FROM t WHERE a = $1", "expected values by their names, as :from, got $1"
            ),
            ("DELETE FROM t WHERE a = 'x", "expected an end of what begins with 'x"),
            ("DELETE FROM t /* x", "expected an end of what begins with /* x"),
            ("DELETE FROM t WHERE a = $x$ y", "expected an end of what begins with $x$ y"),
        ])
    func refused(sql: String, message: String) {
        let fault = #expect(throws: BackfillStatement.Fault.self) { try BackfillStatement(sql) }
        #expect(fault?.message == message)
    }
}

/// Numbers that follow from a seed.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
