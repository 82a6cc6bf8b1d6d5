import Kafka
import Testing

@Suite(.onOwnThread) struct ProducerTests {
    @Test("a full queue makes send wait, then fail, and loses no delivery")
    func fullQueue() throws {
        let bench = try Bench()
        let producer = try Producer(
            bench.properties.merging(["queue.buffering.max.messages": "10"]) { $1 },
            queueTimeoutMilliseconds: 10_000, log: { _ in })
        for tag in 0..<200 {
            try producer.send(topic: bench.topic, partition: 0, key: nil, value: [1], tag: tag)
        }
        let deliveries = try producer.flush(timeoutMilliseconds: 20_000)
        #expect(deliveries.map(\.tag) == Array(0..<200))

        try bench.broker.setDown(broker: -1)
        let impatient = try Producer(
            bench.properties.merging(["queue.buffering.max.messages": "10"]) { $1 },
            queueTimeoutMilliseconds: 50, log: { _ in })
        let error = #expect(throws: KafkaError.self) {
            for tag in 0..<11 {
                try impatient.send(topic: bench.topic, key: nil, value: [1], tag: tag)
            }
        }
        #expect(error?.name == "_QUEUE_FULL")
        #expect(error?.isRetriable == true)
    }

    @Test("what is not delivered in time is an error, and is delivered later all the same")
    func flush() throws {
        let bench = try Bench()
        try bench.broker.setDown(broker: -1)
        let producer = try bench.producer()
        try producer.send(topic: bench.topic, partition: 0, key: nil, value: [1], tag: 7)
        let error = #expect(throws: KafkaError.self) {
            try producer.flush(timeoutMilliseconds: 100)
        }
        #expect(error?.name == "_TIMED_OUT")
        #expect("\(try #require(error))".contains("1 records not delivered within 100 ms"))
        try bench.broker.setUp(broker: -1)
        #expect(try producer.flush(timeoutMilliseconds: 20_000).map(\.tag) == [7])
    }

    @Test("a record that can never be delivered fails alone")
    func failures() throws {
        let bench = try Bench()
        let producer = try bench.producer(["message.max.bytes": "1000"])
        let error = #expect(throws: KafkaError.self) {
            try producer.send(
                topic: bench.topic, key: nil, value: [UInt8](repeating: 0, count: 2_000), tag: 1)
        }
        #expect(error?.name == "MSG_SIZE_TOO_LARGE")
        // Sent before anything is known about the topic, or it would fail at once.
        try producer.send(topic: "other", partition: 99, key: nil, value: [1], tag: 2)
        try producer.send(topic: bench.topic, partition: 0, key: nil, value: [1], tag: 3)
        let deliveries = try producer.flush(timeoutMilliseconds: 20_000)
        let outcomes = Dictionary(
            uniqueKeysWithValues: deliveries.map { delivery -> (Int, String) in
                switch delivery.result {
                case .success: (delivery.tag, "delivered")
                case .failure(let error): (delivery.tag, error.name)
                }
            })
        #expect(outcomes == [2: "_UNKNOWN_PARTITION", 3: "delivered"])
    }

    @Test("errors the broker answers with are retried until the record is there once")
    func retries() throws {
        let bench = try Bench()
        // NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, then a disconnect.
        bench.broker.failRequests(apiKey: 0, errors: [6, 7, -195])
        try bench.send(3)
        let consumer = try bench.consumer()
        #expect(try poll(consumer, records: 3).map(\.text) == ["0", "1", "2"])
        consumer.close()
    }
}
