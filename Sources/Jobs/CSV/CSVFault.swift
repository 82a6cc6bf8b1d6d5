/// What is wrong with a CSV file or with one of its rows.
public struct CSVFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The physical line, from 1, as an editor counts them.
    public let line: Int
    /// The field in its row, from 1.
    public let column: Int
    public let message: String
    /// The rejection's code of a row that has it: it is one value's fault or the whole row's.
    public let code: String
    /// The byte at fault, from 0 and from the first that was read; nil where it is no single one.
    public var offset: Int?

    init(line: Int, column: Int, _ message: String, code: String = CSVFault.row) {
        self.line = line
        self.column = column
        self.message = message
        self.code = code
    }

    static let value = "invalid-value"
    static let row = "invalid-row"

    public var description: String { "line \(line), column \(column): \(message)" }
}
