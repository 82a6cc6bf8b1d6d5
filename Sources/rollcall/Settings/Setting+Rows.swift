/// The makers of rows: each ties a key to a property of ``Settings``.
extension Setting {
    typealias Property<Value> = any WritableKeyPath<Settings, Value> & Sendable

    static func text(
        _ key: String, _ property: Property<String>, _ rule: TextRule, _ sentence: String
    ) -> Setting {
        row(key, property, .text(rule), sentence)
    }

    static func conninfo(_ key: String, _ property: Property<String>, _ sentence: String)
        -> Setting
    {
        row(key, property, .conninfo, sentence)
    }

    static func list(
        _ key: String, _ property: Property<[String]>, _ rule: TextRule, _ sentence: String
    ) -> Setting {
        row(key, property, .list(rule), sentence)
    }

    static func paths(_ key: String, _ property: Property<[String]>, _ sentence: String)
        -> Setting
    {
        row(key, property, .paths, sentence)
    }

    static func integer(
        _ key: String, _ property: Property<Int>, _ range: ClosedRange<Int>, _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: .integer(range), sentence: sentence,
            get: { .integer($0[keyPath: property]) },
            set: { value, settings in
                guard case .integer(let number) = value else { return }
                settings[keyPath: property] = number
            })
    }

    static func bytes(
        _ key: String, _ property: Property<Int>, _ range: ClosedRange<Int>, _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: .bytes(range), sentence: sentence,
            get: { .bytes($0[keyPath: property]) },
            set: { value, settings in
                guard case .bytes(let count) = value else { return }
                settings[keyPath: property] = count
            })
    }

    static func duration(
        _ key: String, _ property: Property<Duration>, _ range: ClosedRange<Duration>,
        _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: .duration(range), sentence: sentence,
            get: { .duration($0[keyPath: property]) },
            set: { value, settings in
                guard case .duration(let duration) = value else { return }
                settings[keyPath: property] = duration
            })
    }

    static func choice<Word: RawRepresentable<String> & SendableMetatype>(
        _ key: String, _ property: Property<Word>, _ words: [Word], _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: .choice(words.map(\.rawValue)), sentence: sentence,
            get: { .text($0[keyPath: property].rawValue) },
            set: { value, settings in
                guard case .text(let text) = value, let word = Word(rawValue: text) else { return }
                settings[keyPath: property] = word
            })
    }

    /// The properties of several sources add up; of one name the later source wins.
    static func properties(
        _ key: String, _ property: Property<[String: String]>, _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: .properties, sentence: sentence,
            get: { .properties($0[keyPath: property]) },
            set: { value, settings in
                guard case .properties(let properties) = value else { return }
                settings[keyPath: property].merge(properties) { _, new in new }
            })
    }

    private static func row(
        _ key: String, _ property: Property<String>, _ type: SettingType, _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: type, sentence: sentence,
            get: { .text($0[keyPath: property]) },
            set: { value, settings in
                guard case .text(let text) = value else { return }
                settings[keyPath: property] = text
            })
    }

    private static func row(
        _ key: String, _ property: Property<[String]>, _ type: SettingType, _ sentence: String
    ) -> Setting {
        Setting(
            key: key, type: type, sentence: sentence,
            get: { .list($0[keyPath: property]) },
            set: { value, settings in
                guard case .list(let elements) = value else { return }
                settings[keyPath: property] = elements
            })
    }
}
