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
