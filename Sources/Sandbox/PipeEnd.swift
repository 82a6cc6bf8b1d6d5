import Glibc
import Synchronization

/// Our end of a stream to or from a child process.
///
/// Safe from several threads, one at a time.
///
/// The descriptor is close-on-exec from birth, so that no other child, started at the same moment by
/// another thread, keeps the stream open.
public final class PipeEnd: Sendable {
    private struct State {
        var descriptor: Int32?
        /// What was read behind the last line.
        var pending: [UInt8] = []
    }

    private let state: Mutex<State>

    init(_ descriptor: Int32) {
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { close() }

    /// Closes our end; the child reads the end of its input.
    ///
    /// Closing twice is harmless.
    public func close() {
        state.withLock { state in
            if let descriptor = state.descriptor { _ = Glibc.close(descriptor) }
            state.descriptor = nil
        }
    }

    /// Writes all of a text.
    ///
    /// Throws when the child has closed its end or has gone.
    public func write(_ text: String) throws(SandboxError) {
        let bytes = Array(text.utf8)
        try state.withLock { (state) throws(SandboxError) in
            guard let descriptor = state.descriptor else {
                throw SandboxError("the stream was closed - while writing to a child process")
            }
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes {
                    // The stream is a socket, for which SIGPIPE can be turned off by the call.
                    send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count >= 0 {
                    written += count
                } else if errno != EINTR {
                    throw SandboxError("send", errno: errno, doing: "writing to a child process")
                }
            }
        }
    }

    /// Reads a line without its line break, or nil at the end of the stream.
    ///
    /// - Throws: A ``SandboxError`` when no line has come within `timeout`.
    public func readLine(timeout: Duration) throws(SandboxError) -> String? {
        let deadline = ContinuousClock.now + timeout
        return try state.withLock { (state) throws(SandboxError) -> String? in
            while true {
                if let end = state.pending.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: state.pending[..<end], as: UTF8.self)
                    state.pending.removeSubrange(...end)
                    return line
                }
                if try readMore(&state, until: deadline) { continue }
                if state.pending.isEmpty { return nil }
                defer { state.pending = [] }
                return String(decoding: state.pending, as: UTF8.self)
            }
        }
    }

    /// Reads everything until the end of the stream.
    public func readToEnd(timeout: Duration) throws(SandboxError) -> String {
        let deadline = ContinuousClock.now + timeout
        return try state.withLock { (state) throws(SandboxError) -> String in
            while try readMore(&state, until: deadline) {}
            defer { state.pending = [] }
            return String(decoding: state.pending, as: UTF8.self)
        }
    }

    /// Reads what is there, or else waits for something; nothing at the end of the stream.
    ///
    /// - Throws: A ``SandboxError`` when nothing has come within `timeout`.
    public func read(timeout: Duration) throws(SandboxError) -> ArraySlice<UInt8> {
        let deadline = ContinuousClock.now + timeout
        return try state.withLock { (state) throws(SandboxError) -> ArraySlice<UInt8> in
            if state.pending.isEmpty { _ = try readMore(&state, until: deadline) }
            defer { state.pending = [] }
            return state.pending[...]
        }
    }

    /// Waits for bytes and takes them; false at the end of the stream.
    private func readMore(
        _ state: inout State, until deadline: ContinuousClock.Instant
    ) throws(SandboxError) -> Bool {
        guard let descriptor = state.descriptor else { return false }
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, ContinuousClock.now.milliseconds(until: deadline))
            if ready == 0 {
                throw SandboxError("no answer in time - while reading from a child process")
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = ready < 0 ? -1 : Glibc.read(descriptor, &bytes, bytes.count)
            if count > 0 {
                state.pending.append(contentsOf: bytes[..<count])
                return true
            }
            if count == 0 { return false }
            if errno != EINTR {
                throw SandboxError("read", errno: errno, doing: "reading from a child process")
            }
        }
    }
}

extension ContinuousClock.Instant {
    /// The milliseconds to a deadline, rounded up, for `poll`; 0 when it has passed.
    fileprivate func milliseconds(until deadline: Self) -> Int32 {
        let (seconds, attoseconds) = (deadline - self).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let milliseconds = min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
        return Int32(milliseconds)
    }
}
