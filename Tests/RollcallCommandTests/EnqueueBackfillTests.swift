import ArgumentParser
import Jobs
import Kafka
import RollcallClient
import Testing

@testable import rollcall

/// Requests for backfills, from their arguments to their messages.
@Suite struct EnqueueBackfillTests {
    /// What is said of wrong arguments; nil if they are right.
    private func complaint(_ arguments: String...) -> String? {
        do {
            _ = try Rollcall.parseAsRoot(["enqueue", "backfill"] + arguments)
            return nil
        } catch {
            return Rollcall.message(for: error)
        }
    }

    @Test("wrong usage is told by what was expected and what was given")
    func complaints() {
        #expect(complaint("--backfill", "b") == nil)
        #expect(
            complaint(
                "--backfill", "b", "--scope", "a=1", "--scope", "b=x=y", "--force", "--dry-run",
                "--max-rows-per-second", "5", "--wait", "--timeout", "1m", "--topic", "t", "--key",
                "k",
                "--source", "/s", "--id", "0197A2C4-8d1e-7b43-9a55-0d5f3c2b1a00") == nil)
        #expect(complaint()?.contains("--backfill") == true)
        #expect(complaint("--backfill", "") == "--backfill: expected a name, got \"\"")
        #expect(
            complaint("--backfill", "b", "--scope", "a")
                == "--scope: expected name=value, got \"a\"")
        #expect(
            complaint("--backfill", "b", "--scope", "a=1", "--scope", "a=2")
                == "--scope: expected each name once, got \"a\" again")
        #expect(
            complaint("--backfill", "b", "--max-rows-per-second", "0")
                == "--max-rows-per-second: expected 1 or more, got 0")
        #expect(complaint("--backfill", "b", "--id", "x") == "--id: expected a UUID, got \"x\"")
    }

    @Test("what is sent decodes to what was asked for", arguments: ContentMode.allCases)
    func roundTrip(mode: ContentMode) throws {
        var order = BackfillOrder(
            "users", scope: ["a": 17, "b": "x\"=\n", "c": nil, "d": true, "e": ["f"]])
        order.isForced = true
        order.isDryRun = true
        order.maxRowsPerSecond = 20_000
        let envelope = Envelope(id: .now(), source: "/test")
        let message = try OutgoingMessage(order, envelope, mode: mode)
        #expect(message.kind == .backfill && message.itemCount == 0)
        #expect(message.key.map { String(decoding: $0, as: UTF8.self) } == "backfill/users")
        let job = try Job(
            CloudEvent(
                value: message.value, headers: message.headers.map { ($0.name, $0.value) },
                depth: OutgoingMessage.defaultDepth))
        #expect(job.id == envelope.id)
        let request = try #require(job.backfill)
        #expect(request.backfill == "users")
        #expect(request.values.mapValues { Value(request.document, $0) } == order.scope)
        #expect(request.isForced && request.isDryRun && request.maxRowsPerSecond == 20_000)
    }

    @Test("what is left at its default is left out")
    func defaults() throws {
        let data = try BackfillOrder("users").data()
        #expect(String(decoding: data, as: UTF8.self) == #"{"backfill":"users"}"#)
    }
}
