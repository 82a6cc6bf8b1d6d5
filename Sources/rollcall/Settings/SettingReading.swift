/// Reads one input by its row: takes lists and maps apart and finds all faults in them.
struct SettingReading {
    private let setting: Setting
    private let source: SettingSource
    private var faults: [SettingFault] = []

    /// The value of an entry, or all that is wrong with it.
    static func value(of entry: SettingEntry, by setting: Setting) throws(SettingsFaults)
        -> SettingValue
    {
        var reading = SettingReading(setting: setting, source: entry.source)
        let value = reading.read(entry.input)
        guard let value, reading.faults.isEmpty else {
            throw SettingsFaults(faults: reading.faults)
        }
        return value
    }

    private init(setting: Setting, source: SettingSource) {
        self.setting = setting
        self.source = source
    }

    private mutating func read(_ input: SettingInput) -> SettingValue? {
        switch (setting.type, input) {
        case (.list, .text(let text)):
            list(of: text.split(separator: ",", omittingEmptySubsequences: false))
        case (.paths, .text(let text)):
            if case .environment = source {
                list(of: text.split(separator: ":", omittingEmptySubsequences: false))
            } else {
                list(of: [text[...]])
            }
        case (.list, .list(let inputs)), (.paths, .list(let inputs)):
            list(of: inputs)
        case (.properties, .text(let text)):
            properties(of: pairs(in: text))
        case (.properties, .map(let entries)):
            properties(of: entries)
        case (_, .text(let text)):
            single(text)
        case (_, let input):
            refuse(input.got)
        }
    }

    private mutating func refuse(_ got: String) -> SettingValue? {
        faults.append(
            SettingFault(key: setting.key, expected: setting.expected, got: got, source: source))
        return nil
    }

    private mutating func single(_ text: String) -> SettingValue? {
        if let value = setting.type.value(of: text) { return value }
        return refuse(setting.type.got(text))
    }

    // MARK: Lists

    private mutating func list(of texts: [Substring]) -> SettingValue? {
        list(of: texts.map { .text(String($0).trimmed) })
    }

    private mutating func list(of inputs: [SettingInput]) -> SettingValue? {
        var elements: [String] = []
        for input in inputs {
            guard case .text(let text) = input else {
                _ = refuse(input.got)
                continue
            }
            if case .list(let element) = single(text) {
                elements += element.map(placed)
            }
        }
        return .list(elements)
    }

    /// A path in a file starts at the file's folder, so that both can be moved together.
    private func placed(_ element: String) -> String {
        guard case .paths = setting.type, case .file(let file, _) = source,
            !element.hasPrefix("/"), let slash = file.lastIndex(of: "/")
        else { return element }
        return file[...slash] + element
    }

    // MARK: Properties

    /// One pair a line when there are lines, because a password may hold a semicolon.
    private mutating func pairs(in text: String) -> [SettingEntry] {
        let separator: Character = text.contains(where: \.isNewline) ? "\n" : ";"
        var entries: [SettingEntry] = []
        for pair in text.split(whereSeparator: {
            $0 == separator || separator == "\n" && $0.isNewline
        }) {
            guard !String(pair).trimmed.isEmpty else { continue }
            guard let equals = pair.firstIndex(of: "=") else {
                faults.append(
                    SettingFault(
                        key: setting.key,
                        expected: "name=value pairs, separated by ; or one a line",
                        got: "one without =", source: source))
                continue
            }
            entries.append(
                SettingEntry(
                    key: String(pair[..<equals]).trimmed,
                    input: .text(String(pair[pair.index(after: equals)...]).trimmed),
                    source: source))
        }
        return entries
    }

    private mutating func properties(of entries: [SettingEntry]) -> SettingValue? {
        var properties: [String: String] = [:]
        for entry in entries {
            if let problem = KafkaProperty.problem(name: entry.key, input: entry.input) {
                faults.append(
                    SettingFault(
                        key: "\(setting.key).\(entry.key)", problem: problem, source: entry.source))
            } else if case .text(let text) = entry.input {
                properties[entry.key] = text
            }
        }
        return .properties(properties)
    }
}
