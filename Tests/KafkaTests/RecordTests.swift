import Kafka
import Testing

@Suite(.onOwnThread) struct RecordTests {
    @Test("what is sent is what is consumed, null and empty kept apart")
    func roundTrip() throws {
        let bench = try Bench()
        let producer = try bench.producer()
        let headers = [
            Header(name: "ce_type", value: Array("assign".utf8)),
            Header(name: "null", value: nil), Header(name: "empty", value: []),
            Header(name: "ce_type", value: [0, 255]),
        ]
        try producer.send(
            topic: bench.topic, key: Array("k".utf8), value: [0, 1, 255], headers: headers,
            timestamp: 1_700_000_000_123, tag: 0)
        try producer.send(topic: bench.topic, key: nil, value: nil, tag: -1)
        try producer.send(topic: bench.topic, key: [], value: [], tag: .max)
        let deliveries = try producer.flush(timeoutMilliseconds: 20_000)
        #expect(deliveries.map(\.tag) == [0, -1, .max])
        #expect(
            try deliveries.map { try $0.result.get() }
                == (0..<3).map { Placement(partition: 0, offset: $0) })

        let consumer = try bench.consumer()
        let records = try poll(consumer, records: 3)
        consumer.close()
        try #require(records.count == 3)
        #expect(
            records[0]
                == Record(
                    topic: bench.topic, partition: 0, offset: 0, timestamp: 1_700_000_000_123,
                    key: Array("k".utf8), value: [0, 1, 255], headers: headers))
        #expect(records[1].key == nil && records[1].value == nil && records[1].headers == [])
        #expect(records[2].key == [] && records[2].value == [])
        // Without a timestamp of the sender's it is the time of sending.
        #expect(try #require(records[1].timestamp) > 1_700_000_000_123)
    }

    @Test("a key goes to the partition Java's default partitioner would choose")
    func partitioner() throws {
        let bench = try Bench(partitions: 7)
        // From the test of murmur2 in Kafka itself.
        let hashes: [String: Int32] = [
            "21": -973_932_308, "foobar": -790_332_482, "a-little-bit-long-string": -985_981_536,
        ]
        let producer = try bench.producer()
        let keys = hashes.keys.sorted()
        for _ in 0..<3 {
            for (index, key) in keys.enumerated() {
                try producer.send(topic: bench.topic, key: Array(key.utf8), value: nil, tag: index)
            }
        }
        let deliveries = try producer.flush(timeoutMilliseconds: 20_000)
        #expect(deliveries.count == 9)
        for delivery in deliveries {
            let hash = try #require(hashes[keys[delivery.tag]])
            #expect(try delivery.result.get().partition == (hash & Int32.max) % 7)
        }
    }

    @Test("a second topic's records carry their own name")
    func twoTopics() throws {
        let bench = try Bench()
        try bench.broker.createTopic("jobs-2", partitions: 1)
        let producer = try bench.producer()
        for tag in 0..<20 {
            try producer.send(
                topic: tag % 2 == 0 ? "jobs" : "jobs-2", key: nil, value: [UInt8(tag)], tag: tag)
        }
        _ = try producer.flush(timeoutMilliseconds: 20_000)
        let consumer = try bench.consumer()
        try consumer.subscribe(["jobs", "jobs-2"])
        let records = try poll(consumer, records: 20)
        consumer.close()
        #expect(records.count == 20)
        #expect(
            records.allSatisfy { $0.topic == (($0.value?[0] ?? 0) % 2 == 0 ? "jobs" : "jobs-2") })
    }
}
