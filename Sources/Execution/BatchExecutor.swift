import Catalog
import Jobs
import Postgres
import Store

/// Limits of executing, from the settings.
public struct ExecutionLimits: Sendable {
    public var transaction: Receipts.TransactionLimits
    /// The longest text value in characters, where the column has no limit of its own.
    public let textLength: Int
    /// The most rows that a job may remove without naming them.
    public let jobItems: Int
    /// The rejected items kept of one job.
    public let storedRejections: Int

    public init(
        transaction: Receipts.TransactionLimits, textLength: Int, jobItems: Int,
        storedRejections: Int
    ) {
        self.transaction = transaction
        self.textLength = textLength
        self.jobItems = jobItems
        self.storedRejections = storedRejections
    }
}

/// Executes a batch: claim, stage, check, apply, report, all in one transaction.
///
/// The number of statements depends on the relations in the batch and not on its jobs or items.
public struct BatchExecutor: Sendable {
    let plans: [String: RelationPlan]
    let receipts: Receipts
    let limits: ExecutionLimits
    let backfills: BackfillExecutor?
    private let database: String?

    /// - Parameters:
    ///   - plans: the catalog's relations by name.
    ///   - receipts: the status tables.
    ///   - backfills: takes backfills in; nil where no job asks for one.
    ///   - database: the only one that may be written, as ``Receipts/limit(_:on:)`` tells it; nil
    ///     for any.
    public init(
        plans: [String: RelationPlan], receipts: Receipts, limits: ExecutionLimits,
        backfills: BackfillExecutor? = nil, database: String? = nil
    ) {
        self.plans = plans
        self.receipts = receipts
        self.limits = limits
        self.backfills = backfills
        self.database = database
    }

    /// Executes the batch and commits it.
    ///
    /// Items that the database itself refuses are found by halving and rejected; the others are
    /// written. Where no item is refused alone, the items clash only when they are written at once:
    /// then they are written in parts.
    ///
    /// Jobs that remove rows without naming them are executed one by one, each in a transaction of
    /// its own, where together they would be too much for one, or where effects decide what is there to
    /// be removed.
    ///
    /// - Throws: ``DatabaseChanged``, ``SchemaChanged``, or `PostgresError`. After one that loses the connection the
    ///   batch may have been committed: executing it again finds the receipts and changes nothing.
    public func execute(_ batch: Batch, on connection: Connection) throws -> BatchResult {
        if let entry = batch.entries.first, let part = entry.message.job?.rosterPart {
            precondition(batch.entries.count == 1, "a part of an import stands alone in its batch")
            return try stage(part, entry, on: connection)
        }
        do {
            return try executeTogether(batch, on: connection)
        } catch is TooManyRows {
            guard batch.entries.count == 1, var entry = batch.entries.first else {
                return try batch.entries.reduce(into: BatchResult()) { result, entry in
                    result.add(try execute(Batch([entry]), on: connection))
                }
            }
            entry.verdict = Rejection(
                code: "too-many-rows",
                message: "expected at most \(limits.jobItems) rows to remove that the job does not "
                    + "list, got more")
            return try executeTogether(Batch([entry]), on: connection)
        } catch is MustStandAlone {
            return try batch.entries.reduce(into: BatchResult()) { result, entry in
                result.add(try execute(Batch([entry]), on: connection))
            }
        }
    }

    private func executeTogether(
        _ batch: Batch, on connection: Connection
    ) throws -> BatchResult {
        var condemned: [ItemKey: Refusal] = [:]
        var isInParts = false
        while true {
            do {
                return try attempt(batch, condemned, inParts: isInParts, on: connection)
            } catch is EndedElsewhere {
                continue
            } catch let restart as Restart {
                condemned.merge(restart.condemned) { first, _ in first }
            } catch let error as PostgresError where FailureClass(error).mayBeAnItems {
                let found = try isolate(batch, condemned, on: connection)
                let isItems = FailureClass(error) == .permanent && !isInParts
                guard !found.isEmpty || isItems else { throw error }
                isInParts = found.isEmpty
                condemned.merge(found) { first, _ in first }
            }
        }
    }

