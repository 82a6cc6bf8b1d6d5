import ArgumentParser
import Foundation
import Store

/// `rollcall status`: the list of jobs, or some jobs in detail.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what became of jobs.",
        discussion: """
            Without JOB: the list, newest first. On a terminal it is drawn to fit; otherwise \
            fields are separated by tabs and nothing is left out.

            Exit codes: 0 done; 2 wrong usage or an ambiguous id; 3 no such job; 4 permission \
            denied; 69 the database cannot be reached; 75 its schema does not fit. With --wait \
            also 5 the job failed; 6 it succeeded with rejections; 7 it was cancelled; 124 the \
            timeout ran out.

            Examples:
              rollcall status
              rollcall status --state failed --since 2h
              rollcall status 4410 --rejections=all --parts
              rollcall status @last --watch
              rollcall status 4410ad09 --wait --timeout 10m --json
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "A job's id, its first 4 or more characters, or @last.", valueName: "job"),
        transform: JobReference.init)
    var jobs: [JobReference] = []

    @Flag(help: "Wait until the jobs have ended; the exit code tells how.")
    var wait = false

    @Flag(help: "Show progress until the jobs have ended, or the list until interrupted.")
    var watch = false

    @Option(
        help: ArgumentHelp(
            "The longest wait, such as 90s or 10m (default: without limit).",
            valueName: "duration"),
        transform: StatusFilterText.duration)
    var timeout: Duration?

    @Flag(help: "With --wait: exit 0 also when items were rejected.")
    var allowRejections = false

    @Option(
        help: ArgumentHelp(
            "How many rejected items of a job to show (default: 5 on a terminal, else all; in a "
                + "list none).", valueName: "n|all"),
        transform: RejectionLimit.init)
    var rejections: RejectionLimit?

    @Flag(help: "Show all parts of a job, and not only those that are running or had trouble.")
    var parts = false

    @OptionGroup(title: "The list") var selection: StatusSelection

    @OptionGroup(title: "The form") var form: StatusForm

    func validate() throws {
        guard jobs.isEmpty || selection.isDefault else {
            throw ValidationError("expected JOB or filters of the list, got both")
        }
        guard !wait || !jobs.isEmpty else {
            throw ValidationError("--wait: expected a JOB to wait for, got none")
        }
        guard !parts || !jobs.isEmpty else {
            throw ValidationError("--parts: expected a JOB with it, got none")
        }
        guard timeout == nil || wait || watch else {
            throw ValidationError("--timeout: expected --wait or --watch with it, got neither")
        }
        guard !allowRejections || wait else {
            throw ValidationError("--allow-rejections: expected --wait with it, got none")
        }
        guard !watch || form.format == .plain else {
            throw ValidationError("--watch: expected it without --json, --jsonl and --csv")
        }
    }

    func run() throws {
        let session = try StatusSession(common.settings(), form)
        try session.untilReaderGoes {
            if jobs.isEmpty {
                try showList(session)
            } else {
                try showJobs(session)
            }
        }
    }
}
