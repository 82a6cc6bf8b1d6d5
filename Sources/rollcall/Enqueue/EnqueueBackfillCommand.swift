import ArgumentParser
import Foundation
import Jobs
import RollcallClient

/// `rollcall enqueue backfill`: sends one backfill job.
struct EnqueueBackfillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Sends one job that runs a backfill.",
        discussion: """
            Examples:
              rollcall enqueue backfill --backfill everybody --scope course_id=1
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("The backfill, as the catalog names it.", valueName: "name"))
    var backfill: String

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A value for a parameter of the backfill; may be repeated.", valueName: "name=value"))
    var scope: [String] = []

    @Flag(help: "Run it although its definition has not changed since it last finished.")
    var force = false

    @Flag(help: "Do everything and roll it back; the status shows what would have happened.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "The most rows that all workers together walk in a second.", valueName: "n"))
    var maxRowsPerSecond: Int?

    @OptionGroup var sending: SendingOptions
    @OptionGroup var waiting: EnqueueWaitOptions

    func validate() throws {
        if backfill.isEmpty { throw ValidationError("--backfill: expected a name, got \"\"") }
        _ = try values()
        if let maxRowsPerSecond, maxRowsPerSecond < 1 {
            throw ValidationError(
                "--max-rows-per-second: expected 1 or more, got \(maxRowsPerSecond)")
        }
        try sending.validate()
        try waiting.validate()
    }

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        var order = BackfillOrder(backfill, scope: try values())
        order.isForced = force
        order.isDryRun = dryRun
        order.maxRowsPerSecond = maxRowsPerSecond
        try sending.send(settings, waiting) { envelope, key, depth throws(MessageFault) in
            try OutgoingMessage(order, envelope, key: key, depth: depth)
        }
    }

    private func values() throws -> [String: Value] {
        try EnqueueArgument.pairs(scope, of: "--scope")
    }
}
