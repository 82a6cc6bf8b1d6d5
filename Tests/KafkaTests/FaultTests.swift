import Kafka
import Synchronization
import Testing

@Suite(.onOwnThread) struct FaultTests {
    @Test("a broker that goes away is an error value, and consumption goes on when it is back")
    func brokerDown() throws {
        let bench = try Bench()
        try bench.send(3)
        let listener = RecordingListener()
        let consumer = try bench.consumer(listener)
        _ = try poll(consumer, records: 3)
        try bench.broker.setDown(broker: -1)
        let errors = try poll(consumer) { _, errors in !errors.isEmpty }.errors
        #expect(errors.allSatisfy { $0.isRetriable && !$0.isFatal })
        try bench.broker.setUp(broker: -1)
        try bench.send(3, from: 3)
        #expect(try poll(consumer, records: 3).map(\.text) == ["3", "4", "5"])
        #expect(listener.lost == [])
        consumer.close()
    }

    @Test("nothing blocks for ever while the broker is away")
    func deadlines() throws {
        let bench = try Bench()
        try bench.send(1)
        let listener = RecordingListener()
        let consumer = try bench.consumer(listener)
        _ = try poll(consumer, records: 1)
        try bench.broker.setDown(broker: -1)
        let start = ContinuousClock.now
        #expect(throws: KafkaError.self) {
            try consumer.commit([bench.partition(0): 1], timeoutMilliseconds: 200)
        }
        #expect(throws: KafkaError.self) {
            try consumer.committed([bench.partition(0)], timeoutMilliseconds: 200)
        }
        let admin = try bench.admin()
        #expect(throws: KafkaError.self) { try admin.topics(timeoutMilliseconds: 200) }
        #expect(throws: KafkaError.self) {
            try admin.lag(group: "workers", topics: [bench.topic], timeoutMilliseconds: 200)
        }
        #expect(throws: KafkaError.self) {
            try admin.createTopics(
                [NewTopic(name: "new", partitions: 1)], timeoutMilliseconds: 200)
        }
        consumer.close(timeoutMilliseconds: 1_000)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(listener.revoked + listener.lost == [bench.partition(0)])
    }

    @Test("a leader and a coordinator may move")
    func moves() throws {
        let bench = try Bench(brokers: 2)
        try bench.broker.setLeader(topic: bench.topic, partition: 0, broker: 1)
        try bench.broker.setCoordinator(group: "workers", broker: 1)
        try bench.send(3)
        let consumer = try bench.consumer(
            RecordingListener(), ["topic.metadata.refresh.interval.ms": "200"])
        _ = try poll(consumer, records: 3)
        try bench.broker.setLeader(topic: bench.topic, partition: 0, broker: 2)
        try bench.broker.setCoordinator(group: "workers", broker: 2)
        try bench.broker.setDown(broker: 1)
        try bench.send(3, from: 3)
        #expect(try poll(consumer, records: 3).map(\.text) == ["3", "4", "5"])
        consumer.close(timeoutMilliseconds: 2_000)
    }

    @Test("fetches that fail are tried again; a slow broker is waited for")
    func fetchErrors() throws {
        let bench = try Bench()
        try bench.send(3)
        // NOT_LEADER_FOR_PARTITION, then a disconnect.
        bench.broker.failRequests(apiKey: 1, errors: [6, -195])
        try bench.broker.setRoundTrip(milliseconds: 50)
        let consumer = try bench.consumer()
        let (records, errors) = try poll(consumer) { records, _ in records.count == 3 }
        #expect(records.map(\.text) == ["0", "1", "2"])
        #expect(errors.allSatisfy { !$0.isFatal })
        consumer.close()
    }

    @Test("a topic that does not exist is an error value")
    func unknownTopic() throws {
        let bench = try Bench()
        bench.broker.setTopicError(bench.topic, code: 3)
        let consumer = try bench.consumer()
        let errors = try poll(consumer) { _, errors in !errors.isEmpty }.errors
        #expect(errors.map(\.name) == ["UNKNOWN_TOPIC_OR_PART"])
        consumer.close()
    }

    @Test("closing twice, and dropping an open consumer, are harmless")
    func ends() throws {
        let bench = try Bench()
        let consumer = try bench.consumer()
        consumer.close()
        consumer.close()
        let listener = RecordingListener()
        do {
            let dropped = try bench.consumer(listener)
            _ = try poll(dropped) { _, _ in dropped.assignment().count == 1 }
        }
        #expect(listener.revoked == [])
    }

    @Test("a worker may stop while it joins", arguments: [true, false])
    func stopsWhileJoining(closes: Bool) throws {
        let bench = try Bench()
        // REBALANCE_IN_PROGRESS: the join is answered, the sync never succeeds.
        bench.broker.failRequests(apiKey: 14, errors: Array(repeating: 27, count: 1_000))
        let hasSynced = Atomic<Bool>(false)
        let listener = RecordingListener()
        try { () throws in
            let consumer = try bench.consumer(
                listener, ["debug": "cgrp"],
                log: { line in
                    if line.message.contains("SyncGroup error") {
                        hasSynced.store(true, ordering: .relaxed)
                    }
                })
            _ = try poll(consumer) { _, _ in hasSynced.load(ordering: .relaxed) }
            if closes { consumer.close() }
        }()
        #expect(listener.changes == [])
    }
}
