import ArgumentParser
import Foundation
import Jobs
import Store

/// `rollcall dead-letters show`.
struct DeadLettersShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a dead letter with its headers and its value.",
        discussion: """
            With --value only the value is written, byte for byte: \
            rollcall dead-letters show 17 --value > message.json

            Examples:
              rollcall dead-letters show 17
              rollcall dead-letters show 17 --value > message.json
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("The number in the list.", valueName: "letter"))
    var letter: Int64

    @Flag(help: "Only the value, byte for byte.")
    var value = false

    func run() throws {
        let settings = try common.settings()
        let connection = try Database.open(settings)
        let query = DeadLetterQuery(StatusSchema(name: settings.database.schema))
        guard
            let (summary, letter) = try Database.reporting({
                try query.letter(self.letter, on: connection)
            })
        else {
            complain("no such dead letter: \(self.letter)")
            throw ExitCode.noSuchJob
        }
        guard !value else {
            guard let bytes = letter.value else {
                complain("\(self.letter): expected a letter with a value, got: \(letter.reason)")
                throw ExitCode.failure
            }
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
            return
        }
        var lines = [
            ("Letter", "\(summary.id)"),
            ("Place", "\(summary.topic)[\(summary.partition)] @ \(summary.offset)"),
            ("At", TimeText.date(summary.at)), ("Job", summary.job?.description ?? "-"),
            ("Code", summary.code), ("Reason", summary.reason),
            ("Key", letter.key.map { String(decoding: $0, as: UTF8.self) } ?? "-"),
        ]
        for header in letter.headers {
            let text = header.value.map { String(decoding: $0, as: UTF8.self) } ?? "-"
            lines.append(("Header", "\(header.name): \(text)"))
        }
        if let resolution = summary.resolution {
            let time = summary.resolvedAt.map { " " + TimeText.date($0) } ?? ""
            lines.append(("Done", resolution + time))
        }
        lines.append(
            ("Value", letter.value.map { String(decoding: $0, as: UTF8.self) } ?? "-"))
        try StatusOutput().write(
            lines.map { name, text in
                name.padding(toLength: 8, withPad: " ", startingAt: 0) + VisibleText.escaped(text)
            })
    }
}
