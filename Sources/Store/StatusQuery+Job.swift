import Jobs
import Postgres

extension StatusQuery {
    /// Where a job stands.
    public enum State: String, Sendable, CaseIterable {
        /// Parts of it are still to come.
        case waiting
        case running
        case succeeded
        case succeededWithRejections = "succeeded_with_rejections"
        case failed
        case cancelled

        /// Whether nothing changes any more.
        public var isTerminal: Bool { self != .waiting && self != .running }
    }

    /// A job as the view `rollcall.jobs` has it.
    public struct Job: Sendable, Equatable {
        public var id: JobID
        public var kind: String
        public var state: State
        public var relation: String
        public var target: String
        public var source: String
        public var mode: String
        public var isDryRun: Bool
        public var isSkipped: Bool
        /// How many items were asked for.
        public var items: Int
        public var counts: OutcomeCounts
        public var attempts: Int
        /// Deliveries of the job that were ignored because it had ended.
        public var duplicates: Int
        public var error: Jobs.Rejection?
        public var requestedAt: Timestamp
        public var startedAt: Timestamp
        public var finishedAt: Timestamp?
        public var worker: String
        public var topic: String
        public var partition: Int
        public var offset: Int
        public var traceID: String?
        /// The job that it does once more.
        public var retryOf: JobID?
        /// How far its parts are; nil for a job that is done in one piece.
        public var parts: Parts?
        /// The present of the database when the job was read.
        public var readAt: Timestamp
        /// How many characters of the id name this job and no other.
        public var distinctLength: Int

        public init(
            id: JobID, kind: String, state: State, relation: String, target: String,
            source: String, mode: String, items: Int, requestedAt: Timestamp,
            startedAt: Timestamp, finishedAt: Timestamp?, readAt: Timestamp
        ) {
            self.id = id
            self.kind = kind
            self.state = state
            self.relation = relation
            self.target = target
            self.source = source
            self.mode = mode
            isDryRun = false
            isSkipped = false
            self.items = items
            counts = OutcomeCounts()
            attempts = 1
            duplicates = 0
            self.requestedAt = requestedAt
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            worker = ""
            topic = ""
            partition = 0
            offset = 0
            self.readAt = readAt
            distinctLength = 1
        }

        /// Items without an outcome yet; 0 once the job has ended.
        public var pending: Int { state.isTerminal ? 0 : max(0, items - counts.total) }
    }
}

extension StatusQuery.Job {
    /// Reads a row with the columns of `select_jobs.sql`.
    init(_ rows: Rows, _ row: Int) {
        func time(_ column: Int) -> Timestamp {
            Timestamp(milliseconds: rows.milliseconds(row, column))
        }
        let (high, low) = rows.uuid(row, 0)
        let id = JobID(high: high, low: low)
        self.init(
            id: id, kind: rows.string(row, 1),
            state: StatusQuery.State(rawValue: rows.string(row, 2)) ?? .running,
            relation: rows.string(row, 3), target: rows.string(row, 4),
            source: rows.string(row, 5), mode: rows.string(row, 6), items: rows.int(row, 9),
            requestedAt: time(21), startedAt: time(22),
            finishedAt: rows.isNull(row, 23) ? nil : time(23), readAt: time(31))
        isDryRun = rows.bool(row, 7)
        isSkipped = rows.bool(row, 8)
        counts.created = rows.int(row, 10)
        counts.updated = rows.int(row, 11)
        counts.unchanged = rows.int(row, 12)
        counts.removed = rows.int(row, 13)
        counts.absent = rows.int(row, 14)
        counts.superseded = rows.int(row, 15)
        counts.rejected = rows.int(row, 16)
        attempts = rows.int(row, 17)
        duplicates = rows.int(row, 18)
        error = rows.optionalString(row, 19).map {
            Jobs.Rejection(code: $0, message: rows.optionalString(row, 20) ?? "")
        }
        worker = rows.string(row, 24)
        topic = rows.string(row, 25)
        partition = rows.int(row, 26)
        offset = rows.int(row, 27)
        traceID = rows.optionalString(row, 28)
        retryOf = rows.optionalUUID(row, 44).map { JobID(high: $0.0, low: $0.1) }
        parts = StatusQuery.Parts(rows, row)
        let neighbours = [rows.optionalUUID(row, 29), rows.optionalUUID(row, 30)]
        distinctLength =
            neighbours.compactMap { $0 }
            .map { id.sharedLength(with: JobID(high: $0.0, low: $0.1)) + 1 }
            .max() ?? 1
    }
}

extension JobID {
    /// How many characters two ids have in common at their beginning; 36 if they are the same.
    public func sharedLength(with other: JobID) -> Int {
        let equalBits =
            high == other.high
            ? 64 + (low ^ other.low).leadingZeroBitCount : (high ^ other.high).leadingZeroBitCount
        let digits = equalBits / 4
        return digits + [8, 12, 16, 20].count { digits >= $0 }
    }
}
