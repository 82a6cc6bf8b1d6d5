internal import CLibrdkafka
internal import Synchronization

/// Sends records.
///
/// Every call may come from any thread.
public final class Producer: Sendable {
    private let client: ClientHandle
    private let context: ClientContext
    private let queueTimeoutMilliseconds: Int32
    /// How many records were sent and not yet reported.
    private let outstanding = Atomic<Int>(0)
    /// Deliveries that `send` or `flush` came across, for the next `poll`.
    private let early = Mutex<[Delivery]>([])

    /// What the room sets unless the caller gives it.
    static let defaults: Properties = [
        // What Java producers do, so that a key meets the same partition whoever sends it.
        "partitioner": "murmur2_random",
        "enable.idempotence": "true",
        "linger.ms": "5",
    ]

    /// How many deliveries wait for a `poll` at most.
    public static let deliveriesMax = 100_000

    /// Makes the client; it connects by itself, in the background.
    ///
    /// The corresponding C function is `rd_kafka_new`.
    ///
    /// - Parameters:
    ///   - queueTimeoutMilliseconds: how long `send` waits while the local queue is full.
    ///   - log: called on any thread, also while this initializer runs; must not call the producer.
    /// - Throws: `_INVALID_ARG` for a property that librdkafka does not know or accept.
    public init(
        _ properties: Properties, queueTimeoutMilliseconds: Int32 = 30_000,
        log: @escaping @Sendable (LogLine) -> Void
    ) throws(KafkaError) {
        self.queueTimeoutMilliseconds = queueTimeoutMilliseconds
        context = ClientContext(log: log)
        let configuration = try ConfigurationHandle(properties.over(Producer.defaults))
        configuration.reportEvents(RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
        client = try configuration.makeClient(RD_KAFKA_PRODUCER, context)
    }

    /// Waits until a broker has told who leads a topic, or until the time is over.
    ///
    /// Nobody needs it. But of a topic that is new to a client without a connection librdkafka asks
    /// only with its look at all topics, once a second (`rd_kafka_topic_scan_all`), and a program
    /// that sends one record lasts as long. Its own question is asked as soon as a broker answers.
    ///
    /// The corresponding C function is `rd_kafka_metadata`.
    public func prepare(topic: String, timeoutMilliseconds: Int32) {
        guard let named = rd_kafka_topic_new(client.raw, topic, nil) else { return }
        defer { rd_kafka_topic_destroy(named) }
        var raw: UnsafePointer<rd_kafka_metadata>?
        // What is wrong is said of the record.
        if rd_kafka_metadata(client.raw, 0, named, &raw, timeoutMilliseconds)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            rd_kafka_metadata_destroy(raw)
        }
    }

    /// Queues one record; its bytes are copied.
    ///
    /// What becomes of it is a `Delivery` of a later `poll` or `flush`, also when it fails.
    /// The corresponding C function is `rd_kafka_produceva`.
    ///
    /// - Parameters:
    ///   - partition: nil lets the partitioner choose, by the key.
    ///   - key: nil for none.
    ///   - value: nil for a tombstone.
    ///   - timestamp: milliseconds since 1970 in UTC; nil for now.
    ///   - tag: what the record's `Delivery` will be called by.
    /// - Throws: `_QUEUE_FULL` if the local queue stayed full for the time given at the start, or
    ///   if `deliveriesMax` deliveries wait to be polled; otherwise what is wrong with the record.
    public func send(
        topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?,
        headers: [Header] = [], timestamp: Int64? = nil, tag: Int
    ) throws(KafkaError) {
        let outgoing = OutgoingRecord(
            topic: topic, partition: partition, key: key, value: value, headers: headers,
            timestamp: timestamp, tag: tag)
        var deadline: Deadline?
        while let failure = enqueue(outgoing) {
            guard failure.code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue else { throw failure }
            // Delivery reports count against the queue until they are taken.
            let end = deadline ?? Deadline(milliseconds: queueTimeoutMilliseconds)
            deadline = end
            let room = Producer.deliveriesMax - early.withLock { $0.count }
            if end.hasPassed || room <= 0 { throw failure }
            let taken = take(max: room, timeoutMilliseconds: min(100, end.milliseconds))
            early.withLock { $0 += taken }
        }
    }

    private func enqueue(_ record: OutgoingRecord) -> KafkaError? {
        // Counted first: the report may come before the call returns.
        outstanding.add(1, ordering: .relaxed)
        guard let error = record.produce(client) else { return nil }
        outstanding.subtract(1, ordering: .relaxed)
        return KafkaError(takingOver: error, doing: "sending to \(record.topic)")
    }

    /// Takes deliveries: waits for the first, then takes what is there.
    ///
    /// The corresponding C function is `rd_kafka_queue_poll`.
    public func poll(timeoutMilliseconds: Int32) -> [Delivery] {
        let earlier = takeEarly()
        let room = Producer.deliveriesMax - earlier.count
        return earlier
            + take(max: room, timeoutMilliseconds: earlier.isEmpty ? timeoutMilliseconds : 0)
    }

    /// Waits until everything that was sent is delivered or has failed.
    ///
    /// The corresponding C function is `rd_kafka_flush`.
    ///
    /// - Returns: all deliveries not yet polled; some may be failures.
    /// - Throws: `_TIMED_OUT` if some records are still on their way. They stay there; what is
    ///   known by then comes with the next `poll`.
    public func flush(timeoutMilliseconds: Int32) throws(KafkaError) -> [Delivery] {
        let deadline = Deadline(milliseconds: timeoutMilliseconds)
        var deliveries = takeEarly()
        while outstanding.load(ordering: .relaxed) > 0 {
            if deadline.hasPassed {
                let left = outstanding.load(ordering: .relaxed)
                early.withLock { $0 = deliveries + $0 }
                throw KafkaError(
                    RD_KAFKA_RESP_ERR__TIMED_OUT,
                    "\(left) records not delivered within \(timeoutMilliseconds) ms",
                    doing: "flushing")
            }
            // Ends `linger.ms` early; as reports are events it waits only for itself.
            rd_kafka_flush(client.raw, 1)
            deliveries += take(max: .max, timeoutMilliseconds: min(20, deadline.milliseconds))
        }
        return deliveries
    }

    private func takeEarly() -> [Delivery] {
        early.withLock { early in
            let taken = early
            early = []
            return taken
        }
    }

    private func take(max: Int, timeoutMilliseconds: Int32) -> [Delivery] {
        let queue = QueueHandle(mainOf: client)
        var deliveries: [Delivery] = []
        var wait = timeoutMilliseconds
        while deliveries.count < max, let event = queue.poll(timeoutMilliseconds: wait) {
            wait = 0
            if event.type == RD_KAFKA_EVENT_DR {
                event.appendDeliveries(to: &deliveries)
            } else if let error = event.error(doing: "producing") {
                let isFatal = error.code == RD_KAFKA_RESP_ERR__FATAL.rawValue
                let cause = isFatal ? KafkaError(fatalOf: client.raw, doing: error.doing) : error
                context.log(LogLine(level: 3, facility: "ERROR", message: "\(cause)"))
            }
        }
        outstanding.subtract(deliveries.count, ordering: .relaxed)
        return deliveries
    }
}
