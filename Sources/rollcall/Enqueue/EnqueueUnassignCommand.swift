import ArgumentParser
import Jobs

/// `rollcall enqueue unassign`: sends one unassign job.
struct EnqueueUnassignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unassign", abstract: "Sends one job that takes members away from targets.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var assignment: AssignmentOptions
    @OptionGroup var waiting: EnqueueWaitOptions

    func validate() throws {
        try assignment.validate()
        try waiting.validate()
    }

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        let request = try assignment.request(.unassign, limit: settings.limits.jobItems)
        try assignment.send(request, settings, waiting)
    }
}
