import Glibc

/// Tells systemd how a service does: one datagram a message to the socket in `NOTIFY_SOCKET`.
///
/// The protocol is that of `sd_notify(3)`. A message that nobody takes is no news: the service goes on.
public struct ServiceNotifier: Sendable {
    private let path: String
    /// How long the service may be silent before it is ended; nil where nobody watches it.
    public let watchdog: Duration?

    /// - Parameter environment: of the process; nil is returned where no systemd started it as a
    ///   service that notifies.
    public init?(environment: [String: String], processID: Int32 = getpid()) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
            path.utf8.count > 1, path.utf8.count < Self.longestPath
        else { return nil }
        self.path = path
        // The variables are inherited: they may be meant for the process that started this one.
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(processID)" } ?? true
        let time = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = isMeant && time > 0 ? .microseconds(time) : nil
    }

    /// The service has started.
    public func ready() { send("READY=1") }

    /// The service stops.
    public func stopping() { send("STOPPING=1") }

    /// The service is alive.
    public func alive() { send("WATCHDOG=1") }

    /// What the service is at, for people: `systemctl status` shows it.
    public func status(_ text: String) {
        send("STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    private static var longestPath: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) }

    /// The corresponding C functions are `socket` and `sendto`.
    private func send(_ message: String) {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        // A name of Linux's own begins with a zero byte, which a variable cannot hold.
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
        let text = Array(message.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
