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

    init(_ work: Dispatcher.Assignment, _ progress: Progress) {
        self.progress = progress
        let journaled = work.tasks.filter { $0.caution?.isJournaled == true }
        all = journaled.map(\.message.origin)
        uncounted = journaled.filter { $0.caution?.isCounted == false }.map(\.message.origin)
    }

    func begin(on connection: Connection) throws(PostgresError) {
        if !uncounted.isEmpty { try progress.beginAttempts(at: uncounted, on: connection) }
    }

    /// Forgets what is done.
    ///
    /// Where that fails the next worker is careful with something that has a receipt.
    func end(on connection: Connection) {
        if !all.isEmpty { try? progress.endAttempts(at: all, on: connection) }
    }

    /// Takes an attempt back that failed and killed nobody.
    ///
    /// - Returns: whether nothing of it is counted any more.
    func withdraw(on connection: Connection?) -> Bool {
        guard !all.isEmpty else { return true }
        guard let connection, connection.isUsable else { return false }
        do {
            try progress.withdrawAttempts(at: all, on: connection)
            return true
        } catch {
            return false
        }
    }
}
