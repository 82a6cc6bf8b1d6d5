import Jobs
import Kafka
import RollcallClient
import Testing

@Suite struct EnqueueMessageTests {
    /// What the worker makes of a message.
    private func decoded(_ message: OutgoingMessage) throws -> Job {
        try Job(
            CloudEvent(
                value: message.value, headers: message.headers.map { ($0.name, $0.value) },
                depth: OutgoingMessage.defaultDepth))
    }

    /// The request in a job, as it would have to be to send it again.
    private func request(of job: Job) throws -> AssignmentRequest {
        let assignment = try #require(job.assignment)
        let document = assignment.document
        func value(_ index: JSONDocument.Index) -> Value { Value(document, index) }
        var request = AssignmentRequest(
            assignment.operation, relation: assignment.relation,
            targets: assignment.targets.map(value),
            members: document.elements(of: assignment.members).map {
                AssignmentRequest.Member(value($0))
            })
        if let attributes = assignment.attributes, case .object(let pairs) = value(attributes) {
            request.attributes = pairs
        }
        request.mode = assignment.mode
        request.onConflict = assignment.onConflict
        request.isDryRun = assignment.isDryRun
        request.isExact = assignment.isExact
        request.removesAll = assignment.removesAll
        return request
    }

    /// A member with attributes as the wire has it, an object.
    private func flattened(_ request: AssignmentRequest) -> AssignmentRequest {
        var request = request
        request.members = request.members.map { member in
            guard !member.attributes.isEmpty else { return member }
            return AssignmentRequest.Member(
                .object(member.attributes.merging(["member": member.member]) { $1 }))
        }
        return request
    }

    @Test(
        "what is sent decodes to the same request, whatever it holds",
        arguments: 0..<10, ContentMode.allCases)
    func roundTrip(seed: Int, mode: ContentMode) throws {
        var random = EnqueueRandom(seed: UInt64(seed))
        for _ in 0..<100 {
            let request = random.request()
            let envelope = random.envelope()
            let message = try OutgoingMessage(request, envelope, mode: mode)
            let job = try decoded(message)
            #expect(try self.request(of: job) == flattened(request), "\(request)")
            #expect(job.id == envelope.id)
            #expect(job.source == envelope.source)
            #expect(job.requestedAt == envelope.time)
            #expect((job.traceID != nil) == (envelope.traceparent != nil))
            #expect(job.kind == request.kind)
            #expect(message.key == Array(job.defaultKey.utf8))
            #expect(message.jobID == envelope.id)
            #expect(message.itemCount == job.assignment?.itemCount)
        }
    }

