/// Asks a worker's endpoint, one request a connection.
public struct Visitor: Sendable {
    public struct Answer: Sendable {
        public let status: Int
        public let head: String
        public let body: String
    }

    /// An answer that is none.
    struct Unreadable: Error {
        let text: String
    }

    public let port: Int

    public init(port: Int) { self.port = port }

    /// Finds the port in what a worker has logged as text; nil if it does not listen yet.
    public init?(log: String) {
        guard
            let line = log.split(separator: "\n").last(where: { $0.contains("endpoint listening") }
            ),
            let text = line.split(separator: ":").last, let port = Int(text)
        else { return nil }
        self.init(port: port)
    }

    public func get(_ path: String) throws -> Answer {
        try send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }

    /// Sends bytes as they are and reads to the end.
    public func send(_ text: String) throws -> Answer {
        let socket = try Socket.connected(to: port)
        _ = socket.write(Array(text.utf8))
        var bytes: [UInt8] = []
        while let more = socket.read() { bytes += more }
        return try Self.answer(bytes)
    }

    static func answer(_ bytes: [UInt8]) throws -> Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"),
            let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw Unreadable(text: text) }
        return Answer(
            status: status, head: String(text[..<end.lowerBound]),
            body: String(text[end.upperBound...]))
    }
}
