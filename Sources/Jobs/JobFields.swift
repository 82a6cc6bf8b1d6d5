/// The fields of a job's data, each read once and by name.
struct JobFields {
    let document: JSONDocument
    let data: JSONDocument.Index

    /// - Parameters:
    ///   - name: what the whole is called in a fault.
    ///   - known: all that there may be; another one is a fault and not ignored, because a misspelt
    ///     `dry_run` would write.
    init(
        _ document: JSONDocument, _ data: JSONDocument.Index, name: StaticString = "data",
        known: [StaticString]
    ) throws(MessageFault) {
        guard document[data].kind == .object else {
            throw MessageFault(
                .invalidData,
                "\(name): expected an object, got \(MessageFault.quoted(data, of: document))")
        }
        self.document = document
        self.data = data
        var unknown: JSONDocument.Index?
        document.forEachPair(in: data) { key, _ in
            if !known.contains(where: { document.text(of: key, equals: $0) }) {
                unknown = unknown ?? key
            }
        }
        if let unknown {
            let names = known.map { "\($0)" }.joined(separator: ", ")
            throw MessageFault(
                .invalidData,
                "\(name): expected only the fields \(names), got "
                    + MessageFault.quoted(unknown, of: document))
        }
    }

    subscript(name: StaticString) -> JSONDocument.Index? { document.value(name, in: data) }

    func requiredString(_ name: StaticString) throws(MessageFault) -> String {
        guard let value = self[name] else {
            throw MessageFault(.invalidData, "\(name): expected a string, got none")
        }
        guard document[value].kind == .string, document[value].start < document[value].end else {
            throw fault(name, "a string", value)
        }
        return document.text(of: value)
    }

    /// A field that may be left out; `null` is left out.
    func optional(_ name: StaticString) -> JSONDocument.Index? {
        self[name].flatMap { document[$0].kind == .null ? nil : $0 }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: StaticString, of: Choice.Type
    ) throws(MessageFault) -> Choice? where Choice.RawValue == String {
        guard let value = optional(name) else { return nil }
        guard document[value].kind == .string,
            let choice = Choice(rawValue: document.text(of: value))
        else {
            let choices = Choice.allCases.map { $0.rawValue }.joined(separator: " or ")
            throw fault(name, choices, value)
        }
        return choice
    }

    func flag(_ name: StaticString) throws(MessageFault) -> Bool? {
        guard let value = optional(name) else { return nil }
        guard let flag = document.bool(value) else { throw fault(name, "true or false", value) }
        return flag
    }

    func wholeNumber(
        _ name: StaticString, in range: ClosedRange<Int>
    ) throws(MessageFault) -> Int? {
        guard let value = optional(name) else { return nil }
        guard document[value].kind == .number, let number = Int(document.text(of: value)),
            range.contains(number)
        else {
            throw fault(
                name, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
        }
        return number
    }

    func fault(
        _ name: StaticString, _ expected: String, _ value: JSONDocument.Index
    ) -> MessageFault {
        MessageFault(
            .invalidData,
            "\(name): expected \(expected), got \(MessageFault.quoted(value, of: document))")
    }
}
