import ArgumentParser
import Jobs
import RollcallClient

/// How the jobs that were waited for have ended.
struct EndTally {
    /// A job that failed, or became a dead letter.
    struct Failure {
        let job: SentJob
        let reason: String
    }

    /// How many failures are told.
    static let shown = 20

    /// The first failures.
    private(set) var failures: [Failure] = []
    private(set) var count = 0
    private var succeeded = 0
    private var withRejections = 0
    private var failed = 0
    private var deadLetters = 0
    private var cancelled = 0
    private var outcomes = OutcomeCounts()

    mutating func add(_ job: SentJob, _ end: JobEnd) {
        count += 1
        switch end {
        case .deadLetter(let reason):
            deadLetters += 1
            fail(job, "dead letter: \(reason.code): \(reason.message)")
        case .ended(let status):
            outcomes.add(status.counts)
            switch status.state {
            case .succeededWithRejections: withRejections += 1
            case .cancelled: cancelled += 1
            case .failed:
                failed += 1
                let error = status.error ?? Rejection(code: "unknown", message: "")
                fail(job, "failed: \(error.code): \(error.message)")
            case .succeeded, .waiting, .running: succeeded += 1
            }
        }
    }

    private mutating func fail(_ job: SentJob, _ reason: String) {
        guard failures.count < Self.shown else { return }
        failures.append(Failure(job: job, reason: reason.escapedForMessage(limit: 400)))
    }

    /// One line: the jobs by their state, then the sums of their items.
    func text(took: String) -> String {
        let states = [
            (succeeded, "succeeded"), (withRejections, "succeeded with rejections"),
            (failed, "failed"), (deadLetters, deadLetters == 1 ? "dead letter" : "dead letters"),
            (cancelled, "cancelled"),
        ]
        let jobs = states.filter { $0.0 > 0 }.map { "\(NumberText.grouped($0.0)) \($0.1)" }
        let items = [
            ("created", outcomes.created), ("updated", outcomes.updated),
            ("unchanged", outcomes.unchanged), ("removed", outcomes.removed),
            ("absent", outcomes.absent), ("superseded", outcomes.superseded),
            ("rejected", outcomes.rejected),
        ].map { "\($0.0) \(NumberText.grouped($0.1))" }
        let ended = [NumberText.counted(count, "job") + " ended in \(took)"] + jobs
        return ended.joined(separator: " · ") + "; items: " + items.joined(separator: " · ")
    }

    /// The code of the worst end; nil if all is well.
    func exitCode(allowsRejections: Bool) -> ExitCode? {
        if failed + deadLetters > 0 { return ExitCode.jobFailed }
        if cancelled > 0 { return ExitCode.cancelled }
        return withRejections > 0 && !allowsRejections ? ExitCode.rejections : nil
    }
}
