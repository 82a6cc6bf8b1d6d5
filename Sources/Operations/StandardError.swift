import Glibc
import Synchronization

/// The process's standard error, to which log lines go.
enum StandardError {
    /// Keeps one line whole when the kernel takes it in pieces.
    private static let turn = Mutex(())

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes one line with one `write(2)`; more only when the kernel took a part of it.
    ///
    /// A line that cannot be written (the reader is gone, the disk is full) is dropped: there is
    /// nobody left to tell.
    @Sendable static func write(_ line: [UInt8]) {
        turn.withLock { _ in
            line.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let count = Glibc.write(STDERR_FILENO, rest.firstAddress, rest.count)
                    if count > 0 {
                        rest = rest.dropFirst(count)
                    } else if errno == EAGAIN {
                        var waited = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                        // A reader that has stopped reading must not stop the work for good.
                        if poll(&waited, 1, 1000) <= 0 { return }
                    } else if errno != EINTR {
                        return
                    }
                }
            }
        }
    }
}

extension Slice where Base == UnsafeRawBufferPointer {
    /// The address of the first byte.
    fileprivate var firstAddress: UnsafeRawPointer? {
        base.baseAddress.map { $0 + startIndex }
    }
}
