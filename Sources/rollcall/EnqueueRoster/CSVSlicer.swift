import Jobs

/// Makes slices of the rows of a CSV file.
struct CSVSlicer {
    private let file: String
    private let limits: Settings.Roster
    private let budget: ([String]) throws -> Int
    /// The columns' names, from the first row.
    private(set) var header: [String] = []
    private(set) var slices = RosterSlices(budget: 0)
    private(set) var rows = 0
    private(set) var faults = RosterFaults()
    private var writer = CSVWriter()
    /// The physical line of the file that is written next.
    private var line = 1

    /// - Parameter budget: the bytes of JSON that a slice may take, by the columns' names.
    init(file: String, _ limits: Settings.Roster, budget: @escaping ([String]) throws -> Int) {
        self.file = file
        self.limits = limits
        self.budget = budget
    }

    /// Takes the next row.
    ///
    /// Lines that are not written, blank ones and those of the columns' names, become blank lines: a
    /// worker counts lines to tell on which of the whole file a row stands.
    ///
    /// - Parameter body: gets a slice that is full.
    mutating func take(_ row: borrowing CSVRow, _ body: ([UInt8]) throws -> Void) throws {
        if let fault = row.fault {
            note(fault, row)
            // Without the names nothing else means anything.
            if header.isEmpty { throw EndOfReading() }
            return
        }
        guard !header.isEmpty else { return try begin(row) }
        rows += 1
        guard rows <= limits.rows else {
            throw RosterFileFault(
                line: row.line,
                "expected at most \(NumberText.grouped(limits.rows)) rows, got more")
        }
        while line < row.line {
            _ = try slices.append(CollectionOfOne(UInt8(ascii: "\n")), length: 2, body)
            line += 1
        }
        writer.removeAll()
        line += writer.write(row)
        let length = writer.bytes.withUnsafeBufferPointer { JSONWriter.length(of: $0) }
        if try !slices.append(writer.bytes, length: length, body) {
            faults.add(
                file, line: row.line,
                "expected a row of at most \(slices.budget) bytes in a message, got \(length)")
        }
    }

    mutating func finish(_ body: ([UInt8]) throws -> Void) throws {
        try slices.flush(body)
        if header.isEmpty { throw RosterFileFault("expected columns and rows, got an empty file") }
        if rows == 0, faults.count == 0 {
            throw RosterFileFault("expected at least one row, got only the columns' names")
        }
    }

    private mutating func begin(_ row: borrowing CSVRow) throws {
        header = (0..<row.count).map(row.string)
        guard header.contains(where: { !RosterHeader.folded($0).isEmpty }) else {
            throw RosterFileFault(line: row.line, "expected the columns' names, got blanks")
        }
        if let (first, second) = RosterHeader.duplicate(in: header) {
            throw RosterFileFault(
                line: row.line,
                "expected columns of different names, got \(header[first].quotedForMessage) as "
                    + "column \(first + 1) and \(header[second].quotedForMessage) as column "
                    + "\(second + 1)")
        }
        slices = RosterSlices(budget: try budget(header))
    }

    private mutating func note(_ fault: CSVFault, _ row: borrowing CSVRow) {
        var text = "column \(fault.column): \(fault.message)"
        if let offset = fault.offset {
            text += " (offset \(offset) of the file)"
            if faults.count == 0 { text += Self.hint(row[fault.column - 1]) }
        }
        faults.add(file, line: fault.line, text)
    }

    /// How a field reads in other encodings: who knows the name knows the encoding.
    private static func hint(_ field: ArraySlice<UInt8>) -> String {
        let readings = [TextEncoding.windows1252, .shiftJIS].compactMap { encoding in
            TextConverter.text(of: field, in: encoding).map {
                "\($0.quotedForMessage) with --encoding \(encoding.rawValue)"
            }
        }
        return readings.isEmpty ? "" : "; it reads " + readings.joined(separator: ", ")
    }
}

/// Nothing of the file is worth to be read any more; why is told already.
struct EndOfReading: Error {}
