import Dispatch
import Kafka
import Postgres
import Store
import Synchronization

/// Reads and writes in the database up to where partitions are done.
///
/// It has a queue and a connection of its own: lanes do not wait for it, nor it for them.
// @unchecked because `connection` and `tries` are touched on `queue` alone, which is serial.
final class Checkpoint: @unchecked Sendable {
    private let queue = DispatchQueue(label: "rollcall.checkpoint")
    private let progress: Progress
    private let policy: RetryPolicy
    private let stop: StopSignal
    private var connection: OwnConnection
    private var tries = 0

    init(settings: PoolSettings, progress: Progress, policy: RetryPolicy, stop: StopSignal) {
        connection = OwnConnection(settings)
        self.progress = progress
        self.policy = policy
        self.stop = stop
    }

    /// Takes partitions over, as soon as the database answers; then calls back on its own queue.
    ///
    /// - Parameter isAnew: over a new connection, because this one may lead to another database.
    func claim(
        _ partitions: [TopicPartition], reconnecting isAnew: Bool,
        then: @escaping @Sendable (Progress.Claim) -> Void
    ) {
        queue.async {
            if isAnew { self.connection.close() }
            self.claimNow(partitions, then)
        }
    }

    private func claimNow(
        _ partitions: [TopicPartition], _ then: @escaping @Sendable (Progress.Claim) -> Void
    ) {
        guard !stop.isStopped else { return }
        do {
            let claim = try progress.claim(
                partitions.map(Progress.Place.init), on: connection.usable())
            tries = 0
            then(claim)
        } catch {
            // That the database is away is the lanes' news; they cannot work without it either.
            connection.close()
            tries += 1
            let delay = policy.delay(after: tries, random: .random(in: 0...1))
            queue.asyncAfter(deadline: .now() + delay.seconds) { self.claimNow(partitions, then) }
        }
    }

    /// Writes offsets, then calls back on its own queue.
    ///
    /// - Parameters:
    ///   - released: partitions of which this worker has nothing in hand any more.
    ///   - then: is told whether all were written; nil if the database did not answer.
    func save(
        _ offsets: [TopicPartition: Int64], released: [TopicPartition] = [], to database: String,
        then: @escaping @Sendable (Bool?) -> Void
    ) {
        queue.async {
            let places = Dictionary(
                uniqueKeysWithValues: offsets.map { (Progress.Place($0), $1) })
            let isSaved = try? self.progress.save(
                places, released: Set(released.map(Progress.Place.init)), to: database,
                on: self.connection.usable())
            if isSaved == nil { self.connection.close() }
            then(isSaved)
        }
    }

    /// Closes the connection when all that was asked for is done, at the latest after the time.
    func close(within time: Duration) {
        let isClosed = DispatchSemaphore(value: 0)
        queue.async {
            self.connection.close()
            isClosed.signal()
        }
        _ = isClosed.wait(timeout: .now() + time.seconds)
    }
}

extension Progress.Place {
    init(_ partition: TopicPartition) {
        self.init(topic: partition.topic, partition: partition.partition)
    }
}
