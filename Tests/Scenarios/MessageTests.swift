import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// Every form of message on its way through a broker and a worker into the tables.
@Suite struct MessageTests {
    private typealias Message = (key: String?, value: String?, headers: [Header])

    @Test("every mode of a CloudEvent is a job, everything else a dead letter with its bytes")
    func modes() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        let data = #"{"relation":"enrollment","target":7,"members":[1]}"#
        let messages: [Message] = [
            // Jobs, each in another form.
            (nil, event(1, data), []),
            ("k", event(2, data), [header("content-type", "application/cloudevents+json")]),
            (
                "k", event(3, data),
                [header("content-type", "APPLICATION/CloudEvents; charset=utf-8")]
            ),
            ("k", data, binaryHeaders(4)),
            ("k", "\u{FEFF}" + event(5, data), []),
            (nil, nil, []),
            // Dead letters.
            ("k", "", []),
            ("k", "{", []),
            ("k", "[]", []),
            ("k", "null", []),
            ("k", data, [header("content-type", "application/json")]),
            ("k", data, Array(binaryHeaders(6).dropFirst())),
            ("k", event(7, data).replacing("rollcall.assign", with: "rollcall.asign"), []),
            ("k", event(8, data.replacing("enrollment", with: "nothing")), []),
            ("k", event(9, data.replacing("[1]", with: "1")), []),
            (
                "k", event(10, data.replacing("\"target\":7", with: "\"target\":7,\"tragets\":[]")),
                []
            ),
            ("k", event(11, data, "\"subject\":\"8\","), []),
            ("k", String(repeating: "[", count: 100_000), []),
        ]
        try stage.produce(messages)
        let worker = try stage.startWorker("worker")
        try stage.wait("all are accounted for") {
            try DemoAudit.accountedFor(on: connection) == messages.count - 1
        }
        let offsets = try connection.execute(
            #"SELECT "offset" FROM rollcall.jobs ORDER BY "offset""#)
        #expect((0..<offsets.count).map { offsets.int($0, 0) } == [0, 1, 2, 3, 4])
        let letters = try connection.execute(
            #"SELECT "offset", code, key, value, headers::text FROM rollcall.dead_letters ORDER BY "offset""#,
            binaryResult: true)
        let codes = (0..<letters.count).map { letters.string($0, 1) }
        #expect(
            codes == [
                "not-json", "not-json", "not-a-cloudevent", "not-a-cloudevent", "not-a-cloudevent",
                "not-a-cloudevent", "unknown-type", "unknown-relation", "invalid-data",
                "invalid-data", "subject-mismatch", "not-json",
            ])
        for row in 0..<letters.count {
            let message = messages[letters.int(row, 0)]
            #expect(letters.optionalBytes(row, 3) == message.value.map { Array($0.utf8) })
            #expect(letters.optionalBytes(row, 2) == message.key.map { Array($0.utf8) })
        }
        #expect(letters.string(4, 4) == #"[{"name": "content-type", "value": "application/json"}]"#)
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try stage.lag() == 0)
    }

    @Test("hostile items are stored exactly or rejected by name, and their neighbours go in")
    func hostileItems() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try connection.script(
            """
            CREATE TABLE school.tag (
                owner uuid NOT NULL, label text NOT NULL, note varchar(10), UNIQUE (owner, label))
            """)
        let catalog = "\(stage.directory)/tags.yaml"
        try """
        catalog: tags
        relations:
          tag: { table: school.tag, target: owner, member: label, attributes: [note] }
        """.write(toFile: catalog, atomically: true, encoding: .utf8)
        let owner = #""6f1c0d9e-3a51-4b7e-9f0a-3d2b1c0e5a77""#
        let digits = String(repeating: "7", count: 1_000_000)
        let labels = [
            #"'); DROP TABLE school.tag; --"#, #"a \"quote\" and a \\ backslash"#, "😀 Łukasz",
            "שלום",
            "e\u{301}", "", "%s {label} $1 :name", #"line\nbreak\ttab"#,
        ]
        let messages = [
            event(
                1,
                #"{"relation":"tag","target":\#(owner),"members":[\#(labels.map { "\"\($0)\"" }.joined(separator: ","))]}"#
            ),
            event(
                2,
                #"{"relation":"tag","target":\#(owner),"members":["a\u0000b", null, [], {}, true, \#(digits), "fine"]}"#
            ),
            event(3, #"{"relation":"tag","target":17,"members":["x"]}"#),
            event(4, #"{"relation":"tag","target":null,"members":["x"]}"#),
            event(5, #"{"relation":"tag","target":\#(owner),"members":[]}"#),
            event(6, #"{"relation":"tag","target":\#(owner),"members":["twice","twice"]}"#),
            event(
                7,
                #"{"relation":"tag","target":\#(owner),"members":[{"member":"long","note":"more than ten"},{"member":"y","note":null},{"member":"z","nite":"?"}]}"#
            ),
        ]
        try stage.produce(messages.map { ("tags", $0, []) })
        let worker = try stage.startWorker("worker", environment: ["ROLLCALL_CATALOG": catalog])
        try stage.wait("all are accounted for") {
            try DemoAudit.accountedFor(on: connection) == messages.count
        }
        let jobs = try connection.execute(
            #"SELECT state, items, created, unchanged, rejected FROM rollcall.jobs ORDER BY "offset""#
        )
        let rows = (0..<jobs.count).map { row in
            "\(jobs.string(row, 0)) "
                + (1...4).map { String(jobs.int(row, $0)) }.joined(separator: " ")
        }
        #expect(
            rows == [
                "succeeded 8 8 0 0", "succeeded_with_rejections 7 1 0 6",
                "succeeded_with_rejections 1 0 0 1", "succeeded_with_rejections 1 0 0 1",
                "succeeded 0 0 0 0", "succeeded 2 1 1 0", "succeeded_with_rejections 3 1 0 2",
            ])
        let stored = try connection.execute("SELECT label FROM school.tag ORDER BY ctid")
        let texts = (0..<stored.count).map { stored.string($0, 0) }
        for label in labels {
            let text = try #require(
                JSONSerialization.jsonObject(with: Data("[\"\(label)\"]".utf8)) as? [String])
            #expect(texts.contains { $0.utf8.elementsEqual(text[0].utf8) }, "\(label)")
        }
        let rejections = try connection.execute(
            "SELECT item, code, message FROM rollcall.rejections ORDER BY job_id, item")
        let reasons = (0..<rejections.count).map { row in
            "\(rejections.int(row, 0)) \(rejections.string(row, 1))"
        }
        #expect(
            reasons == [
                "1 invalid-value", "2 missing-value", "3 invalid-value", "4 missing-value",
                "5 invalid-value", "6 invalid-value", "1 invalid-value", "1 missing-value",
                "1 invalid-value", "3 unknown-attribute",
            ])
        // A message names the value and stays readable, however long the value was.
        #expect(
            rejections.string(5, 2).hasPrefix("label: expected a text of at most 10000 characters"))
        #expect((0..<rejections.count).allSatisfy { rejections.string($0, 2).count < 400 })
        #expect(worker.terminate())
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    private func header(_ name: String, _ value: String) -> Header {
        Header(name: name, value: Array(value.utf8))
    }

    private func id(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count)
            + digits
    }

    private func binaryHeaders(_ number: Int) -> [Header] {
        [
            header("ce_id", id(number)), header("ce_specversion", "1.0"),
            header("ce_source", "/test"), header("ce_type", "rollcall.assign.v1"),
            header("content-type", "application/json"),
        ]
    }

    private func event(_ number: Int, _ data: String, _ more: String = "") -> String {
        """
        {"specversion":"1.0","id":"\(id(number))","source":"/test","type":"rollcall.assign",\
        \(more)"data":\(data)}
        """
    }
}
