import Glibc

/// What the system says of a file.
struct FileError: Error, CustomStringConvertible {
    let name: String
    let reason: String

    var description: String { "\(name): \(reason)" }

    /// The reason that `errno` names.
    static func system(_ name: String) -> FileError {
        FileError(name: name, reason: String(cString: strerror(errno)))
    }
}
