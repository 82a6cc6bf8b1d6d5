import Jobs
import Postgres

extension StatusQuery {
    /// How far a job is that is done in parts.
    public struct Parts: Sendable, Equatable {
        /// The rows in the plan, and those that were walked.
        public var planned: Int
        public var walked: Int
        /// The rows that had been walked when the open step began.
        public var walkedBefore: Int
        public var total: Int
        public var done: Int
        public var failed: Int
        /// The open step, from 1, and how many there are.
        public var step: Int
        public var steps: Int
        /// The open step is not planned to its end yet.
        public var isPlanning: Bool
        public var isPaused: Bool
        /// It ends as soon as the parts have ended that are running.
        public var isCancelling: Bool
        /// What keeps it from going on.
        public var waitsFor: String?

        public init(
            planned: Int, walked: Int, walkedBefore: Int = 0, total: Int, done: Int,
            failed: Int = 0,
            step: Int = 1, steps: Int = 1, isPlanning: Bool = false, isPaused: Bool = false,
            isCancelling: Bool = false, waitsFor: String? = nil
        ) {
            self.planned = planned
            self.walked = walked
            self.walkedBefore = walkedBefore
            self.total = total
            self.done = done
            self.failed = failed
            self.step = step
            self.steps = steps
            self.isPlanning = isPlanning
            self.isPaused = isPaused
            self.isCancelling = isCancelling
            self.waitsFor = waitsFor
        }

        /// Reads the last columns of `select_jobs.sql`; nil where they are null.
        init?(_ rows: Rows, _ row: Int) {
            guard !rows.isNull(row, 32) else {
                // An import waits for its parts before there is a plan.
                guard let waitsFor = rows.optionalString(row, 43) else { return nil }
                self.init(
                    planned: 0, walked: 0, total: 0, done: 0, failed: 0, step: 1, steps: 1,
                    isPlanning: false, isPaused: false, isCancelling: false, waitsFor: waitsFor)
                return
            }
            self.init(
                planned: rows.int(row, 32), walked: rows.int(row, 33),
                walkedBefore: rows.int(row, 34), total: rows.int(row, 35),
                done: rows.int(row, 36), failed: rows.int(row, 37), step: rows.int(row, 38),
                steps: rows.int(row, 39), isPlanning: rows.bool(row, 40),
                isPaused: rows.bool(row, 41), isCancelling: rows.optionalBool(row, 42) ?? false,
                waitsFor: rows.optionalString(row, 43))
        }
    }

    /// A part of a job.
    public struct Part: Sendable, Equatable {
        public let step: Int
        public let number: Int
        /// How many rows the plan found in it.
        public let items: Int
        public let counts: RowCounts
        public let state: String
        public let attempts: Int
        public let worker: String?
        /// From its last beginning to its end, or until now.
        public let milliseconds: Int64?
        /// The last thing that kept it from going on.
        public let error: Jobs.Rejection?

        public init(
            step: Int, number: Int, items: Int, counts: RowCounts, state: String, attempts: Int,
            worker: String?, milliseconds: Int64?, error: Jobs.Rejection?
        ) {
            self.step = step
            self.number = number
            self.items = items
            self.counts = counts
            self.state = state
            self.attempts = attempts
            self.worker = worker
            self.milliseconds = milliseconds
            self.error = error
        }
    }

    /// Parts of a job in their order.
    ///
    /// - Parameter isWhole: all of them, and not only those that are running or had trouble.
    public func parts(
        of job: JobID, isWhole: Bool, limit: Int, on connection: Connection
    ) throws(PostgresError) -> [Part] {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        parameters.append(isWhole)
        parameters.append(limit)
        let rows = try connection.execute(statements.selectParts, parameters, binaryResult: true)
        return (0..<rows.count).map { row in
            Part(
                step: rows.int(row, 0), number: rows.int(row, 1), items: rows.int(row, 2),
                counts: RowCounts(
                    created: rows.int(row, 3), updated: rows.int(row, 4),
                    removed: rows.int(row, 5)),
                state: rows.string(row, 6), attempts: rows.int(row, 7),
                worker: rows.optionalString(row, 8),
                milliseconds: rows.optionalInt(row, 9).map(Int64.init),
                error: rows.optionalString(row, 10).map {
                    Jobs.Rejection(code: $0, message: rows.optionalString(row, 11) ?? "")
                })
        }
    }
}
