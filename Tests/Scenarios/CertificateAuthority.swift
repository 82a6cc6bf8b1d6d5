import Foundation
import Sandbox

/// A throw-away certificate authority, made by openssl, with what it has signed.
struct CertificateAuthority {
    private let directory: String

    init(in directory: String) throws {
        self.directory = directory
        try openssl(
            ["req", "-x509", "-nodes", "-subj", "/CN=throw-away"] + files("ca") + Self.key)
    }

    /// Of the authority itself.
    var certificate: String { path("ca.crt") }

    func certificate(_ name: String) -> String { path(name + ".crt") }
    func key(_ name: String) -> String { path(name + ".key") }

    /// Signs a certificate for a server, by its host's name.
    func sign(server name: String, host: String) throws {
        try sign(name, subject: host, ["-nodes", "-addext", "subjectAltName=DNS:\(host)"])
    }

    /// Signs a certificate for a client; its key is encrypted.
    func sign(client name: String, subject: String, password: String) throws {
        try sign(name, subject: subject, ["-passout", "pass:\(password)"])
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    private func sign(_ name: String, subject: String, _ more: [String]) throws {
        let authority = ["-CA", certificate, "-CAkey", path("ca.key")]
        try openssl(
            ["req", "-x509", "-subj", "/CN=\(subject)", "-addext", "basicConstraints=CA:FALSE"]
                + authority + files(name) + more + Self.key)
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    private func files(_ name: String) -> [String] {
        ["-days", "2", "-keyout", path(name + ".key"), "-out", path(name + ".crt")]
    }

    private func openssl(_ arguments: [String]) throws {
        let log = path("openssl.log")
        let child = try ChildProcess(
            "openssl", arguments, standardOutput: .file(log), standardError: .file(log))
        guard child.wait() == .exited(0) else {
            throw ScenarioFault(
                "openssl \(arguments): \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")"
            )
        }
    }
}
