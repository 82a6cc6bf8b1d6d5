extension OneRoster {
    /// Checks the rows of a file, each by itself, and gathers what others refer to.
    struct TableCheck {
        private let table: Table
        private let mode: Mode
        private let statuses: [String]
        private let subjects: (names: Int, codes: Int)?
        /// The file as people call it.
        private let file: String
        private var width = 0
        private var rows = 0
        private var hasHeader = false
        /// The columns are where they should be: what stands in them can be looked at.
        private(set) var isReadable = false
        /// All rows could be read: an identifier that is not here is not in the file.
        private(set) var isComplete = true
        private(set) var identifiers = IdentifierSet()
        private(set) var faults = RosterFaults()

        init(_ table: Table, _ mode: Mode, _ version: Version, file: String) {
            self.table = table
            self.mode = mode
            self.file = file
            statuses =
                version == .v1p1
                ? ["active", "inactive", "tobedeleted"] : ["active", "tobedeleted"]
            if let names = table.position(of: "subjects"),
                let codes = table.position(of: "subjectCodes")
            {
                subjects = (names, codes)
            } else {
                subjects = nil
            }
        }

        mutating func take(_ row: borrowing Row, _ index: inout Index) {
            if hasHeader { rows += 1 }
            if let fault = row.fault {
                hasHeader = true
                isComplete = false
                return faults.add(file, fault)
            }
            guard hasHeader else { return takeHeader(row) }
            guard isReadable else { return }
            guard row.count == width else {
                isComplete = isComplete && row.isBlank
                let got = row.isBlank ? "an empty line" : "\(row.count)"
                return faults.add(
                    file, Fault(.rowWidth, line: row.line, "expected \(width) fields, got \(got)"))
            }
            for position in table.columns.indices {
                if let fault = fault(row, position) { faults.add(file, fault) }
            }
            if let fault = subjectsFault(row) { faults.add(file, fault) }
            guard Values.isIdentifier(row[0]) else { return }
            if !identifiers.insert(IdentifierSet.key(row[0])) {
                faults.add(
                    file,
                    Fault(
                        .rowDuplicate, line: row.line, column: table.columns[0].name,
                        "expected an identifier of its own, got \(shown(row[0])) again"))
            } else if !row.isDeletion, let fault = index.take(row, of: table) {
                faults.add(file, fault)
            }
        }

        mutating func finish() {
            if !hasHeader {
                faults.add(file, Fault(.tableEmpty, "expected columns and rows, got an empty file"))
            } else if rows == 0 {
                faults.add(
                    file,
                    Fault(.tableNoRows, "expected at least one row, got only the columns' names"))
            }
        }

        // MARK: Columns

        private mutating func takeHeader(_ row: borrowing Row) {
            hasHeader = true
            width = row.count
            let names = (0..<row.count).map(row.string)
            for (position, column) in table.columns.enumerated() {
                let got = position < names.count ? names[position].quotedForMessage : "none"
                if position < names.count, names[position] == column.name { continue }
                // From here on all others are in the wrong place as well.
                return faults.add(
                    file,
                    Fault(
                        .tableHeader, line: row.line, column: "column \(position + 1)",
                        "expected \(column.name), got \(got)"))
            }
            isReadable = true
            var known = Set(names.prefix(table.columns.count))
            for (position, name) in names.enumerated().dropFirst(table.columns.count) {
                let isOwn = name.hasPrefix("metadata.") && name != "metadata."
                let code: (Code, String)? =
                    if name.isEmpty {
                        (.tableColumnName, "expected a name, got none")
                    } else if !known.insert(name).inserted {
                        (
                            .tableColumnName,
                            "expected each name once, got \(name.quotedForMessage) again"
                        )
                    } else if table.isComplete, !isOwn {
                        (
                            .tableExtension,
                            "expected metadata. and a name, got \(name.quotedForMessage)"
                        )
                    } else {
                        nil
                    }
                guard let (code, message) = code else { continue }
                faults.add(
                    file,
                    Fault(code, line: row.line, column: "column \(position + 1)", message))
            }
        }

        // MARK: Values

        private func fault(_ row: borrowing Row, _ position: Int) -> Fault? {
            let column = table.columns[position]
            let value = row[position]
            func fault(_ code: Code, _ expected: String) -> Fault {
                Fault(
                    code, line: row.line, column: column.name,
                    "expected \(expected), got \(value.isEmpty ? "none" : shown(value))")
            }
            guard !value.isEmpty else {
                return column.isRequired || mode == .delta && column.isOfChanges
                    ? fault(.rowRequired, "a value") : nil
            }
            if mode == .bulk, column.isOfChanges {
                return fault(.rowNotBlank, "none in a bulk file")
            }
            switch column.kind {
            case .text: return nil
            case .identifier, .reference(_, false, _):
                return Values.isIdentifier(value) ? nil : fault(.rowIdentifier, Self.identifier)
            case .reference(_, true, _):
                return Values.elements(value).allSatisfy(Values.isIdentifier)
                    ? nil : fault(.rowIdentifier, "\(Self.identifier) each, separated by commas")
            case .status:
                return statuses.contains { value.elementsEqual($0.utf8) }
                    ? nil : fault(.rowStatus, statuses.joined(separator: " or "))
            case .timestamp:
                return Values.isTimestamp(value)
                    ? nil : fault(.rowTimestamp, "a time such as 2027-01-31T12:00:00.000Z")
            case .date:
                return Values.isDate(value) ? nil : fault(.rowDate, "a date such as 2027-01-31")
            case .year:
                return Values.isYear(value) ? nil : fault(.rowYear, "a year of four digits")
            case .boolean:
                return Values.isBoolean(value) ? nil : fault(.rowBoolean, "true or false")
            case .choice(let words):
                return Values.isChoice(value, of: words)
                    ? nil : fault(.rowChoice, words.joined(separator: ", ") + " or ext: and a word")
            case .list:
                return Values.elements(value).contains(where: \.isEmpty)
                    ? fault(.rowList, "values separated by commas, none of them empty") : nil
            case .userIDs:
                return Values.elements(value).allSatisfy(Values.isTypedID)
                    ? nil : fault(.rowUserIDs, "{type:id}, several separated by commas")
            }
        }

        private static let identifier =
            "an identifier of at most 255 letters, digits and . / @ _ -"

        /// Each subject has a code.
        private func subjectsFault(_ row: borrowing Row) -> Fault? {
            guard let subjects else { return nil }
            let count = row[subjects.names].isEmpty ? 0 : Values.elements(row[subjects.names]).count
            let codes = row[subjects.codes].isEmpty ? 0 : Values.elements(row[subjects.codes]).count
            guard count != codes else { return nil }
            return Fault(
                .rowSubjects, line: row.line, column: "subjectCodes",
                "expected as many as subjects, \(count), got \(codes)")
        }

        private func shown(_ value: ArraySlice<UInt8>) -> String {
            String(decoding: value, as: UTF8.self).quotedForMessage
        }
    }
}

extension OneRoster.Column {
    /// It is only filled in files of what has changed.
    fileprivate var isOfChanges: Bool {
        switch kind {
        case .status, .timestamp: true
        default: false
        }
    }
}

extension OneRoster.Row {
    /// It says that something goes; the status is the second column of every file.
    var isDeletion: Bool { count > 1 && self[1].elementsEqual("tobedeleted".utf8) }
}

extension RosterFaults {
    mutating func add(_ file: String, _ fault: OneRoster.Fault) {
        add(file, line: fault.line, fault.text)
    }
}
