import Sandbox
import Testing

@testable import rollcall

@Suite struct SQLLayoutTests {
    @Test("a short statement has a line for each clause")
    func short() {
        #expect(
            SQLLayout.lines(of: "SELECT a,  b FROM t\n\nWHERE a = 1 ORDER BY b LIMIT 3") == [
                "SELECT a, b", "FROM t", "WHERE a = 1", "ORDER BY b", "LIMIT 3",
            ])
    }

    @Test("what is too long for a line is broken at commas, conditions and parentheses")
    func long() {
        let lines = SQLLayout.lines(
            of: """
                WITH x AS (SELECT alpha, beta FROM (SELECT * FROM gamma) AS delta), y AS (SELECT 1)
                INSERT INTO target (alpha, beta, gamma, delta) SELECT alpha, CASE WHEN beta AND gamma \
                THEN 1 END FROM x LEFT JOIN y ON x.alpha = y.alpha AND x.beta BETWEEN 1 AND 2 \
                AND x.gamma IS DISTINCT FROM 3 WHERE EXISTS (SELECT 1 FROM z WHERE z.a = x.a) OR x.b \
                ON CONFLICT (alpha) DO UPDATE SET beta = excluded.beta RETURNING alpha
                """, width: 40)
        #expect(
            lines == [
                "WITH x AS (",
                "  SELECT alpha, beta",
                "  FROM (",
                "    SELECT *",
                "    FROM gamma",
                "  ) AS delta",
                "),",
                "y AS (SELECT 1)",
                "INSERT INTO target (",
                "  alpha, beta, gamma, delta",
                ")",
                "SELECT",
                "  alpha,",
                "  CASE WHEN beta AND gamma THEN 1 END",
                "FROM x",
                "LEFT JOIN y ON x.alpha = y.alpha",
                "  AND x.beta BETWEEN 1 AND 2",
                "  AND x.gamma IS DISTINCT FROM 3",
                "WHERE EXISTS (",
                "  SELECT 1",
                "  FROM z",
                "  WHERE z.a = x.a",
                ")",
                "  OR x.b",
                "ON CONFLICT (alpha) DO UPDATE",
                "SET beta = excluded.beta",
                "RETURNING alpha",
            ])
    }

    @Test("words that are no keywords where they stand begin no line")
    func words() {
        let sql =
            "SELECT t.from, \"select\", 'a FROM b', $$ WHERE $$, extract(year FROM d), "
            + "E'it\\'s FROM', left(x, 2), n::timestamp with time zone FROM t"
        let lines = SQLLayout.lines(of: sql, width: 400)
        #expect(lines.count == 2)
        #expect(lines.last == "FROM t")
        #expect(
            SQLLayout.lines(of: "DELETE FROM t USING u WHERE t.a = u.a FOR UPDATE OF t")
                == ["DELETE FROM t", "USING u", "WHERE t.a = u.a", "FOR UPDATE OF t"])
        #expect(SQLLayout.lines(of: "UPDATE t SET a = 1") == ["UPDATE t", "SET a = 1"])
    }

    @Test("a comment up to the end of a line hides nothing that follows it")
    func comments() {
        #expect(
            SQLLayout.lines(of: "SELECT a -- first */ one\n, b /* x /* y */ z */ FROM t")
                == ["SELECT a /* first * / one */ , b /* x /* y */ z */", "FROM t"])
    }

    @Test("whatever is laid out, its tokens stay, apart where they were apart")
    func tokens() {
        let seed = UInt64.random(in: 1...999_999)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let words = [
            "SELECT", "FROM", "WHERE", "AND", "OR", "CASE", "END", "BETWEEN", "(", ")", "(", ")",
            ",", "a", ".", "b", "\"x y\"", "'it''s (FROM'", "E'\\''", "$1", "::", "int4[]", "=",
            "WITH", "AS", "INSERT", "INTO", "UPDATE", "SET", "DELETE", "USING", "JOIN", "LEFT",
            "ON", "CONFLICT", "UNION", "ALL", "ORDER", "GROUP", "BY", "FOR", "RETURNING",
            "$q$ ( $q$",
            "/* ( */", "-- )\n", "1", "DISTINCT", "é",
        ]
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...60, using: &generator)
            let sql = (0..<count).map { _ in
                words.randomElement(using: &generator)!
                    + (Bool.random(using: &generator) ? " " : "")
            }.joined()
            let width = Int.random(in: 1...120, using: &generator)
            let lines = SQLLayout.lines(of: sql, width: width)
            let before = SQLToken.tokens(of: sql)
            let after = SQLToken.tokens(of: lines.joined(separator: "\n"))
            guard isBalanced(before) else { continue }
            #expect(after.map(\.text) == before.map(\.text), "\(sql)")
            // Only parentheses and commas stand as well without a blank.
            for number in after.indices.dropFirst() where before[number].isApart {
                let isClear =
                    [")", ","].contains(before[number].text) || before[number - 1].text == "("
                #expect(after[number].isApart || isClear, "\(sql)")
            }
        }
    }

    private func isBalanced(_ tokens: [SQLToken]) -> Bool {
        var depth = 0
        for token in tokens {
            if token.text == "(" { depth += 1 }
            if token.text == ")" { depth -= 1 }
            if depth < 0 { return false }
        }
        return depth == 0
    }
}
