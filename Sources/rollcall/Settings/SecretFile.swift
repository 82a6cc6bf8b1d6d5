/// A variable that names the file with a secret, as containers and systemd hand them over.
///
/// Its name is the setting's with `_FILE` behind it; only settings that may hold secrets have one.
struct SecretFile {
    let name: String
    private let setting: Setting

    /// Nil for a setting that holds no secret.
    init?(_ setting: Setting) {
        guard setting.isSecret else { return nil }
        self.setting = setting
        name = setting.environmentName + "_FILE"
    }

    /// What the variables give; nil if they name no file, or an empty one.
    func entry(in environment: [String: String]) throws(SettingsFaults) -> SettingEntry? {
        guard let path = environment[name], !path.isEmpty else { return nil }
        let source = SettingSource.environment(name)
        let text: String
        do throws(SettingsFileUnreadable) {
            text = try SettingsFileUnreadable.contents(
                ofFile: path, bytesMax: SettingsFile.bytesMax)
        } catch {
            throw fault(
                expected: "a readable file", got: "\(path.quotedForMessage): \(error.reason)")
        }
        guard !text.trimmed.isEmpty else { return nil }
        guard case .properties = setting.type else {
            if environment[setting.environmentName]?.isEmpty == false {
                throw fault(
                    expected: "\(setting.environmentName) or \(name)", got: "both")
            }
            return SettingEntry(key: setting.key, input: .text(text.trimmed), source: source)
        }
        // One pair a line, even of a single line: a password may hold a semicolon.
        return SettingEntry(key: setting.key, input: .text(text + "\n"), source: source)
    }

    private func fault(expected: String, got: String) -> SettingsFaults {
        SettingsFaults(faults: [
            SettingFault(
                key: setting.key, expected: expected, got: got, source: .environment(name))
        ])
    }
}
