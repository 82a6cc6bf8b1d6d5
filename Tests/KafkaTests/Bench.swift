import Kafka
import Synchronization
import Testing

/// An embedded broker with one topic, and clients for it.
struct Bench {
    let broker: EmbeddedBroker
    let topic = "jobs"

    init(partitions: Int32 = 1, brokers: Int = 1) throws {
        broker = try EmbeddedBroker(brokers: brokers)
        try broker.createTopic(topic, partitions: partitions)
    }

    var properties: Properties {
        [
            "bootstrap.servers": broker.bootstrapServers,
            // So that clients come back soon after a fault.
            "reconnect.backoff.ms": "10", "reconnect.backoff.max.ms": "100",
            // The embedded broker gives members this time, less a second, to join a rebalance.
            "session.timeout.ms": "5000", "heartbeat.interval.ms": "200",
        ]
    }

    func partition(_ number: Int32) -> TopicPartition {
        TopicPartition(topic: topic, partition: number)
    }

    func producer(_ more: Properties = [:]) throws -> Producer {
        try Producer(properties.merging(more) { $1 }, log: { _ in })
    }

    func admin() throws -> Admin { try Admin(properties, log: { _ in }) }

    func consumer(
        group: String = "workers", _ listener: any RebalanceListener = RecordingListener(),
        _ more: Properties = [:], log: @escaping @Sendable (LogLine) -> Void = { _ in }
    ) throws -> Consumer {
        let consumer = try Consumer(
            properties.merging(more) { $1 }, group: group, listener: listener, log: log)
        try consumer.subscribe([topic])
        return consumer
    }

    /// Sends records with the values `first..<first + count` to one partition.
    func send(_ count: Int, from first: Int = 0, to partition: Int32 = 0) throws {
        let producer = try producer()
        for value in first..<first + count {
            try producer.send(
                topic: topic, partition: partition, key: nil, value: Array("\(value)".utf8),
                tag: value)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 20_000) {
            _ = try delivery.result.get()
        }
    }
}

extension Record {
    var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
}

/// Polls in turn until `isDone`, for at most 30 s.
func poll(
    _ consumers: Consumer..., until isDone: (_ records: [Record], _ errors: [KafkaError]) -> Bool
) throws -> (records: [Record], errors: [KafkaError]) {
    let end = ContinuousClock.now + .seconds(30)
    var records: [Record] = []
    var errors: [KafkaError] = []
    while !isDone(records, errors) {
        for consumer in consumers {
            errors += consumer.poll(max: 1_000, timeoutMilliseconds: 20, into: &records)
        }
        try #require(
            ContinuousClock.now < end, "nothing more comes after \(records.count), \(errors)")
    }
    return (records, errors)
}

/// Polls until `count` records are there.
func poll(_ consumer: Consumer, records count: Int) throws -> [Record] {
    try poll(consumer) { records, _ in records.count >= count }.records
}
