import Jobs
import Postgres

/// What becomes of parts that do not end well, and of backfills that people stop.
extension BackfillStore {
    /// Lets nobody take a part for lost that has failed, while it is decided what becomes of it.
    ///
    /// - Returns: false if it is another worker's by now.
    public func keep(
        _ part: PartClaim, for time: Duration, on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = own(part)
        parameters.append(time.milliseconds)
        return try connection.execute(statements.keepPart, parameters).affected == 1
    }

    /// Puts a part back, so that it is tried again.
    ///
    /// - Parameters:
    ///   - isCounted: the attempt counts.
    ///   - delay: how long it waits.
    /// - Returns: false if it is another worker's by now.
    @discardableResult
    public func release(
        _ part: PartClaim, isCounted: Bool, because reason: Rejection?, after delay: Duration,
        on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = own(part)
        parameters.append(Int32(isCounted ? 0 : 1))
        parameters.append(Int32(reason == nil ? 0 : 1))
        parameters.append(delay.milliseconds)
        parameters.append(reason?.code)
        parameters.append(reason.map { storable($0.message) })
        return try connection.execute(statements.releasePart, parameters).affected == 1
    }

    /// Says of a part that is another worker's by now that nobody died of it.
    ///
    /// - Returns: false while that worker has it in hand.
    public func forgive(_ part: PartClaim, on connection: Connection) throws(PostgresError) -> Bool
    {
        try connection.execute(statements.forgivePart, place(part), binaryResult: true).bool(0, 0)
    }

    /// A backfill and all of its parts wait.
    public func holdBack(
        _ job: JobID, because reason: String, for delay: Duration, on connection: Connection
    ) throws(PostgresError) {
        var parameters = id(job)
        parameters.append(storable(reason))
        parameters.append(delay.milliseconds)
        try connection.execute(statements.holdRunBack, parameters)
    }

    /// Makes two parts of one.
    ///
    /// - Parameters:
    ///   - halves: the first one's end and the second one's beginning are taken from them.
    ///   - tries: as how often tried in vain they count.
    public func split(
        _ part: PartClaim, into halves: (PlannedPart, PlannedPart), because reason: Rejection,
        tries: Int, after delay: Duration, on connection: Connection
    ) throws(PostgresError) {
        var parameters = own(part)
        parameters.append(jsonb: halves.0.to.map(TextList.json))
        parameters.append(jsonb: halves.1.from.map(TextList.json))
        parameters.append(halves.0.items)
        parameters.append(halves.1.items)
        parameters.append(reason.code)
        parameters.append(storable(reason.message))
        parameters.append(Int32(tries))
        parameters.append(delay.milliseconds)
        try connection.execute(statements.splitPart, parameters)
    }

    /// How a backfill is to end before it is finished.
    public enum Ending: Sendable {
        case failed(Rejection)
        case cancelled
    }

    /// Says that a part failed.
    ///
    /// - Returns: false if it is another worker's by now.
    public func fail(
        _ part: PartClaim, because reason: Rejection, on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = own(part)
        parameters.append(reason.code)
        parameters.append(storable(reason.message))
        return try connection.execute(statements.failPart, parameters).affected == 1
    }

    /// Lets nothing more of a backfill begin.
    ///
    /// - Returns: false if it has ended, or is about to.
    private func beginEnding(
        _ job: JobID, _ ending: Ending, on connection: Connection
    ) throws(PostgresError) -> Bool {
        var parameters = id(job)
        switch ending {
        case .failed(let reason):
            parameters.append("failed")
            parameters.append(reason.code)
            parameters.append(storable(reason.message))
        case .cancelled:
            parameters.append("cancelled")
            parameters.append(nil as String?)
            parameters.append(nil as String?)
        }
        return try connection.execute(statements.beginEnding, parameters).count == 1
    }

    // MARK: Several statements in the caller's transaction

    /// Does what follows from how a backfill stands.
    ///
    /// - Returns: the job, if it ends with it.
    @discardableResult
    public func settle(
        _ standing: BackfillStanding, of job: JobID, on connection: Connection
    ) throws(PostgresError) -> EndedWork? {
        switch standing.next {
        case .goOn: return nil
        case .openStep:
            try openStep(of: job, on: connection)
            return nil
        case .end: return try end(job, on: connection)
        }
    }

    /// Lets a backfill end before it is finished: at once, or when the parts have ended that workers
    /// have in hand.
    ///
    /// - Returns: how it stands; nil if it has ended, or is about to.
    public func close(
        _ job: JobID, _ ending: Ending, on connection: Connection
    ) throws(PostgresError) -> BackfillStanding? {
        let isNew = try beginEnding(job, ending, on: connection)
        // Where it was ending before, a part that has ended since may have been the last one.
        let standing = try closeParts(of: job, on: connection)
        return isNew ? standing : nil
    }

    /// Lets a backfill fail, as above, unless it is ending for another reason.
    ///
    /// - Returns: the job, if it ends with that.
    public func fail(
        _ job: JobID, because reason: Rejection, on connection: Connection
    ) throws(PostgresError) -> EndedWork? {
        _ = try beginEnding(job, .failed(reason), on: connection)
        return try closeParts(of: job, on: connection)?.ended
    }

    /// Gives up the parts of a backfill that no worker has in hand.
    public func closeParts(
        of job: JobID, on connection: Connection
    ) throws(PostgresError) -> BackfillStanding? {
        // Until COMMIT no part ends: those that are open are counted.
        try connection.execute(statements.lockRun, id(job))
        let rows = try connection.execute(statements.closeParts, id(job), binaryResult: true)
        guard var standing = standing(rows) else { return nil }
        standing.ended = try settle(standing, of: job, on: connection)
        return standing
    }

    /// Whether a worker has a backfill in hand, or had it in the last minute.
    public func isInHand(_ job: JobID, on connection: Connection) throws(PostgresError) -> Bool {
        guard try holdsPlanLock(job, on: connection) else { return true }
        return try connection.execute(statements.selectSignOfLife, id(job), binaryResult: true)
            .bool(0, 0)
    }
}
