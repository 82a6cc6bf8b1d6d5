import Glibc

/// One connection: a request is read, answered, written, and the other side is given a moment to take
/// it.
///
/// Each of these has its time, so that nobody who is slow or silent stays.
final class HTTPExchange {
    enum Phase {
        case reading
        /// Somebody else makes the answer.
        case answering
        case writing
        /// All is sent; what still comes is thrown away, because to close upon it would take the answer
        /// back.
        case lingering
        case over
    }

    private static let readTime = Duration.seconds(5)
    private static let answerTime = Duration.seconds(10)
    private static let writeTime = Duration.seconds(5)
    private static let lingerTime = Duration.seconds(1)

    let id: UInt64
    private let socket: Socket
    private(set) var phase = Phase.reading
    private(set) var deadline = ContinuousClock.now + readTime
    private var received: [UInt8] = []
    private var isHead = false
    private var outgoing: ArraySlice<UInt8> = []

    init(id: UInt64, _ socket: consuming Socket) {
        self.id = id
        self.socket = socket
    }

    var descriptor: Int32 { socket.descriptor }

    /// What is waited for, as `poll` takes it.
    var events: Int16 {
        switch phase {
        case .reading, .lingering: Int16(POLLIN)
        case .writing: Int16(POLLOUT)
        case .answering, .over: 0
        }
    }

    /// Goes on, now that the socket is ready.
    ///
    /// - Returns: a request that came with that.
    func advance() -> HTTPRequest? {
        switch phase {
        case .reading: return read()
        case .writing: write()
        case .lingering: drain()
        // Nothing was asked for: the other side is gone.
        case .answering, .over: phase = .over
        }
        return nil
    }

    /// Gives the answer that was waited for.
    func answer(_ response: HTTPResponse) {
        guard phase == .answering || phase == .reading else { return }
        outgoing = response.bytes(isHead: isHead)[...]
        phase = .writing
        deadline = .now + Self.writeTime
        write()
    }

    /// Its time is over.
    func expire() {
        switch phase {
        case .reading where !received.isEmpty: answer(.text(408, "expected a request in time"))
        case .answering: answer(.text(503, "no answer within \(Self.answerTime)"))
        default: phase = .over
        }
    }

    private func read() -> HTTPRequest? {
        var buffer = [UInt8](repeating: 0, count: HTTPRequest.bytesMax)
        switch buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
        case .blocked: return nil
        case .ended:
            phase = .over
            return nil
        case .bytes(let count): received += buffer.prefix(count)
        }
        switch HTTPRequest.read(received) {
        case .incomplete: return nil
        case .refused(let response):
            answer(response)
            return nil
        case .complete(let request):
            isHead = request.isHead
            phase = .answering
            deadline = .now + Self.answerTime
            return request
        }
    }

    private func write() {
        while !outgoing.isEmpty {
            switch socket.send(outgoing) {
            case .blocked: return
            case .ended:
                phase = .over
                return
            case .bytes(let count): outgoing = outgoing.dropFirst(count)
            }
        }
        socket.endSending()
        phase = .lingering
        deadline = .now + Self.lingerTime
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: HTTPRequest.bytesMax)
        if buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) == .ended { phase = .over }
    }
}
