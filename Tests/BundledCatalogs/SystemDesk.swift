import Catalog
import Dispatch
import Foundation
import Jobs
import Postgres
import ProofKit
import Sandbox
import Store
import Synchronization

@testable import Execution

/// A database with one of the bundled systems' tables, its catalog and an executor, for one test.
final class SystemDesk {
    /// A system's tables and what stands in them.
    struct System: Sendable {
        /// Names the database that copies are made of.
        let name: String
        /// Tables without a schema, so that they can be made in any.
        let tables: String
        /// The catalog's file in `Config/catalogs`.
        let file: String
        /// Fills the tables, in whichever schema a connection looks for them.
        let fill: @Sendable (Connection) throws -> Void

        init(
            name: String, tables: String, file: String,
            fill: @escaping @Sendable (Connection) throws -> Void
        ) {
            self.name = name
            self.tables = tables
            self.file = file
            self.fill = fill
        }

        init(name: String, tables: String, seed: String, file: String) {
            self.init(name: name, tables: tables, file: file) { try $0.script(seed) }
        }
    }

    /// Where the naive reference writes, in tables of the same names.
    static let naive = "naive"

    private let database: TestDatabase
    private let pooler: Pooler?
    /// How batches and parts reach the server.
    private let conninfo: String
    let connection: Connection
    let executor: BatchExecutor
    let backfills: BackfillExecutor
    /// What the catalog's check has to say.
    let findings: [Finding]
    private var nextOffset: Int64 = 0
    private var nextID: UInt64 = 0

    /// - Parameters:
    ///   - isPooled: batches reach the server through PgBouncer in transaction mode.
    ///   - edit: Changes the catalog's text.
    init(
        _ system: System, isPooled: Bool = false, edit: (String) -> String = { $0 }
    ) throws {
        database = try SharedPostgres.database(template: system.name) { conninfo in
            let connection = try Connection(conninfo, applicationName: "bundled-catalogs")
            _ = try Migrator(StatusSchema()).migrate(on: connection)
            for schema in ["public", Self.naive] {
                try connection.script(
                    "CREATE SCHEMA IF NOT EXISTS \(schema); SET search_path = \(schema);"
                        + system.tables)
                try system.fill(connection)
            }
            connection.close()
        }
        pooler = isPooled ? try Pooler(for: database) : nil
        conninfo = pooler?.conninfo(database.conninfo) ?? database.conninfo
        connection = try Connection(conninfo, applicationName: "bundled-catalogs")
        let text = edit(try Self.catalog(system.file))
        let compiled = try Self.compile(text, on: connection)
        let rosters = try Self.rosters(text, compiled.plans, on: connection)
        findings = compiled.findings + rosters.findings
        for finding in findings where finding.level == .error { throw Unfit(finding: finding) }
        backfills = Self.backfills(compiled.backfills, rosters.executor)
        executor = Self.batches(compiled.plans, backfills)
    }

    static func batches(
        _ plans: [String: RelationPlan], _ backfills: BackfillExecutor
    ) -> BatchExecutor {
        BatchExecutor(
            plans: plans, receipts: Receipts(StatusSchema(), worker: "tester"),
            limits: executionLimits, backfills: backfills)
    }

    static let executionLimits = ExecutionLimits(
        transaction: transactionLimits, textLength: 10_000, jobItems: 100_000,
        storedRejections: 1_000)

    static let transactionLimits = Receipts.TransactionLimits(
        statementTimeout: .seconds(60), lockTimeout: .seconds(30), idleTimeout: .seconds(60))

    struct Unfit: Error { let finding: Finding }

    static func catalog(_ file: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(
            contentsOf: root.appending(path: "Config/catalogs/\(file)"), encoding: .utf8)
    }

    static func compile(
        _ text: String, on connection: Connection
    ) throws -> (
        plans: [String: RelationPlan], backfills: [String: BackfillPlan], findings: [Finding]
    ) {
        let catalog = try Catalog(files: [("bundled.yaml", text)])
        let relations = try RelationPlan.compile(catalog, on: connection)
        let backfills = try BackfillPlan.compile(catalog, on: connection)
        return (relations.plans, backfills.plans, relations.findings + backfills.findings)
    }

    // MARK: Jobs

    /// A message with a job; its data is the JSON of the fields.
    func message(_ kind: String, _ relation: String, _ fields: String) throws -> Message {
        try message(kind, "\"relation\":\"\(relation)\",\(fields)")
    }

