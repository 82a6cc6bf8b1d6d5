import ArgumentParser
import Jobs
import Postgres
import Store

/// `rollcall dead-letters`: messages that could not become jobs, and jobs that failed for good.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Lists dead letters, shows one, sends them again or discards them.",
        discussion: """
            Examples:
              rollcall dead-letters list --code unknown-relation
              rollcall dead-letters show 17
              rollcall dead-letters requeue --code unknown-relation
            """,
        subcommands: [
            DeadLettersListCommand.self, DeadLettersShowCommand.self,
            DeadLettersRequeueCommand.self, DeadLettersDiscardCommand.self,
        ])
}

/// Which dead letters.
struct DeadLetterSelection: ParsableArguments {
    @Option(
        help: ArgumentHelp("Only those with this code, such as not-json.", valueName: "code"))
    var code: String?

    @Option(help: ArgumentHelp("Only those of this topic.", valueName: "topic"))
    var topic: String?

    @Option(help: ArgumentHelp("Only that of the job with this id.", valueName: "id"))
    var job: String?

    func validate() throws {
        if let job, JobID(job) == nil {
            throw ValidationError("--job: expected a UUID, got \(job.quotedForMessage)")
        }
    }

    var isEmpty: Bool { code == nil && topic == nil && job == nil }

    var filter: DeadLetterQuery.Filter {
        var filter = DeadLetterQuery.Filter()
        filter.code = code
        filter.topic = topic
        filter.job = job.flatMap(JobID.init)
        return filter
    }
}

/// `rollcall dead-letters list`.
struct DeadLettersListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the dead letters that nobody has dealt with.",
        discussion: """
            Examples:
              rollcall dead-letters list
              rollcall dead-letters list --topic rollcall.assignments --code not-json
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Which") var selection: DeadLetterSelection

    @Flag(help: "Those too that were requeued or discarded.")
    var all = false

    @Option(help: ArgumentHelp("How many at most.", valueName: "n"))
    var limit = 20

    @Option(help: ArgumentHelp("Go on behind this letter of the page before.", valueName: "number"))
    var after: Int64?

    @OptionGroup(title: "The form") var form: ListingForm

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit: expected 1 to 100000, got \(limit)")
        }
    }

    func run() throws {
        let settings = try common.settings()
        let connection = try Database.open(settings)
        let query = DeadLetterQuery(StatusSchema(name: settings.database.schema))
        var filter = selection.filter
        filter.includesResolved = all
        var isMore = false
        try form.show {
            let letters = try Database.reporting {
                try query.page(filter, before: after, limit: limit + 1, on: connection)
            }
            isMore = letters.count > limit
            return Self.listing(Array(letters.prefix(limit)), showsResolution: all)
        }
        if isMore { complain("there are more: --after with the last number") }
    }

    static func listing(_ letters: [DeadLetterQuery.Summary], showsResolution: Bool) -> Listing {
        var columns: [Listing.Column] = [
            .init(head: "LETTER", name: "id", isRight: true), .init(head: "AT", name: "at"),
            .init(head: "PLACE", name: "place"), .init(head: "JOB", name: "job"),
            .init(head: "BYTES", name: "bytes", isRight: true),
        ]
        if showsResolution { columns.append(.init(head: "DONE", name: "resolution")) }
        columns += [.init(head: "CODE", name: "code"), .init(head: "REASON", name: "reason")]
        return Listing(
            columns: columns,
            rows: letters.map { letter in
                let number = "\(letter.id)"
                let id = letter.job?.description
                var row: [Listing.Cell] = [
                    .init(number, exact: number, json: .integer(Int(letter.id))),
                    .init(
                        TimeText.date(letter.at), exact: letter.at.description,
                        json: .string(letter.at.description)),
                    .init("\(letter.topic)[\(letter.partition)] @ \(letter.offset)"),
                    id.map { .init(String($0.prefix(8)), exact: $0, json: .string($0)) } ?? .none,
                    letter.bytes.map { .init($0) } ?? .none,
                ]
                if showsResolution { row.append(letter.resolution.map { .init($0) } ?? .none) }
                return row + [.init(letter.code, color: .red), .init(letter.reason)]
            }, name: "dead_letters")
    }
}
