import Kafka
import Synchronization
import Testing

@Suite(.onOwnThread) struct OffsetTests {
    @Test("a group goes on where it has committed")
    func commit() throws {
        let bench = try Bench()
        try bench.send(10)
        let first = try bench.consumer()
        _ = try poll(first, records: 10)
        try first.commit([bench.partition(0): 4])
        first.close()

        let second = try bench.consumer()
        #expect(try poll(second, records: 6).map(\.offset) == Array(4..<10))
        try second.commitAsync([bench.partition(0): 10])
        _ = try poll(second) { _, _ in
            (try? second.committed([bench.partition(0)], timeoutMilliseconds: 5_000))
                == [bench.partition(0): 10]
        }
        second.close()
    }

    @Test("the listener says where to start, from Kafka's offset or its own")
    func startOffsets() throws {
        let bench = try Bench(partitions: 3)
        for partition in Int32(0)..<3 { try bench.send(10, to: partition) }
        let first = try bench.consumer()
        _ = try poll(first, records: 30)
        try first.commit([bench.partition(0): 8, bench.partition(1): 8])
        first.close()

        let asked = Mutex<[TopicPartition: Int64]>([:])
        let listener = RecordingListener(
            starts: [bench.partition(0): 3],
            onAssigned: { partitions, consumer in
                let offsets = try? consumer.committed(partitions, timeoutMilliseconds: 5_000)
                asked.withLock { $0 = offsets ?? [:] }
            })
        let second = try bench.consumer(listener)
        let records = try poll(second, records: 7 + 2 + 10)
        second.close()
        // Partition 2 has no committed offset and starts at the earliest.
        let starts = Dictionary(grouping: records, by: \.partition).mapValues { $0[0].offset }
        #expect(starts == [0: 3, 1: 8, 2: 0])
        #expect(asked.withLock { $0 } == [bench.partition(0): 8, bench.partition(1): 8])
    }

    @Test("a failed commit throws; a failed asynchronous one is an error of a later poll")
    func failures() throws {
        let bench = try Bench()
        try bench.send(1)
        let consumer = try bench.consumer()
        _ = try poll(consumer, records: 1)
        // OFFSET_METADATA_TOO_LARGE: nothing that librdkafka would retry.
        bench.broker.failRequests(apiKey: 8, errors: [12, 12])
        let error = #expect(throws: KafkaError.self) {
            try consumer.commit([bench.partition(0): 1])
        }
        #expect(error?.code == 12)
        #expect(error?.doing.hasPrefix("committing") == true)

        try consumer.commitAsync([bench.partition(0): 1])
        let errors = try poll(consumer) { _, errors in !errors.isEmpty }.errors
        #expect(errors.map(\.code) == [12])
        try consumer.commit([bench.partition(0): 1])
        consumer.close()
    }

    @Test("a paused partition is silent, then goes on without a gap")
    func pause() throws {
        let bench = try Bench(partitions: 2)
        try bench.send(10, to: 0)
        try bench.send(10, to: 1)
        let consumer = try bench.consumer()
        var records: [Record] = []
        while records.isEmpty {
            _ = consumer.poll(max: 1, timeoutMilliseconds: 100, into: &records)
        }
        let paused = records[0].topicPartition
        let other = bench.partition(1 - paused.partition)
        try consumer.pause([paused])
        // The other partition's newest record comes after what would have come from this one.
        records += try poll(consumer, records: 10)
        try bench.send(5, from: 10, to: other.partition)
        records += try poll(consumer, records: 5)
        #expect(records.filter { $0.topicPartition == paused }.count == 1)

        try consumer.resume([paused])
        records += try poll(consumer, records: 9)
        let offsets = records.filter { $0.topicPartition == paused }.map(\.offset)
        #expect(offsets == Array(0..<10))
        consumer.close()
    }

    @Test("seek reads again")
    func seek() throws {
        let bench = try Bench()
        try bench.send(10)
        let consumer = try bench.consumer()
        _ = try poll(consumer, records: 10)
        try consumer.seek([bench.partition(0): 7], timeoutMilliseconds: 5_000)
        #expect(try poll(consumer, records: 3).map(\.offset) == [7, 8, 9])
        consumer.close()
    }

    @Test("a restart reads again, also what was paused", arguments: [false, true])
    func restart(isPaused: Bool) throws {
        let bench = try Bench(partitions: 2)
        try bench.send(10, to: 0)
        try bench.send(10, to: 1)
        let consumer = try bench.consumer()
        _ = try poll(consumer, records: 20)
        if isPaused { try consumer.pause(consumer.assignment()) }
        // -2 is the first record that is there.
        try consumer.restart([bench.partition(0): 7, bench.partition(1): -2])
        let again = try poll(consumer, records: 13)
        let offsets = { (number: Int32) in
            again.filter { $0.topicPartition == bench.partition(number) }.map(\.offset)
        }
        #expect(offsets(0) == [7, 8, 9])
        #expect(offsets(1) == Array(0..<10))
        consumer.close()
    }

    @Test("a partition that was paused when it went is read when it comes again")
    func pausedAndGone() throws {
        let bench = try Bench(partitions: 1)
        let consumer = try bench.consumer()
        _ = try poll(consumer) { _, _ in !consumer.assignment().isEmpty }
        try consumer.pause(consumer.assignment())
        // The group has forgotten the member: it loses its partition and joins anew.
        bench.broker.failRequests(apiKey: 12, errors: [25])
        _ = try poll(consumer) { _, _ in consumer.assignment().isEmpty }
        try bench.send(3)
        #expect(try poll(consumer, records: 3).map(\.offset) == [0, 1, 2])
        consumer.close()
    }
}
