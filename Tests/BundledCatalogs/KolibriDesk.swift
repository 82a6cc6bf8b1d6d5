import Catalog
import Execution
import Foundation
import Jobs
import Postgres
import ProofKit
import Sandbox
import Store

/// Two copies of one seed: one that batches are executed in, and one for the oracle.
final class KolibriDesk {
    let seed: KolibriSeed
    let database: TestDatabase
    let connection: Connection
    let executor: BatchExecutor
    let findings: [Finding]
    private(set) var oracle: KolibriOracle
    private let oracleDatabase: TestDatabase
    private let pooler: Pooler?
    private var nextOffset: Int64 = 0

    /// - Parameters:
    ///   - history: how many random rows came and went before.
    ///   - isPooled: batches reach the server through PgBouncer in transaction mode.
    init(
        seed number: UInt64 = 1, size: KolibriSeed.Size = KolibriSeed.Size(), history: Int = 0,
        isPooled: Bool = false
    ) throws {
        let seed = KolibriSeed(number, size)
        let template =
            "kolibri_\(number)_\(size.facilities)_\(size.classes)_\(size.users)_\(history)"
        func copy() throws -> TestDatabase {
            try SharedPostgres.database(template: template) { conninfo in
                let connection = try Connection(conninfo, applicationName: "prepare")
                _ = try Migrator(StatusSchema()).migrate(on: connection)
                try connection.script(KolibriSchema.tables)
                try seed.insert(on: connection)
                try Self.live(history, seed, number, on: connection)
                connection.close()
            }
        }
        self.seed = seed
        database = try copy()
        oracleDatabase = try copy()
        pooler = isPooled ? try Pooler(for: database) : nil
        connection = try Connection(
            pooler?.conninfo(database.conninfo) ?? database.conninfo, applicationName: "kolibri")
        oracle = KolibriOracle(
            connection: try Connection(oracleDatabase.conninfo, applicationName: "oracle"))
        let catalog = try Catalog(files: [("kolibri.yaml", Self.catalog())])
        let (plans, findings) = try RelationPlan.compile(catalog, on: connection)
        self.findings = findings
        executor = BatchExecutor(
            plans: plans, receipts: Receipts(StatusSchema(), worker: "tester"),
            limits: ExecutionLimits(
                transaction: Receipts.TransactionLimits(
                    statementTimeout: .seconds(60), lockTimeout: .seconds(30),
                    idleTimeout: .seconds(60)),
                textLength: 10_000, jobItems: 100_000, storedRejections: 1_000))
    }

    static func catalog() throws -> String {
        let root = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(
            contentsOfFile: "/\(root)/Config/catalogs/kolibri.yaml", encoding: .utf8)
    }

    /// Roles and memberships that came and went before, some of them synced since.
    private static func live(
        _ history: Int, _ seed: KolibriSeed, _ number: UInt64, on connection: Connection
    ) throws {
        guard history > 0 else { return }
        var jobs = KolibriJobs(seed: seed, generator: SeededGenerator(seed: number &+ 1))
        var oracle = KolibriOracle(connection: connection)
        try connection.transaction {
            for _ in 0..<history {
                _ = try oracle.execute(jobs.next(of: .role, facility: nil))
                _ = try oracle.execute(jobs.next(of: .membership, facility: nil))
            }
        }
        // Ids are hashes: half of the rows.
        let middle = "80000000-0000-0000-0000-000000000000"
        for table in ["role", "membership", "facilityuser"] {
            try connection.script(
                "UPDATE kolibriauth_\(table) SET _morango_dirty_bit = false WHERE id < '\(middle)'")
        }
    }

    // MARK: Execution

    func message(_ job: KolibriJob) throws -> Message {
        nextOffset += 1
        let id = JobID(
            high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(nextOffset))
        let text = """
            {"specversion":"1.0","id":"\(id)","source":"/tests",\
            "type":"rollcall.\(job.isAssign ? "assign" : "unassign")","data":{\(job.fields)}}
            """
        let event = try CloudEvent(value: Array(text.utf8), headers: [], depth: 16)
        return Message(
            origin: Origin(
                topic: "rollcall.assignments", partition: 0, offset: nextOffset,
                timestamp: Timestamp(milliseconds: 1_000)),
            key: nil, value: Array(text.utf8), headers: [], content: .job(try Job(event)))
    }

