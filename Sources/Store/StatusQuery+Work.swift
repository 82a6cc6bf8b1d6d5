import Jobs
import Postgres

extension StatusQuery {
    /// What a job waits for that is done in parts and has not ended.
    public struct Work: Sendable, Equatable {
        /// What it goes by among work in parts: a backfill's name, or `roster/` and a roster's.
        public var name: String?
        /// The relations that it goes through.
        public var relations: [String] = []
        /// Of an import that waits for messages: how many it has, how many are here, and which are
        /// not.
        public var messages: Messages?
        /// It waits for this one, which is for the same scope or target.
        public var behind: JobID?
        /// It goes on in so many milliseconds; below 0 for what need not wait.
        public var dueMilliseconds: Int64?
        /// How often in a row it could not go on, and why.
        public var tries = 0
        public var waitsFor: String?
        /// The part that is tried again next, and how many of them there are.
        public var retried: Retry?
        public var retriedParts = 0

        public init() {}

        public struct Messages: Sendable, Equatable {
            public let total: Int
            public let here: Int
            public let missing: String?
            /// Since the last one came.
            public let silentMilliseconds: Int64

            public init(total: Int, here: Int, missing: String?, silentMilliseconds: Int64) {
                self.total = total
                self.here = here
                self.missing = missing
                self.silentMilliseconds = silentMilliseconds
            }
        }

        public struct Retry: Sendable, Equatable {
            public let step: Int
            public let number: Int
            public let attempts: Int
            public let reason: Jobs.Rejection
            public let dueMilliseconds: Int64

            public init(
                step: Int, number: Int, attempts: Int, reason: Jobs.Rejection,
                dueMilliseconds: Int64
            ) {
                self.step = step
                self.number = number
                self.attempts = attempts
                self.reason = reason
                self.dueMilliseconds = dueMilliseconds
            }
        }
    }

    /// What a job waits for; nil where it has ended, or nobody has read it.
    public func work(of job: JobID, on connection: Connection) throws(PostgresError) -> Work? {
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        let rows = try connection.execute(statements.selectWork, parameters, binaryResult: true)
        guard rows.count == 1 else { return nil }
        var work = Work()
        work.name = rows.optionalString(0, 1)
        work.relations =
            rows.optionalString(0, 2)?.split(separator: "\n").map(String.init) ?? []
        if let silent = rows.optionalInt(0, 6) {
            work.messages = Work.Messages(
                total: rows.int(0, 3), here: rows.int(0, 4), missing: rows.optionalString(0, 5),
                silentMilliseconds: Int64(silent))
        }
        work.behind = rows.optionalUUID(0, 7).map { JobID(high: $0.0, low: $0.1) }
        work.dueMilliseconds = rows.optionalInt(0, 8).map(Int64.init)
        work.tries = rows.optionalInt(0, 9) ?? 0
        work.waitsFor = rows.optionalString(0, 10)
        if let step = rows.optionalInt(0, 11) {
            work.retried = Work.Retry(
                step: step, number: rows.int(0, 12), attempts: rows.int(0, 13),
                reason: Jobs.Rejection(
                    code: rows.string(0, 14), message: rows.optionalString(0, 15) ?? ""),
                dueMilliseconds: Int64(rows.int(0, 16)))
        }
        work.retriedParts = rows.int(0, 17)
        return work
    }

    /// A lock that a worker waits for.
    public struct LockWait: Sendable, Equatable {
        public var worker: String
        /// The table; nil where the lock is on something else.
        public var table: String?
        /// How the statement begins that waits.
        public var statement: String
        public var milliseconds: Int64
        public var holder: Int
        public var holderName: String
        public var holderUser: String?
        public var holderState: String?
        /// Since the holder's transaction began.
        public var heldMilliseconds: Int64?

        public init(
            worker: String, table: String?, statement: String, milliseconds: Int64, holder: Int,
            holderName: String, holderUser: String?, holderState: String?, heldMilliseconds: Int64?
        ) {
            self.worker = worker
            self.table = table
            self.statement = statement
            self.milliseconds = milliseconds
            self.holder = holder
            self.holderName = holderName
            self.holderUser = holderUser
            self.holderState = holderState
            self.heldMilliseconds = heldMilliseconds
        }
    }

    /// The locks that workers wait for, as far as this role may see it.
    public func lockWaits(on connection: Connection) throws(PostgresError) -> [LockWait] {
        let rows = try connection.execute(
            statements.selectLockWaits, Parameters(), binaryResult: true)
        return (0..<rows.count).map { row in
            LockWait(
                worker: String(rows.string(row, 0).dropFirst("rollcall/".count)),
                table: rows.optionalString(row, 1), statement: rows.optionalString(row, 2) ?? "",
                milliseconds: Int64(rows.optionalInt(row, 3) ?? 0), holder: rows.int(row, 4),
                holderName: rows.string(row, 5), holderUser: rows.optionalString(row, 6),
                holderState: rows.optionalString(row, 7),
                heldMilliseconds: rows.optionalInt(row, 8).map(Int64.init))
        }
    }
}
