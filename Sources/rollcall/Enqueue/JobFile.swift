import Jobs
import RollcallClient

/// A file of jobs, one a line, that is read twice: to check it and to send it.
struct JobFile {
    /// What is wrong with a file: the first faults and their number.
    struct Faults {
        /// How many are told.
        static let shown = 20

        private(set) var first: [(line: Int, reason: String)] = []
        private(set) var count = 0

        mutating func add(line: Int, _ fault: MessageFault) {
            count += 1
            if first.count < Self.shown { first.append((line, fault.message)) }
        }
    }

    let input: InputFile
    private let reading: JobLine
    private let version: InputFile.Version?

    init(_ input: InputFile, _ reading: JobLine) {
        self.input = input
        self.reading = reading
        version = input.version
    }

    /// Reads all lines.
    ///
    /// - Returns: how many are jobs, and what is wrong with the others.
    func check() throws -> (count: Int, faults: Faults) {
        let progress = ProgressLine(
            "checking", total: version?.bytes ?? 0, unit: .bytes)
        defer { progress.clear() }
        var count = 0
        var faults = Faults()
        try forEachLine { line, bytesRead in
            do throws(MessageFault) {
                _ = try reading.message(line)
                count += 1
            } catch {
                faults.add(line: line.number, error)
            }
            progress.update(bytesRead)
            return true
        }
        return (count, faults)
    }

    /// Makes the message of each line anew, with the line's number, until the body says false.
    ///
    /// - Throws: ``JobFileChanged`` if the file is no more the one that was checked.
    func forEach(_ body: (Int, OutgoingMessage) throws -> Bool) throws {
        var isStopped = false
        try forEachLine { line, _ in
            let message: OutgoingMessage
            do throws(MessageFault) {
                message = try reading.message(line)
            } catch {
                throw JobFileChanged(name: input.name)
            }
            isStopped = try !body(line.number, message)
            return !isStopped
        }
        guard isStopped || input.version == version else { throw JobFileChanged(name: input.name) }
    }

    private func forEachLine(_ body: (LineReader.Line, Int) throws -> Bool) throws {
        try input.rewind()
        var lines = LineReader(input.descriptor, lengthMax: reading.limits.messageBytes)
        while let line = try lines.next() {
            if line.isBlank { continue }
            guard try body(line, lines.bytesRead) else { return }
        }
    }
}

/// Someone wrote to the file between its check and the end of its sending.
struct JobFileChanged: Error, CustomStringConvertible {
    let name: String

    var description: String {
        "\(name): expected it to stay as it was checked, but it was changed meanwhile"
    }
}
