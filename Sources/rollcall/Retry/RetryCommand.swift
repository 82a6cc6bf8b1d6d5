import ArgumentParser
import Jobs
import Kafka
import Postgres
import RollcallClient
import Store

/// `rollcall retry`: does jobs once more, as new jobs that name the old ones.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Does failed jobs once more, or their rejected items.",
        discussion: """
            What a job asked for is taken from its dead letter or read again where its message stands \
            in Kafka, and sent to the same topic under the same key as a new job, which names the old \
            one. Mend what it failed for first. Behind what was sent meanwhile under the same key it \
            comes late.

            Until the new job has ended, the same command sends the same job again, which workers \
            recognise: nothing is done twice.

            Exits with 1 if one of them was not sent, with 3 if there is no such job.

            Examples:
              rollcall retry 3fd8a0c4
              rollcall retry 4410ad09 --rejected-only
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "A job's id, its first 4 or more characters, or @last.", valueName: "job"),
        transform: JobReference.init)
    var jobs: [JobReference]

    @Flag(help: "Only the items that were rejected, of a job that has succeeded with rejections.")
    var rejectedOnly = false

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        let control = try ControlSession(settings)
        let old = try OldMessages(settings, on: control.connection)
        let post: RetryPost
        do throws(KafkaError) {
            post = try RetryPost(settings)
        } catch {
            complain("\(error)")
            throw ExitCode.configuration
        }
        var code = ExitCode.success
        for reference in jobs {
            let job = try control.job(reference)
            do {
                for id in try retry(job, control, old, post) { print("\(job.id) retried as \(id)") }
            } catch let refusal as Refusal {
                complain("\(job.id): \(refusal.reason)")
                code = .failure
            } catch let gone as OldMessages.Gone {
                complain("\(job.id): \(gone.reason)")
                code = .failure
            } catch let fault as MessageFault {
                complain("\(job.id): \(fault.message)")
                code = .failure
            } catch let error as KafkaError {
                complain("\(job.id): \(error)")
                throw ExitCode.unreachable
            } catch let error as PostgresError {
                throw Database.failure(error)
            }
        }
        if code != .success { throw code }
    }

    private struct Refusal: Error {
        let reason: String
    }

    /// - Returns: the ids of the new jobs.
    private func retry(
        _ job: StatusQuery.Job, _ control: ControlSession, _ old: OldMessages, _ post: RetryPost
    ) throws -> [JobID] {
        try check(job)
        let state = try control.query.retryState(of: job.id, on: control.connection)
        if rejectedOnly, state.rejected.count < job.counts.rejected {
            throw Refusal(
                reason: "expected the numbers of its \(job.counts.rejected) rejected items, got "
                    + "\(state.rejected.count): no more are kept (limits.stored_rejections); mend "
                    + "what they were refused for and enqueue the job again, what is applied "
                    + "already is unchanged then")
        }
        let messages = try old.messages(of: job)
        let name = "retry \(state.ended + 1)"
        guard rejectedOnly else {
            let id = job.id.derived(name)
            try post.send(
                messages.map { ($0, Array($0.event.document.source(of: $0.event.data)), id) },
                to: job.topic, as: job.id)
            return [id]
        }
        guard let message = messages.first, let assignment = message.job.assignment else {
            preconditionFailure("of other kinds nothing is retried in part")
        }
        let items: RejectedItems
        do throws(RejectedItems.Refusal) {
            items = try RejectedItems(state.rejected, of: assignment, message.event.data)
        } catch {
            throw Refusal(reason: error.reason)
        }
        let ids = items.data.indices.map { job.id.derived("rejected \(name) \($0)") }
        try post.send(zip(items.data, ids).map { (message, $0, $1) }, to: job.topic, as: job.id)
        return ids
    }

    /// Refuses what there is nothing of to do once more.
    private func check(_ job: StatusQuery.Job) throws(Refusal) {
        if !rejectedOnly {
            switch job.state {
            case .failed, .cancelled: return
            case .succeededWithRejections where job.kind == Job.Kind.rosterImport.rawValue: break
            case .succeededWithRejections:
                throw Refusal(
                    reason: "expected a job that has failed, it has succeeded with rejections: "
                        + "rollcall retry --rejected-only")
            default:
                throw Refusal(
                    reason: "expected a job that has failed, it has \(job.state.rawValue)")
            }
        }
        guard job.kind != Job.Kind.rosterImport.rawValue else {
            throw Refusal(
                reason:
                    "expected an import that has failed; the refused rows of this one are written "
                    + "with rollcall rejections \(job.shortID) --csv FILE: mend them and enqueue "
                    + "that file")
        }
        guard job.state == .succeededWithRejections, job.kind != Job.Kind.backfill.rawValue else {
            throw Refusal(
                reason: "expected a job that has succeeded with rejections, it has "
                    + job.state.rawValue)
        }
    }
}

/// Sends jobs once more where they came from.
struct RetryPost {
    private static let patience = Duration.seconds(35)
    private let producer: JobProducer
    private let depth: Int

    init(_ settings: Settings) throws(KafkaError) {
        producer = try JobProducer(
            settings.kafka.producerProperties(messageBytes: settings.limits.messageBytes),
            source: EnqueueArgument.defaultSource)
        depth = settings.limits.jsonDepth
    }

    /// Sends data under new ids and waits until the brokers have it.
    ///
    /// - Throws: `KafkaError`.
    func send(
        _ all: [(old: OldMessages.Message, data: [UInt8], id: JobID)], to topic: String,
        as retried: JobID
    ) throws {
        for (tag, (old, data, id)) in all.enumerated() {
            let envelope = Envelope(
                id: id, source: old.job.source, subject: nil, retryOf: retried)
            do {
                let message = try OutgoingMessage(
                    again: old.job.kind, data: data, envelope, key: old.key, depth: depth)
                try producer.send(message, to: topic, tag: tag)
            } catch EnqueueError.kafka(let error) {
                throw error
            }
        }
        var settled = 0
        for delivery in try producer.flush(timeout: Self.patience) {
            _ = try delivery.result.get()
            settled += 1
        }
        precondition(settled == all.count, "a flush tells of every message")
    }
}
