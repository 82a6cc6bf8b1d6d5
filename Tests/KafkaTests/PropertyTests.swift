import Kafka
import Synchronization
import Testing

@Suite(.onOwnThread) struct PropertyTests {
    private func refusal(of properties: Properties) -> KafkaError? {
        #expect(throws: KafkaError.self) {
            _ = try Consumer(
                properties, group: "workers", listener: RecordingListener(), log: { _ in })
        }
    }

    @Test("an unknown property is refused by its name")
    func unknown() throws {
        let error = try #require(refusal(of: ["bootstrap.server": "localhost"]))
        #expect(error.name == "_INVALID_ARG")
        #expect(error.message.contains("bootstrap.server"))
        #expect(!error.isRetriable)
    }

    @Test("a bad value is refused with the property's name and the value")
    func badValue() throws {
        let error = try #require(refusal(of: ["session.timeout.ms": "soon"]))
        #expect(error.message.contains("session.timeout.ms"))
        #expect(error.message.contains("soon"))
    }

    @Test(
        "the value of a secret property is never shown",
        arguments: [
            "sasl.oauthbearer.method", "enable.sasl.oauthbearer.unsecure.jwt", "my.password",
        ])
    func secrets(_ name: String) throws {
        let error = try #require(refusal(of: [name: "hunter2"]))
        #expect(error.message.contains(name))
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test("every client takes properties of the others, and says so in the log")
    func shared() throws {
        let bench = try Bench()
        let lines = Mutex<[LogLine]>([])
        _ = try Producer(
            bench.properties.merging(["session.timeout.ms": "10000"]) { $1 },
            log: { line in lines.withLock { $0.append(line) } })
        #expect(
            lines.withLock { lines in
                lines.contains { $0.level == 4 && $0.message.contains("session.timeout.ms") }
            })
    }

    @Test("a client with OAuth starts without a network")
    func oauth() throws {
        let bench = try Bench()
        _ = try Admin(
            [
                "bootstrap.servers": bench.broker.bootstrapServers,
                "security.protocol": "sasl_plaintext", "sasl.mechanisms": "OAUTHBEARER",
                "enable.sasl.oauthbearer.unsecure.jwt": "true",
                "sasl.oauthbearer.config": "principal=worker",
            ], log: { _ in })
    }
}
