import Jobs
import Testing

@Suite struct CloudEventTests {
    enum Mode: CaseIterable {
        case structured, headerless, binary
    }

    private func job(
        _ mode: Mode, _ name: String? = nil, _ value: String? = nil
    ) throws(MessageFault) -> Job {
        let changes: KeyValuePairs<String, String?> =
            name.map { [$0: value.map { "\"\($0)\"" }] } ?? [:]
        switch mode {
        case .structured:
            return try Messages.job(Messages.structured(changes), Messages.structuredHeaders)
        case .headerless: return try Messages.job(Messages.structured(changes))
        case .binary:
            return try Messages.job(
                Messages.data, Messages.headers(name.map { ["ce_\($0)": value] } ?? [:]))
        }
    }

    private func fault(_ mode: Mode, _ name: String, _ value: String?) -> MessageFault? {
        do throws(MessageFault) {
            _ = try job(mode, name, value)
            return nil
        } catch {
            return error
        }
    }

    @Test("an event is a job in every mode", arguments: Mode.allCases)
    func modes(mode: Mode) throws {
        let job = try job(mode, "time", "2026-11-21T08:00:00Z")
        #expect(job.id.description == Messages.id)
        #expect(job.kind == .assign)
        #expect(job.source == "/services/admin")
        #expect(job.requestedAt == Timestamp(milliseconds: 1_795_248_000_000))
        #expect(job.traceID == nil)
        #expect(job.assignment?.relation == "enrollment")
        #expect(job.assignment?.itemCount == 1)
        #expect(job.defaultKey == "enrollment/42")
    }

    @Test("the modes give one job the same digest")
    func digests() throws {
        let digests = try Set(Mode.allCases.map { try job($0).digest })
        #expect(digests.count == 1)
    }