    @Test("both modes carry the same job: the same digest, the same key")
    func modes() throws {
        let request = AssignmentRequest.assign(to: 42, in: "enrollment", members: [1, "ä", 3])
        let envelope = Envelope(source: "/services/admin")
        let structured = try OutgoingMessage(request, envelope, mode: .structured)
        let binary = try OutgoingMessage(request, envelope, mode: .binary)
        #expect(try decoded(structured).digest == decoded(binary).digest)
        #expect(structured.key == Array("enrollment/42".utf8))
        #expect(binary.key == structured.key)
        #expect(
            structured.headers == [
                Header(name: "content-type", value: Array("application/cloudevents+json".utf8))
            ])
        #expect(
            binary.headers.map(\.name) == [
                "content-type", "ce_specversion", "ce_id", "ce_source", "ce_time", "ce_type",
            ])
        #expect(binary.value == (try request.data()))
    }

    @Test("the bytes are what wire.md shows")
    func bytes() throws {
        var request = AssignmentRequest.assign(to: 42, in: "enrollment", members: [1001, 1002])
        request.members.append(.init(1003, ["role": "ta"]))
        request.attributes = ["role": "student"]
        #expect(
            String(decoding: try request.data(), as: UTF8.self)
                == #"{"relation":"enrollment","target":42,"members":[1001,1002,"#
                + #"{"member":1003,"role":"ta"}],"attributes":{"role":"student"}}"#)
        request.targets = ["a\"b", nil]
        request.members = [.init(["username": "ada"]), .init(1.5), .init([true, []])]
        request.attributes = [:]
        request.mode = .atomic
        request.onConflict = .ignore
        request.isDryRun = true
        #expect(
            String(decoding: try request.data(), as: UTF8.self)
                == #"{"relation":"enrollment","targets":["a\"b",null],"#
                + #""members":[{"username":"ada"},1.5,[true,[]]],"mode":"atomic","#
                + #""on_conflict":"ignore","dry_run":true}"#)
    }

    @Test("the key is given, the event's partitionkey, or the relation and the target")
    func keys() throws {
        let request = AssignmentRequest.assign(to: "a b", in: "role", members: [1])
        let envelope = Envelope(source: "/test")
        func key(_ message: OutgoingMessage) -> String? {
            message.key.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(key(try OutgoingMessage(request, envelope)) == "role/a b")
        #expect(key(try OutgoingMessage(request, envelope, key: "k")) == "k")
        let event = """
            {"specversion":"1.0","id":"\(JobID.now())","source":"/test","type":"rollcall.assign.v1",
             "partitionkey":"p\\n","data":{"relation":"role","target":{"n":1},"members":[]}}
            """
        #expect(key(try OutgoingMessage(event: Array(event.utf8))) == "p\n")
        #expect(key(.unchecked(Array(event.utf8))) == "p\n")
        let keyless = event.replacing(",\n \"partitionkey\":\"p\\n\"", with: "")
        #expect(keyless != event)
        #expect(key(try OutgoingMessage(event: Array(keyless.utf8))) == "role/n=1")
        #expect(key(.unchecked(Array("no".utf8))) == nil)
    }

    @Test("what a worker would refuse does not become a message")
    func faults() throws {
        let envelope = Envelope(source: "/test")
        func fault(
            _ envelope: Envelope = Envelope(source: "/test"),
            _ change: (inout AssignmentRequest) -> Void
        ) -> String? {
            var request = AssignmentRequest.assign(to: 42, in: "enrollment", members: [1])
            change(&request)
            do {
                _ = try OutgoingMessage(request, envelope)
                return nil
            } catch {
                return error.message
            }
        }
        #expect(fault { _ in } == nil)
        #expect(fault { $0.relation = "" } == "relation: expected a string, got \"\"")
        #expect(fault { $0.removesAll = true } == "members: expected none beside all, got 1")
        #expect(
            fault {
                $0.removesAll = true
                $0.members = []
            } == "members: expected a list, got \"all\"")
        #expect(
            fault {
                $0.operation = .unassign
                $0.isExact = true
            } == "exact: expected none for unassign, got true")
        #expect(fault { $0.targets = [.number("1,5")] } == "expected a JSON number, got \"1,5\"")
        for number in ["", "NaN", ".5", "0x1F", " 1", "1 ", "1}", "+1", "01", "1e"] {
            #expect(fault { $0.targets = [.number(number)] } != nil, "\(number)")
        }
        #expect(fault { $0.members = [.init(1, ["member": 2])] }?.hasPrefix("members: ") == true)
        var unassign = AssignmentRequest.unassign(from: 1, in: "r", members: [1])
        unassign.attributes = ["role": "x"]
        #expect(throws: MessageFault.self) { try OutgoingMessage(unassign, envelope) }
        var other = envelope
        other.subject = "enrollment/43"
        #expect(fault(other) { _ in }?.hasPrefix("subject: expected") == true)
        other.subject = "enrollment/42"
        #expect(fault(other) { _ in } == nil)
        #expect(fault { $0.attributes = ["a": deep(40)] }?.contains("nesting") == true)
    }

    private func deep(_ levels: Int) -> Value { levels == 0 ? 1 : .array([deep(levels - 1)]) }

    @Test("ids are of version 7, sort by time and do not repeat")
    func ids() {
        let ids = (0..<10_000).map { _ in JobID.now() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.high >> 12 & 0xF == 7 && $0.low >> 62 == 2 })
        let times = ids.map { $0.high >> 16 }
        #expect(times == times.sorted())
    }
}
