import Glibc

/// Asks an endpoint of this machine for a page.
public enum HTTPQuestion {
    /// The answer to a `GET`.
    public struct Answer: Equatable, Sendable {
        public let status: Int
        public let body: String
    }

    /// The most that is read of an answer.
    private static let bytesMax = 64 * 1024

    /// Sends one request and reads the answer to its end.
    ///
    /// - Parameters:
    ///   - address: numeric; `0.0.0.0` and `::`, where a server listens everywhere, mean the loopback.
    ///   - seconds: for each of connecting, sending and receiving.
    /// - Returns: nil where nobody answers, or no HTTP.
    /// The corresponding C functions are `getaddrinfo`, `connect`, `send` and `recv`.
    public static func get(
        _ path: String, at address: String, port: UInt16, seconds: Int
    ) -> Answer? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "\(port)", &hints, &list) == 0, let info = list else {
            return nil
        }
        defer { freeaddrinfo(list) }
        let descriptor = Glibc.socket(
            info.pointee.ai_family, info.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let socket = Socket(takingOver: descriptor)
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
            setsockopt(
                socket.descriptor, SOL_SOCKET, option, &limit,
                socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(socket.descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 else {
            return nil
        }
        let request = Array(
            "GET \(path) HTTP/1.1\r\nHost: rollcall\r\nConnection: close\r\n\r\n".utf8)
        guard socket.send(request[...]) == .bytes(request.count) else { return nil }
        return answer(in: bytes(from: socket))
    }

    private static func bytes(from socket: borrowing Socket) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4 * 1024)
        while bytes.count < bytesMax,
            case .bytes(let count) = chunk.withUnsafeMutableBytes({ socket.receive(into: $0) })
        {
            bytes += chunk[..<count]
        }
        return bytes
    }

    private static func answer(in bytes: [UInt8]) -> Answer? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("HTTP/1."), let end = text.firstRange(of: "\r\n\r\n"),
            let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return Answer(status: status, body: String(text[end.upperBound...]))
    }
}
