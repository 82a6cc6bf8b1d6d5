import ArgumentParser
import Foundation
import Jobs
import RollcallClient

/// The options of sending one job, whatever it asks for.
struct SendingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The job's id; the same id is the same job, however often it is sent (default: a new "
                + "one).", valueName: "uuid"))
    var id: String?

    @Option(
        help: ArgumentHelp(
            "Who asks, as the status shows it (default: /cli/<user>).", valueName: "source"))
    var source: String?

    @Option(
        help: ArgumentHelp(
            "The ordering key (default: <relation>/<target>, backfill/<name> or roster/<name>).",
            valueName: "key"))
    var key: String?

    @Option(help: ArgumentHelp("The topic (default: that of the kind of job).", valueName: "name"))
    var topic: String?

    func validate() throws {
        _ = try jobID()
        try EnqueueArgument.check(topic: topic)
        try EnqueueArgument.check(source: source)
        if key == "" { throw ValidationError("--key: expected a text, got \"\"") }
    }

    /// Sends a job, prints its id and, if asked to, waits for its end.
    func send(
        _ settings: Settings, _ waiting: EnqueueWaitOptions,
        _ make: (Envelope, _ key: String?, _ depth: Int) throws(MessageFault) -> OutgoingMessage
    ) throws {
        let envelope = try envelope()
        let limits = EnqueueLimits(settings.limits)
        let message: OutgoingMessage
        do throws(MessageFault) {
            message = try make(envelope, key, limits.jsonDepth)
            try limits.check(message)
        } catch {
            complain(error.message)
            throw ExitCode.wrongUsage
        }
        let run = try EnqueueRun(settings, topic: topic, waiting)
        var session = try run.open()
        try session.send(message, tag: 1)
        try session.finish(name: { job, _ in job.map { "\($0)" } ?? "the job" }) {
            print(envelope.id)
            // Whoever reads it should not have to wait as well.
            fflush(nil)
        }
    }

    /// The event's attributes.
    func envelope() throws -> Envelope {
        Envelope(id: try jobID() ?? .now(), source: source ?? EnqueueArgument.defaultSource)
    }

    private func jobID() throws -> JobID? {
        guard let id else { return nil }
        guard let jobID = JobID(id) else {
            throw ValidationError("--id: expected a UUID, got \(id.quotedForMessage)")
        }
        return jobID
    }
}
