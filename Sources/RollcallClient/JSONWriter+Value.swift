import Jobs

extension JSONWriter {
    /// Writes any value; the keys of an object in their order, so that equal values are equal bytes.
    mutating func value(_ value: Value) throws(MessageFault) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .int(let number): raw("\(number)".utf8)
        case .number(let text): try number(text)
        case .string(let text): string(text)
        case .array(let elements): try array(elements)
        case .object(let pairs): try object(pairs)
        }
    }

    /// Writes a list.
    mutating func array(_ elements: [Value]) throws(MessageFault) {
        raw("[")
        for (position, element) in elements.enumerated() {
            if position > 0 { raw(",") }
            try value(element)
        }
        raw("]")
    }

    /// Writes an object.
    mutating func object(_ pairs: [String: Value]) throws(MessageFault) {
        raw("{")
        for (position, key) in pairs.keys.sorted().enumerated() {
            if position > 0 { raw(",") }
            string(key)
            raw(":")
            try value(pairs[key] ?? .null)
        }
        raw("}")
    }

    /// Writes a number as it is, if it is one for JSON: not `NaN`, `0x1F`, `.5` or `1,000`.
    private mutating func number(_ text: String) throws(MessageFault) {
        let digits = Array(text.utf8)
        guard let document = try? JSONDocument(digits), document[document.root].kind == .number,
            document.source(of: document.root).count == digits.count
        else {
            throw MessageFault(
                .invalidData,
                "expected a JSON number, got \"\(MessageFault.quoted(text.utf8))\"")
        }
        raw(digits)
    }
}
