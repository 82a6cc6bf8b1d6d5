import ArgumentParser
import Jobs
import RollcallClient

/// `rollcall enqueue assign`: sends one assign job.
struct EnqueueAssignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign", abstract: "Sends one job that assigns members to targets.",
        discussion: """
            Examples:
              rollcall enqueue assign --relation enrollment --target 42 --members 1,2,3 --wait
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var assignment: AssignmentOptions
    @OptionGroup var waiting: EnqueueWaitOptions

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A column's value for every member; may be repeated.", valueName: "name=value"))
    var attribute: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the row is there already: ignore or update (default: the catalog's rule).",
            valueName: "rule"))
    var onConflict: String?

    @Flag(help: "Afterwards the targets have exactly these members; all others are removed.")
    var exact = false

    func validate() throws {
        try assignment.validate()
        guard !assignment.members.isEmpty else {
            throw ValidationError("expected --members, got none")
        }
        try waiting.validate()
        _ = try attributes()
        _ = try conflict()
    }

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        var request = try assignment.request(.assign, limit: settings.limits.jobItems)
        request.attributes = try attributes()
        request.onConflict = try conflict()
        request.isExact = exact
        try assignment.send(request, settings, waiting)
    }

    private func attributes() throws -> [String: Value] {
        try EnqueueArgument.pairs(attribute, of: "--attribute")
    }

    private func conflict() throws -> Assignment.Conflict? {
        try onConflict.map {
            try EnqueueArgument.choice($0, of: "--on-conflict", Assignment.Conflict.self)
        }
    }
}
