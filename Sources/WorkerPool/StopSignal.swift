import Dispatch
import Synchronization

/// A flag that ends waits.
final class StopSignal: Sendable {
    private let isRaised = Atomic<Bool>(false)
    private let semaphore = DispatchSemaphore(value: 0)

    var isStopped: Bool { isRaised.load(ordering: .acquiring) }

    func stop() {
        isRaised.store(true, ordering: .releasing)
        semaphore.signal()
    }

    /// Waits for the time, or less if stopped.
    ///
    /// - Returns: false if stopped.
    func wait(_ duration: Duration) -> Bool {
        guard !isStopped else { return false }
        let parts = duration.components
        let nanoseconds =
            Int(parts.seconds) * 1_000_000_000 + Int(parts.attoseconds / 1_000_000_000)
        if semaphore.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success {
            // The signal stays for the next one who waits.
            semaphore.signal()
        }
        return !isStopped
    }
}
