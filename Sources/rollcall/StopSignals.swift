import Dispatch
import Foundation
import Synchronization

/// SIGTERM, SIGINT and the like: the first asks to stop, a second ends the process at once.
final class StopSignals: Sendable {
    private struct State {
        var isStopped = false
        var action: (@Sendable () -> Void)?
        var sources: [any DispatchSourceSignal] = []
    }

    private let state = Mutex(State())
    private let stopped = DispatchSemaphore(value: 0)

    init(_ numbers: [Int32] = [SIGTERM, SIGINT]) {
        for number in numbers {
            signal(number, SIG_IGN)
            state.withLock { state in
                let source = DispatchSource.makeSignalSource(
                    signal: number, queue: DispatchQueue(label: "rollcall.signals.\(number)"))
                source.setEventHandler { @Sendable [weak self] in self?.receive() }
                source.resume()
                state.sources.append(source)
            }
        }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// What to do at the first signal; at once if it has come already.
    func onStop(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.action = action
            return state.isStopped
        }
        if isLate { action() }
    }

    /// Waits for the time, or less if a signal comes.
    func wait(_ duration: Duration) {
        let parts = duration.components
        let milliseconds =
            Int(parts.seconds) * 1_000 + Int(parts.attoseconds / 1_000_000_000_000_000)
        _ = stopped.wait(timeout: .now() + .milliseconds(milliseconds))
    }

    private func receive() {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            // Nothing is lost by leaving at once: what is not committed is delivered again.
            if state.isStopped { _exit(130) }
            state.isStopped = true
            return state.action
        }
        stopped.signal()
        action?()
    }
}
