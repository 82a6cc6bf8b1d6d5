import ArgumentParser
import Foundation
import Testing

@testable import rollcall

/// What every command says of itself.
@Suite struct HelpTests {
    /// A command and those above it.
    private struct Place: CustomTestStringConvertible {
        let path: [String]
        let command: any ParsableCommand.Type

        var testDescription: String { path.joined(separator: " ") }
        /// Its own type and those below it.
        var family: [any ParsableCommand.Type] {
            [command] + below.flatMap(\.family)
        }
        var below: [Place] {
            command.configuration.subcommands.map { below in
                Place(path: path + [below.configuration.commandName ?? "?"], command: below)
            }
        }
        var all: [Place] { [self] + below.flatMap(\.all) }
    }

    private static let root = Place(path: ["rollcall"], command: Rollcall.self)

    /// The lines of a discussion that somebody may copy.
    private func examples(_ command: any ParsableCommand.Type) -> [String] {
        command.configuration.discussion.split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("  rollcall ") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// The words up to where the shell goes on with something else.
    private func words(_ line: String) -> [String] {
        line.split(separator: " ").map(String.init).prefix { !["|", ">", "&&"].contains($0) }
            .dropFirst().map(\.self)
    }

    @Test("every command has an abstract, and examples that it takes")
    func examplesParse() throws {
        for place in Self.root.all {
            let name = place.testDescription
            #expect(place.command.configuration.abstract.hasSuffix("."), "\(name)")
            let examples = examples(place.command)
            #expect(!examples.isEmpty, "\(name) has no example")
            for example in examples {
                let words = words(example)
                if words.first == "help" { continue }
                do {
                    let parsed = try Rollcall.parseAsRoot(words)
                    let type = type(of: parsed) as any ParsableCommand.Type
                    #expect(
                        place.family.contains { ObjectIdentifier($0) == ObjectIdentifier(type) },
                        "\(name): \(example) is \(type)")
                } catch {
                    Issue.record("\(example): \(Rollcall.message(for: error))")
                }
            }
        }
    }

    @Test("help names every command, and every option is told of in a sentence")
    func everythingIsSaid() {
        let text = Rollcall.helpMessage()
        for place in Self.root.below { #expect(text.contains("  \(place.path[1])")) }
        for place in Self.root.all {
            let help = Rollcall.helpMessage(for: place.command, columns: 200)
            #expect(help.contains("USAGE: "), "\(place.testDescription)")
            for line in help.split(separator: "\n") where line.hasPrefix("  --") {
                // Its text follows on this line or stands on the next one.
                #expect(line.count > 6, "\(place.testDescription): \(line)")
            }
        }
    }

    @Test(
        "completions are there for the usual shells, with the commands",
        arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let script = Rollcall.completionScript(for: try #require(CompletionShell(rawValue: shell)))
        for word in ["dead-letters", "throughput", "roster-import"] {
            #expect(script.contains(word), "\(word)")
        }
    }
}
