/// A setting without a default that some commands cannot do without.
enum SettingRequirement: String, Sendable, CaseIterable {
    case brokers = "kafka.brokers"
    case catalog

    var key: String { rawValue }

    func isMet(by settings: Settings) -> Bool {
        switch self {
        case .brokers: !settings.kafka.brokers.isEmpty
        case .catalog: !settings.catalog.isEmpty
        }
    }

    /// What is said when it is missing.
    func fault(source: SettingSource) -> SettingFault {
        let names = "\(environmentName) or \(flag)"
        return SettingFault(
            key: key, expected: "at least one \(noun), by the file, \(names)", got: "none",
            source: source)
    }

    private var environmentName: String { Setting.named(key)?.environmentName ?? "" }

    private var flag: String {
        switch self {
        case .brokers: "--brokers"
        case .catalog: "--catalog"
        }
    }

    private var noun: String {
        switch self {
        case .brokers: "host:port"
        case .catalog: "file"
        }
    }
}

extension Settings {
    /// Refuses settings without brokers, for the commands that need Kafka.
    func requireBrokers() throws(SettingsFaults) { try require(.brokers) }

    /// Refuses settings without a catalog, for the commands that need one.
    func requireCatalog() throws(SettingsFaults) { try require(.catalog) }

    private func require(_ requirement: SettingRequirement) throws(SettingsFaults) {
        guard requirement.isMet(by: self) else {
            throw SettingsFaults(faults: [requirement.fault(source: .default)])
        }
    }
}
