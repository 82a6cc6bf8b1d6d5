import ArgumentParser
import Foundation

/// The flags that all commands share; each wins over the environment and the file.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The YAML file of settings (ROLLCALL_CONFIG).",
            discussion:
                "Without it and without ROLLCALL_CONFIG no file is read and the defaults hold.",
            valueName: "file"))
    var config: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A catalog file; may be repeated (ROLLCALL_CATALOG, separated by colons).",
            valueName: "file"))
    var catalog: [String] = []

    @Option(
        help: ArgumentHelp(
            "The database (ROLLCALL_DATABASE_URL); without it libpq's PG* variables count.",
            valueName: "url-or-conninfo"))
    var database: String?

    @Option(
        help: ArgumentHelp(
            "The Kafka brokers, host:port separated by commas (ROLLCALL_KAFKA_BROKERS).",
            valueName: "list"))
    var brokers: String?

    @Option(
        help: ArgumentHelp(
            "The consumer group (ROLLCALL_KAFKA_GROUP; default: rollcall).", valueName: "group"))
    var group: String?

    @Option(
        help: ArgumentHelp(
            "The lanes of a worker, 1 to 64 (ROLLCALL_LANES; default: 4).", valueName: "n"))
    var lanes: String?
}

extension CommonOptions {
    /// The settings of this command line, checked.
    ///
    /// Warnings go to standard error. So do all faults, and the command exits with code 78.
    func settings(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        requiring required: SettingRequirement...
    ) throws -> Settings {
        try SettingsFaults.reporting {
            try load(environment: environment, requiring: required).settings
        }
    }

    /// The settings with their sources; writes warnings to standard error but no faults.
    func load(
        environment: [String: String], requiring required: [SettingRequirement] = []
    ) throws(SettingsFaults) -> LoadedSettings {
        for warning in EnvironmentNames.warnings(for: environment.keys) {
            FileHandle.standardError.write(Data("rollcall: warning: \(warning)\n".utf8))
        }
        return try SettingsReader.read(
            configFlag: config, flags: entries, environment: environment, requiring: required)
    }

    /// What the command line gives, by key.
    private var entries: [SettingEntry] {
        var entries: [SettingEntry] = []
        func add(_ key: String, _ input: SettingInput, _ flag: String) {
            entries.append(SettingEntry(key: key, input: input, source: .flag(flag)))
        }
        if !catalog.isEmpty { add("catalog", .list(catalog.map { .text($0) }), "--catalog") }
        if let database { add("database.url", .text(database), "--database") }
        if let brokers { add("kafka.brokers", .text(brokers), "--brokers") }
        if let group { add("kafka.group", .text(group), "--group") }
        if let lanes { add("lanes", .text(lanes), "--lanes") }
        return entries
    }
}
