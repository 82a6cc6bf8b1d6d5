import Foundation

/// This program's own file, to start it again or to tell a person how.
enum OwnProgram {
    /// The path of the file.
    static let path =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "rollcall"

    /// What a person types for it: its name where the shell finds this very file by that, else the path.
    static func word(searching variable: String?) -> String {
        let name = "rollcall"
        for folder in variable?.split(separator: ":") ?? [] {
            let candidate = "\(folder)/\(name)"
            guard FileManager.default.isExecutableFile(atPath: candidate) else { continue }
            // The first is the one that the shell takes, whatever follows.
            let resolved = URL(filePath: candidate).resolvingSymlinksInPath().path
            return resolved == URL(filePath: path).resolvingSymlinksInPath().path ? name : path
        }
        return path
    }
}
