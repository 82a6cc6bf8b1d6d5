import ArgumentParser
import Kafka

/// The version of this program.
enum Version {
    static let current = "0.1.0"
}

/// `rollcall version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version.",
        discussion: """
            Examples:
              rollcall version
            """)

    func run() { print("rollcall \(Version.current)") }
}
