import Execution
import Jobs

/// Something keeps the work of one relation from going on: a lock on its table, a table that is gone.
struct Trouble {
    let since: ContinuousClock.Instant
    /// What the database said, for people.
    var reason: String
    /// How often in a row it was tried in vain.
    var tries = 0
    /// When it is tried next.
    var due: ContinuousClock.Instant
    /// The most messages of the batch that tries.
    ///
    /// It shrinks until the key is found that is locked, and grows while all goes well.
    var company: Int
    let isLock: Bool
    var isProbing = false
    /// The keys whose first message is for this relation.
    var keys = Fifo<[UInt8]>()
}

/// The database does not answer, or refuses all work.
struct Outage {
    let since: ContinuousClock.Instant
    var reason: String
    var tries: Int
    var due: ContinuousClock.Instant
    /// A lane has the batch that asks whether it is over.
    var isProbing = false
}

/// How an attempt at a batch failed.
struct Failure: Sendable {
    let kind: FailureClass
    /// What the database said, for people.
    let text: String
    /// The database did not answer at all.
    let isSilent: Bool
    /// The connection broke, now or while it was idle.
    var isConnectionLost = false
    /// The class of its SQLSTATE; empty where the database said nothing.
    var sqlClass = ""
    /// What a job is given up with, if it comes to that.
    let verdict: Rejection
}

/// What is worth a line in the log.
enum News: Equatable {
    case databaseAway(String, isSilent: Bool)
    case databaseBack(after: Duration)
    case databaseChanged
    case relationWaits(String, String)
    case relationGoesOn(String, after: Duration)
    case batchFailed(String, jobs: Int)
}
