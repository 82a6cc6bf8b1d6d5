import Foundation
import Sandbox
import Testing

@testable import rollcall

/// `kafka.properties`: that they reach librdkafka, and what is said of wrong ones.
@Suite struct BrokerSecurityTests {
    private static let password = "canary-of-the-key"

    /// What listens as a broker would: openssl, which asks for a certificate and says whose it is.
    private struct Listener {
        let port: Int
        private let process: ChildProcess
        private let log: String

        init(_ stage: Stage, _ authority: CertificateAuthority) throws {
            let log = "\(stage.directory)/s_server.log"
            self.log = log
            // Its standard input stays open: at its end it would leave.
            process = try ChildProcess(
                "openssl",
                [
                    "s_server", "-accept", "127.0.0.1:0", "-cert", authority.certificate("server"),
                    "-key", authority.key("server"), "-CAfile", authority.certificate,
                    "-Verify", "1", "-verify_return_error",
                ], standardInput: .pipe, standardOutput: .file(log), standardError: .file(log))
            var port: Int?
            try stage.wait("openssl listens") {
                let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                port = text.firstMatch(of: /ACCEPT 127\.0\.0\.1:([0-9]+)\s/).flatMap { Int($0.1) }
                return port != nil
            }
            self.port = try #require(port)
        }

        var said: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

        func stop() { _ = process.terminate(SIGKILL) }
    }

    private func authority(_ stage: Stage) throws -> CertificateAuthority {
        let authority = try CertificateAuthority(in: stage.directory)
        try authority.sign(server: "server", host: "localhost")
        try authority.sign(client: "client", subject: "rollcall-worker", password: Self.password)
        return authority
    }

    private func properties(_ authority: CertificateAuthority) -> [String: String] {
        [
            "security.protocol": "SSL", "ssl.ca.location": authority.certificate,
            "ssl.certificate.location": authority.certificate("client"),
            "ssl.key.location": authority.key("client"), "ssl.key.password": Self.password,
        ]
    }

    private func text(_ properties: [String: String]) -> String {
        properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: "\n")
    }

    @Test("the properties of a file reach librdkafka: the broker sees the client's certificate")
    func certificate() throws {
        let stage = try Stage()
        let authority = try authority(stage)
        let listener = try Listener(stage, authority)
        defer { listener.stop() }
        let file = "\(stage.directory)/properties"
        try text(properties(authority)).write(toFile: file, atomically: true, encoding: .utf8)
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_KAFKA_BROKERS": "localhost:\(listener.port)",
                "ROLLCALL_KAFKA_PROPERTIES_FILE": file, "ROLLCALL_LOG_LEVEL": "debug",
            ])
        try stage.wait("the client shows its certificate") {
            listener.said.contains("CN = rollcall-worker")
        }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        #expect(!stage.logText("worker").contains(Self.password))
    }

    @Test("a broker of another name is refused, and worker and commands say why nobody answers")
    func wrongHost() throws {
        let stage = try Stage()
        let authority = try authority(stage)
        let listener = try Listener(stage, authority)
        defer { listener.stop() }
        let environment = [
            // Its certificate is for localhost.
            "ROLLCALL_KAFKA_BROKERS": "127.0.0.1:\(listener.port)",
            "ROLLCALL_KAFKA_PROPERTIES": text(properties(authority)),
        ]
        let worker = try stage.startWorker("worker", environment: environment)
        try stage.wait("the worker waits, and says why") {
            let log = stage.logText("worker")
            return log.contains("Kafka does not answer, waiting")
                && log.contains("certificate verify failed")
        }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let (status, _, errors) = try stage.run(["topics", "create"], environment: environment)
        #expect(status == .exited(69), "\(errors)")
        #expect(errors.contains("librdkafka says: "), "\(errors)")
        #expect(errors.contains("certificate verify failed"), "\(errors)")
        for text in [errors, stage.logText("worker")] { #expect(!text.contains(Self.password)) }
    }

    @Test(
        "wrong properties end every command with 78 and their name",
        arguments: [
            ("sasl.pasword=hunter2", "sasl.pasword"),
            ("security.protocol=TLS", "security.protocol"),
            ("security.protocol=SSL;ssl.ca.location=/nonexistent", "ssl.ca.location"),
            ("security.protocol=SASL_SSL;sasl.mechanisms=MAGIC;sasl.password=hunter2", "MAGIC"),
        ])
    func wrongProperties(_ properties: String, _ name: String) throws {
        let stage = try Stage()
        let commands = [
            ["worker"], ["topics", "create"], ["lag"],
            ["enqueue", "assign", "--relation", "enrollment", "--target", "1", "--members", "1"],
        ]
        for command in commands {
            let (status, _, errors) = try stage.run(
                command, environment: ["ROLLCALL_KAFKA_PROPERTIES": properties])
            #expect(status == .exited(78), "\(command): \(errors)")
            #expect(errors.contains("kafka.properties"), "\(command): \(errors)")
            #expect(errors.contains(name), "\(command): \(errors)")
            #expect(!errors.contains("hunter2"), "\(command): \(errors)")
        }
    }

    @Test("a password that does not open the key is told by the properties' names")
    func wrongPassword() throws {
        let stage = try Stage()
        var properties = properties(try authority(stage))
        properties["ssl.key.password"] = "hunter2"
        let (status, _, errors) = try stage.run(
            ["topics", "create"], environment: ["ROLLCALL_KAFKA_PROPERTIES": text(properties)])
        #expect(status == .exited(78), "\(errors)")
        #expect(errors.contains("ssl.key.location"), "\(errors)")
        #expect(!errors.contains("hunter2"))
    }
}
