/// The type of a setting with its limits: how an input is read, and what is said when it is wrong.
enum SettingType: Sendable {
    case text(TextRule)
    /// A text that is shown without its passwords.
    case conninfo
    /// Texts, in one line separated by commas.
    case list(TextRule)
    /// Paths, in the environment separated by colons; in a file they start at its folder.
    case paths
    case integer(ClosedRange<Int>)
    case bytes(ClosedRange<Int>)
    case duration(ClosedRange<Duration>)
    case choice([String])
    /// A free map of texts, in one line `name=value;name=value`.
    case properties
}

extension SettingType {
    /// The unit in which the value is written, if it has one.
    var unit: String? {
        switch self {
        case .bytes: "B, KiB, MiB or GiB"
        case .duration: "ms, s, m, h or d"
        default: nil
        }
    }

    /// What a value must be, to stand after "expected"; the example shows how units are written.
    func expected(example: String) -> String {
        switch self {
        case .text(let rule): rule.expected
        case .conninfo: TextRule.conninfo.expected
        case .list(let rule): rule.expected
        case .paths: TextRule.path.expected
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .bytes(let range):
            "a size from \(ByteCount.text(range.lowerBound)) to "
                + "\(ByteCount.text(range.upperBound)), such as \(example)"
        case .duration(let range):
            "a duration from \(range.lowerBound.settingText) to "
                + "\(range.upperBound.settingText), such as \(example)"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        case .properties: "a map from names to texts"
        }
    }

    /// Reads an input; nil when it is not what is expected.
    ///
    /// Lists and maps of several elements are taken apart by ``SettingReading``.
    func value(of text: String) -> SettingValue? {
        switch self {
        case .text(let rule): rule.accepts(text) ? .text(text) : nil
        case .conninfo: TextRule.conninfo.accepts(text) ? .text(text) : nil
        case .list(let rule): rule.accepts(text) ? .list([text]) : nil
        case .paths: TextRule.path.accepts(text) ? .list([text]) : nil
        case .integer(let range): Self.integer(text, in: range).map { .integer($0) }
        case .bytes(let range):
            ByteCount.parse(text).flatMap { range.contains($0) ? .bytes($0) : nil }
        case .duration(let range):
            Duration(setting: text).flatMap { range.contains($0) ? .duration($0) : nil }
        case .choice(let words): words.contains(text) ? .text(text) : nil
        case .properties: text.hasControlCharacters ? nil : .text(text)
        }
    }

    /// A message's word for a text that is not what is expected.
    func got(_ text: String) -> String {
        switch self {
        case .conninfo: Secret.redacted(conninfo: text).quotedForMessage
        case .bytes where text.isBareNumber, .duration where text.isBareNumber:
            "\(text.escapedForMessage(limit: 80)) without a unit"
        default: SettingInput.text(text).got
        }
    }

    private static func integer(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard !text.isEmpty, text.utf8.first != UInt8(ascii: "+"), let number = Int(text) else {
            return nil
        }
        return range.contains(number) ? number : nil
    }
}
