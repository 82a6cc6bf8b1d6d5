import Catalog
import Jobs

/// Reads the values of a column from messages.
struct ValueReader {
    let column: Column
    private let type: TypeReader

    /// - Parameter textLimit: the longest value accepted, in characters, where the column has no
    ///   limit of its own.
    init(column: Column, textLimit: Int) {
        self.column = column
        type = TypeReader(column.type, textLimit: textLimit)
    }

    /// Appends the value to the column.
    ///
    /// Something is appended in any case, so that the columns of a row stay side by side.
    ///
    /// - Returns: what was expected, if it was something else.
    func read(
        _ index: JSONDocument.Index, of document: JSONDocument, into staged: inout StagedColumn
    ) -> String? {
        type.read(index, of: document, into: &staged)
    }
}
