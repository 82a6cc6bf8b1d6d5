/// Checked settings, with where each came from.
struct LoadedSettings: Sendable {
    var settings = Settings()
    /// By key, and by `kafka.properties.NAME`; what is missing is a default.
    var sources: [String: SettingSource] = [:]

    func source(of key: String) -> SettingSource { sources[key] ?? .default }
}
