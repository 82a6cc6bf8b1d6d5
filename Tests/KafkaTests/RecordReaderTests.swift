import Kafka
import Testing

@Suite(.onOwnThread) struct RecordReaderTests {
    @Test("the first record at or behind an offset is read, and none where there is no more")
    func first() throws {
        let bench = try Bench(partitions: 3)
        try bench.send(5, to: 0)
        try bench.send(2, to: 1)
        let reader = try RecordReader(
            ["bootstrap.servers": bench.broker.bootstrapServers], group: "nobody", log: { _ in })
        for _ in 0..<2 {
            let found = try reader.first(
                at: [
                    bench.partition(0): 3, bench.partition(1): 2, bench.partition(2): 0,
                ], timeoutMilliseconds: 20_000)
            #expect(found.mapValues(\.offset) == [bench.partition(0): 3])
        }
        let gone = try reader.first(
            at: [bench.partition(0): 100, bench.partition(1): 1], timeoutMilliseconds: 20_000)
        #expect(gone.mapValues(\.offset) == [bench.partition(1): 1])
        #expect(try reader.first(at: [:], timeoutMilliseconds: 1).isEmpty)
    }

    @Test("all that stands in partitions is read in its order, until it is enough")
    func all() throws {
        let bench = try Bench(partitions: 3)
        try bench.send(5, to: 0)
        try bench.send(2, to: 1)
        let reader = try RecordReader(
            ["bootstrap.servers": bench.broker.bootstrapServers], group: "nobody", log: { _ in })
        let starts = [bench.partition(0): Int64(2), bench.partition(1): 0, bench.partition(2): 0]
        var read: [TopicPartition: [Int64]] = [:]
        #expect(
            try reader.forEach(from: starts, timeoutMilliseconds: 20_000) { record in
                read[record.topicPartition, default: []].append(record.offset)
                return true
            })
        #expect(read == [bench.partition(0): [2, 3, 4], bench.partition(1): [0, 1]])
        var count = 0
        #expect(
            try reader.forEach(from: starts, timeoutMilliseconds: 20_000) { _ in
                count += 1
                return count < 3
            })
        #expect(count == 3)
        #expect(try reader.forEach(from: [:], timeoutMilliseconds: 1) { _ in true })
    }

    @Test("a broker that is away is waited for as long as was said")
    func away() throws {
        let reader = try RecordReader(
            ["bootstrap.servers": "127.0.0.1:1"], group: "nobody", log: { _ in })
        #expect(throws: KafkaError.self) {
            try reader.first(
                at: [TopicPartition(topic: "t", partition: 0): 0], timeoutMilliseconds: 300)
        }
    }
}
