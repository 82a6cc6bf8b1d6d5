import Dispatch
import Execution
import Jobs
import Postgres
import Store
import Synchronization

/// A lane's turn at long work.
extension Lane {
    /// How a turn ended.
    enum PartEnding: Sendable {
        case idle(Duration?)
        case worked(BackfillNews?)
        case failed(Failure)
    }

    /// Does one thing for the backfills on their way, on the lane's queue, then calls back on it.
    ///
    /// - Parameter onClaim: is called when there is something to do.
    func takeTurn(
        onClaim: @escaping @Sendable () -> Void, then: @escaping @Sendable (PartEnding) -> Void
    ) {
        queue.async {
            let begun = ContinuousClock.now
            self.watch.begin(.part)
            let hadConnection = self.connection.current?.isUsable == true
            var ending = self.turn(onClaim)
            // A connection may have been cut while it was idle: that is no news of the database.
            if case .failed(let failure) = ending, failure.isConnectionLost, hadConnection {
                ending = self.turn(onClaim)
            }
            self.counts.withLock { $0.note(ending, took: ContinuousClock.now - begun) }
            self.watch.end(isConnected: self.connection.current?.isUsable == true)
            then(ending)
        }
    }

    private func turn(_ onClaim: () -> Void) -> PartEnding {
        dispatchPrecondition(condition: .onQueue(queue))
        do {
            let connection = try self.connection.usable()
            keepCanceller(of: connection)
            let executor = backfillExecutor
            var later: [PartDebt] = []
            while let debt = debts.first {
                if try !executor.settle(debt, on: connection) { later.append(debt) }
                debts.removeFirst()
            }
            debts = later
            let turn = try executor.turn(
                on: connection, onClaim: onClaim, isStopping: { self.abort.isStopped })
            return switch turn {
            case .idle(let time): .idle(time)
            case .worked(let news): .worked(news)
            }
        } catch let failed as PartFailed {
            debts.append(failed.debt)
            return .failed(failure(failed.cause))
        } catch let error as PostgresError {
            return .failed(failure(error))
        } catch {
            preconditionFailure("a turn throws what the database says, got \(error)")
        }
    }

    private func failure(_ error: PostgresError) -> Failure {
        if FailureClass(error) == .infrastructure { connection.close() }
        return Failure(error)
    }
}

extension BackfillExecutor.Limits {
    /// - Parameter policy: says how long a part waits that was tried in vain.
    init(_ settings: PoolSettings, policy: RetryPolicy) {
        self.init(
            transaction: settings.execution.transaction,
            textLength: settings.execution.textLength, attempts: settings.retryAttempts,
            delay: { policy.delay(after: $0, random: .random(in: 0...1)) })
    }
}
