internal import Glibc

/// A port that is kept from others while nobody listens there.
///
/// Without it the system may give the port to somebody's outgoing connection in the meantime.
final class HeldPort: Sendable {
    private let socket: Int32

    /// Binds the port on 127.0.0.1; nil if somebody has it.
    init?(_ port: UInt16) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard socket >= 0 else { return nil }
        // Who also says so may bind the port beside this one, as long as neither listens: socket(7).
        var isShared: Int32 = 1
        setsockopt(
            socket, SOL_SOCKET, SO_REUSEADDR, &isShared, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        guard result == 0 else {
            Glibc.close(socket)
            return nil
        }
        self.socket = socket
    }

    deinit { Glibc.close(socket) }
}
