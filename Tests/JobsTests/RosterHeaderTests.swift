import Jobs
import Testing

@Suite struct RosterHeaderTests {
    @Test(
        "names are the same without blanks around them and without case",
        arguments: [
            ("Name", "name"), (" name\t", "name"), ("\u{A0}name", "name"), ("STRASSE", "straße"),
            ("Klasse ", "KLASSE"), ("É", "e\u{301}"), ("ΣΟΦΟΣ", "σοφος"), ("", " "),
        ])
    func same(one: String, other: String) {
        #expect(RosterHeader.folded(one) == RosterHeader.folded(other))
    }

    @Test("other names are others", arguments: [("name", "first name"), ("a b", "ab"), ("e", "é")])
    func others(one: String, other: String) {
        #expect(RosterHeader.folded(one) != RosterHeader.folded(other))
    }

    @Test("a duplicate is found with the first of its name; columns without a name are none")
    func duplicate() throws {
        #expect(RosterHeader.duplicate(in: ["a", "", " ", "b"]) == nil)
        let found = try #require(RosterHeader.duplicate(in: ["a", "b", "c", " B "]))
        #expect(found == (1, 3))
    }
}
