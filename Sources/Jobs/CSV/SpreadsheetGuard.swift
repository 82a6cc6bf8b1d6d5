/// Keeps a spreadsheet from taking a text for a formula.
///
/// A text that begins as formulas do gets an apostrophe before it, unless it is a number; the file
/// has a column of its own by which it is known, so that the apostrophe goes when it is read again.
public enum SpreadsheetGuard {
    /// The head of the column that says why a row was refused.
    public static let reasonHead = "rejected because"

    /// Where formulas begin, in one spreadsheet or another.
    private static let starts: Set<UInt8> = [
        UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"),
        UInt8(ascii: "|"), UInt8(ascii: "%"), UInt8(ascii: "\t"), UInt8(ascii: "\r"),
    ]
    private static let apostrophe = UInt8(ascii: "'")

    /// A text as a spreadsheet may open it.
    public static func guarded(_ text: String) -> String {
        guard let first = text.utf8.first else { return text }
        // What begins with an apostrophe of its own gets a second one, and keeps the first.
        let second = text.utf8.dropFirst().first
        let isGuarded = first == apostrophe && second.map(isStart) == true
        guard isGuarded || starts.contains(first), Double(text) == nil else { return text }
        return "'" + text
    }

    /// The text that was guarded.
    public static func unguarded(_ text: String) -> String {
        let bytes = text.utf8
        guard bytes.first == apostrophe, let second = bytes.dropFirst().first, isStart(second)
        else { return text }
        return String(text.dropFirst())
    }

    private static func isStart(_ byte: UInt8) -> Bool {
        starts.contains(byte) || byte == apostrophe
    }
}