    /// Executes jobs of one key as one batch; what their receipts say.
    @discardableResult
    func execute(_ jobs: KolibriJob...) throws -> [KolibriReceipt] {
        try execute(jobs.map { ($0, 0) })
    }

    @discardableResult
    func execute(_ jobs: [(job: KolibriJob, key: Int32)]) throws -> [KolibriReceipt] {
        let messages = try jobs.map { try message($0.job) }
        _ = try executor.execute(Self.batch(messages, jobs.map(\.key)), on: connection)
        return try messages.map(receipt)
    }

    static func batch(_ messages: [Message], _ keys: [Int32]) -> Batch {
        Batch(zip(messages, keys).map { Batch.Entry(message: $0, key: $1) })
    }

    /// Executes jobs one by one in the oracle's database.
    func expect(_ jobs: [KolibriJob]) throws -> [KolibriOracle.Result] {
        oracle.forgetTouched()
        return try oracle.connection.transaction { try jobs.map { try oracle.execute($0) } }
    }

    // MARK: What is there

    func receipt(_ message: Message) throws -> KolibriReceipt {
        guard let id = message.job?.id else { throw NoReceipt() }
        let rows = try connection.execute(
            """
            SELECT state, created, updated, unchanged, removed, absent, superseded, rejected
            FROM rollcall.jobs WHERE id = '\(id)'
            """)
        guard rows.count == 1 else { throw NoReceipt() }
        let rejections = try connection.execute(
            "SELECT item, code, message FROM rollcall.rejections WHERE job_id = '\(id)'")
        return KolibriReceipt(
            state: rows.string(0, 0),
            counts: Dictionary(
                uniqueKeysWithValues: (1..<rows.columnCount).map {
                    (rows.columnName($0), rows.int(0, $0))
                }.filter { $0.1 > 0 }),
            codes: Dictionary(
                uniqueKeysWithValues: (0..<rejections.count).map {
                    (rejections.int($0, 0), rejections.string($0, 1))
                }),
            messages: Dictionary(
                uniqueKeysWithValues: (0..<rejections.count).map {
                    (rejections.int($0, 0), rejections.string($0, 2))
                }))
    }

    struct NoReceipt: Error {}

    /// The tables of both databases, as far as they differ.
    func differences() throws -> [String] {
        try KolibriSchema.comparedTables.flatMap { table -> [String] in
            let sql = "SELECT t::text FROM \(table) AS t"
            let got = try Self.column(sql, on: connection)
            let expected = try Self.column(sql, on: oracle.connection)
            return got.subtracting(expected).sorted().map { "unexpected \(table) \($0)" }
                + expected.subtracting(got).sorted().map { "missing \(table) \($0)" }
        }
    }

    private static func column(_ sql: String, on connection: Connection) throws -> Set<String> {
        let rows = try connection.execute(sql)
        return Set((0..<rows.count).map { rows.string($0, 0) })
    }

    /// A query's rows, their fields joined by a bar.
    func rows(_ sql: String) throws -> [String] {
        let rows = try connection.execute(sql)
        return (0..<rows.count).map { row in
            (0..<rows.columnCount).map { rows.optionalString(row, $0) ?? "NULL" }
                .joined(separator: "|")
        }
    }

    /// The kinds of a user's roles at a collection.
    func roles(of user: String, at collection: String) throws -> [String] {
        try rows(
            """
            SELECT kind FROM kolibriauth_role
            WHERE user_id = '\(user)' AND collection_id = '\(collection)' ORDER BY 1
            """)
    }

    /// The collections that a user is a member of.
    func memberships(of user: String) throws -> Set<String> {
        Set(
            try rows(
                "SELECT collection_id FROM kolibriauth_membership WHERE user_id = '\(user)'"))
    }

    func deleted() throws -> [String] {
        try rows("SELECT id FROM morango_deletedmodels ORDER BY 1")
    }
}

/// What a job's row and its rejected items say.
struct KolibriReceipt: CustomStringConvertible {
    let state: String
    /// Of the outcomes that there are.
    let counts: [String: Int]
    let codes: [Int: String]
    let messages: [Int: String]

    var description: String {
        let counts = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let codes = codes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return "\(state), \(counts.joined(separator: " ")), codes \(codes)"
    }
}
