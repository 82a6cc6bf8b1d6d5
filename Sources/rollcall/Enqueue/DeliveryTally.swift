import ArgumentParser
import Foundation
import Jobs
import Kafka
import RollcallClient

/// What became of the jobs that were sent.
struct DeliveryTally {
    struct Failure {
        let tag: Int
        let id: JobID?
        let error: KafkaError
    }

    /// How many failures are told.
    static let shown = 20

    /// What to wait for, in the order of delivery; empty unless it is kept.
    private(set) var sent: [SentJob] = []
    /// The first failures.
    private(set) var failures: [Failure] = []
    private(set) var failureCount = 0
    private(set) var delivered = 0
    /// How many deliveries are known.
    private(set) var settled = 0
    /// Whether the brokers cannot be reached, or refuse this client: other jobs would fare alike.
    private(set) var isHopeless = false
    private var areAllUnreachable = true
    /// The tags of what was delivered; empty unless they are kept.
    private(set) var tags = IndexSet()
    private let keepsSent: Bool
    private let isOneJob: Bool

    /// - Parameter isOneJob: all messages are one job together: of those to wait for the last is
    ///   enough, because the brokers keep them in order.
    init(keepsSent: Bool, isOneJob: Bool = false) {
        self.keepsSent = keepsSent
        self.isOneJob = isOneJob
    }

    /// Takes what became of one job that was queued.
    mutating func add(_ delivery: JobDelivery) {
        settled += 1
        switch delivery.result {
        case .success:
            delivered += 1
            if isOneJob { tags.insert(delivery.tag) }
            if keepsSent, let job = delivery.sent { keep(job) }
        case .failure(let error):
            add(tag: delivery.tag, id: delivery.id, error)
        }
    }

    private mutating func keep(_ job: SentJob) {
        guard isOneJob else { return sent.append(job) }
        guard job.tag > sent.first?.tag ?? 0 else { return }
        var part = job
        part.isPart = true
        sent = [part]
    }

    /// Takes a job that could not even be queued.
    mutating func add(tag: Int, id: JobID?, _ error: KafkaError) {
        failureCount += 1
        if failures.count < Self.shown { failures.append(Failure(tag: tag, id: id, error: error)) }
        let isUnreachable = Self.unreachable.contains(error.name)
        if !isUnreachable { areAllUnreachable = false }
        if isUnreachable || error.isFatal || Self.denied.contains(error.name) { isHopeless = true }
    }

    /// What failures mean for the command.
    var exitCode: ExitCode {
        if failures.contains(where: { Self.denied.contains($0.error.name) }) {
            return .permissionDenied
        }
        return failureCount > 0 && areAllUnreachable ? .unreachable : .failure
    }

    private static let unreachable: Set = [
        "_TRANSPORT", "_MSG_TIMED_OUT", "_ALL_BROKERS_DOWN", "_RESOLVE", "_TIMED_OUT",
        "_QUEUE_FULL", "REQUEST_TIMED_OUT",
    ]
    private static let denied: Set = [
        "_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "TOPIC_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
    ]
}
