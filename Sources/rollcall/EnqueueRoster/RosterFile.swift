import Jobs
import RollcallClient

/// One file of a roster, which is read twice: to check it and to send it.
struct RosterFile {
    /// What was found in a file.
    struct Contents {
        var rows = 0
        var slices = 0
        var faults = RosterFaults()
    }

    let input: InputFile
    /// What messages call it; empty for the only file of a roster.
    let name: String
    let reading: RosterReading
    private let version: InputFile.Version?

    init(_ input: InputFile, name: String, _ reading: RosterReading) {
        self.input = input
        self.name = name
        self.reading = reading
        version = input.version
    }

    var byteCount: Int { version?.bytes ?? 0 }

    /// Whether it is no more the file that was opened.
    var isChanged: Bool { input.version != version }

    /// Reads the whole file and cuts it into parts, each time at the same rows; their numbers are not
    /// known yet.
    ///
    /// - Parameter progress: called with the bytes that were read.
    func forEachPart(
        progress: (Int) -> Void, _ body: (RosterRequest.Part) throws -> Void
    ) throws -> Contents {
        try input.rewind()
        return reading.format == .json
            ? try readJSON(progress, body) : try readCSV(progress, body)
    }

    private func readCSV(
        _ progress: (Int) -> Void, _ body: (RosterRequest.Part) throws -> Void
    ) throws -> Contents {
        var slicer = CSVSlicer(file: input.name, reading.limits) {
            try reading.budget(part($0, .content([])))
        }
        var reader = CSVReader(limits: reading.csvLimits)
        func take(_ row: borrowing CSVRow) throws {
            let header = slicer.header
            try slicer.take(row) { try body(part(header, .content($0))) }
        }
        var faults = RosterFaults()
        do {
            try EncodedText(input, reading.encoding).read { piece, bytesRead in
                try reader.read(piece, take)
                progress(bytesRead)
            }
            try reader.finish(take)
            let header = slicer.header
            try slicer.finish { try body(part(header, .content($0))) }
        } catch let fault as CSVFault {
            faults.add(input.name, line: fault.line, "column \(fault.column): \(fault.message)")
        } catch let fault as RosterFileFault {
            faults.add(input.name, line: fault.line, fault.message)
        } catch let fault as TextConverter.Fault {
            // Its row is not whole: it begins behind the lines that were read.
            faults.add(input.name, line: reader.lines + 1, reading.encoding.message(of: fault))
        } catch is EndOfReading {}
        faults.add(slicer.faults)
        return Contents(rows: slicer.rows, slices: slicer.slices.count, faults: faults)
    }

    private func readJSON(
        _ progress: (Int) -> Void, _ body: (RosterRequest.Part) throws -> Void
    ) throws -> Contents {
        var slicer = JSONSlicer(
            file: input.name, reading.limits, budget: try reading.budget(part(nil, .objects([]))))
        var elements = JSONElements(limit: reading.partBytes)
        var faults = RosterFaults()
        do {
            try EncodedText(input, reading.encoding).read { piece, bytesRead in
                try elements.read(piece) { element, line in
                    try slicer.take(element, line: line) { try body(part(nil, .objects($0))) }
                }
                progress(bytesRead)
            }
            try elements.finish()
            try slicer.finish { try body(part(nil, .objects($0))) }
        } catch let fault as RosterFileFault {
            faults.add(input.name, line: fault.line, fault.message)
        } catch let fault as TextConverter.Fault {
            faults.add(input.name, line: elements.line, reading.encoding.message(of: fault))
        }
        faults.add(slicer.faults)
        return Contents(rows: slicer.rows, slices: slicer.slices.count, faults: faults)
    }

    private func part(
        _ header: [String]?, _ rows: RosterRequest.Part.Rows
    ) -> RosterRequest.Part {
        var part = RosterRequest.Part(header: header, rows)
        part.file = name
        return part
    }
}
