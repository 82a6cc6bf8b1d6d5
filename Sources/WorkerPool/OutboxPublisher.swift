import Dispatch
import Kafka
import Logging
import Postgres
import Store
import Synchronization

/// Publishes what is committed in an outbox, at least once.
///
/// The table is the outbox: any worker publishes what any worker has left behind. A page is claimed,
/// sent and marked in one transaction, so that nobody else sends it meanwhile; a crash in between
/// sends it again. Where two workers publish at the same time the order holds within a page.
///
/// It has a queue, a connection and a producer of its own: no lane ever waits for it.
// @unchecked because the variables are touched on `queue` alone, which is serial.
final class OutboxPublisher: @unchecked Sendable {
    /// What it needs to know.
    struct Settings: Sendable {
        var workerID: String
        /// A libpq connection string.
        var conninfo: String
        var connectTimeoutSeconds: Int
        /// The status schema's name.
        var schema: String
        var transaction: Receipts.TransactionLimits
        /// librdkafka's properties, brokers included.
        var kafka: Properties
        /// Where the records go.
        var topic: String
        var retryFirstDelay: Duration
        var retryMaxDelay: Duration
    }

    /// How long a page may take, unless a transaction may stand idle for less than twice that.
    private static let patienceMax = Duration.seconds(10)

    private let queue = DispatchQueue(label: "rollcall.outbox")
    private let settings: Settings
    private let receipts: Receipts
    private let outbox: any Outbox
    private let patience: Duration
    private let limits: Receipts.TransactionLimits
    private let logger: Logger

    private let isWoken = Atomic<Bool>(false)
    /// When everything must be over, once it is to stop.
    private let stopDeadline = Mutex<ContinuousClock.Instant?>(nil)
    private let canceller = Mutex<Canceller?>(nil)

    private var connection: OwnConnection
    private var sender: RecordSender?
    private var pace: PublishPace
    /// The number of the look that is planned: an earlier plan is void.
    private var plan = 0
    private var isClosed = false

    init(_ outbox: any Outbox, _ settings: Settings, logger: Logger) {
        self.outbox = outbox
        self.settings = settings
        connection = OwnConnection(
            settings.conninfo, workerID: settings.workerID,
            connectTimeoutSeconds: settings.connectTimeoutSeconds)
        self.logger = logger
        receipts = Receipts(StatusSchema(name: settings.schema), worker: settings.workerID)
        patience = min(Self.patienceMax, settings.transaction.idleTimeout / 2)
        // The rows of a worker that stands still are soon free for another.
        limits = Receipts.TransactionLimits(
            statementTimeout: settings.transaction.statementTimeout,
            lockTimeout: settings.transaction.lockTimeout, idleTimeout: patience * 2)
        pace = PublishPace(
            retry: RetryPolicy(
                firstDelay: settings.retryFirstDelay, maxDelay: settings.retryMaxDelay,
                attempts: 1))
    }

    /// Begins with what others have left behind, and looks again from time to time.
    func start() { queue.async { self.look() } }

    /// Says that something was committed; cheap, and allowed on any thread.
    func wake() {
        guard !isWoken.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // While there is trouble only time helps.
        queue.asyncAfter(deadline: .now() + outbox.gathering.seconds) {
            if !self.pace.isTroubled { self.look() }
        }
    }

    /// Publishes what is committed by now, as far as that goes in the time, and closes.
    ///
    /// What is left another worker publishes, or the next one that starts.
    func stop(within limit: Duration) {
        stopDeadline.withLock { $0 = .now + limit }
        let isStill = DispatchSemaphore(value: 0)
        queue.async {
            if !self.pace.isTroubled { self.look() }
            self.close()
            isStill.signal()
        }
        guard isStill.wait(timeout: .now() + limit.seconds) == .timedOut else { return }
        // A server that does not answer does not answer this either: nobody waits for it.
        let canceller = canceller.withLock { $0 }
        DispatchQueue.global().async { try? canceller?.cancel() }
    }

    // MARK: On the queue

    private func look() {
        dispatchPrecondition(condition: .onQueue(queue))
        guard !isClosed else { return }
        // Before the first page: what is committed from now on wakes it again.
        isWoken.store(false, ordering: .sequentiallyConsistent)
        let wait: Duration
        do {
            try publishPages()
            let (interval, troubledFor) = pace.worked(at: .now, random: .random(in: 0...1))
            wait = interval
            if let troubledFor {
                logger.notice(
                    "\(outbox.name) are published again", metadata: ["after": "\(troubledFor)"])
            }
        } catch {
            sender = nil
            if error is PostgresError { connection.close() }
            let (delay, isNews) = pace.failed(at: .now, random: .random(in: 0...1))
            wait = delay
            report(error, isNews: isNews)
        }
        plan += 1
        let plan = plan
        queue.asyncAfter(deadline: .now() + wait.seconds) {
            if self.plan == plan { self.look() }
        }
    }

    /// Publishes page after page until nothing is left.
    private func publishPages() throws {
        var published = 0
        while deadline > .now {
            let found = try publishPage()
            guard found > 0 else { break }
            published += found
        }
        // Nothing for a whole interval: an idle client would only keep connections open.
        if published == 0 { sender = nil }
    }

    /// Publishes one page.
    ///
    /// - Returns: how many records it had.
    /// - Throws: also when some of them have to wait, after what became of the others is committed.
    private func publishPage() throws -> Int {
        let connection = try self.connection.usable()
        canceller.withLock { $0 = connection.canceller() }
        let page = try connection.transaction {
            try receipts.limit(limits, on: connection)
            return try outbox.publishPage(
                with: usableSender, on: connection, until: min(.now + patience, deadline))
        }
        if let refusal = page.refusals.first {
            logger.warning(
                "\(outbox.name) cannot be published",
                metadata: [
                    "count": "\(page.refusals.count)", "id": "\(refusal.id)",
                    "error": "\(refusal.reason)",
                ])
        }
        if page.waiting > 0 {
            throw RecordsWait(name: outbox.name, count: page.waiting, error: page.firstError)
        }
        return page.settled
    }

    /// When the page in hand must be over.
    private var deadline: ContinuousClock.Instant {
        stopDeadline.withLock { $0 } ?? .now + patience
    }

    private func usableSender() throws(KafkaError) -> RecordSender {
        if let sender { return sender }
        let logger = logger
        let fresh = try RecordSender(
            settings.kafka, topic: settings.topic, patience: patience,
            log: { line in
                // librdkafka repeats itself at every try: changes are reported by this publisher.
                logger.debug("librdkafka", metadata: ["text": "\(line.message)"])
            })
        sender = fresh
        return fresh
    }

    private func report(_ error: any Error, isNews: Bool) {
        let text: Logger.Message = "publishing \(outbox.name) has to wait"
        let metadata: Logger.Metadata = ["error": "\(error)", "topic": "\(settings.topic)"]
        if isNews {
            logger.warning(text, metadata: metadata)
        } else {
            logger.debug(text, metadata: metadata)
        }
    }

    private func close() {
        isClosed = true
        sender = nil
        connection.close()
    }
}

/// Records of a page that are still to be published.
private struct RecordsWait: Error, CustomStringConvertible {
    let name: String
    let count: Int
    /// The first of the reasons, where one is known.
    let error: KafkaError?

    var description: String {
        let remedy =
            error.map { ["UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC"].contains($0.name) } == true
            ? " - `rollcall topics create` makes the topic" : ""
        return "\(count) \(name) wait: \(error.map { "\($0)" } ?? "no answer in time")\(remedy)"
    }
}
