import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Job events by real workers.
@Suite struct JobEventTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let topic = Settings.Topics().jobEvents

    private func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    private func job(
        _ number: Int, members: String = "1", _ more: String = "", trace: String? = nil
    ) -> (key: String?, value: String?, headers: [Header]) {
        let value = """
            {"specversion":"1.0","id":"\(id(number))","source":"/test","type":"rollcall.assign",\
            "data":{"relation":"enrollment","target":7,"members":[\(members)]\(more)}}
            """
        let headers = trace.map {
            [Header(name: "traceparent", value: Array("00-\($0)-00f067aa0ba902b7-01".utf8))]
        }
        return ("k", value, headers ?? [])
    }

    /// The events by the ids of their jobs, each with its headers.
    private func events(
        _ count: Int, _ stage: Stage
    ) throws -> [String: (event: [String: Any], headers: [String: String])] {
        let consumer = try Consumer(
            ["bootstrap.servers": stage.broker.bootstrapServers, "session.timeout.ms": "6000"],
            group: "reader-\(UUID().uuidString)", listener: Reader(), log: { _ in })
        defer { consumer.close() }
        try consumer.subscribe([Self.topic])
        var records: [Record] = []
        try stage.wait("\(count) events are on the topic") {
            _ = consumer.poll(max: 1_000, timeoutMilliseconds: 100, into: &records)
            return records.count >= count
        }
        #expect(records.count == count)
        var events: [String: (event: [String: Any], headers: [String: String])] = [:]
        for record in records {
            let value = try JSONSerialization.jsonObject(with: Data(record.value ?? []))
            let event = try #require(value as? [String: Any])
            let key = String(decoding: record.key ?? [], as: UTF8.self)
            #expect(event["subject"] as? String == key)
            #expect(event["id"] as? String == key + "/ended")
            #expect(event["source"] as? String == "/rollcall/rollcall")
            let headers = record.headers.map {
                ($0.name, String(decoding: $0.value ?? [], as: UTF8.self))
            }
            events[key] = (event, Dictionary(headers) { $1 })
        }
        return events
    }

    @Test(
        "each ended job has one event, with the job as the status has it, its trace, and its state")
    func ended() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        let worker = try stage.startWorker("worker")
        try stage.produce([
            job(1, trace: Self.trace),
            // A repeat of the first one is no second end.
            job(1, trace: Self.trace),
            job(2, members: #""nobody",2"#),
            job(3, members: #""nobody""#, #","mode":"atomic""#),
        ])
        let sent = try stage.run([
            "enqueue", "roster-import", "--roster", "course-roster", "--target", "42",
            try rosterFile(stage),
        ])
        #expect(sent.status.isSuccess, "\(sent.errors)")
        let events = try events(4, stage)
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try connection.execute("SELECT FROM rollcall.job_event").count == 0)
        #expect(events[id(1)]?.event["type"] as? String == "rollcall.job.succeeded")
        #expect(
            events[id(2)]?.event["type"] as? String == "rollcall.job.succeeded-with-rejections")
        #expect(events[id(3)]?.event["type"] as? String == "rollcall.job.failed")
        let trace = "00-\(Self.trace)-8000000000000001-01"
        #expect(events[id(1)]?.event["traceparent"] as? String == trace)
        #expect(events[id(1)]?.headers["traceparent"] == trace)
        #expect(events[id(2)]?.headers["traceparent"] == nil)
        for (id, found) in events {
            #expect(
                found.headers["content-type"] == "application/cloudevents+json; charset=UTF-8")
            let status = try stage.run(["status", id, "--json"])
            var said = try #require(
                try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
            var told = try #require(found.event["data"] as? [String: Any])
            // The repeat may have come after the event.
            for name in ["said", "told"] {
                var job = (name == "said" ? said : told)["job"] as? [String: Any] ?? [:]
                job["duplicates"] = nil
                if name == "said" { said["job"] = job } else { told["job"] = job }
            }
            #expect(NSDictionary(dictionary: said) == NSDictionary(dictionary: told))
        }
    }

    private func rosterFile(_ stage: Stage) throws -> String {
        let path = "\(stage.directory)/roster.csv"
        try "username,full_name,role\r\nnew-one,New One,student\r\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test("where events are off none is written, and none is noted")
    func off() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        // Even a row that is gone again would have taken a number.
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_JOB_EVENTS_ENABLED": "false"])
        try stage.produce([job(1), job(2, members: #""nobody""#, #","mode":"atomic""#)])
        try stage.wait("both are done") {
            try connection.execute("SELECT FROM rollcall.jobs").count == 2
        }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let number = try connection.execute(
            "SELECT is_called FROM rollcall.job_event_place_seq", binaryResult: true)
        #expect(!number.bool(0, 0))
    }

    @Test("a worker that is killed has its events published by the next one")
    func killed() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try stage.broker.setDown(broker: -1)
        try connection.script(
            """
            INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at,
                "partition", items, attempts, dry_run, kind, state, relation, target, source, mode,
                topic, worker)
            VALUES ('\(id(7))', 0, 0, now(), now(), now(), 0, 0, 1, false, 'assign', 'cancelled',
                'enrollment', '7', '/test', 'partial', 'jobs', 'gone');
            INSERT INTO rollcall.job_event (jobs) VALUES (ARRAY['\(id(7))'::uuid])
            """)
        try stage.broker.setUp(broker: -1)
        let worker = try stage.startWorker("next")
        let events = try events(1, stage)
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(events[id(7)]?.event["type"] as? String == "rollcall.job.cancelled")
    }
}

private final class Reader: RebalanceListener {
    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] { [:] }
    func revoked(_ partitions: [TopicPartition], consumer: Consumer) {}
    func lost(_ partitions: [TopicPartition]) {}
}