    private func attempt(
        _ batch: Batch, _ condemned: [ItemKey: Refusal], inParts: Bool,
        on connection: Connection
    ) throws -> BatchResult {
        let result = try connection.transaction {
            let (triage, live) = try begin(batch, condemned, on: connection)
            var runs = live
            let isDryRun = runs.isDryRun
            if isDryRun { try connection.script("SAVEPOINT dry_run") }
            for index in runs.relations.indices {
                guard inParts else {
                    try runs.relations[index].execute(Apply(connection: connection))
                    continue
                }
                let refused = try runs.relations[index].executeInParts(on: connection)
                if !refused.isEmpty { throw Restart(condemned: refused) }
            }
            // From here on nobody can change the tables: what was written has locked them.
            for run in runs.relations {
                guard try run.plan.isCurrent(on: connection) else {
                    throw SchemaChanged(relation: run.plan.relation.name)
                }
            }
            if isDryRun {
                // Deferred constraints too belong to what would have happened.
                try connection.script("SET CONSTRAINTS ALL IMMEDIATE")
                try connection.script("ROLLBACK TO SAVEPOINT dry_run")
            }
            let (begun, refused, ended) = try beginBackfills(batch, triage, on: connection)
            var result = try report(batch, triage, runs, refused, on: connection)
            result.backfills = begun
            result.jobs += begun
            result.ended = ended
            FailPoint.beforeCommit.reach()
            return result
        }
        FailPoint.afterCommit.reach()
        return result
    }

    /// Executes what it can of the batch in a transaction that is rolled back, to learn which items
    /// the database refuses.
    private func isolate(
        _ batch: Batch, _ condemned: [ItemKey: Refusal], on connection: Connection
    ) throws -> [ItemKey: Refusal] {
        var found: [ItemKey: Refusal] = [:]
        do {
            try connection.transaction {
                var (_, runs) = try begin(batch, condemned, on: connection)
                for index in runs.relations.indices {
                    let refused = try runs.relations[index].executeInParts(on: connection)
                    found.merge(refused) { first, _ in first }
                }
                throw Abandoned()
            }
        } catch is Abandoned {
            return found
        } catch let restart as Restart {
            found.merge(restart.condemned) { first, _ in first }
        }
        return found
    }

    /// Sets the limits of the transaction that has just been opened.
    func limit(on connection: Connection) throws {
        let found = try receipts.limit(limits.transaction, on: connection)
        if let database, found != database { throw DatabaseChanged() }
    }

    /// Opens the batch: limits, claim and staging.
    private func begin(
        _ batch: Batch, _ condemned: [ItemKey: Refusal], on connection: Connection
    ) throws -> (Triage, LiveJobs) {
        try limit(on: connection)
        let ids = batch.entries.compactMap { $0.message.job?.id }
        let triage = Triage(batch, ended: try receipts.ended(ids, on: connection))
        FailPoint.duringJob.reach(
            with: triage.live.lazy.compactMap { batch.entries[$0].message.job?.id })
        return (
            triage,
            LiveJobs(
                batch, triage.live, plans: plans, condemned: condemned,
                limits: limits)
        )
    }

    /// Takes the backfills among the jobs in.
    ///
    /// - Returns: how many, the reports of those that have failed at once, and those that had nothing
    ///   to do.
    private func beginBackfills(
        _ batch: Batch, _ triage: Triage, on connection: Connection
    ) throws -> (begun: Int, refused: [JobReport], ended: [EndedWork]) {
        var begun = 0
        var ended: [EndedWork] = []
        var refused: [JobReport] = []
        for position in triage.live {
            let message = batch.entries[position].message
            guard let job = message.job, let request = job.backfill else { continue }
            guard let backfills else {
                preconditionFailure("a job's backfill is checked when the job is read")
            }
            let start = try backfills.start(
                job, request, from: message.origin, on: connection)
            if let report = start.refused { refused.append(report) } else { begun += 1 }
            if let done = start.ended { ended.append(done) }
        }
        return (begun, refused, ended)
    }

