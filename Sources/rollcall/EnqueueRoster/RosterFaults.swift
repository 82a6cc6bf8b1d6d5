import ArgumentParser

/// What is wrong with the files of a roster: the first faults and their number.
///
/// Nothing is sent of a roster that has any.
struct RosterFaults {
    /// How many are told.
    static let shown = 20

    private(set) var first: [String] = []
    private(set) var count = 0

    /// - Parameter line: the physical line, where it is one line's fault.
    mutating func add(_ file: String, line: Int? = nil, _ message: String) {
        count += 1
        guard first.count < Self.shown else { return }
        let place = line.map { ":\($0)" } ?? ""
        first.append("\(file)\(place): \(message)".escapedForMessage())
    }

    mutating func add(_ others: RosterFaults) {
        count += others.count
        first += others.first.prefix(Self.shown - first.count)
    }

    /// Tells them.
    ///
    /// - Returns: the code with which the command ends.
    func report() -> ExitCode {
        for fault in first { complain(fault) }
        if count > first.count { complain("and \(NumberText.grouped(count - first.count)) more") }
        complain("nothing was sent")
        return .wrongData
    }
}

/// A file that is no roster, whatever its other rows are.
struct RosterFileFault: Error {
    var line: Int?
    let message: String

    init(line: Int? = nil, _ message: String) {
        self.line = line
        self.message = message
    }
}
