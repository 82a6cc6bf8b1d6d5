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

    @Test(
        "a label's key stands in parentheses at its end",
        arguments: [
            ("Username (USERNAME)", "username"), ("Name (of the (class) (NAME ) ", "name"),
            ("(UUID)", "uuid"), ("Name", nil), ("Name ()", nil), ("(a) b", nil), ("a)", nil),
        ])
    func key(label: String, expected: String?) {
        #expect(RosterHeader.key(of: label) == expected)
    }

    @Test(
        "a column is found by its first name that there is, and without one by its key",
        arguments: [
            (["name", "full name"], ["Full Name", " NAME "], [1]),
            (["name"], ["Surname (NAME)", "x"], [0]),
            (["name"], ["Surname (NAME)", "name"], [1]),
            (["name", "b"], ["x (B)", "y (NAME)"], [1]),
            (["name"], ["a (name)", "b (Name)"], [0, 1]),
            (["name"], ["names"], []),
        ])
    func positions(names: [String], header: [String], expected: [Int]) {
        #expect(RosterHeader.positions(of: [names], in: header) == [expected])
    }

    @Test("a label that is one column's name is not another's by its key")
    func wholeLabel() {
        #expect(
            RosterHeader.positions(of: [["a", "X (B)"], ["b"]], in: ["x (b)", "y (A)"])
                == [[0], []])
    }
}
