import Foundation
import Postgres
import Sandbox
import Store
import Testing

@testable import rollcall

/// TLS to Postgres: a cluster of its own, which takes nobody without a certificate.
@Suite struct DatabaseSecurityTests {
    private static let password = "canary-of-the-key"

    /// A server with TLS, the authority that both sides trust, and one that nobody does.
    private struct Secured {
        let postgres: PrivatePostgres
        let own: CertificateAuthority
        let other: CertificateAuthority

        /// A connection string with the worker's certificate.
        func conninfo(
            host: String = "localhost", authority: CertificateAuthority? = nil,
            client: CertificateAuthority?, mode: String = "verify-full"
        ) -> String {
            var words = [
                "host=\(host)", "port=\(postgres.port)", "user=postgres", "dbname=postgres",
                "sslmode=\(mode)", "sslrootcert=\((authority ?? own).certificate)",
            ]
            if let client {
                words += [
                    "sslcert=\(client.certificate("client"))", "sslkey=\(client.key("client"))",
                    "sslpassword=\(DatabaseSecurityTests.password)",
                ]
            } else {
                words += ["sslcert=/nonexistent", "sslkey=/nonexistent"]
            }
            return words.joined(separator: " ")
        }
    }

    private func secured(_ stage: Stage) throws -> Secured {
        func authority(_ name: String) throws -> CertificateAuthority {
            let folder = "\(stage.directory)/\(name)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let authority = try CertificateAuthority(in: folder)
            try authority.sign(client: "client", subject: "postgres", password: Self.password)
            return authority
        }
        let (own, other) = (try authority("own"), try authority("other"))
        try own.sign(server: "server", host: "localhost")
        let postgres = try PrivatePostgres()
        let connection = try Connection(postgres.conninfo(), applicationName: "prepare")
        try School.build(School.Size(users: 10, courses: 10), on: connection)
        // The server itself writes its files, which are to be its own.
        func install(_ text: String, _ name: String) throws {
            let coded = Data(text.utf8).base64EncodedString()
            try connection.script(
                """
                COPY (SELECT '\(coded)') TO PROGRAM 'base64 -d >\(name) && chmod 600 \(name)'
                """)
        }
        try install(String(contentsOfFile: own.key("server"), encoding: .utf8), "server.key")
        try install(
            String(contentsOfFile: own.certificate("server"), encoding: .utf8), "server.crt")
        try install(String(contentsOfFile: own.certificate, encoding: .utf8), "root.crt")
        try install(
            """
            local all all trust
            hostssl all postgres 127.0.0.1/32 cert
            hostnossl all all 127.0.0.1/32 reject

            """, "pg_hba.conf")
        for setting in ["ssl_ca_file = 'root.crt'", "ssl = on"] {
            try connection.execute("ALTER SYSTEM SET \(setting)")
        }
        try connection.execute("SELECT pg_reload_conf()")
        let secured = Secured(postgres: postgres, own: own, other: other)
        try stage.wait("the server talks TLS") {
            (try? Connection(secured.conninfo(client: own), applicationName: "probe")) != nil
        }
        return secured
    }

    @Test("a worker does its work over verify-full and a client certificate, on all connections")
    func work() throws {
        let stage = try Stage()
        let secured = try secured(stage)
        let url = "\(stage.directory)/url"
        try (secured.conninfo(client: secured.own) + "\n")
            .write(toFile: url, atomically: true, encoding: .utf8)
        // From a file, with the key's password in it.
        let environment = ["ROLLCALL_DATABASE_URL": "", "ROLLCALL_DATABASE_URL_FILE": url]
        #expect(try stage.run(["migrate"], environment: environment).status == .exited(0))
        let worker = try stage.startWorker("worker", environment: environment)
        try stage.produce([
            DemoTraffic.Message(
                key: "enrollment/7",
                value: """
                    {"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001",\
                    "source":"/test","type":"rollcall.assign",\
                    "data":{"relation":"enrollment","target":7,"members":[1,2]}}
                    """)
        ])
        let connection = try Connection(secured.postgres.conninfo(), applicationName: "look")
        try stage.wait("the job is done") {
            try connection.execute("SELECT FROM school.enrollment").count == 2
        }
        let sessions = try connection.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE s.ssl AND s.client_dn = '/CN=postgres')
            FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)
            WHERE application_name = 'rollcall/worker'
            """)
        // A lane each and five more: what the guide reckons with.
        #expect((4...9).contains(sessions.int(0, 0)))
        #expect(sessions.int(0, 0) == sessions.int(0, 1))
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
        let check = try stage.run(["config", "check"], environment: environment)
        for text in [stage.logText("worker"), check.output, check.errors] {
            #expect(!text.contains(Self.password))
        }
        #expect(check.output.contains("sslpassword=***"))
    }

    @Test("whoever is not who it should be is refused, and the message says which side it is")
    func refusals() throws {
        let stage = try Stage()
        let secured = try secured(stage)
        func expect(
            _ conninfo: String, _ status: Int32, _ message: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let run = try stage.run(["migrate"], environment: ["ROLLCALL_DATABASE_URL": conninfo])
            #expect(run.status == .exited(status), "\(run.errors)", sourceLocation: sourceLocation)
            #expect(run.errors.contains(message), "\(run.errors)", sourceLocation: sourceLocation)
            #expect(!run.errors.contains(Self.password), sourceLocation: sourceLocation)
        }
        // Its certificate is for localhost.
        try expect(
            secured.conninfo(host: "127.0.0.1", client: secured.own), 69,
            "does not match host name \"127.0.0.1\"")
        try expect(
            secured.conninfo(authority: secured.other, client: secured.own), 69,
            "certificate verify failed")
        try expect(
            secured.conninfo(client: nil), 4, "connection requires a valid client certificate")
        try expect(secured.conninfo(client: secured.other), 4, "unknown ca")
        try expect(secured.conninfo(client: secured.own, mode: "disable"), 4, "pg_hba.conf")
    }
}
