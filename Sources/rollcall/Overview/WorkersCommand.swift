import ArgumentParser
import Store

/// `rollcall workers`: who is there, and what keeps them from going on.
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Shows the workers and what they wait for.",
        discussion: """
            A worker that has been silent for 30 seconds is shown as lost, and forgotten after a \
            day. Its partitions are another's after the session timeout of the group.

            Examples:
              rollcall workers
              rollcall workers --watch
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "The form") var form: ListingForm

    func run() throws {
        let settings = try common.settings()
        let connection = try Database.open(settings)
        let query = StatusQuery(StatusSchema(name: settings.database.schema))
        try form.show {
            var listing = Self.listing(
                try Database.reporting { try query.workers(on: connection) })
            let pauses = try Database.reporting { try query.pauses(on: connection) }
            listing.notes = pauses.map(\.line)
            listing.more = [("paused", .array(pauses.map(\.json)))]
            return listing
        }
    }

    static func listing(_ workers: [StatusQuery.Worker]) -> Listing {
        Listing(
            columns: [
                .init(head: "WORKER", name: "id"), .init(head: "HOST", name: "host"),
                .init(head: "STATE", name: "state"),
                .init(head: "LANES", name: "lanes", isRight: true),
                .init(head: "PARTITIONS", name: "partitions", isRight: true),
                .init(head: "IN-FLIGHT", name: "in_flight", isRight: true),
                .init(head: "VERSION", name: "version"),
                .init(head: "UP", name: "up_s", isRight: true),
                .init(head: "SEEN", name: "seen_ago_s", isRight: true),
                .init(head: "WAITS-FOR", name: "waits_for"),
            ],
            rows: workers.map { worker in
                [
                    .init(worker.id), .init(worker.host),
                    worker.isLost ? .init("lost", color: .red) : .init(worker.state),
                    .init(worker.lanes), .init(worker.partitions), .init(worker.inFlight),
                    .init(worker.version), time(worker.upMilliseconds),
                    time(worker.silentMilliseconds),
                    worker.waitsFor.map { .init($0, color: .yellow) } ?? .none,
                ]
            }, name: "workers")
    }

    private static func time(_ milliseconds: Int64) -> Listing.Cell {
        let seconds = TimeText.seconds(milliseconds)
        return .init(TimeText.age(milliseconds), exact: seconds, json: .number(seconds))
    }
}
