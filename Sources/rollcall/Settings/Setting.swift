/// One row of the table of settings.
struct Setting: Sendable {
    /// The dotted key, as in the file.
    let key: String
    /// The type with its limits.
    let type: SettingType
    /// One sentence on what it does.
    let sentence: String
    let get: @Sendable (Settings) -> SettingValue
    let set: @Sendable (SettingValue, inout Settings) -> Void

    /// The variable of the environment: `ROLLCALL_` and the key in capitals.
    var environmentName: String {
        Self.environmentPrefix + key.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// What the setting is when nobody gives it.
    var defaultValue: SettingValue { self.get(Settings()) }

    /// What a value must be, to stand after "expected".
    var expected: String { type.expected(example: defaultValue.text) }

    /// Whether the value, or a part of it, must not be shown.
    var isSecret: Bool {
        switch type {
        case .conninfo, .properties: true
        default: false
        }
    }
}

extension Setting {
    static let environmentPrefix = "ROLLCALL_"

    /// The variable that names the file itself.
    static let configEnvironmentName = environmentPrefix + "CONFIG"

    /// The row of a key.
    static func named(_ key: String) -> Setting? { byKey[key] }

    private static let byKey = Dictionary(uniqueKeysWithValues: table.map { ($0.key, $0) })
}