    @Test(
        "an attribute that is missing is named", arguments: Mode.allCases,
        ["id", "source", "type"])
    func missing(mode: Mode, name: String) {
        #expect(
            fault(mode, name, nil)
                == MessageFault(.notACloudEvent, "\(name): expected a value, got none"))
        #expect(
            fault(mode, name, "")
                == MessageFault(.notACloudEvent, "\(name): expected a value, got an empty string"))
    }

    @Test("without specversion a message is no event", arguments: [Mode.structured, .headerless])
    func noVersion(mode: Mode) {
        #expect(
            fault(mode, "specversion", nil)?.message.hasPrefix(
                "expected a JSON object with specversion, id, source and type, or headers ce_*, got {"
            )
                == true)
        #expect(fault(mode, "specversion", nil)?.code == .notACloudEvent)
    }

    @Test(
        "other versions are refused", arguments: Mode.allCases, ["0.3", "1", "1.1", "1.0 ", "v1.0"])
    func version(mode: Mode, version: String) {
        #expect(
            fault(mode, "specversion", version)
                == MessageFault(.notACloudEvent, "specversion: expected 1.0, got \"\(version)\""))
    }

    @Test(
        "an id that is no UUID is refused", arguments: Mode.allCases,
        [
            "42", "0197a2c48d1e7b439a550d5f3c2b1a00", "{0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00}",
            "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a0g", "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a0",
        ])
    func id(mode: Mode, id: String) {
        #expect(
            fault(mode, "id", id)
                == MessageFault(.notACloudEvent, "id: expected a UUID, got \"\(id)\""))
    }

    @Test(
        "a type is a kind with or without .v1", arguments: Mode.allCases,
        ["rollcall.assign", "rollcall.assign.v1"])
    func type(mode: Mode, type: String) throws {
        #expect(try job(mode, "type", type).kind == .assign)
    }

    @Test(
        "a type that names no kind is refused", arguments: Mode.allCases,
        [
            "assign", "rollcall.assign.v2", "rollcall.assign.v1.v1", "rollcall.", "Rollcall.assign",
            "rollcall.ASSIGN", "rollcall.job.succeeded", "rollcall.assign ",
        ])
    func unknownType(mode: Mode, type: String) {
        #expect(
            fault(mode, "type", type)
                == MessageFault(
                    .unknownType,
                    "type: expected one of rollcall.assign, rollcall.unassign, "
                        + "rollcall.roster-import, rollcall.backfill, got \"\(type)\""))
    }

    @Test(
        "an attribute of a structured event is a string; null is left out",
        arguments: ["id", "source", "type", "specversion", "time", "subject", "datacontenttype"],
        ["1", "1.0", "true", "[]", "{}", "null"])
    func wrongType(name: String, value: String) {
        let fault = Messages.fault(Messages.structured([name: value]))
        switch (name, value) {
        case ("time", "null"), ("subject", "null"), ("datacontenttype", "null"):
            #expect(fault == nil)
        case (_, "null"):
            #expect(
                fault == MessageFault(.notACloudEvent, "\(name): expected a value, got none"))
        default:
            #expect(
                fault == MessageFault(.notACloudEvent, "\(name): expected a string, got \(value)"))
        }
    }

    @Test(
        "a value that is no JSON is refused, with the place", arguments: Mode.allCases,
        [
            ("", "expected a value, got the end at byte 0"),
            ("{", "expected a key in quotes, got the end at byte 1"),
            ("hello", "expected a value, got 'h' at byte 0"),
            ("{}x", "expected the end of the JSON text, got 'x' at byte 2"),
        ])
    func notJSON(mode: Mode, message: (text: String, reason: String)) {
        let headers =
            switch mode {
            case .structured: Messages.structuredHeaders
            case .headerless: [Messages.Header]()
            case .binary: Messages.headers()
            }
        #expect(
            Messages.fault(message.text, headers) == MessageFault(.notJSON, message.reason))
    }

    @Test(
        "JSON that is no object is no event", arguments: ["1", "\"a\"", "[]", "null", "true", "{}"])
    func noObject(text: String) {
        #expect(Messages.fault(text)?.code == .notACloudEvent)
        #expect(Messages.fault(text, Messages.structuredHeaders)?.code == .notACloudEvent)
    }

    @Test(
        "data that is no object is refused in its place",
        arguments: ["1", "\"a\"", "[]", "null", "true"])
    func noData(text: String) {
        let expected = MessageFault(.invalidData, "data: expected an object, got \(text)")
        #expect(Messages.fault(Messages.structured(data: text)) == expected)
        #expect(Messages.fault(text, Messages.headers()) == expected)
    }

    @Test("an event without data is refused")
    func missingData() {
        #expect(
            Messages.fault(Messages.structured(data: nil))
                == MessageFault(.invalidData, "data: expected an object, got none"))
        // In base64 there is no JSON object.
        #expect(
            Messages.fault(Messages.structured(["data_base64": "\"e30=\""], data: nil))?.code
                == .invalidData)
    }

    @Test("unknown attributes and extensions are allowed")
    func extensions() throws {
        let text = Messages.structured([
            "dataschema": "\"urn:x\"", "comexample": "{\"a\":[1]}", "partitionkey": "\"k\"",
        ])
        #expect(throws: Never.self) { try Messages.job(text) }
        let headers = Messages.headers(["ce_comexample": "1", "x-other": "2", "ce_dataschema": "u"])
        #expect(throws: Never.self) { try Messages.job(Messages.data, headers) }
    }

    @Test("of a repeated header the last counts")
    func repeatedHeader() throws {
        let headers = Messages.headers() + [("ce_source", Array("/last".utf8))]
        #expect(try Messages.job(Messages.data, headers).source == "/last")
    }

    @Test("a header without a value is left out")
    func nullHeader() {
        let headers = Messages.headers(["ce_id": nil]) + [("ce_id", nil)]
        #expect(
            Messages.fault(Messages.data, headers)
                == MessageFault(.notACloudEvent, "id: expected a value, got none"))
    }

    @Test("a header that is not UTF-8 is refused")
    func badHeader() {
        let headers: [Messages.Header] =
            Messages.headers(["ce_source": nil]) + [("ce_source", [0xFF])]
        #expect(
            Messages.fault(Messages.data, headers)
                == MessageFault(.notACloudEvent, "header ce_source: expected UTF-8"))
    }

    @Test(
        "the content type of structured events is compared without case",
        arguments: [
            "application/cloudevents+json", "Application/CloudEvents+JSON; charset=utf-8",
            "application/cloudevents",
        ])
    func contentType(type: String) throws {
        // Headers of a hop beside it do not make it binary.
        let headers: [Messages.Header] = [
            ("ce_id", Array("other".utf8)), ("content-type", Array(type.utf8)),
        ]
        #expect(try Messages.job(Messages.structured(), headers).id.description == Messages.id)
    }

    @Test(
        "binary data is JSON",
        arguments: [
            ("application/json", true), ("application/json; charset=utf-8", true),
            ("Application/JSON", true), ("application/vnd.acme+json", true), (nil, true),
            ("text/plain", false), ("application/avro", false), ("", false),
        ] as [(String?, Bool)])
    func dataContentType(type: String?, isAccepted: Bool) {
        let fault = Messages.fault(Messages.data, Messages.headers(["content-type": type]))
        #expect(
            fault
                == (isAccepted
                    ? nil
                    : MessageFault(
                        .notACloudEvent,
                        "datacontenttype: expected application/json, got \"\(type ?? "")\"")))
    }

    @Test("a byte order mark and a Schema Registry prefix are skipped", arguments: Mode.allCases)
    func prefixes(mode: Mode) throws {
        let text = mode == .binary ? Messages.data : Messages.structured()
        let headers = mode == .binary ? Messages.headers() : []
        for prefix: [UInt8] in [[0xEF, 0xBB, 0xBF], [0, 0, 0, 0, 7], [0, 0xFF, 0x7B, 0x22, 0]] {
            let event = try CloudEvent(
                value: prefix + Array(text.utf8), headers: headers, depth: 32)
            #expect(try Job(event).assignment?.relation == "enrollment")
        }
        for prefix: [UInt8] in [
            [0], [0, 0, 0, 0], [1, 0, 0, 0, 7], [0xEF, 0xBB], [0, 0, 0, 0, 7, 0],
        ] {
            let error = #expect(throws: MessageFault.self) {
                try CloudEvent(value: prefix + Array(text.utf8), headers: headers, depth: 32)
            }
            #expect(error?.code == .notJSON)
        }
    }

    @Test(
        "a trace id is read from traceparent, the hop's before the event's own",
        arguments: [
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "4bf92f3577b34da6a3ce929d0e0e4736"
            ),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", nil),
            ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", nil),
            ("00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01", nil),
            ("nonsense", nil), ("", nil),
        ] as [(String, String?)])
    func trace(text: String, id: String?) throws {
        let event = Messages.structured(["traceparent": "\"\(text)\""])
        #expect(try Messages.job(event).traceID == id)
        #expect(
            try Messages.job(Messages.data, Messages.headers(["ce_traceparent": text])).traceID
                == id)
        let hop: [Messages.Header] = [("traceparent", Array(text.utf8))]
        let own = "\"00-11111111111111111111111111111111-00f067aa0ba902b7-01\""
        #expect(try Messages.job(Messages.structured(["traceparent": own]), hop).traceID == id)
    }

    @Test("a fault quotes a part of a value, never the whole, and no character by half")
    func quoting() {
        let long = String(repeating: "é", count: 1_000_000)
        for name in ["id", "specversion", "type", "time", "datacontenttype"] {
            let message = fault(.structured, name, long)?.message ?? ""
            #expect(message.utf8.count < 300)
            #expect(message.contains("é…\""))
            #expect(!message.contains("\u{FFFD}"))
        }
    }

    @Test(
        "a subject agrees with the target",
        arguments: [
            ("42", nil), ("enrollment/42", nil), ("43", "43"), ("enrollment/43", "enrollment/43"),
            ("other/42", "other/42"), ("", ""), ("42 ", "42 "),
        ] as [(String, String?)])
    func subject(subject: String, got: String?) {
        for mode in Mode.allCases {
            #expect(
                fault(mode, "subject", subject)
                    == got.map {
                        MessageFault(
                            .subjectMismatch, "subject: expected the target \"42\", got \"\($0)\"")
                    })
        }
    }

    @Test("a subject agrees with one of several targets, and with a long one")
    func subjects() {
        func event(_ subject: String, _ targets: String) -> String {
            Messages.structured(
                ["subject": "\"\(subject)\""],
                data: #"{"relation":"r","targets":\#(targets),"members":[]}"#)
        }
        #expect(Messages.fault(event("a/b", #"[1,"a/b"]"#)) == nil)
        #expect(Messages.fault(event("r/1", #"[1,"a/b"]"#)) == nil)
        #expect(Messages.fault(event("2", #"[1,"a/b"]"#))?.code == .subjectMismatch)
        #expect(Messages.fault(event("1", "[]"))?.code == .subjectMismatch)
        let long = String(repeating: "x", count: 300)
        #expect(Messages.fault(event(long, "[\"\(long)\"]")) == nil)
        #expect(Messages.fault(event(long + "y", "[\"\(long)\"]"))?.code == .subjectMismatch)
    }
}
