import Catalog
import Jobs
import Kafka
import Testing

@testable import WorkerPool

@Suite struct IntakeTests {
    private let intake: Intake

    init() throws {
        let catalog = try Catalog(files: [
            (
                "test.yaml",
                """
                catalog: test
                relations:
                  enrollment:
                    table: school.enrollment
                    target: course_id
                    member: user_id
                    attributes: [role]
                    conflict: { update: [role] }
                  badge:
                    table: school.badge
                    target: badge_id
                    member: user_id
                """
            )
        ])
        intake = Intake(
            limits: Intake.Limits(messageBytes: 1_000, jobItems: 6, jsonDepth: 6),
            relations: catalog.relations)
    }

    private func record(
        _ value: String?, key: String? = nil, headers: [Header] = [], timestamp: Int64? = 7
    ) -> Record {
        Record(
            topic: topic, partition: 3, offset: 11, timestamp: timestamp,
            key: key.map { Array($0.utf8) }, value: value.map { Array($0.utf8) },
            headers: headers)
    }

    private func fault(_ value: String, headers: [Header] = []) throws -> MessageFault? {
        let message = try #require(intake.message(record(value, headers: headers)))
        #expect(message.value == Array(value.utf8))
        guard case .fault(let fault) = message.content else { return nil }
        return fault
    }

