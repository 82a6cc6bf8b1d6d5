import Dispatch
import Glibc
import Synchronization

/// A TCP proxy before Postgres that knows enough of its protocol to fail at a COMMIT.
public final class Proxy: Sendable {
    /// What happens to the connection that commits next.
    public enum Cut: String, CaseIterable, Sendable {
        /// The server commits and the client never hears of it.
        case afterCommit
        /// The server never hears of the COMMIT.
        case beforeCommit
        /// The COMMIT lies still until ``Proxy/resume()``.
        case stall
    }

    private struct State {
        var cuts: [Cut] = []
        var cutsMade = 0
        var isRefusing = false
        var isStalled = false
        var isSilent = false
        var links: [Link] = []
    }

    private let listener: Socket
    private let server: Int
    private let state = Mutex(State())
    private let resumed = DispatchSemaphore(value: 0)

    /// The port on 127.0.0.1 that clients connect to.
    public let port: Int

    /// - Parameter server: the port of the server on 127.0.0.1.
    public init(to server: Int) throws {
        self.server = server
        listener = try Socket.listening()
        port = listener.port
        Self.onOwnThread("accept") { [listener, weak self] in
            while let client = listener.accepted() {
                guard let self else { return }
                self.link(client)
            }
        }
    }

    deinit {
        listener.shutDown()
        for link in state.withLock({ $0.links }) { link.end() }
    }

    /// Cuts the connections that commit next, one each.
    public func cut(_ cuts: Cut...) { state.withLock { $0.cuts += cuts } }

    /// How many connections were cut or stalled.
    public var cutsMade: Int { state.withLock { $0.cutsMade } }

    /// Refuses connections and ends those that are open, or takes them again.
    public func refuse(_ isRefusing: Bool) {
        let links = state.withLock { state in
            state.isRefusing = isRefusing
            return isRefusing ? state.links : []
        }
        for link in links { link.end() }
    }

    /// Lets the stalled COMMIT go on.
    public func resume() {
        let wasStalled = state.withLock { state in
            defer { state.isStalled = false }
            return state.isStalled
        }
        if wasStalled { resumed.signal() }
    }

    /// Passes nothing on any more, in either direction, and ends nothing; or goes on.
    public func silence(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    private static func waitWhileSilent(_ proxy: Proxy?) {
        while proxy?.state.withLock({ $0.isSilent }) == true { usleep(10_000) }
    }

    private func link(_ client: Socket) {
        let isRefused = state.withLock { $0.isRefusing }
        guard !isRefused, let server = try? Socket.connected(to: server) else {
            client.shutDown()
            return
        }
        let link = Link(client: client, server: server)
        state.withLock { state in
            state.links.removeAll(where: \.hasEnded)
            state.links.append(link)
        }
        Self.onOwnThread("to server") { [weak self] in
            var messages = ClientMessages()
            while let bytes = link.client.read() {
                Self.waitWhileSilent(self)
                for message in messages.take(bytes) {
                    let isCommit = ClientMessages.isCommit(message)
                    if isCommit, self?.act(on: link, before: message) == true { continue }
                    if !link.server.write(message) { return link.end() }
                }
            }
            link.end()
        }
        Self.onOwnThread("to client") { [weak self] in
            while let bytes = link.server.read() {
                Self.waitWhileSilent(self)
                // A reply that is to be lost proves that the server has committed.
                if link.losesReplies || !link.client.write(bytes) { break }
            }
            link.end()
        }
    }

    /// - Returns: whether the message must not be sent any more.
    private func act(on link: Link, before message: [UInt8]) -> Bool {
        let cut = state.withLock { state -> Cut? in
            guard !state.cuts.isEmpty else { return nil }
            state.cutsMade += 1
            let cut = state.cuts.removeFirst()
            if cut == .stall { state.isStalled = true }
            return cut
        }
        switch cut {
        case nil: return false
        case .afterCommit:
            link.loseReplies()
            return false
        case .beforeCommit:
            link.end()
            return true
        case .stall:
            resumed.wait()
            return false
        }
    }

    /// A plain serial queue has a thread of its own.
    private static func onOwnThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "proxy.\(name)").async(execute: body)
    }
}

/// A client and its connection to the server.
private final class Link: Sendable {
    private struct State {
        var losesReplies = false
        var hasEnded = false
    }

    let client: Socket
    let server: Socket
    private let state = Mutex(State())

    init(client: Socket, server: Socket) {
        self.client = client
        self.server = server
    }

    var losesReplies: Bool { state.withLock { $0.losesReplies } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func loseReplies() { state.withLock { $0.losesReplies = true } }

    func end() {
        state.withLock { $0.hasEnded = true }
        client.shutDown()
        server.shutDown()
    }
}

/// Takes the stream of a client's bytes apart into messages: "Message Formats" of the manual.
struct ClientMessages {
    private var buffer: [UInt8] = []
    private var hasStarted = false

    mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
        buffer += bytes
        var messages: [[UInt8]] = []
        // The first message has no type before its length.
        while buffer.count >= (hasStarted ? 5 : 4) {
            let start = hasStarted ? 1 : 0
            let length = buffer[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } + start
            guard buffer.count >= length else { break }
            messages.append(Array(buffer[..<length]))
            buffer.removeFirst(length)
            hasStarted = true
        }
        return messages
    }

    /// Whether a message is the simple query COMMIT.
    static func isCommit(_ message: [UInt8]) -> Bool {
        message.first == UInt8(ascii: "Q") && Array(message.dropFirst(5)) == Array("COMMIT\0".utf8)
    }
}
