internal import Synchronization

/// Tells any thread since when a connection has waited for its server.
///
/// A connection blocks its thread, which then cannot tell it itself.
public final class WaitClock: Sendable {
    private static let origin = ContinuousClock.now

    /// Nanoseconds since the origin; 0 while nobody waits.
    private let begun = Atomic<Int64>(0)
    private let ended = Atomic<Int64>(0)

    public init() {}

    /// Since when the server is waited for; nil while it is not.
    public var waitingSince: ContinuousClock.Instant? {
        let nanoseconds = begun.load(ordering: .acquiring)
        return nanoseconds == 0 ? nil : Self.origin + .nanoseconds(nanoseconds)
    }

    /// When it answered last; nil if it has not yet.
    public var lastAnswer: ContinuousClock.Instant? {
        let nanoseconds = ended.load(ordering: .acquiring)
        return nanoseconds == 0 ? nil : Self.origin + .nanoseconds(nanoseconds)
    }

    func begin() { begun.store(Self.now, ordering: .releasing) }

    func end() {
        ended.store(Self.now, ordering: .releasing)
        begun.store(0, ordering: .releasing)
    }

    private static var now: Int64 {
        let parts = (ContinuousClock.now - origin).components
        return max(1, parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}
