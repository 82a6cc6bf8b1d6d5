import ArgumentParser
import Postgres
import Store

/// The dead letters that a command is about: by number, or all open ones of a kind.
struct DeadLetterChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("Numbers in the list.", valueName: "letter"))
    var letters: [Int64] = []

    @OptionGroup(title: "Or all of these that are open") var selection: DeadLetterSelection

    func validate() throws {
        guard letters.isEmpty != selection.isEmpty else {
            throw ValidationError(
                "expected numbers of letters, or --code, --topic or --job, got "
                    + (letters.isEmpty ? "none" : "both"))
        }
    }

    /// How many are read at once.
    private static let pageSize = 1_000

    /// Calls the body with the number of each letter, the oldest first.
    func forEach(
        _ query: DeadLetterQuery, on connection: Connection, _ body: (Int64) throws -> Void
    ) throws {
        guard letters.isEmpty else { return try letters.forEach(body) }
        var found: [Int64] = []
        while true {
            let page = try Database.reporting {
                try query.page(
                    selection.filter, before: found.last, limit: Self.pageSize, on: connection)
            }
            found += page.map(\.id)
            if page.count < Self.pageSize { break }
        }
        try found.reversed().forEach(body)
    }
}
