import ArgumentParser
import Jobs
import Store

/// `rollcall why`: what a job waits for, and what to do about it.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says what a job waits for, and what to do about it.",
        discussion: """
            The most important reason stands first. A job that no worker has read yet is looked for \
            in the job topics. It needs Postgres only; without Kafka it says what is then not known.

            Exit codes: 0 answered; 2 wrong usage or an ambiguous id; 3 no such job; 4 permission \
            denied; 69 the database cannot be reached; 75 its schema does not fit.

            Examples:
              rollcall why 7c1f9a2e
              rollcall why @last --json
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "A job's id, its first 4 or more characters, or @last.", valueName: "job"),
        transform: JobReference.init)
    var job: JobReference

    @Flag(help: "One JSON object with all there is to know.")
    var json = false

    func run() throws {
        let settings = try common.settings()
        let control = try ControlSession(settings)
        let (query, connection) = (control.query, control.connection)
        let id = try JobResolver(query: query, connection: connection).resolve(job)
        var facts = WhyAnswer.Facts(id: id)
        facts.partTimeoutMilliseconds = settings.roster.partTimeout.components.seconds * 1_000
        try Database.reporting {
            facts.job = try query.jobs([id], on: connection).first
            guard facts.job?.state.isTerminal != true else { return }
            facts.work = try query.work(of: id, on: connection)
            facts.workers = try query.workers(on: connection)
            facts.pauses = try query.pauses(on: connection)
            facts.locks = try query.lockWaits(on: connection)
            if facts.job == nil {
                facts.letter = try query.deadLetters(of: [id], on: connection)[id]
            }
        }
        if facts.job == nil, facts.letter == nil {
            facts.message = MessageSearch.look(for: id, settings)
            // A worker may have had it done meanwhile.
            try Database.reporting {
                facts.job = try query.jobs([id], on: connection).first
            }
        }
        let answer = WhyAnswer(facts: facts)
        let screen = Screen(color: .auto, isJSON: json)
        try screen.output.write(json ? [answer.json] : answer.lines(screen.ink))
        if answer.isUnknown { throw ExitCode.noSuchJob }
    }
}

extension WhyAnswer {
    private var title: String {
        guard let job = facts.job else { return "\(facts.id): \(state)" }
        return "\(facts.id): \(job.kind) \(job.fullTarget), \(state)"
    }

    func lines(_ ink: StatusInk) -> [String] {
        [ink.bold(VisibleText.escaped(title))]
            + reasons.flatMap { reason in
                ["- " + VisibleText.escaped(reason.text)]
                    + (reason.remedy.map { ["  what to do: " + VisibleText.escaped($0)] } ?? [])
            }
    }

    var json: String {
        JSONText.object([
            ("api_version", .text(StatusJSON.version)), ("job", .string("\(facts.id)")),
            ("state", .string(state)),
            (
                "reasons",
                .array(
                    reasons.map {
                        .object([
                            ("code", .string($0.code)), ("text", .string($0.text)),
                            ("remedy", .text($0.remedy)),
                        ])
                    })
            ),
        ]).description
    }
}
