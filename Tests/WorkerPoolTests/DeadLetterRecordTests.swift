import Jobs
import Kafka
import Testing

@testable import WorkerPool

@Suite struct DeadLetterRecordTests {
    private func letter(
        key: [UInt8]? = [1], value: [UInt8]? = [2],
        headers: [(name: String, value: [UInt8]?)] = [], reason: String = "no job",
        jobID: JobID? = nil
    ) -> DeadLetter {
        DeadLetter(
            origin: Origin(
                topic: "jobs", partition: 258, offset: 0x0102_0304_0506_0708,
                timestamp: Timestamp(milliseconds: 1_700_000_000_123)),
            key: key, value: value, headers: headers, code: "not-json", reason: reason,
            jobID: jobID)
    }

    private func value(_ name: String, of record: DeadLetterRecord) -> [UInt8]? {
        let found = record.headers.filter { $0.name == name }
        #expect(found.count == 1, "\(name)")
        return found.first?.value
    }

    @Test("key, value and headers of the original are kept as they are, and stand first")
    func original() {
        let headers: [(name: String, value: [UInt8]?)] = [
            ("a", [0, 255]), ("a", nil), ("", []), ("rollcall_code", Array("earlier".utf8)),
        ]
        let record = DeadLetterRecord(letter(headers: headers), group: "g")
        #expect(record.key == [1] && record.value == [2])
        #expect(record.headers.prefix(4) == headers.map { Header(name: $0.0, value: $0.1) }[...])
        #expect(record.headers.last { $0.name == "rollcall_code" }?.value == Array("not-json".utf8))
        let bare = DeadLetterRecord(letter(key: nil, value: nil), group: "g")
        #expect(bare.key == nil && bare.value == nil)
        #expect(DeadLetterRecord(letter(key: [], value: []), group: "g").key == [])
    }

    @Test("what is added, byte for byte and in its order")
    func added() {
        let id = JobID(high: 0x0197_a2c4_8d1e_7b43, low: 0x9a55_0d5f_3c2b_1a00)
        let record = DeadLetterRecord(letter(jobID: id), group: "workers")
        func text(_ name: String, _ value: String) -> Header {
            Header(name: name, value: Array(value.utf8))
        }
        #expect(
            record.headers == [
                text("rollcall_reason", "no job"), text("rollcall_code", "not-json"),
                text("rollcall_original_topic", "jobs"),
                text("rollcall_original_partition", "258"),
                text("rollcall_original_offset", "72623859790382856"),
                text("rollcall_original_timestamp", "2023-11-14T22:13:20.123Z"),
                text("rollcall_consumer_group", "workers"),
                text("rollcall_job_id", "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00"),
                text("kafka_dlt-original-topic", "jobs"),
                Header(name: "kafka_dlt-original-partition", value: [0, 0, 1, 2]),
                Header(name: "kafka_dlt-original-offset", value: [1, 2, 3, 4, 5, 6, 7, 8]),
                Header(
                    name: "kafka_dlt-original-timestamp",
                    value: [0, 0, 0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x7B]),
                text("kafka_dlt-original-timestamp-type", "CreateTime"),
                text("kafka_dlt-original-consumer-group", "workers"),
                text("kafka_dlt-exception-fqcn", "rollcall.not-json"),
                text("kafka_dlt-exception-message", "no job"),
            ])
    }

    @Test func withoutAJobThereIsNoJobID() {
        let record = DeadLetterRecord(letter(), group: "g")
        #expect(!record.headers.contains { $0.name == "rollcall_job_id" })
    }

    @Test("a reason is cut at 4 kB, never within a character", arguments: ["a", "é", "€", "😀"])
    func reason(character: String) {
        for count in 4_090...4_100 {
            let all =
                String(repeating: "x", count: count % 4)
                + String(repeating: character, count: count)
            let record = DeadLetterRecord(letter(reason: all), group: "g")
            for name in ["rollcall_reason", "kafka_dlt-exception-message"] {
                let bytes = value(name, of: record) ?? []
                let text = String(validating: bytes, as: UTF8.self)
                #expect(text.map(all.hasPrefix) == true)
                #expect(bytes.count <= 4_096)
                // Nothing is cut that would have had room.
                #expect(bytes.count > 4_096 - character.utf8.count || bytes.count == all.utf8.count)
            }
        }
    }
}
