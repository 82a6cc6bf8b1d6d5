/// A value as a terminal may show it: what would command the terminal is spelt out.
enum VisibleText {
    /// Escapes control characters, line separators and what turns the direction of writing.
    static func escaped(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case "\r": shown += "\\r"
            default:
                if isHarmless(scalar) {
                    shown.unicodeScalars.append(scalar)
                } else {
                    shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
                }
            }
        }
        return shown
    }

    /// The beginning of a text that is already escaped, with an ellipsis where it was cut.
    static func cut(_ text: String, to width: Int) -> String {
        guard DisplayWidth.of(text) > width else { return text }
        guard width > 0 else { return "" }
        var shown = ""
        var left = width - 1
        for character in text {
            left -= DisplayWidth.of(character)
            guard left >= 0 else { break }
            shown.append(character)
        }
        return shown + "…"
    }

    /// Lines of at most this width, broken between words and, where one is too long, within it.
    ///
    /// - Parameter width: in columns, at least 1.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        if DisplayWidth.of(text) <= width { return [text] }
        return wrapped(text.split(separator: " ").map(String.init), separator: " ", to: width)
    }

    /// Lines of at most this width, broken only between the words.
    ///
    /// The separator that a break replaces stays at the end of its line, without its blank.
    static func wrapped(_ words: [String], separator: String, to width: Int) -> [String] {
        let ending = String(separator.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        let lead = ending.isEmpty ? "" : " " + ending
        var lines: [String] = []
        var line = ""
        for (index, word) in words.enumerated() {
            let tail = index + 1 < words.count ? DisplayWidth.of(lead) : 0
            if !line.isEmpty {
                let joined = DisplayWidth.of(line) + DisplayWidth.of(separator)
                if joined + DisplayWidth.of(word) + tail <= width {
                    line += separator + word
                    continue
                }
                lines.append(line + lead)
            }
            line = word
            while DisplayWidth.of(line) > max(1, width) {
                let head = beginning(of: line, width: max(1, width))
                lines.append(head)
                line.removeFirst(head.count)
            }
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    /// At least one character, whatever its width.
    private static func beginning(of text: String, width: Int) -> String {
        var head = ""
        var left = width
        for character in text {
            left -= DisplayWidth.of(character)
            guard left >= 0 || head.isEmpty else { break }
            head.append(character)
        }
        return head
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            false
        // The joiners hold emoji and some scripts together; the other formats hide or turn text.
        case .format: scalar == "\u{200D}" || scalar == "\u{200C}"
        default: true
        }
    }
}
