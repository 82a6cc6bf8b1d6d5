import Kafka
import Store

/// Sends the letters of a page, and says of each what became of it.
///
/// After a failure it is dropped, and what is still on its way with it: a new one asks the brokers
/// anew and sends nothing behind anybody's back.
struct LetterSender {
    private let producer: Producer
    private let topic: String
    private let group: String

    /// - Parameters:
    ///   - properties: librdkafka's, brokers included.
    ///   - patience: how long a page may take.
    init(
        _ properties: Properties, topic: String, group: String, patience: Duration,
        log: @escaping @Sendable (LogLine) -> Void
    ) throws(KafkaError) {
        producer = try Producer(
            Self.properties(properties, patience: patience), queueTimeoutMilliseconds: 1_000,
            log: log)
        self.topic = topic
        self.group = group
    }

    /// Sends what it can until the deadline.
    ///
    /// - Returns: one fate a letter, in the order of the page.
    func send(
        _ page: DeadLetterOutbox.Page, until deadline: ContinuousClock.Instant
    ) -> [LetterFate] {
        var fates = [LetterFate](repeating: .waits(nil), count: page.count)
        deliver(Array(0..<page.count), of: page, until: deadline, &fates)
        // A broker that refuses a batch does not say for whose sake.
        for row in fates.indices where fates[row] == .refusedInCompany {
            fates[row] = .waits(nil)
            deliver([row], of: page, until: deadline, &fates)
        }
        return fates
    }

    private func deliver(
        _ rows: [Int], of page: DeadLetterOutbox.Page, until deadline: ContinuousClock.Instant,
        _ fates: inout [LetterFate]
    ) {
        for row in rows {
            guard ContinuousClock.now < deadline else { break }
            if let fate = enqueue(row, of: page) { fates[row] = fate }
        }
        for delivery in deliveries(until: deadline) {
            fates[delivery.tag] = LetterFate(delivery.result, isAlone: rows.count == 1)
        }
    }

    /// Queues a letter; its fate if that is sealed already.
    private func enqueue(_ row: Int, of page: DeadLetterOutbox.Page) -> LetterFate? {
        let record: DeadLetterRecord
        do throws(HeaderFault) {
            record = DeadLetterRecord(try page.letter(row), group: group)
        } catch {
            return .refused("\(error)")
        }
        do throws(KafkaError) {
            try producer.send(
                topic: topic, key: record.key, value: record.value, headers: record.headers,
                tag: row)
            return nil
        } catch {
            // The client looks at each record by itself.
            return LetterFate(.failure(error), isAlone: true)
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
