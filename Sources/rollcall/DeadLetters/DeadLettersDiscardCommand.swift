import ArgumentParser
import Store

/// `rollcall dead-letters discard`.
struct DeadLettersDiscardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Takes dead letters off the list; they are swept later.",
        discussion: """
            Exits with 1 if one of them is not open.

            Examples:
              rollcall dead-letters discard 17
              rollcall dead-letters discard --code not-json --topic rollcall.assignments
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var choice: DeadLetterChoice

    func run() throws {
        let settings = try common.settings()
        let connection = try Database.open(settings)
        let query = DeadLetterQuery(StatusSchema(name: settings.database.schema))
        var code = ExitCode.success
        try choice.forEach(query, on: connection) { letter in
            let isNew = try Database.reporting {
                try query.resolve(letter, .discarded, on: connection)
            }
            if isNew {
                print("\(letter) discarded")
            } else {
                complain("\(letter): expected an open dead letter, got none")
                code = .failure
            }
        }
        if code != .success { throw code }
    }
}
