import Jobs
import Postgres
import Store

/// Counts attempts at messages whose last worker died with them in its hands.
///
/// The count is committed before the attempt, because a worker that dies of it can count nothing any
/// more. Nearly all messages are never counted: nobody died with them.
struct AttemptJournal {
    private let progress: Progress
    private let all: [Origin]
    private let uncounted: [Origin]
    /// Whether the attempts are counted now; nil if that is as it was before.
    private(set) var isCounted: Bool?

    init(_ work: Dispatcher.Assignment, _ progress: Progress) {
        self.progress = progress
        let journaled = work.tasks.filter { $0.caution?.isJournaled == true }
        all = journaled.map(\.message.origin)
        uncounted = journaled.filter { $0.caution?.isCounted == false }.map(\.message.origin)
    }

    mutating func begin(on connection: Connection) throws(PostgresError) {
        guard !all.isEmpty else { return }
        if !uncounted.isEmpty { try progress.beginAttempts(at: uncounted, on: connection) }
        isCounted = true
    }

    /// Forgets what is done.
    ///
    /// Where that fails the next worker is careful with something that has a receipt.
    func end(on connection: Connection) {
        if !all.isEmpty { try? progress.endAttempts(at: all, on: connection) }
    }

    /// Takes an attempt back that failed and killed nobody.
    mutating func withdraw(on connection: Connection?) {
        guard isCounted == true, let connection, connection.isUsable else { return }
        do {
            try progress.withdrawAttempts(at: all, on: connection)
            isCounted = false
        } catch {
            // Counted still: it is not counted a second time.
        }
    }
}
