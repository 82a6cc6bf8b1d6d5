/// Puts the settings together: flags win over the environment, that over the file, that over the
/// defaults.
struct SettingsReader {
    private var loaded = LoadedSettings()
    private var faults: [SettingFault] = []
    private var faultyKeys: Set<String> = []

    /// Reads and checks everything; all faults are found before it throws.
    ///
    /// - Parameters:
    ///   - configFlag: The file that the command line names; else `ROLLCALL_CONFIG` counts.
    ///   - flags: The settings that the command line gives.
    ///   - environment: The variables of the process; an empty one counts as absent.
    ///   - required: What must have been given.
    static func read(
        configFlag: String? = nil, flags: [SettingEntry] = [], environment: [String: String],
        requiring required: [SettingRequirement] = []
    ) throws(SettingsFaults) -> LoadedSettings {
        var reader = SettingsReader()
        if let configFlag {
            reader.take(SettingsFile(path: configFlag, namedBy: .flag("--config")))
        } else if let path = environment[Setting.configEnvironmentName], !path.isEmpty {
            reader.take(
                SettingsFile(path: path, namedBy: .environment(Setting.configEnvironmentName)))
        }
        reader.take(environment)
        for flag in flags { reader.take(flag) }
        reader.checkRelations()
        for requirement in required { reader.check(requirement) }
        guard reader.faults.isEmpty else { throw SettingsFaults(faults: reader.faults) }
        return reader.loaded
    }

    private init() {}

    // MARK: Sources

    private mutating func take(_ file: SettingsFile) {
        for fault in file.faults { refuse(fault) }
        for entry in file.entries { take(entry) }
        // Faults of names and of values were found one after the other; a person reads by line.
        faults.sort { $0.source.line < $1.source.line }
    }

    private mutating func take(_ environment: [String: String]) {
        for setting in Setting.table {
            take(SecretFile(setting), environment)
            guard let text = environment[setting.environmentName], !text.isEmpty else { continue }
            take(
                SettingEntry(
                    key: setting.key, input: .text(text),
                    source: .environment(setting.environmentName)))
        }
    }

    private mutating func take(_ file: SecretFile?, _ environment: [String: String]) {
        do throws(SettingsFaults) {
            if let entry = try file?.entry(in: environment) { take(entry) }
        } catch {
            for fault in error.faults { refuse(fault) }
        }
    }

    private mutating func take(_ entry: SettingEntry) {
        guard let setting = Setting.named(entry.key) else { return }
        do {
            let value = try SettingReading.value(of: entry, by: setting)
            setting.set(value, &loaded.settings)
            loaded.sources[setting.key] = entry.source
            noteProperties(of: value, from: entry)
        } catch {
            faultyKeys.insert(setting.key)
            for fault in error.faults { refuse(fault) }
        }
    }

    /// Each property of a map has a line of its own.
    private mutating func noteProperties(of value: SettingValue, from entry: SettingEntry) {
        guard case .properties(let properties) = value else { return }
        for name in properties.keys {
            loaded.sources[entry.key + "." + name] = entry.source
        }
        guard case .map(let members) = entry.input else { return }
        for member in members {
            loaded.sources[entry.key + "." + member.key] = member.source
        }
    }

    private mutating func refuse(_ fault: SettingFault) {
        faultyKeys.insert(fault.key)
        faults.append(fault)
    }

    // MARK: Checks

    private mutating func checkRelations() {
        for relation in SettingRelation.table
        where !faultyKeys.contains(relation.key) && !faultyKeys.contains(relation.other) {
            guard !relation.holds(loaded.settings), let setting = Setting.named(relation.key),
                let other = Setting.named(relation.other)
            else { continue }
            let limit = other.get(loaded.settings).text
            refuse(
                SettingFault(
                    key: relation.key,
                    expected: "\(relation.relation) \(relation.other) "
                        + "(\(limit), \(loaded.source(of: relation.other)))",
                    got: setting.get(loaded.settings).text,
                    source: loaded.source(of: relation.key)))
        }
    }

    private mutating func check(_ requirement: SettingRequirement) {
        guard !faultyKeys.contains(requirement.key), !requirement.isMet(by: loaded.settings) else {
            return
        }
        refuse(requirement.fault(source: loaded.source(of: requirement.key)))
    }
}

extension SettingSource {
    fileprivate var line: Int {
        if case .file(_, let line) = self { line } else { 0 }
    }
}
