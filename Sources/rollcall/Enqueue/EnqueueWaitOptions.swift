import ArgumentParser

/// The options that wait for the jobs that were sent.
struct EnqueueWaitOptions: ParsableArguments {
    @Flag(help: "Wait until every job has ended, read from the database.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait at most.", valueName: "duration"))
    var timeout = "10m"

    @Flag(help: "With --wait: rejected items are no reason to exit with 6.")
    var allowRejections = false

    func validate() throws {
        _ = try duration()
    }

    /// The longest wait.
    func duration() throws -> Duration {
        guard let duration = Duration(setting: timeout) else {
            throw ValidationError(
                "--timeout: expected a duration such as 30s, 10m or 2h, got "
                    + timeout.quotedForMessage)
        }
        return duration
    }
}
