import ArgumentParser
import Jobs
import Kafka
import RollcallClient
import Testing

@testable import rollcall

@Suite struct EnqueueTallyTests {
    private func job(_ tag: Int32) -> SentJob {
        SentJob(id: .now(), topic: "t", partition: 0, offset: Int64(tag), tag: tag)
    }

    private func end(_ state: JobStatus.State, error: Rejection? = nil) -> JobEnd {
        var counts = OutcomeCounts()
        counts.created = 1_000
        counts.rejected = state == .succeededWithRejections ? 2 : 0
        return .ended(
            JobStatus(id: .now(), state: state, items: counts.total, counts: counts, error: error))
    }

    private func code(_ ends: [JobEnd], allowsRejections: Bool = false) -> Int32? {
        var tally = EndTally()
        for (tag, end) in ends.enumerated() { tally.add(job(Int32(tag)), end) }
        return tally.exitCode(allowsRejections: allowsRejections)?.rawValue
    }

    @Test("the worst end decides: failed, then cancelled, then rejections")
    func worst() {
        let letter = JobEnd.deadLetter(Rejection(code: "not-json", message: "x"))
        let rejections = end(.succeededWithRejections)
        #expect(code([]) == nil)
        #expect(code([end(.succeeded)]) == nil)
        #expect(code([end(.succeeded), rejections]) == 6)
        #expect(code([end(.succeeded), rejections], allowsRejections: true) == nil)
        #expect(code([rejections, end(.cancelled)]) == 7)
        #expect(code([rejections, end(.cancelled)], allowsRejections: true) == 7)
        #expect(code([end(.cancelled), end(.failed), rejections]) == 5)
        #expect(code([letter, end(.succeeded)], allowsRejections: true) == 5)
    }

    @Test("one line sums up the jobs and their items")
    func text() {
        var tally = EndTally()
        tally.add(job(1), end(.succeeded))
        tally.add(job(2), end(.succeededWithRejections))
        tally.add(job(3), end(.failed, error: Rejection(code: "c", message: "m\u{1B}[2J")))
        tally.add(job(4), .deadLetter(Rejection(code: "not-json", message: "got x")))
        #expect(
            tally.text(took: "1.0 s")
                == "4 jobs ended in 1.0 s · 1 succeeded · 1 succeeded with rejections · 1 failed · "
                + "1 dead letter; items: created 3,000 · updated 0 · unchanged 0 · removed 0 · "
                + "absent 0 · superseded 0 · rejected 2")
        #expect(
            tally.failures.map(\.reason) == [
                "failed: c: m\\u{1B}[2J", "dead letter: not-json: got x",
            ])
    }

    @Test("only the first failures are kept, however many there are")
    func bounded() {
        var ends = EndTally()
        var deliveries = DeliveryTally(keepsSent: false)
        for tag in 0..<1_000 {
            ends.add(job(Int32(tag)), end(.failed))
            deliveries.add(tag: tag, id: nil, error("MSG_SIZE_TOO_LARGE"))
        }
        #expect(ends.failures.count == 20)
        #expect(deliveries.failures.map(\.tag) == Array(0..<20))
        #expect(deliveries.failureCount == 1_000)
    }

    private func error(_ name: String, isFatal: Bool = false) -> KafkaError {
        KafkaError(
            code: 1, name: name, message: "", isRetriable: false, isFatal: isFatal, doing: "")
    }

    @Test("brokers that cannot be reached, or refuse this client, end the sending")
    func deliveries() {
        func tally(_ names: String...) -> DeliveryTally {
            var tally = DeliveryTally(keepsSent: true)
            for name in names { tally.add(tag: 0, id: nil, error(name)) }
            return tally
        }
        #expect(tally("_MSG_TIMED_OUT").isHopeless)
        #expect(tally("_MSG_TIMED_OUT").exitCode == .unreachable)
        #expect(!tally("MSG_SIZE_TOO_LARGE").isHopeless)
        #expect(tally("MSG_SIZE_TOO_LARGE").exitCode == .failure)
        #expect(tally("MSG_SIZE_TOO_LARGE", "_TRANSPORT").exitCode == .failure)
        #expect(tally("TOPIC_AUTHORIZATION_FAILED").isHopeless)
        #expect(tally("TOPIC_AUTHORIZATION_FAILED").exitCode == .permissionDenied)
        var fatal = DeliveryTally(keepsSent: true)
        fatal.add(tag: 0, id: nil, error("_FATAL", isFatal: true))
        #expect(fatal.isHopeless)
    }
}
