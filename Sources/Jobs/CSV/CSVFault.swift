/// What is wrong with a CSV file or with one of its rows.
public struct CSVFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The physical line, from 1, as an editor counts them.
    public let line: Int
    /// The field in its row, from 1.
    public let column: Int
    public let message: String

    init(line: Int, column: Int, _ message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "line \(line), column \(column): \(message)" }
}