    private func report(
        _ batch: Batch, _ triage: Triage, _ live: LiveJobs, _ refused: [JobReport],
        on connection: Connection
    ) throws -> BatchResult {
        var reports = live.reports(storedRejections: limits.storedRejections) + refused
        reports += triage.givenUp.compactMap {
            GivenUp.report(batch.entries[$0], storedRejections: limits.storedRejections)
        }
        var letters = triage.deadLetters
        for report in reports where report.state == .failed {
            guard let error = report.error,
                let entry = batch.entries.first(where: { $0.message.origin == report.origin })
            else { continue }
            letters.append(
                entry.message.deadLetter(
                    code: MessageFault.Code.jobFailed.rawValue,
                    reason: "\(error.code): \(error.message)"))
        }
        guard try receipts.insert(reports, on: connection) == reports.count else {
            throw EndedElsewhere()
        }
        try receipts.insertRejections(of: reports, on: connection)
        try receipts.insert(letters, on: connection)
        try receipts.insertDuplicates(triage.duplicates, on: connection)
        var result = BatchResult()
        result.jobs = reports.count
        result.deadLetters = letters.count
        result.duplicates = triage.duplicates.count
        result.reports = reports
        result.letters = letters
        result.repeated = triage.repeated.compactMap { batch.entries[$0].message.job }
        for report in reports {
            result.items.add(report.counts)
            if report.state == .failed { result.failed += 1 }
        }
        return result
    }
}

/// The database is another one than the caller believes: it may have forgotten what was done.
public struct DatabaseChanged: Error {}

/// A relation's table has been changed since its plan was made: nothing was written.
public struct SchemaChanged: Error {
    public let relation: String
}

/// Another worker ended one of the batch's jobs while this one was executing it.
struct EndedElsewhere: Error {}

/// The end of a transaction that was only to learn something.
private struct Abandoned: Error {}

/// An item of an atomic job was refused after others of it had been written in this transaction.
struct Restart: Error {
    let condemned: [ItemKey: Refusal]
}

/// More rows would be removed unnamed, or looked through for it, than one transaction may.
struct TooManyRows: Error {}

/// A job must know what the ones before it have left: it is executed by itself.
struct MustStandAlone: Error {}

/// An item across attempts: staging may be done anew.
struct ItemKey: Hashable {
    enum Name: Hashable {
        /// The item's number in its job.
        case number(Int32)
        /// The row that goes unnamed: which ones there are may change between attempts.
        case row(String)
    }

    let job: JobID
    let name: Name
}

/// A job that is given up, with every item accounted for.
enum GivenUp {
    static func report(_ entry: Batch.Entry, storedRejections: Int) -> JobReport? {
        guard let job = entry.message.job, let verdict = entry.verdict else { return nil }
        var counts = OutcomeCounts()
        counts.rejected = job.assignment?.itemCount ?? 0
        return JobReport(
            job: job, origin: entry.message.origin, state: .failed, counts: counts,
            rejections: job.assignment.map { items(of: $0, verdict, atMost: storedRejections) }
                ?? [],
            rejectionCodes: counts.rejected > 0 ? [verdict.code: counts.rejected] : [:],
            error: verdict, attempts: max(1, entry.failures))
    }

    private static func items(
        of assignment: Assignment, _ verdict: Rejection, atMost limit: Int
    ) -> [JobReport.RejectedItem] {
        let document = assignment.document
        let members = assignment.targets.lazy.flatMap { _ in
            document.elements(of: assignment.members)
        }
        return members.prefix(limit).enumerated().map { position, member in
            JobReport.RejectedItem(
                number: position + 1, member: Assignment.text(of: member, in: document),
                rejection: verdict)
        }
    }
}
