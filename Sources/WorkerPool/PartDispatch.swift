/// When a lane may look for parts of long work.
///
/// A value: the pool asks it under its lock, with the time as an argument, and acts outside. Never
/// more than a share of the lanes is busy with parts, and an idle worker sends one question at a
/// time: others follow when that one has found something.
struct PartDispatch {
    /// How a lane's turn ended.
    enum Ending {
        /// There may be more.
        case worked
        /// There is nothing to do now; after the time, if there is one, there may be.
        case idle(Duration?)
        case failed(Failure)
    }

    /// The most lanes that are busy with parts.
    let lanes: Int
    /// How often an idle worker looks for what others have planned.
    let pollInterval: Duration
    let policy: RetryPolicy
    private(set) var busy = 0
    private var due: ContinuousClock.Instant
    private var outage: Outage?

    init(
        lanes: Int, pollInterval: Duration, policy: RetryPolicy, at now: ContinuousClock.Instant
    ) {
        self.lanes = lanes
        self.pollInterval = pollInterval
        self.policy = policy
        due = now
    }

    /// When a lane may look next; nil while none may.
    var nextDue: ContinuousClock.Instant? {
        guard busy < lanes else { return nil }
        guard let outage else { return due }
        return outage.isProbing ? nil : outage.due
    }

    /// Since when parts have not been executed; nil while they are.
    var troubleSince: ContinuousClock.Instant? { outage?.since }

    /// What keeps parts from being executed, for people.
    var waitsFor: String? { outage.map { "database: \($0.reason)" } }

    /// Lets a lane look, if it is time.
    mutating func begin(at now: ContinuousClock.Instant) -> Bool {
        guard let next = nextDue, next <= now else { return false }
        busy += 1
        outage?.isProbing = true
        due = now + pollInterval
        return true
    }

    /// There is something to do, and perhaps more for other lanes.
    mutating func wake(at now: ContinuousClock.Instant) { due = now }

    /// A lane's turn has ended.
    ///
    /// - Parameter random: from 0 to 1.
    mutating func end(_ ending: Ending, at now: ContinuousClock.Instant, random: Double) {
        busy -= 1
        switch ending {
        case .worked:
            outage = nil
            due = now
        case .idle(let time):
            outage = nil
            if let time { due = min(due, now + time) }
        case .failed(let failure):
            let tries = (outage?.tries ?? 0) + 1
            outage = Outage(
                since: outage?.since ?? now, reason: failure.text, tries: tries,
                due: now + policy.delay(after: tries, random: random))
        }
    }
}
