import ArgumentParser
import Foundation
import Jobs
import Store

/// `rollcall throughput`: how much is done in a time, and how it has been.
struct ThroughputCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughput",
        abstract: "Shows items and jobs a second, batch sizes and transaction times.",
        discussion: """
            Jobs that are done in one piece count when their batch begins, and the parts of \
            backfills and imports when they end. On a terminal each line is a curve over the time.

            Examples:
              rollcall throughput
              rollcall throughput --since 10m
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp("How far back, such as 10m or 2h.", valueName: "duration"),
        transform: StatusFilterText.duration)
    var since: Duration = .seconds(3_600)

    @OptionGroup(title: "The form") var form: ListingForm

    /// As many as fit on a narrow terminal beside the numbers.
    private static let stretches = 30

    func validate() throws {
        guard since >= .seconds(Self.stretches) else {
            throw ValidationError("--since: expected at least \(Self.stretches)s")
        }
    }

    func run() throws {
        let settings = try common.settings()
        let connection = try Database.open(settings)
        let query = StatusQuery(StatusSchema(name: settings.database.schema))
        let screen = form.screen
        let length = Int64(since / .milliseconds(1)) / Int64(Self.stretches)
        try form.show {
            let answer = try Database.reporting {
                try query.throughput(
                    stretches: Self.stretches, ofMilliseconds: length, on: connection)
            }
            let now = Int64(Date().timeIntervalSince1970 * 1_000)
            return screen.terminal.isTerminal && !form.json
                ? Self.curves(answer, stretch: length) : Self.listing(answer, length, now: now)
        }
    }

    /// A line a measure.
    static func curves(_ stretches: [StatusQuery.Throughput], stretch: Int64) -> Listing {
        let seconds = Double(stretch) / 1_000
        let measures: [(name: String, values: [Double?])] = [
            ("items/s", stretches.map { Double($0.items) / seconds }),
            ("jobs/s", stretches.map { Double($0.jobs) / seconds }),
            (
                "jobs a batch",
                stretches.map { $0.batches > 0 ? Double($0.jobs) / Double($0.batches) : nil }
            ),
            ("transaction, ms", stretches.map(\.milliseconds)),
        ]
        let whole = TimeText.age(stretch * Int64(stretches.count))
        return Listing(
            columns: [
                .init(head: "LAST \(whole)", name: "measure"),
                .init(head: "", name: "curve"), .init(head: "NOW", name: "now", isRight: true),
                .init(head: "MEAN", name: "mean", isRight: true),
                .init(head: "MAX", name: "max", isRight: true),
            ],
            rows: measures.map { name, values in
                let known = values.compactMap { $0 }
                func number(_ value: Double?) -> Listing.Cell {
                    value.map { .init(Int($0.rounded())) } ?? .none
                }
                return [
                    .init(name), .init(Sparkline.text(values)), number(values.last ?? nil),
                    number(known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)),
                    number(known.max()),
                ]
            }, name: "curves")
    }

    /// A row a stretch of time.
    static func listing(
        _ stretches: [StatusQuery.Throughput], _ length: Int64, now: Int64
    ) -> Listing {
        func rate(_ count: Int) -> Listing.Cell {
            let text = TimeText.seconds(Int64(count) * 1_000_000 / max(1, length))
            return .init(text, exact: text, json: .number(text))
        }
        return Listing(
            columns: [
                .init(head: "FROM", name: "from"), .init(head: "ITEMS_PER_S", name: "items_per_s"),
                .init(head: "JOBS_PER_S", name: "jobs_per_s"),
                .init(head: "TRANSACTIONS", name: "transactions"),
                .init(head: "BATCHES", name: "batches"), .init(head: "JOBS", name: "jobs"),
                .init(head: "ITEMS", name: "items"),
                .init(head: "TRANSACTION_S", name: "transaction_s"),
            ],
            rows: stretches.enumerated().map { index, stretch in
                let from = now - length * Int64(stretches.count - index)
                return [
                    .init(Timestamp(milliseconds: from).description), rate(stretch.items),
                    rate(stretch.jobs), .init(stretch.transactions), .init(stretch.batches),
                    .init(stretch.jobs), .init(stretch.items),
                    stretch.milliseconds.map { milliseconds in
                        let text = TimeText.seconds(Int64(milliseconds.rounded()))
                        return .init(text, exact: text, json: .number(text))
                    } ?? .none,
                ]
            }, name: "throughput")
    }
}
