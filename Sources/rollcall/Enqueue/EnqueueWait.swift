import ArgumentParser
import Foundation
import Jobs
import RollcallClient

/// Waits for the end of the jobs that were sent, and tells it.
struct EnqueueWait {
    let jobs: [SentJob]
    let wait: EnqueueRun.Wait
    let signals: StopSignals
    let name: (JobID?, Int) -> String

    /// Ends the command with the code of the worst end.
    func run() throws {
        let start = ContinuousClock.now
        let progress = ProgressLine("waiting", total: jobs.count)
        var ends = EndTally()
        var watch = JobWatch(jobs, since: wait.since)
        let result = try Database.reporting {
            defer { progress.clear() }
            return try watch.wait(
                with: wait.reader, until: start + wait.timeout,
                pause: { duration in
                    progress.update(ends.count)
                    signals.wait(duration)
                    return !signals.isStopped
                },
                onEnd: { job, end in ends.add(job, end) })
        }
        for failure in ends.failures.sorted(by: { $0.job.tag < $1.job.tag }) {
            complain("\(name(failure.job.id, Int(failure.job.tag))): \(failure.reason)")
        }
        let took = EnqueueText.seconds(start.duration(to: .now))
        try? FileHandle.standardError.write(
            contentsOf: Data("\(ends.text(took: took))\n".utf8))
        let pending =
            "\(NumberText.grouped(watch.pending)) of \(NumberText.counted(jobs.count, "job")) "
            + "not ended"
        switch result {
        case .ended:
            if let code = ends.exitCode(allowsRejections: wait.allowsRejections) { throw code }
        case .timedOut:
            let hint = ends.count == 0 ? "; is a worker running?" : ""
            complain("--timeout ran out: \(pending)\(hint)")
            throw ExitCode.timedOut
        case .interrupted:
            complain("interrupted: \(pending); they go on")
            throw ExitCode.interrupted
        }
    }
}
