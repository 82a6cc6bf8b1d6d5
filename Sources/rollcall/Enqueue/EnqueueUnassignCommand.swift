import ArgumentParser
import Jobs
import RollcallClient

/// `rollcall enqueue unassign`: sends one unassign job.
struct EnqueueUnassignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unassign", abstract: "Sends one job that takes members away from targets.",
        discussion: """
            Examples:
              rollcall enqueue unassign --relation enrollment --target 42 --members 1,2,3
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var assignment: AssignmentOptions
    @OptionGroup var waiting: EnqueueWaitOptions

    @Flag(help: "Take all members away from the targets, instead of --members.")
    var all = false

    func validate() throws {
        try assignment.validate()
        switch (assignment.members.isEmpty, all) {
        case (true, false): throw ValidationError("expected --members or --all, got neither")
        case (false, true): throw ValidationError("expected --members or --all, got both")
        case (true, true), (false, false): break
        }
        try waiting.validate()
    }

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        var request = try assignment.request(.unassign, limit: settings.limits.jobItems)
        request.removesAll = all
        try assignment.send(request, settings, waiting)
    }
}
