/// A table of texts in columns, for a terminal.
struct StatusTable {
    struct Column {
        let head: String
        var isRight = false
        /// The blanks before it, unless it is the first.
        var gap = StatusTable.gap
        /// The most columns that it may take; longer texts are cut.
        var widthMax = Int.max
    }

    /// A text that is escaped already.
    struct Cell {
        let text: String
        var color: StatusColor?

        init(_ text: String, _ color: StatusColor? = nil) {
            self.text = text
            self.color = color
        }
    }

    static let gap = 2
    let columns: [Column]
    let rows: [[Cell]]

    /// The width of each column.
    var widths: [Int] {
        columns.indices.map { index in
            let widest = rows.reduce(DisplayWidth.of(columns[index].head)) {
                max($0, DisplayWidth.of($1[index].text))
            }
            return min(widest, columns[index].widthMax)
        }
    }

    /// The width of the table.
    var width: Int { widths.reduce(0, +) + columns.dropFirst().reduce(0) { $0 + $1.gap } }

    /// The head and the rows.
    ///
    /// - Parameter isPadded: whether blanks fill each line up to the width of the table.
    func lines(_ ink: StatusInk, isPadded: Bool = false) -> [String] {
        let widths = widths
        let head = columns.map { Cell($0.head, .gray) }
        return ([head] + rows).map { cells in
            let (text, blanks) = line(cells, widths, ink)
            return isPadded ? text + String(repeating: " ", count: blanks) : text
        }
    }

    /// A line without the blanks at its end, and how many these are.
    private func line(
        _ cells: [Cell], _ widths: [Int], _ ink: StatusInk
    ) -> (text: String, blanks: Int) {
        var line = ""
        var blanks = 0
        for (index, cell) in cells.enumerated() {
            if index > 0 { blanks += columns[index].gap }
            let text = VisibleText.cut(cell.text, to: widths[index])
            let free = widths[index] - DisplayWidth.of(text)
            if columns[index].isRight { blanks += free }
            if !text.isEmpty {
                line += String(repeating: " ", count: blanks) + ink.paint(text, cell.color)
                blanks = 0
            }
            if !columns[index].isRight { blanks += free }
        }
        return (line, blanks)
    }
}
