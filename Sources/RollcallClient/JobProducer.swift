import Jobs
import Kafka
import Synchronization

/// Sends jobs to Kafka.
///
/// Every call may come from any thread; `send` puts a job into a local queue and returns, batches
/// are made of the queue in the background. What became of each job is told by ``deliveries(wait:)``
/// or ``flush(timeout:)``, which must be called now and then: what nobody takes fills the queue.
///
/// ```swift
/// let producer = try JobProducer(["bootstrap.servers": "localhost:9092"], source: "/services/admin")
/// try producer.send(.assign(to: 42, in: "enrollment", members: [1001, 1002]))
/// for delivery in try producer.flush(timeout: .seconds(30)) { _ = try delivery.result.get() }
/// ```
public final class JobProducer: Sendable {
    private struct InFlight {
        var nextTag = 0
        var entries: [Int: (id: JobID?, tag: Int, topic: String)] = [:]
    }

    /// What the producer sets unless the caller does.
    ///
    /// A job that is not delivered within 30 s has failed; a message may have the 8 MiB that workers
    /// accept, and the queue 64 MiB.
    public static let defaults: Properties = [
        "message.timeout.ms": "30000",
        "message.max.bytes": "\(8 * 1024 * 1024 + 64 * 1024)",
        "queue.buffering.max.kbytes": "\(64 * 1024)",
    ]

    private let producer: Producer
    private let topic: String
    private let source: String
    private let mode: ContentMode
    private let inFlight = Mutex(InFlight())

    /// Makes the client; it connects by itself, in the background.
    ///
    /// - Parameters:
    ///   - properties: librdkafka's; at least `bootstrap.servers`.
    ///   - topic: where jobs go that are not sent elsewhere.
    ///   - source: who sends, for requests without an envelope; for example `/services/admin`.
    ///   - mode: how requests travel.
    ///   - log: librdkafka's news; called on any thread, must not call the producer.
    /// - Throws: `_INVALID_ARG` for a property that librdkafka does not know or accept.
    public init(
        _ properties: Properties, topic: String = "rollcall.assignments", source: String,
        mode: ContentMode = .structured, log: @escaping @Sendable (LogLine) -> Void = { _ in }
    ) throws(KafkaError) {
        self.topic = topic
        self.source = source
        self.mode = mode
        // Longer than a message's own time, so that messages fail before the queue does.
        producer = try Producer(
            Self.defaults.merging(properties) { _, callers in callers },
            queueTimeoutMilliseconds: 60_000, log: log)
    }

    /// Makes a job of a request and sends it.
    ///
    /// - Parameters:
    ///   - envelope: by default a new id, the producer's source and the time of now.
    ///   - key: by default `<relation>/<target>`.
    /// - Returns: the job's id.
    @discardableResult
    public func send(
        _ request: AssignmentRequest, _ envelope: Envelope? = nil, key: String? = nil, tag: Int = 0
    ) throws(EnqueueError) -> JobID {
        let envelope = envelope ?? Envelope(source: source)
        let message: OutgoingMessage
        do throws(MessageFault) {
            message = try OutgoingMessage(request, envelope, mode: mode, key: key)
        } catch {
            throw .request(error)
        }
        try send(message, tag: tag)
        return envelope.id
    }

    /// Waits until a broker has told who leads a topic, or until the time is over.
    ///
    /// For a program that sends little and ends: without it the first job may wait for a second
    /// until librdkafka asks.
    ///
    /// - Parameter topic: by default the producer's.
    public func prepare(topic: String? = nil, timeout: Duration) {
        producer.prepare(topic: topic ?? self.topic, timeoutMilliseconds: timeout.milliseconds)
    }

    /// Sends a message that is ready.
    ///
    /// - Parameters:
    ///   - topic: by default the producer's.
    ///   - tag: what its delivery will be called by.
    public func send(
        _ message: OutgoingMessage, to topic: String? = nil, tag: Int = 0
    ) throws(EnqueueError) {
        let topic = topic ?? self.topic
        let own = inFlight.withLock { inFlight in
            inFlight.nextTag += 1
            inFlight.entries[inFlight.nextTag] = (message.jobID, tag, topic)
            return inFlight.nextTag
        }
        do throws(KafkaError) {
            try producer.send(
                topic: topic, key: message.key, value: message.value, headers: message.headers,
                tag: own)
        } catch {
            inFlight.withLock { $0.entries[own] = nil }
            throw .kafka(error)
        }
    }

    /// What became of jobs since the last call.
    ///
    /// - Parameter wait: how long to wait for the first.
    public func deliveries(wait: Duration = .zero) -> [JobDelivery] {
        settle(producer.poll(timeoutMilliseconds: wait.milliseconds))
    }

    /// Waits until every job that was sent is delivered or has failed.
    ///
    /// - Returns: what became of jobs since the last call.
    /// - Throws: `_TIMED_OUT`; what is known by then comes with the next call. It cannot happen with
    ///   a timeout above the property `message.timeout.ms`.
    public func flush(timeout: Duration) throws(KafkaError) -> [JobDelivery] {
        settle(try producer.flush(timeoutMilliseconds: timeout.milliseconds))
    }

    private func settle(_ deliveries: [Delivery]) -> [JobDelivery] {
        guard !deliveries.isEmpty else { return [] }
        return inFlight.withLock { inFlight in
            deliveries.compactMap { delivery in
                guard let entry = inFlight.entries.removeValue(forKey: delivery.tag) else {
                    return nil
                }
                return JobDelivery(
                    id: entry.id, tag: entry.tag, topic: entry.topic, result: delivery.result)
            }
        }
    }
}

extension Duration {
    /// Whole milliseconds, at most what a C `int` holds.
    fileprivate var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1_000 else { return .max }
        return Int32(max(0, seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
    }
}
