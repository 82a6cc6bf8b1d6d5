import Glibc

/// Owns a descriptor of a socket that never blocks.
struct Socket: ~Copyable {
    let descriptor: Int32

    init(takingOver descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// What became of an attempt to read or to write.
    enum Transfer: Equatable {
        case bytes(Int)
        /// Not now.
        case blocked
        /// The other side has closed, or is gone.
        case ended
    }

    /// The corresponding C function is `recv`.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        return count == 0 ? .ended : Self.transfer(count)
    }

    /// The corresponding C function is `send`.
    func send(_ bytes: ArraySlice<UInt8>) -> Transfer {
        bytes.withUnsafeBytes { buffer in
            Self.transfer(
                Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL)))
        }
    }

    /// Says that nothing more will be sent.
    ///
    /// The corresponding C function is `shutdown`.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    private static func transfer(_ count: Int) -> Transfer {
        if count >= 0 { return .bytes(count) }
        return [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) ? .blocked : .ended
    }
}

/// Nobody can listen at an address.
public struct ListeningFailed: Error, CustomStringConvertible {
    public let address: String
    public let port: UInt16
    /// What the system says, such as "Address already in use".
    public let reason: String

    public var description: String {
        "expected to listen at \(address), port \(port), got: \(reason)"
    }
}

extension Socket {
    /// Listens at a numeric address, at any free port for 0.
    ///
    /// The corresponding C functions are `getaddrinfo`, `bind` and `listen`.
    init(listeningAt address: String, port: UInt16) throws(ListeningFailed) {
        func failed(_ reason: String) -> ListeningFailed {
            ListeningFailed(address: address, port: port, reason: reason)
        }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(address, "\(port)", &hints, &list)
        guard code == 0, let info = list else { throw failed(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(info.pointee.ai_family, info.pointee.ai_socktype | flags, 0)
        guard descriptor >= 0 else { throw failed(String(cString: strerror(errno))) }
        var isOn: Int32 = 1
        // A worker that is started anew need not wait for connections of the one before to be forgotten.
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
            listen(descriptor, 128) == 0
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw failed(reason)
        }
        self.init(takingOver: descriptor)
    }

    /// The port that it listens at.
    ///
    /// The corresponding C function is `getsockname`.
    var port: UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let service = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length)
                var text = [CChar](repeating: 0, count: 16)
                getnameinfo(address, length, nil, 0, &text, 16, NI_NUMERICSERV)
                return String(decoding: text.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
            }
        }
        return UInt16(service) ?? 0
    }

    /// Takes a connection that waits; nil if none does, or there are no descriptors left.
    ///
    /// The corresponding C functions are `accept` and `fcntl`.
    func accept() -> Socket? {
        let descriptor = Glibc.accept(descriptor, nil, nil)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return Socket(takingOver: descriptor)
    }
}
