import Dispatch
import Glibc
import Synchronization

/// Answers a worker's few visitors: probes, scrapers and people.
///
/// One queue polls all connections and blocks for nobody. Everything is bounded: connections, the size
/// of a request, and the time of each step. Whoever makes an answer does so on the server's queue, and
/// at once, or elsewhere, and gives it later.
// @unchecked because `listener` and the variables below it are touched on `queue` alone, which is serial.
public final class HTTPServer: @unchecked Sendable {
    /// Makes an answer; the closure takes it, once and on any thread.
    public typealias Handler =
        @Sendable (HTTPRequest, @escaping @Sendable (HTTPResponse) -> Void) -> Void

    /// The most connections at a time.
    static let connectionsMax = 64
    /// How many are taken at once: one that has just come is heard before others push it out.
    private static let acceptsAtOnce = 16
    /// How long nobody is let in when there are no descriptors left.
    private static let acceptPause = Duration.milliseconds(100)

    /// The port that it listens at.
    public let port: UInt16

    private let queue = DispatchQueue(label: "rollcall.endpoint")
    /// Gone once nobody is let in any more.
    private var listener: Socket?
    /// Ends the poll when an answer has come, or the server is to stop.
    private let bell = Bell()
    private let handler: Handler
    private let isStopping = Atomic<Bool>(false)
    private let stopped = DispatchSemaphore(value: 0)
    private let answers = Mutex<[(id: UInt64, response: HTTPResponse)]>([])
    private var exchanges: [HTTPExchange] = []
    private var nextID: UInt64 = 0
    private var pauseEnd: ContinuousClock.Instant?

    /// Listens; visitors wait until ``start()``.
    ///
    /// - Parameters:
    ///   - address: a numeric one.
    ///   - port: 0 for any that is free.
    public init(
        address: String, port: UInt16, handler: @escaping Handler
    ) throws(ListeningFailed) {
        let socket = try Socket(listeningAt: address, port: port)
        self.port = socket.port
        listener = consume socket
        self.handler = handler
    }

    public func start() { queue.async { self.run() } }

    /// Ends all connections and listens no more.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        bell.ring()
        stopped.wait()
    }

    // MARK: On the queue

    private func run() {
        while !isStopping.load(ordering: .acquiring) { turn() }
        exchanges = []
        listener = nil
        stopped.signal()
    }

    private func turn() {
        let now = ContinuousClock.now
        if let end = pauseEnd, end <= now { pauseEnd = nil }
        let takesMore = pauseEnd == nil && mayAccept
        let descriptor = listener?.descriptor ?? -1
        var polled = [
            pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: takesMore ? descriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        for exchange in exchanges {
            polled.append(pollfd(fd: exchange.descriptor, events: exchange.events, revents: 0))
        }
        guard poll(&polled, nfds_t(polled.count), timeout(now)) >= 0 else { return }
        if polled[0].revents != 0 { bell.silence() }
        for (exchange, place) in zip(exchanges, polled.dropFirst(2)) where place.revents != 0 {
            if let request = exchange.advance() { handle(request, of: exchange.id) }
        }
        deliver()
        let then = ContinuousClock.now
        for exchange in exchanges where exchange.deadline <= then { exchange.expire() }
        exchanges.removeAll { $0.phase == .over }
        if polled[1].revents != 0 { accept() }
    }

    /// Until the next deadline.
    private func timeout(_ now: ContinuousClock.Instant) -> Int32 {
        let deadlines = exchanges.map(\.deadline) + (pauseEnd.map { [$0] } ?? [])
        guard let next = deadlines.min() else { return -1 }
        let parts = max(.zero, next - now).components
        return Int32(parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000) + 1
    }

    /// There is a place, or somebody who only sits there.
    private var mayAccept: Bool {
        exchanges.count < Self.connectionsMax || exchanges.contains { $0.isIdle }
    }

    private func accept() {
        for _ in 0..<Self.acceptsAtOnce {
            guard mayAccept else { return }
            guard let socket = listener?.accept() else {
                if errno == EMFILE || errno == ENFILE { pauseEnd = .now + Self.acceptPause }
                return
            }
            if exchanges.count >= Self.connectionsMax,
                let oldest = exchanges.firstIndex(where: { $0.isIdle })
            {
                exchanges.remove(at: oldest)
            }
            exchanges.append(HTTPExchange(id: nextID, socket))
            nextID += 1
        }
    }

    private func handle(_ request: HTTPRequest, of id: UInt64) {
        handler(request) { response in
            self.answers.withLock { $0.append((id, response)) }
            self.bell.ring()
        }
    }

    private func deliver() {
        let given = answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
        for (id, response) in given {
            exchanges.first { $0.id == id }?.answer(response)
        }
    }
}

extension HTTPExchange {
    /// Nothing is lost by closing it: it has not asked yet, or has its answer.
    fileprivate var isIdle: Bool { phase == .reading || phase == .lingering }
}
