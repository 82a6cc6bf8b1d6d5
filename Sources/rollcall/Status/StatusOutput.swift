import Glibc

/// Standard output, written as bytes at once.
struct StatusOutput {
    /// The reader has gone; there is nobody left to tell.
    struct ReaderGone: Error {}

    /// Another failure of the write, such as a full disk.
    struct WriteFailed: Error, CustomStringConvertible {
        let reason: String
        var description: String { "standard output: \(reason)" }
    }

    func write(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        try write(lines.joined(separator: "\n") + "\n")
    }

    func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(
                    STDOUT_FILENO, bytes.baseAddress! + written, bytes.count - written)
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == EPIPE { throw ReaderGone() }
                    throw WriteFailed(reason: String(cString: strerror(errno)))
                }
                written += count
            }
        }
    }
}
