import Jobs
import Postgres

/// What the database would do with one of a relation's statements and the items of a sample.
public struct SampledStatement: Sendable {
    /// How many items the statement is sent with; nil where it is sent with rows that were written.
    public let itemCount: Int?
    /// The plan, line by line; empty where no item of the sample is sent with the statement.
    public let plan: [String]
}

/// An item of a sample that is refused before any statement.
public struct RefusedSampleItem: Sendable {
    /// The job's place in the sample, from 0.
    public let job: Int
    /// The item's number in its job, from 1.
    public let number: Int
    public let rejection: Rejection
}

extension RelationPlan {
    /// Plans the statements with the items of some jobs, staged as a worker stages them.
    ///
    /// Nothing is executed, and the transaction could not write: no row is locked, no trigger fires
    /// and no sequence moves.
    ///
    /// - Returns: what is planned, for each of ``statements``, and the items that are refused.
    /// - Throws: `PostgresError`.
    public func sampled(
        _ jobs: [Job], limits: ExecutionLimits, on connection: Connection
    ) throws(PostgresError) -> (statements: [SampledStatement], refused: [RefusedSampleItem]) {
        let run = RelationRun(
            self,
            jobs: jobs.compactMap { LiveJob(Batch.Entry(message: Message(sample: $0), key: 0)) },
            indexes: Array(jobs.indices), condemned: [:], limits: limits)
        let refused = run.staging.rejections.sorted { $0.key < $1.key }.map { row, rejection in
            let item = run.staging.items[Int(row)]
            return RefusedSampleItem(
                job: Int(item.job), number: Int(item.number), rejection: rejection)
        }
        let sampled = try Self.briefly(on: connection) {
            try connection.script("SET TRANSACTION READ ONLY")
            return try statements.map { try sample($0, run, on: connection) }
        }
        return (sampled, refused)
    }

    private func sample(
        _ statement: PlannedStatement, _ run: RelationRun, on connection: Connection
    ) throws -> SampledStatement {
        var parameters: Parameters
        let count: Int?
        switch statement.input {
        case .items(let kind, let extra):
            let (removals, assigns, sweeps) = run.sampledRows
            let rows =
                switch kind {
                case .all: removals + assigns
                case .assigns: assigns
                case .removals: removals
                case .sweeps: sweeps
                }
            count = rows.count
            parameters = run.parameters(of: rows)
            Self.append(
                extra, removals: removals.count, updates: assigns.count, to: &parameters)
        case .names(let number):
            let names = run.staging.lookups.filter { $0.lookup == number }
            var numbers = ArrayParameter(.int4)
            var texts = ArrayParameter(.text)
            for name in names {
                numbers.append(int32: name.row)
                name.name.withUnsafeBufferPointer { texts.append(text: $0) }
            }
            count = names.count
            parameters = Parameters()
            parameters.append(numbers)
            parameters.append(texts)
        case .rows:
            count = nil
            parameters = self.parameters(for: statement)
        }
        guard count != 0 else { return SampledStatement(itemCount: 0, plan: []) }
        let plan = try connection.execute("EXPLAIN \(statement.sql)", parameters)
        return SampledStatement(
            itemCount: count, plan: (0..<plan.count).map { plan.string($0, 0) })
    }
}

extension RelationRun {
    /// The items that are not refused, and the targets whose rows go unnamed.
    fileprivate var sampledRows: (removals: [Int32], assigns: [Int32], sweeps: [Int32]) {
        let open = openRows(Array(Int32(0)..<Int32(staging.items.count)))
        func rows(_ isMeant: (Staging.Item) -> Bool) -> [Int32] {
            open.filter { isMeant(staging.items[Int($0)]) }
        }
        return (
            rows { $0.kind == .listed && $0.operation == .unassign },
            rows { $0.kind == .listed && $0.operation == .assign }, rows { $0.kind == .sweep }
        )
    }
}

extension Message {
    /// A message that was never on any topic.
    fileprivate init(sample job: Job) {
        self.init(
            origin: Origin(
                topic: "sample", partition: 0, offset: 0, timestamp: Timestamp(milliseconds: 0)),
            key: nil, value: nil, headers: [], content: .job(job))
    }
}
