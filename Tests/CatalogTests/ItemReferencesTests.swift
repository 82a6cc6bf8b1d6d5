import Catalog
import Testing

@Suite struct ItemReferencesTests {
    @Test(
        "the columns of the item that an SQL text names",
        arguments: [
            ("item.a", ["a"]), ("ITEM.Course_ID", ["course_id"]),
            ("item.\"Course ID\"", ["Course ID"]),
            ("item.a||item.b", ["a", "b"]), ("f(item.a::text, 'x')", ["a"]),
            ("item.a + item.a", ["a"]),
            ("item.\"a\"\"b\"", ["a\"b"]), ("item.\"a.b\"", ["a.b"]), ("item.größe", ["größe"]),
            ("item.a$1", ["a$1"]), ("lineitem.a", []), ("item_.a", []), ("item", []), ("item.", []),
            ("item.*", []), ("shop.item.price", []), ("(item.a)", ["a"]), ("item.\"open", ["open"]),
            // Inside a literal it counts too: a name too many, never one too few.
            ("'item.a'", ["a"]), ("", []), ("éitem.a", []),
        ] as [(String, [String])])
    func columns(sql: String, expected: [String]) {
        #expect(ItemReferences.columns(in: sql) == Set(expected))
    }
}

@Suite struct SpellingTests {
    private let words = ["table", "target", "member", "attributes", "set"]

    @Test(
        "a slip of the finger has a nearest word",
        arguments: [
            ("tabel", "table"), ("TARGET", "target"), ("membr", "member"), ("memebers", "member"),
            ("attribute", "attributes"), ("atributs", "attributes"), ("st", "set"), ("sett", "set"),
        ])
    func near(word: String, expected: String) {
        #expect(Spelling.nearest(to: word, in: words) == expected)
    }

    @Test("another word has none", arguments: ["colour", "", "x", "zq", "id", "relationship"])
    func far(word: String) {
        #expect(Spelling.nearest(to: word, in: words) == nil)
        #expect(Spelling.nearest(to: word, in: []) == nil)
        // Two letters, and neither of them in common.
        #expect(Spelling.nearest(to: "zq", in: ["id", "ok"]) == nil)
    }

    @Test("a word of a million letters is compared with none", .timeLimit(.minutes(1)))
    func long() {
        let word = String(repeating: "x", count: 1_000_000)
        #expect(Spelling.nearest(to: word, in: words) == nil)
    }
}