    /// - Parameter data: the fields of the data.
    func message(_ kind: String, _ data: String) throws -> Message {
        nextID += 1
        nextOffset += 1
        let id = JobID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0000 | nextID)
        let text = """
            {"specversion":"1.0","id":"\(id)","source":"/tests","type":"rollcall.\(kind)",\
            "data":{\(data)}}
            """
        let event = try CloudEvent(value: Array(text.utf8), headers: [], depth: 16)
        return Message(
            origin: Origin(
                topic: "rollcall.assignments", partition: 0, offset: nextOffset,
                timestamp: Timestamp(milliseconds: 1_000)),
            key: nil, value: Array(text.utf8), headers: [], content: .job(try Job(event)))
    }

    func assign(
        _ relation: String, _ target: Int, _ members: String, _ more: String = ""
    ) throws -> Message {
        try message("assign", relation, Self.fields(target, members, more))
    }

    func unassign(
        _ relation: String, _ target: Int, _ members: String, _ more: String = ""
    ) throws -> Message {
        try message("unassign", relation, Self.fields(target, members, more))
    }

    private static func fields(_ target: Int, _ members: String, _ more: String) -> String {
        let list = members == "\"all\"" ? members : "[\(members)]"
        return "\"target\":\(target),\"members\":\(list)" + (more.isEmpty ? "" : ",\(more)")
    }

    /// Executes messages as one batch of one key.
    @discardableResult
    func execute(_ messages: [Message]) throws -> BatchResult {
        try executor.execute(
            Batch(messages.map { Batch.Entry(message: $0, key: 0) }), on: connection)
    }

    /// Executes one job alone and reads its receipt.
    func run(_ message: Message) throws -> Ending {
        try execute([message])
        return try ending(message)
    }

    /// Executes batches on several connections at the same time, those of one connection in their
    /// order; the errors in words.
    func executeSideBySide(_ sides: [[Batch]]) -> [String] {
        let executor = executor
        return sideBySide(sides.count) { side, connection in
            for batch in sides[side] { _ = try executor.execute(batch, on: connection) }
        }
    }

    /// Does something on several connections at the same time; the errors in words.
    func sideBySide(
        _ count: Int, _ body: @escaping @Sendable (Int, Connection) throws -> Void
    ) -> [String] {
        let failures = Mutex<[String]>([])
        let group = DispatchGroup()
        let start = DispatchSemaphore(value: 0)
        let conninfo = conninfo
        for side in 0..<count {
            // A plain serial queue has its own thread where a concurrent one may have none to spare.
            DispatchQueue(label: "side.\(side)").async(group: group) {
                start.wait()
                do {
                    try body(side, Connection(conninfo, applicationName: "side-\(side)"))
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        for _ in 0..<count { start.signal() }
        group.wait()
        return failures.withLock { $0 }
    }

    // MARK: What is there

    func value(_ sql: String) throws -> String? {
        try connection.execute(sql).optionalString(0, 0)
    }

    /// The rows of a query, their fields joined by a bar.
    func rows(_ sql: String) throws -> [String] {
        let rows = try connection.execute(sql)
        return (0..<rows.count).map { row in
            (0..<rows.columnCount).map { rows.optionalString(row, $0) ?? "NULL" }
                .joined(separator: "|")
        }
    }

    /// A connection of its own that works in the naive reference's tables.
    func naiveConnection() throws -> Connection {
        let connection = try Connection(database.conninfo, applicationName: "naive")
        try connection.script("SET search_path = \(Self.naive)")
        return connection
    }

    /// The rows of a query over tables without a schema, as they are in one.
    func rows(_ sql: String, in schema: String) throws -> [String] {
        try connection.transaction {
            try connection.script("SET LOCAL search_path = \(schema)")
            return try rows(sql)
        }
    }

    func ending(_ message: Message) throws -> Ending {
        let id = message.job.map { "\($0.id)" } ?? ""
        let job = try connection.execute(
            """
            SELECT state, items, created, updated, unchanged, removed, absent, superseded, rejected
            FROM rollcall.jobs WHERE id = '\(id)'
            """)
        guard job.count == 1 else { return Ending(state: "none") }
        let rejected = try connection.execute(
            "SELECT item, code, message FROM rollcall.rejections WHERE job_id = '\(id)' ORDER BY item"
        )
        var ending = Ending(state: job.string(0, 0), items: job.int(0, 1))
        for (index, outcome) in Ending.outcomes.enumerated() {
            let count = job.int(0, index + 2)
            if count > 0 { ending.counts[outcome] = count }
        }
        for row in 0..<rejected.count {
            ending.codes[rejected.int(row, 0)] = rejected.string(row, 1)
            ending.messages[rejected.int(row, 0)] = rejected.string(row, 2)
        }
        return ending
    }

    // MARK: Statements

    /// The calls from outside whose text is like a pattern: what constraints execute themselves is
    /// not counted.
    func statements(like pattern: String = "%", _ body: () throws -> Void) throws -> Int {
        try connection.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        try connection.execute(
            """
            SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database
            WHERE datname = current_database()
            """)
        try body()
        let count = try value(
            """
            SELECT coalesce(sum(s.calls), 0)
            FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = current_database() AND s.toplevel AND s.query LIKE '\(pattern)'
              AND s.query NOT LIKE '%pg_stat_statements%'
              AND s.query NOT LIKE 'SELECT % FROM ONLY % FOR KEY SHARE OF x'
            """)
        return count.flatMap { Int($0) } ?? 0
    }

    /// Whether the library is there to be preloaded; a server that does not start fails the tests.
    static func serverCountsStatements() -> Bool {
        let libraries = Result {
            let database = try SharedPostgres.database()
            let connection = try Connection(
                database.conninfo, applicationName: "bundled-catalogs")
            return try connection.execute("SHOW shared_preload_libraries").string(0, 0)
        }
        guard case .success(let names) = libraries else { return true }
        return names.contains("pg_stat_statements")
    }
}

/// What a job's receipt says.
struct Ending: Equatable, CustomStringConvertible {
    static let outcomes = [
        "created", "updated", "unchanged", "removed", "absent", "superseded", "rejected",
    ]

    var state: String
    var items = 0
    /// How many items had which outcome, where any had.
    var counts: [String: Int] = [:]
    /// The codes of the rejected items by their numbers.
    var codes: [Int: String] = [:]
    var messages: [Int: String] = [:]

    var description: String { "\(state) \(items) \(counts) \(codes)" }
}