    @Test func aRecordBecomesAJobWithItsOrigin() throws {
        let message = try #require(intake.message(record(assignText(id: 9, members: 3))))
        #expect(message.job?.id == JobID(high: 0, low: 9))
        #expect(message.itemCount == 3)
        #expect(
            message.origin
                == Origin(
                    topic: topic, partition: 3, offset: 11, timestamp: Timestamp(milliseconds: 7)))
    }

    @Test func aRecordWithoutATimestampHasTheFirst() throws {
        let message = try #require(
            intake.message(record(assignText(id: 9), timestamp: nil)))
        #expect(message.origin.timestamp == Timestamp(milliseconds: 0))
    }

    @Test func aTombstoneIsNoMessage() {
        #expect(intake.message(record(nil)) == nil)
    }

    @Test func anEmptyValueIsNoTombstone() throws {
        #expect(try fault("")?.code == .notJSON)
    }

    @Test(arguments: [
        ("{", MessageFault.Code.notJSON), ("\u{1}", .notJSON), ("{} {}", .notJSON),
        ("[[[[[[[[[]]]]]]]]]", .notJSON), ("{}", .notACloudEvent), ("null", .notACloudEvent),
        ("42", .notACloudEvent), ("\"text\"", .notACloudEvent), ("[]", .notACloudEvent),
        (assignText(id: 1, relation: "enrolment"), .unknownRelation),
        (assignText(id: 1, members: 7), .tooLarge),
        (assignText(id: 1, more: ",\"on_conflict\":\"never\""), .invalidData),
        (assignText(id: 1, relation: "badge", more: ",\"on_conflict\":\"update\""), .invalidData),
        (assignText(id: 1, more: ",\"dryrun\":true"), .invalidData),
        (assignText(id: 1, more: ",\"exact\":1"), .invalidData),
        (String(repeating: " ", count: 1_000) + assignText(id: 1), .tooLarge),
    ])
    func whatIsNoJobHasACode(_ value: String, _ code: MessageFault.Code) throws {
        #expect(try fault(value)?.code == code)
    }

    @Test func aMessageOverTheLimitKeepsItsBytes() throws {
        let value = String(repeating: "x", count: 1_001)
        let found = try #require(try fault(value))
        #expect(found.code == .tooLarge)
        #expect(found.message == "expected a message of at most 1000 bytes, got 1001")
    }

    @Test func aMisspeltRelationIsAnsweredWithTheNearest() throws {
        let found = try #require(try fault(assignText(id: 1, relation: "enrolment")))
        #expect(found.message.hasSuffix("did you mean enrollment?"))
    }

    @Test func theProductOfTargetsAndMembersCounts() throws {
        let text = assignText(id: 1, members: 3)
            .split(separator: "\"target\":1").joined(separator: "\"targets\":[1,2,3]")
        #expect(try fault(text)?.code == .tooLarge)
    }

    @Test func whatARelationAllowsMayBeAskedFor() throws {
        #expect(try fault(assignText(id: 1, more: ",\"on_conflict\":\"update\"")) == nil)
        let ignoring = assignText(id: 1, relation: "badge", more: ",\"on_conflict\":\"ignore\"")
        #expect(try fault(ignoring) == nil)
    }

    @Test func aJobWithoutMembersIsAJob() throws {
        let message = try #require(intake.message(record(assignText(id: 1, members: 0))))
        #expect(message.job?.assignment?.itemCount == 0)
        #expect(message.itemCount == 1)
    }

    @Test func theKeyOfTheRecordIsTheOrderingKey() throws {
        let message = try #require(intake.message(record(assignText(id: 1), key: "mine")))
        #expect(intake.orderingKey(of: message) == key("mine"))
    }

    @Test func anEmptyKeyIsAKey() throws {
        let message = try #require(intake.message(record(assignText(id: 1), key: "")))
        #expect(intake.orderingKey(of: message) == [])
    }

    @Test func withoutAKeyTheTargetGivesTheOrder() throws {
        let number = try #require(intake.message(record(assignText(id: 1, target: "42"))))
        let text = try #require(intake.message(record(assignText(id: 2, target: "\"42\""))))
        let other = try #require(
            intake.message(record(assignText(id: 3, relation: "badge", target: "42"))))
        #expect(intake.orderingKey(of: number) == key("enrollment/42"))
        #expect(intake.orderingKey(of: text) == key("enrollment/42"))
        #expect(intake.orderingKey(of: other) == key("badge/42"))
    }

    @Test func whatIsNoJobHasAKeyOfItsOwn() throws {
        let one = try #require(intake.message(record("no")))
        let two = try #require(
            intake.message(
                Record(
                    topic: topic, partition: 3, offset: 12, timestamp: 7, key: nil,
                    value: key("no"), headers: [])))
        #expect(intake.orderingKey(of: one) != intake.orderingKey(of: two))
    }

    @Test func headersAndBytesAreKept() throws {
        let header = Header(name: "x", value: [0, 255])
        let message = try #require(intake.message(record("no", key: "k", headers: [header])))
        #expect(message.key == key("k"))
        #expect(message.headers.map(\.name) == ["x"])
        #expect(message.headers.map(\.value) == [[0, 255]])
    }

    @Test(
        "of what may bring passwords nothing is kept but why it is no job",
        arguments: [
            (#"{"roster":"people","format":"csv","content":["ada,secret"]}"#, true),
            (#"{"roster":"peopel","format":"csv","content":"ada,secret"}"#, true),
            (#"{"roster":"people","format":"csv","content":"ada,secret"#, true),
            (#"{"roster":"people","format":"csv","content":"ada,secret"}"#, true),
            (#"{"roster":"open","format":"csv","content":"ada,secret"}"#, false),
        ])
    func passwords(_ data: String, _ isWithheld: Bool) throws {
        let catalog = try Catalog(files: [
            (
                "test.yaml",
                """
                catalog: test
                rosters:
                  people:
                    columns: { name: {}, password: {} }
                    steps:
                      - upsert: person
                        identity: name
                        values: { name: row.name }
                        password: { column: password, from: password, scheme: given }
                  open:
                    columns: { name: {}, password: {} }
                    steps: [{ upsert: person, identity: name, values: { name: row.name } }]
                """
            )
        ])
        let intake = Intake(
            limits: Intake.Limits(messageBytes: 1_000, jobItems: 6, jsonDepth: 6),
            relations: [:], rosters: catalog.rosters)
        let kind = Header(name: "ce_type", value: Array("rollcall.roster-import".utf8))
        let id = Header(name: "ce_id", value: Array("\(JobID(high: 1, low: 1))".utf8))
        let source = Header(name: "ce_source", value: Array("/tests".utf8))
        let version = Header(name: "ce_specversion", value: Array("1.0".utf8))
        let message = try #require(
            intake.message(record(data, headers: [id, source, version, kind])))
        let reason =
            if case .fault(let fault) = message.content { fault.message } else { "expected more" }
        let letter = message.deadLetter(code: "job-failed", reason: reason)
        #expect(message.value == Array(data.utf8))
        #expect(letter.value == (isWithheld ? nil : Array(data.utf8)))
        #expect(!letter.reason.contains("secret"))
        #expect(letter.reason.contains("bytes, may bring passwords") == isWithheld)
    }
}
