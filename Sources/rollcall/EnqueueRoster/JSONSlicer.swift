import Jobs

/// Makes slices of the objects of a JSON file.
struct JSONSlicer {
    private let file: String
    private let limits: Settings.Roster
    private(set) var slices: RosterSlices
    private(set) var rows = 0
    private(set) var faults = RosterFaults()
    /// The keys seen so far, by what keys of one column have in common.
    private var keys: [String: String] = [:]
    private var knownKeys: Set<String> = []

    /// - Parameter budget: the bytes that a slice may take.
    init(file: String, _ limits: Settings.Roster, budget: Int) {
        self.file = file
        self.limits = limits
        slices = RosterSlices(budget: budget, separator: [UInt8(ascii: ",")])
    }

    /// Takes the next element of the file.
    ///
    /// - Parameter body: gets a slice that is full.
    mutating func take(
        _ element: ArraySlice<UInt8>, line: Int, _ body: ([UInt8]) throws -> Void
    ) throws {
        rows += 1
        guard rows <= limits.rows else {
            throw RosterFileFault(
                line: line,
                "expected at most \(NumberText.grouped(limits.rows)) rows, got more")
        }
        if let message = fault(element) { return faults.add(file, line: line, message) }
        if try !slices.append(element, length: element.count, body) {
            faults.add(
                file, line: line,
                "expected a row of at most \(slices.budget) bytes in a message, got "
                    + "\(element.count)")
        }
    }

    mutating func finish(_ body: ([UInt8]) throws -> Void) throws {
        try slices.flush(body)
        if rows == 0 { throw RosterFileFault("expected at least one row, got none") }
    }

    private mutating func fault(_ element: ArraySlice<UInt8>) -> String? {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(Array(element))
        } catch {
            return "\(error) of the row"
        }
        let root = document.root
        guard document[root].kind == .object else {
            return "expected an object, got \(MessageFault.quoted(root, of: document))"
        }
        let count = Int(document[root].count)
        guard count <= limits.columns else {
            return "expected at most \(limits.columns) columns, got \(count)"
        }
        var fault: String?
        document.forEachPair(in: root) { key, value in
            let name = document.text(of: key)
            if knownKeys.insert(name).inserted,
                let other = keys.updateValue(name, forKey: RosterHeader.folded(name))
            {
                fault = "expected each column once, got \"\(other)\" and \"\(name)\""
            }
            guard document[value].kind == .string else { return }
            document.withText(of: value) { text in
                if text.count > limits.fieldBytes {
                    fault =
                        "\(document.text(of: key)): expected a text of at most "
                        + "\(limits.fieldBytes) bytes, got \(text.count)"
                } else if text.contains(0) {
                    fault =
                        "\(document.text(of: key)): expected text without NUL, got a NUL character"
                }
            }
        }
        return fault
    }
}
