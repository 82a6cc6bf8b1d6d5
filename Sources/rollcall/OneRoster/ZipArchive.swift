import Foundation
import Sandbox

/// A zip, read by the program `unzip`.
///
/// What is unpacked never has a name in any folder: nothing is left behind, however the command ends.
struct ZipArchive {
    /// The most bytes of a list of names, which of a package is short.
    private static let listBytes = 1024 * 1024

    private let path: String

    init(_ path: String) throws(FileError) {
        self.path = path
        // What the system says of it is clearer than what unzip says.
        _ = try InputFile(path)
    }

    /// The names of its files, as they stand in it.
    func names() throws -> [String] {
        let list = try run(["-Z", "-1", Self.input], name: path, atMost: Self.listBytes)
        var lines = LineReader(list.descriptor, lengthMax: Self.listBytes)
        var names: [String] = []
        while let line = try lines.next() {
            names.append(String(decoding: line.bytes, as: UTF8.self))
        }
        return names
    }

    /// Unpacks a file.
    ///
    /// - Parameter max: the most bytes that are wanted; no more than one beyond is unpacked.
    func extract(_ name: String, atMost max: Int) throws -> InputFile {
        // With a password, which is wrong, unzip does not ask the terminal for one.
        try run(["-p", "-P", "none", Self.input, name], name: "\(path)/\(name)", atMost: max)
    }

    /// The archive by a name that has no meaning to unzip, whatever it is called.
    private static let input = "/dev/stdin"

    private func run(_ arguments: [String], name: String, atMost max: Int) throws -> InputFile {
        let child: ChildProcess
        do {
            child = try ChildProcess(
                "unzip", arguments,
                // Options could be in the environment.
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""],
                standardInput: .file(path), standardOutput: .pipe, standardError: .null)
        } catch {
            throw FileError(
                name: path,
                reason: "expected the program unzip, which reads it, got \(error.description); "
                    + "install unzip, or unpack it and name the folder")
        }
        guard let output = child.standardOutput else { preconditionFailure("it was a pipe") }
        let file = try InputFile.spooled(name: name, max: max) { () throws(FileError) in
            do {
                return try output.read(timeout: .seconds(60))
            } catch {
                throw FileError(name: name, reason: "unzip: \(error)")
            }
        }
        if let bytes = file.version?.bytes, bytes > max {
            // It would go on, perhaps for ever.
            child.terminate(SIGKILL)
            child.wait()
            return file
        }
        let status = child.wait()
        // 1 is a warning: what was asked for is there, and its checksum is right.
        guard status == .exited(0) || status == .exited(1) else {
            throw OneRoster.Fault(.packageArchive, reason(status))
        }
        return file
    }

    /// By the exit codes of its manual.
    private func reason(_ status: Sandbox.ExitStatus) -> String {
        switch status {
        case .exited(82): "expected files without a password, got encrypted ones"
        case .exited(81): "expected files that unzip can unpack, got another method or encryption"
        case .exited(9): "expected a zip, got something else or the half of one"
        default: "expected a zip that is whole, got a broken one (unzip: \(status))"
        }
    }
}
