extension String {
    /// The number and the unit of `30s`; nil unless ASCII digits stand before something else.
    var wholeNumberAndUnit: (number: Int, unit: String)? {
        let digits = prefix { $0.isASCII && $0.isWholeNumber }
        guard digits.count < count, let number = Int(digits) else { return nil }
        return (number, String(dropFirst(digits.count)))
    }

    /// Whether it is a bare number, which lacks the unit that a duration or a size has.
    var isBareNumber: Bool {
        !isEmpty && allSatisfy { $0.isASCII && ($0.isWholeNumber || $0 == "." || $0 == "_") }
    }

    /// In quotes, on one line and of bounded length, fit for a message.
    var quotedForMessage: String {
        let shown = escapedForMessage(limit: 80)
        return "\"\(shown)\""
    }

    /// Control characters escaped, so that a value cannot command the terminal that shows it.
    func escapedForMessage(limit: Int = .max) -> String {
        var shown = ""
        var length = 0
        for scalar in unicodeScalars {
            guard length < limit else { return shown + "…" }
            length += 1
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                shown += scalar.escaped(asASCII: true)
            default:
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Without blanks and line breaks at both ends.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    /// Whether it holds a control character, NUL among them.
    var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
