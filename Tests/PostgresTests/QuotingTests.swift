import Postgres
import Testing

@Suite struct QuotingTests {
    @Test(arguments: ["plain", "two words", "a\"b", "\"", "\"\u{301}", "é'", "Select", "\\"])
    func identifiersThereAndBack(name: String) throws {
        let open = try OpenConnection()
        let rows = try open.connection.execute("SELECT 1 AS \(quoteIdentifier(name))")
        #expect(rows.columnName(0) == name)
    }

    @Test(arguments: ["", "plain", "it's", "'", "'\u{301}", "\\", "\\'", "a\nb", "E'"])
    func literalsThereAndBack(text: String) throws {
        let open = try OpenConnection()
        for conforming in ["on", "off"] {
            try open.connection.transaction(
                opening: """
                    BEGIN; SET LOCAL standard_conforming_strings = \(conforming);
                    SET LOCAL escape_string_warning = off
                    """
            ) {
                let rows = try open.connection.execute("SELECT \(quoteLiteral(text))")
                #expect(rows.string(0, 0) == text)
            }
        }
    }

    @Test func doublesQuotes() {
        #expect(quoteIdentifier("a\"b") == "\"a\"\"b\"")
        #expect(quoteLiteral("it's") == "'it''s'")
        #expect(quoteLiteral("a\\b") == "E'a\\\\b'")
    }

    @Test func nulCharacterTraps() async {
        await #expect(processExitsWith: .failure) { _ = quoteIdentifier("a\0b") }
    }
}
