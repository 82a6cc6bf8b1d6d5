import Kafka

/// A record as it is published, but for its topic.
struct OutboxRecord {
    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [Header]
}

/// Sends records, and says of each what became of it.
///
/// After a failure it is dropped, and what is still on its way with it: a new one asks the brokers
/// anew and sends nothing behind anybody's back.
struct RecordSender {
    private let producer: Producer
    private let topic: String

    /// - Parameters:
    ///   - properties: librdkafka's, brokers included.
    ///   - patience: how long a page may take.
    init(
        _ properties: Properties, topic: String, patience: Duration,
        log: @escaping @Sendable (LogLine) -> Void
    ) throws(KafkaError) {
        producer = try Producer(
            Self.properties(properties, patience: patience), queueTimeoutMilliseconds: 1_000,
            log: log)
        self.topic = topic
    }

    /// Sends what it can until the deadline.
    ///
    /// - Parameter record: the record of a number below the count, made when it is sent; what it throws
    ///   is why there can never be one.
    /// - Returns: one fate a record, in their order.
    func send(
        _ count: Int, until deadline: ContinuousClock.Instant,
        _ record: (Int) throws -> OutboxRecord
    ) -> [RecordFate] {
        var fates = [RecordFate](repeating: .waits(nil), count: count)
        deliver(Array(0..<count), record, until: deadline, &fates)
        // A broker that refuses a batch does not say for whose sake.
        for row in fates.indices where fates[row] == .refusedInCompany {
            fates[row] = .waits(nil)
            deliver([row], record, until: deadline, &fates)
        }
        return fates
    }

    private func deliver(
        _ rows: [Int], _ record: (Int) throws -> OutboxRecord,
        until deadline: ContinuousClock.Instant, _ fates: inout [RecordFate]
    ) {
        for row in rows {
            guard ContinuousClock.now < deadline else { break }
            if let fate = enqueue(row, record) { fates[row] = fate }
        }
        for delivery in deliveries(until: deadline) {
            fates[delivery.tag] = RecordFate(delivery.result, isAlone: rows.count == 1)
        }
    }

    /// Queues a record; its fate if that is sealed already.
    private func enqueue(_ row: Int, _ record: (Int) throws -> OutboxRecord) -> RecordFate? {
        do {
            let record = try record(row)
            try producer.send(
                topic: topic, key: record.key, value: record.value, headers: record.headers,
                tag: row)
            return nil
        } catch let error as KafkaError {
            // The client looks at each record by itself.
            return RecordFate(.failure(error), isAlone: true)
        } catch {
            return .refused("\(error)")
        }
    }

    private func deliveries(until deadline: ContinuousClock.Instant) -> [Delivery] {
        let left = max(.zero, deadline - ContinuousClock.now)
        do throws(KafkaError) {
            return try producer.flush(timeoutMilliseconds: Int32(left.seconds * 1_000))
        } catch {
            return producer.poll(timeoutMilliseconds: 0)
        }
    }

    static func properties(_ own: Properties, patience: Duration) -> Properties {
        var all: Properties = [
            // The most that librdkafka allows: whatever was read is sent, and the broker judges.
            "message.max.bytes": "1000000000",
            // A topic that is not there is known soon, and not only when patience ends.
            "topic.metadata.propagation.max.ms": "2000",
        ]
        all.merge(own) { _, own in own }
        // Other names of one property; a transaction waits for the answer, so it must come in time.
        all["delivery.timeout.ms"] = nil
        all["message.timeout.ms"] = "\(Int(patience.seconds * 800))"
        return all
    }
}
