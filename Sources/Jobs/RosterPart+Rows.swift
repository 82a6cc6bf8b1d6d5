extension RosterPart {
    /// What there is in a part besides its rows.
    public struct Contents: Hashable, Sendable {
        /// The physical lines of a text, or the elements of a list: the lines of the parts before and
        /// a row's own make its line in the whole file.
        public var lines = 0
        /// The columns' names: as the part gives them, as its first row does, or all the keys of its
        /// objects in the order in which they are first mentioned; nil where another part has them.
        public var header: [String]?
    }

    /// Whether the first row is the columns' names.
    ///
    /// Which part of a file is the first cannot be told where several files share a job: there, each
    /// part without a `header` begins with it.
    public var beginsWithHeader: Bool {
        format != .json && header == nil && (number == 1 || !file.isEmpty)
    }

    /// Calls the body with each row in its order; `line` of a row is its line within the part, and a
    /// row with a fault is told like any other.
    ///
    /// A row of a text has the fields that it has, few or many. A row of a list has a field for each
    /// of the header's columns, empty where the object lacks the key or has `null`.
    ///
    /// - Throws: ``CSVFault`` where the text is no CSV from some line on, or what the body throws.
    public func readRows(
        _ limits: CSVReader.Limits = .init(), _ body: (borrowing CSVRow) throws -> Void
    ) throws -> Contents {
        format == .json ? try readObjects(limits, body) : try readText(limits, body)
    }

    private func readText(
        _ limits: CSVReader.Limits, _ body: (borrowing CSVRow) throws -> Void
    ) throws -> Contents {
        var contents = Contents(header: header)
        var isHeader = beginsWithHeader
        // Only a file of its own may be written in another way than ours.
        var reader = CSVReader(separator: isHeader ? nil : CSVByte.comma, limits: limits)
        func take(_ row: borrowing CSVRow) throws {
            guard isHeader else { return try body(row) }
            isHeader = false
            if let fault = row.fault { throw fault }
            contents.header = (0..<row.count).map(row.string)
        }
        try document.withText(of: self.body) { try reader.read($0, take) }
        try reader.finish(take)
        contents.lines = reader.lines
        return contents
    }

    private func readObjects(
        _ limits: CSVReader.Limits, _ body: (borrowing CSVRow) throws -> Void
    ) throws -> Contents {
        var keys = ObjectKeys(document)
        for element in document.elements(of: self.body) where document[element].kind == .object {
            document.forEachPair(in: element) { key, _ in _ = keys.position(of: key, insert: true) }
        }
        var row = CSVRow()
        var values = [JSONDocument.Index?](repeating: nil, count: keys.names.count)
        var line = 0
        for element in document.elements(of: self.body) {
            line += 1
            row.begin(line: line)
            for position in values.indices { values[position] = nil }
            if document[element].kind == .object {
                document.forEachPair(in: element) { key, value in
                    // The last one where a key is repeated, as everywhere.
                    if let position = keys.position(of: key, insert: false) {
                        values[position] = value
                    }
                }
            } else {
                row.note(
                    CSVFault(
                        line: line, column: 1,
                        // As below: what stands in it may be a password.
                        "expected an object, got \(document[element].kind == .array ? "a list" : "a single value")"
                    ))
            }
            for (position, value) in values.enumerated() {
                if let value { row.append(value, of: document, column: keys.names[position]) }
                row.endField()
            }
            row.check(limits)
            try body(row)
        }
        return Contents(lines: line, header: keys.names)
    }
}

extension CSVRow {
    /// Appends the text of a scalar to the field that is being written.
    fileprivate mutating func append(
        _ value: JSONDocument.Index, of document: JSONDocument, column: String
    ) {
        switch document[value].kind {
        case .null: break
        case .array, .object:
            note(
                CSVFault(
                    line: line, column: count + 1,
                    // What stands in it may be a password, and errors are kept.
                    "\(column): expected a text, a number, true, false or null, got "
                        + (document[value].kind == .array ? "a list" : "an object"),
                    code: CSVFault.value))
        case .bool, .number, .string:
            document.withText(of: value) { text in
                append(text[...])
                guard text.contains(0) else { return }
                note(
                    CSVFault(
                        line: line, column: count + 1,
                        "\(column): expected text without NUL, got a NUL character",
                        code: CSVFault.value))
            }
        }
    }
}

/// The keys of a list's objects, each with its position among all.
private struct ObjectKeys {
    private let document: JSONDocument
    private(set) var names: [String] = []
    /// By their bytes: keys that are equal to Swift need not be the same.
    private var bytes: [[UInt8]] = []
    private var positions: [[UInt8]: Int] = [:]
    /// Objects of one list mostly have the same keys in the same order: where the next one is likely.
    private var likely = 0

    init(_ document: JSONDocument) { self.document = document }

    /// - Returns: nil for a key that is not known and not to be inserted.
    mutating func position(of key: JSONDocument.Index, insert: Bool) -> Int? {
        if likely >= names.count { likely = 0 }
        if likely < names.count,
            document.withText(of: key, { $0.elementsEqual(bytes[likely]) })
        {
            likely += 1
            return likely - 1
        }
        let name = document.withText(of: key) { Array($0) }
        if let known = positions[name] {
            likely = known + 1
            return known
        }
        guard insert else { return nil }
        names.append(String(decoding: name, as: UTF8.self))
        bytes.append(name)
        positions[name] = names.count - 1
        likely = names.count
        return names.count - 1
    }
}
