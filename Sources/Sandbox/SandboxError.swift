import Glibc

/// Why a private server could not do what was asked.
public struct SandboxError: Error, Sendable, CustomStringConvertible {
    /// What failed, why, and while doing what.
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// A failed system call, with the C library's words for `errno`.
    init(_ call: String, errno code: Int32, doing: String) {
        self.init("\(call): \(String(cString: strerror(code))) - while \(doing)")
    }
}
