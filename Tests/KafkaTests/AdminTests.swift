import Kafka
import Testing

@Suite(.onOwnThread) struct AdminTests {
    @Test("topics are listed and looked up, and asking for one does not make it")
    func topics() throws {
        let bench = try Bench(partitions: 3)
        let admin = try bench.admin()
        #expect(try admin.topics(timeoutMilliseconds: 10_000) == ["jobs": 3])
        #expect(
            try admin.topics(named: ["jobs", "ghost"], timeoutMilliseconds: 10_000) == ["jobs": 3])
        #expect(try admin.topics(timeoutMilliseconds: 10_000) == ["jobs": 3])
    }

    @Test("lag counts from the committed offset, or from the oldest record without one")
    func lag() throws {
        let bench = try Bench(partitions: 3)
        try bench.send(10, to: 0)
        try bench.send(4, to: 1)
        let consumer = try bench.consumer()
        _ = try poll(consumer, records: 14)
        try consumer.commit([bench.partition(0): 7])
        let lags = try bench.admin()
            .lag(group: "workers", topics: ["jobs", "ghost"], timeoutMilliseconds: 10_000)
        consumer.close()
        #expect(
            lags == [
                PartitionLag(topicPartition: bench.partition(0), committed: 7, low: 0, high: 10),
                PartitionLag(topicPartition: bench.partition(1), committed: nil, low: 0, high: 4),
                PartitionLag(topicPartition: bench.partition(2), committed: nil, low: 0, high: 0),
            ])
        #expect(lags.map(\.lag) == [3, 4, 0])
    }

    @Test("records the broker has deleted are no lag")
    func lagAfterRetention() {
        let partition = TopicPartition(topic: "jobs", partition: 0)
        let behind = PartitionLag(topicPartition: partition, committed: 5, low: 20, high: 30)
        #expect(behind.lag == 10)
    }

    @Test("a broker that cannot make topics says so")
    func createTopics() throws {
        let bench = try Bench()
        let admin = try bench.admin()
        let error = #expect(throws: KafkaError.self) {
            let topic = NewTopic(
                name: "new", partitions: 2, configuration: ["cleanup.policy": "compact"])
            return try admin.createTopics([topic], timeoutMilliseconds: 500)
        }
        #expect(error?.doing == "creating topics")
        let refused = #expect(throws: KafkaError.self) {
            try admin.createTopics(
                [NewTopic(name: "new", partitions: -2)], timeoutMilliseconds: 10_000)
        }
        #expect(refused?.name == "_INVALID_ARG")
    }
}
