import Foundation
import Jobs
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// What a worker logs of single messages.
@Suite struct LogTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    private func headers() -> [Header] {
        [Header(name: "traceparent", value: Array("00-\(Self.trace)-00f067aa0ba902b7-01".utf8))]
    }

    private func value(_ number: Int, _ more: String = "") -> String {
        """
        {"specversion":"1.0","id":"00000000-0000-4000-8000-00000000000\(number)",\
        "source":"/test","type":"rollcall.assign",\
        "data":{"relation":"enrollment","target":7,"members":["secret-member"]\(more)}}
        """
    }

    @Test(
        "the producer's trace is in the job's row and in the line of a dead letter, which shows no member"
    )
    func traces() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try stage.broker.createTopic(Settings.Topics().deadLetters, partitions: 1)
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_LOG_FORMAT": "json"])
        try stage.produce([
            (key: "k", value: value(1), headers: headers()),
            (key: "k", value: value(2, #","mode":"atomic""#), headers: headers()),
            (key: "k", value: "secret-member", headers: headers()),
        ])
        try stage.wait("all three are done") {
            try connection.execute(
                "SELECT FROM rollcall.jobs UNION ALL SELECT FROM rollcall.dead_letters"
            ).count == 4
        }
        let traces = try connection.execute(
            "SELECT count(*) FROM rollcall.jobs WHERE trace_id = '\(Self.trace)'",
            binaryResult: true)
        #expect(traces.int(0, 0) == 2)
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let lines = try stage.logText("worker").split(separator: "\n").map {
            let line = Data($0.utf8)
            return try #require(
                (try? JSONSerialization.jsonObject(with: line)) as? [String: String], "\($0)")
        }
        var letters = lines.filter { $0["message"] == "message is a dead letter" }
        for index in letters.indices { letters[index]["time"] = nil }
        let common = [
            "level": "info", "message": "message is a dead letter",
            "topic": "rollcall.assignments", "partition": "0", "trace_id": Self.trace,
        ]
        #expect(
            Set(letters) == [
                common.merging([
                    "offset": "1", "code": "job-failed",
                    "job": "00000000-0000-4000-8000-000000000002",
                ]) { $1 },
                common.merging(["offset": "2", "code": "not-json"]) { $1 },
            ])
        #expect(!stage.logText("worker").contains("secret-member"))
    }

    @Test("the lines of long work name the message by which it was asked for, and its trace")
    func longWork() throws {
        let stage = try Stage(partitions: 1)
        let worker = try stage.startWorker(
            "worker", environment: ["ROLLCALL_LOG_FORMAT": "json"])
        let value = """
            {"specversion":"1.0","id":"00000000-0000-4000-8000-000000000009","source":"/test",\
            "type":"rollcall.roster-import","data":{"roster":"course-roster","target":42,\
            "part":{"number":1,"of":1},"format":"csv","header":["username","full_name","role"],\
            "content":"new-one,New One,student\\r\\n"}}
            """
        try stage.produce([(key: "k", value: value, headers: headers())])
        try stage.wait("it has ended") { stage.logText("worker").contains("import ended") }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let line = try #require(
            stage.logText("worker").split(separator: "\n").first { $0.contains("import ended") })
        let fields = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(fields["topic"] == Stage.topic)
        #expect(fields["partition"] == "0")
        #expect(fields["offset"] == "0")
        #expect(fields["trace_id"] == Self.trace)
        #expect(fields["job"] == "00000000-0000-4000-8000-000000000009")
    }
}
