import Postgres
import Synchronization

/// Tells any thread what a lane is at, also while the lane can tell nothing.
final class LaneWatch: Sendable {
    enum Work: Int, Sendable {
        case idle, batch, part
    }

    /// Set when the lane begins and ends something.
    private struct Sign {
        var work = Work.idle
        var since = ContinuousClock.now
        var isConnected = false
    }

    private let sign = Mutex(Sign())
    /// Runs while the lane waits for its server.
    let clock = WaitClock()

    func begin(_ work: Work) {
        sign.withLock { sign in
            sign.work = work
            sign.since = .now
        }
    }

    func end(isConnected: Bool) {
        sign.withLock { sign in
            sign.work = .idle
            sign.since = .now
            sign.isConnected = isConnected
        }
    }

    func pulse(_ number: Int, at now: ContinuousClock.Instant) -> LanePulse {
        let sign = sign.withLock { $0 }
        let waiting = clock.waitingSince
        let progress = [sign.since, clock.lastAnswer].compactMap { $0 }.max() ?? sign.since
        return LanePulse(
            number: number, work: sign.work, busyFor: now - sign.since,
            waitsFor: waiting.map { max(.zero, now - $0) },
            quietFor: max(.zero, now - progress), isConnected: sign.isConnected)
    }
}

/// What a lane is at.
struct LanePulse: Sendable, Equatable {
    let number: Int
    let work: LaneWatch.Work
    /// Since it began, or since it has been idle.
    let busyFor: Duration
    /// How long it has waited for the database; nil while it does not.
    let waitsFor: Duration?
    /// How long it has neither heard from the database nor begun anything.
    let quietFor: Duration
    let isConnected: Bool
}
