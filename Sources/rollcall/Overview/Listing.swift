import Foundation

/// What a command lists: a table on a terminal, fields between tabs elsewhere, or JSON.
struct Listing {
    struct Column {
        let head: String
        /// In JSON.
        let name: String
        var isRight = false
    }

    struct Cell {
        /// On a terminal.
        let shown: String
        /// Without a terminal: whole, and in the units that the column's name says.
        let exact: String
        let json: JSONText
        var color: StatusColor?

        init(_ text: String, color: StatusColor? = nil) {
            self.init(text, exact: text, json: .string(text), color: color)
        }

        init(_ number: Int, color: StatusColor? = nil) {
            self.init(
                NumberText.grouped(number), exact: "\(number)", json: .integer(number),
                color: color)
        }

        init(_ shown: String, exact: String, json: JSONText, color: StatusColor? = nil) {
            self.shown = VisibleText.escaped(shown)
            self.exact = VisibleText.escaped(exact)
            self.json = json
            self.color = color
        }

        /// Nothing is known.
        static let none = Cell("-", exact: "", json: .null)
    }

    let columns: [Column]
    let rows: [[Cell]]
    /// What the list is called in JSON.
    let name: String
    /// What else there is to say, below the list.
    var notes: [String] = []
    /// The same in JSON, behind the list.
    var more: [(String, JSONText)] = []

    /// - Parameter width: of the terminal; the last column is cut where it does not fit.
    func drawn(width: Int, ink: StatusInk) -> [String] {
        let cells = rows.map { $0.map { StatusTable.Cell($0.shown, $0.color) } }
        var heads = columns.map { StatusTable.Column(head: $0.head, isRight: $0.isRight) }
        let excess = StatusTable(columns: heads, rows: cells).width - width
        if excess > 0, let last = heads.indices.last {
            let widest = StatusTable(columns: heads, rows: cells).widths[last]
            heads[last].widthMax = max(heads[last].head.count, widest - excess)
        }
        return StatusTable(columns: heads, rows: cells).lines(ink) + notes
    }

    var records: [String] {
        [columns.map(\.head).joined(separator: "\t")]
            + rows.map { $0.map(\.exact).joined(separator: "\t") }
    }

    var json: String {
        let objects = rows.map { row in
            JSONText.object(zip(columns, row).map { ($0.name, $1.json) })
        }
        let list: [(String, JSONText)] = [
            ("api_version", .text(StatusJSON.version)), (name, .array(objects)),
        ]
        return JSONText.object(list + more).description
    }
}

/// Where a command shows its list.
struct Screen {
    let terminal = StatusTerminal(STDOUT_FILENO)
    let output = StatusOutput()
    let ink: StatusInk
    let isJSON: Bool

    init(color: StatusColorChoice, isJSON: Bool) {
        self.isJSON = isJSON
        ink = StatusInk(
            isOn: color.isOn(
                isTerminal: terminal.isTerminal,
                environment: ProcessInfo.processInfo.environment))
    }
}

extension Listing {
    /// Shows the list once.
    func show(on screen: Screen) throws {
        if screen.isJSON {
            try screen.output.write([json])
        } else if screen.terminal.isTerminal {
            try screen.output.write(drawn(width: screen.terminal.width, ink: screen.ink))
        } else {
            try screen.output.write(records)
            for note in notes { complain(note) }
        }
    }

    /// Shows the list again and again until interrupted: in place on a terminal, else whenever it
    /// has changed.
    static func watch(
        on screen: Screen, every microseconds: UInt32 = 1_000_000,
        _ look: () throws -> Listing
    ) throws {
        exitAtInterrupt()
        var redraw = Redraw(screen.terminal)
        var last: [String] = []
        while true {
            let listing = try look()
            if screen.terminal.isTerminal {
                let lines = listing.drawn(width: screen.terminal.width, ink: screen.ink)
                try screen.output.write(redraw.frame(lines))
            } else if listing.records != last {
                last = listing.records
                try screen.output.write(last)
            }
            usleep(microseconds)
        }
    }
}
