import Dispatch
import Synchronization

/// A question that may take long, asked on a queue of its own and for several at once.
///
/// Whoever asks waits for a bounded time; the question goes on, and its answer is the next one's. So no
/// number of visitors asks more than one question at a time.
final class Probe<Answer: Sendable>: Sendable {
    private struct State {
        var last: (at: ContinuousClock.Instant, answer: Answer)?
        var askedAt: ContinuousClock.Instant?
        var nextWaiter = 0
        var waiters: [Int: @Sendable (Answer?) -> Void] = [:]
    }

    /// An answer as young as this is as good as a new one.
    private static var freshness: Duration { .seconds(1) }

    private let queue: DispatchQueue
    private let question: @Sendable () -> Answer
    private let state = Mutex(State())

    init(_ label: String, question: @escaping @Sendable () -> Answer) {
        queue = DispatchQueue(label: label)
        self.question = question
    }

    /// How long the question has been open that is being asked; nil while none is.
    var openFor: Duration? { state.withLock { $0.askedAt }.map { .now - $0 } }

    /// Asks.
    ///
    /// - Parameter then: is given the answer, or nil if there is none in time; on any thread.
    func ask(within time: Duration, then: @escaping @Sendable (Answer?) -> Void) {
        let now = ContinuousClock.now
        let (answer, waiter, isFirst) = state.withLock { state in
            if let last = state.last, now - last.at < Self.freshness {
                return (last.answer as Answer?, 0, false)
            }
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = then
            let isFirst = state.askedAt == nil
            if isFirst { state.askedAt = now }
            return (nil, state.nextWaiter, isFirst)
        }
        if let answer { return then(answer) }
        if isFirst { queue.async { self.run() } }
        timeouts.asyncAfter(deadline: .now() + time.timeInterval) {
            let late = self.state.withLock { $0.waiters.removeValue(forKey: waiter) }
            late?(nil)
        }
    }

    private func run() {
        let answer = question()
        let waiters = state.withLock { state in
            state.last = (.now, answer)
            state.askedAt = nil
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter(answer) }
    }
}

/// Where waits end: nothing on it blocks.
private let timeouts = DispatchQueue(label: "rollcall.endpoint.timeouts")

extension Duration {
    /// In seconds, as Dispatch takes it.
    var timeInterval: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
