import Kafka
import Testing

@testable import WorkerPool

@Suite struct RecordFateTests {
    private func error(_ name: String) -> KafkaError {
        KafkaError(
            code: 10, name: name, message: "text", isRetriable: false, isFatal: false,
            doing: "delivering")
    }

    @Test func whatTheBrokerHasIsPublished() {
        let placement = Placement(partition: 0, offset: 7)
        #expect(RecordFate(.success(placement), isAlone: false) == .published)
        #expect(RecordFate(.success(placement), isAlone: true) == .published)
    }

    @Test(arguments: ["MSG_SIZE_TOO_LARGE", "INVALID_RECORD"])
    func onlyALetterAloneIsRefusedForGood(name: String) {
        let failure = error(name)
        #expect(RecordFate(.failure(failure), isAlone: true) == .refused("\(failure)"))
        #expect(RecordFate(.failure(failure), isAlone: false) == .refusedInCompany)
    }

    @Test(arguments: [
        "_MSG_TIMED_OUT", "_UNKNOWN_TOPIC", "UNKNOWN_TOPIC_OR_PART", "TOPIC_AUTHORIZATION_FAILED",
        "NOT_ENOUGH_REPLICAS", "_FATAL", "_QUEUE_FULL", "_TRANSPORT", "a name of a later version",
    ])
    func whatMayPassIsWaitedFor(name: String) {
        let failure = error(name)
        #expect(RecordFate(.failure(failure), isAlone: true) == .waits(failure))
        #expect(RecordFate(.failure(failure), isAlone: false) == .waits(failure))
    }

    @Test("the answer comes while the transaction waits, whatever the user's properties say")
    func properties() {
        let own = [
            "delivery.timeout.ms": "300000", "message.timeout.ms": "300000", "client.id": "x",
            "message.max.bytes": "5000",
        ]
        let all = RecordSender.properties(own, patience: .seconds(10))
        #expect(all["message.timeout.ms"] == "8000")
        #expect(all["delivery.timeout.ms"] == nil)
        #expect(all["client.id"] == "x")
        #expect(all["message.max.bytes"] == "5000")
        #expect(
            RecordSender.properties([:], patience: .milliseconds(500))["message.timeout.ms"]
                == "400")
    }
}
