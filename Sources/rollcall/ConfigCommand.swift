import ArgumentParser
import Foundation

/// `rollcall config`: looks at the settings.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check and show the settings.",
        discussion: """
            Examples:
              rollcall config check
            """,
        subcommands: [ConfigCheckCommand.self])
}

/// `rollcall config check`: every setting with its value and where that came from.
struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the settings and show each with its value and its source.",
        discussion: """
            Flags win over environment variables, these over the file, that over the defaults. \
            Secrets are not shown. Exits 78 when a setting is faulty, and names all that are.

            Examples:
              rollcall config check --config /etc/rollcall/rollcall.yaml
            """)

    @OptionGroup var options: CommonOptions

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let loaded = try SettingsFaults.reporting {
            try options.load(environment: environment)
        }
        let listing = SettingsListing(loaded, environment: environment)
        print(listing.text(isTerminal: isatty(STDOUT_FILENO) == 1), terminator: "")
    }
}
