import Foundation
import Jobs
import Kafka
import RollcallClient
import Testing

@Suite(.onThreadOfItsOwn) struct EnqueueProducerTests {
    private func producer(
        _ bench: EnqueueBench, _ mode: ContentMode = .structured, _ more: Properties = [:]
    ) throws -> JobProducer {
        try JobProducer(
            ["bootstrap.servers": bench.broker.bootstrapServers].merging(more) { $1 },
            source: "/test", mode: mode)
    }

    @Test("jobs arrive in both modes, with their keys, and each delivery names its job")
    func sends() throws {
        let bench = try EnqueueBench()
        var ids: Set<JobID> = []
        var deliveries: [JobDelivery] = []
        for mode in ContentMode.allCases {
            let producer = try producer(bench, mode)
            for target in 0..<50 {
                ids.insert(
                    try producer.send(
                        .assign(to: .int(target), in: "enrollment", members: ["ä\0\"", 2]),
                        tag: target))
            }
            deliveries += try producer.flush(timeout: .seconds(30))
        }
        #expect(deliveries.count == 100)
        #expect(Set(deliveries.compactMap(\.id)) == ids)
        let places = Dictionary(
            uniqueKeysWithValues: deliveries.compactMap(\.sent).map { ($0.id, $0) })
        for record in try bench.records(100) {
            let job = try record.job
            #expect(record.keyText == job.defaultKey)
            #expect(job.source == "/test")
            let sent = try #require(places[job.id])
            #expect(sent.topic == record.topic)
            #expect(sent.partition == record.partition)
            #expect(sent.offset == record.offset)
            #expect("\(sent.tag)" == job.assignment?.targetText)
        }
    }

    @Test("jobs of one key keep their order")
    func order() throws {
        let bench = try EnqueueBench()
        let producer = try producer(bench)
        let sent = try (0..<200).map { number in
            try producer.send(
                .assign(to: .int(number % 3), in: "enrollment", members: [.int(number)]))
        }
        _ = try producer.flush(timeout: .seconds(30))
        let records = try bench.records(200)
        for key in 0..<3 {
            let own = records.filter { $0.keyText == "enrollment/\(key)" }
            #expect(Set(own.map(\.partition)).count == 1)
            let ordered = own.sorted { $0.offset < $1.offset }
            #expect(
                try ordered.map { try $0.job.id }
                    == sent.enumerated().filter { $0.offset % 3 == key }.map(\.element))
        }
    }

    @Test("a request that is no job is refused before it is sent")
    func refuses() throws {
        let bench = try EnqueueBench()
        let producer = try producer(bench)
        let error = #expect(throws: EnqueueError.self) {
            try producer.send(.assign(to: .number("x"), in: "enrollment", members: []))
        }
        #expect("\(try #require(error))" == "invalid-data: expected a JSON number, got \"x\"")
        #expect(try producer.flush(timeout: .seconds(30)).isEmpty)
    }

    @Test("a message that is too large for the broker fails alone")
    func tooLarge() throws {
        let bench = try EnqueueBench()
        let producer = try producer(bench, .structured, ["message.max.bytes": "2000"])
        let long = Value.string(String(repeating: "x", count: 3_000))
        let error = #expect(throws: EnqueueError.self) {
            try producer.send(.assign(to: 1, in: "enrollment", members: [long]))
        }
        guard case .kafka(let reason) = error else {
            Issue.record("expected an error of Kafka, got \(String(describing: error))")
            return
        }
        #expect(reason.name == "MSG_SIZE_TOO_LARGE")
        let id = try producer.send(.assign(to: 1, in: "enrollment", members: [1]))
        #expect(try producer.flush(timeout: .seconds(30)).map(\.id) == [id])
    }

    @Test("brokers that are away fail each job within the time that was set")
    func away() throws {
        let bench = try EnqueueBench()
        try bench.broker.setDown(broker: -1)
        let producer = try producer(bench, .structured, ["message.timeout.ms": "200"])
        let id = try producer.send(.assign(to: 1, in: "enrollment", members: [1]), tag: 5)
        let deliveries = try producer.flush(timeout: .seconds(30))
        #expect(deliveries.map(\.id) == [id])
        #expect(deliveries.first?.tag == 5)
        #expect(deliveries.first?.sent == nil)
        #expect(throws: KafkaError.self) { try deliveries.first?.result.get() }
    }
}
