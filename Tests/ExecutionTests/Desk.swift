import Catalog
import Jobs
import Postgres
import Sandbox
import Store

@testable import Execution

/// A database of its own with tables, a catalog and an executor, for one test.
final class Desk {
    let database: TestDatabase
    let connection: Connection
    private(set) var executor: BatchExecutor
    private let catalog: String
    private let schema: String
    private var nextOffset: Int64 = 0
    private var nextID: UInt64 = 0

    /// A desk in a copy of the school: users 1 to 6,000 and courses 1 to 200, of which 100 and 200
    /// are closed.
    static func school(catalog: String? = nil, schema: String = "rollcall") throws -> Desk {
        let database = try SharedPostgres.database(template: "school-\(schema)") { conninfo in
            let connection = try Connection(conninfo, applicationName: "execution-tests")
            try School.build(School.Size(users: 6_000, courses: 200), on: connection)
            _ = try Migrator(StatusSchema(name: schema)).migrate(on: connection)
            connection.close()
        }
        return try Desk(database, catalog: catalog ?? schoolCatalog(), schema: schema)
    }

    /// A desk with tables of the test's own.
    convenience init(tables: String, catalog: String) throws {
        let database = try SharedPostgres.database(template: "receipts") { conninfo in
            let connection = try Connection(conninfo, applicationName: "execution-tests")
            _ = try Migrator(StatusSchema()).migrate(on: connection)
            connection.close()
        }
        let connection = try Connection(database.conninfo, applicationName: "execution-tests")
        try connection.script(tables)
        connection.close()
        try self.init(database, catalog: catalog, schema: "rollcall")
    }

    private init(_ database: TestDatabase, catalog: String, schema: String) throws {
        self.database = database
        self.catalog = catalog
        self.schema = schema
        connection = try Connection(database.conninfo, applicationName: "execution-tests")
        executor = try Self.executor(catalog: catalog, schema: schema, on: connection)
    }

    /// Compiles the catalog again, as a worker does when somebody has changed its tables.
    func compileAgain() throws {
        executor = try Self.executor(catalog: catalog, schema: schema, on: connection)
    }

    static func executor(
        catalog text: String, schema: String = "rollcall", storedRejections: Int = 1_000,
        jobItems: Int = 100_000,
        on connection: Connection
    ) throws -> BatchExecutor {
        let catalog = try Catalog(files: [("test.yaml", text)])
        let (plans, findings) = try RelationPlan.compile(catalog, on: connection)
        let (rosters, more) = try RosterRelations.compile(catalog, on: connection)
        for finding in findings + more where finding.level == .error {
            throw Unfit(finding: finding)
        }
        return BatchExecutor(
            plans: plans.merging(rosters) { first, _ in first },
            receipts: Receipts(
                StatusSchema(name: schema, recordsEvents: true), worker: "tester"),
            limits: ExecutionLimits(
                transaction: Receipts.TransactionLimits(
                    statementTimeout: .seconds(60), lockTimeout: .seconds(30),
                    idleTimeout: .seconds(60)),
                textLength: 10_000, jobItems: jobItems, storedRejections: storedRejections))
    }

    struct Unfit: Error { let finding: Finding }

    /// The catalog of the demo.
    static func schoolCatalog() throws -> String {
        let root = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        return try TextFile.read("/\(root)/Config/catalogs/school.yaml")
    }

    // MARK: Messages

    func freshID() -> JobID {
        nextID += 1
        return JobID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0000 | nextID)
    }

    /// A message with a job; its data is the JSON of the fields.
    func message(
        _ kind: String, _ fields: String, id: JobID? = nil, offset: Int64? = nil
    ) throws -> Message {
        let text = """
            {"specversion":"1.0","id":"\(id ?? freshID())","source":"/tests",\
            "type":"rollcall.\(kind)","data":{\(fields)}}
            """
        let event = try CloudEvent(value: Array(text.utf8), headers: [], depth: 16)
        return message(.job(try Job(event)), bytes: Array(text.utf8), offset: offset)
    }

    func message(_ content: Message.Content, bytes: [UInt8], offset: Int64? = nil) -> Message {
        nextOffset += 1
        return Message(
            origin: Origin(
                topic: "rollcall.assignments", partition: 0, offset: offset ?? nextOffset,
                timestamp: Timestamp(milliseconds: 1_000)),
            key: nil, value: bytes, headers: [], content: content)
    }

    /// An assign or unassign of the school's enrollment.
    func enrollment(
        _ kind: String, course: Int, _ members: String, _ more: String = ""
    ) throws -> Message {
        try message(
            kind,
            "\"relation\":\"enrollment\",\"target\":\(course),\"members\":[\(members)]"
                + (more.isEmpty ? "" : ",\(more)"))
    }

    // MARK: Execution

    /// Executes messages as one batch, each target a key of its own.
    @discardableResult
    func execute(_ messages: Message..., on connection: Connection? = nil) throws -> BatchResult {
        try executor.execute(Self.batch(messages), on: connection ?? self.connection)
    }

    @discardableResult
    func execute(_ messages: [Message]) throws -> BatchResult {
        try executor.execute(Self.batch(messages), on: connection)
    }

    static func batch(_ messages: [Message]) -> Batch {
        var numbers: [String: Int32] = [:]
        return Batch(
            messages.map { message in
                let key = message.job?.defaultKey ?? "\(message.origin)"
                let number = numbers[key] ?? Int32(numbers.count)
                numbers[key] = number
                return Batch.Entry(message: message, key: number)
            })
    }

    // MARK: What is there

    /// The one value of a query.
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

    /// Whether a session of this database waits for another.
    func isSomebodyWaiting() throws -> Bool {
        try value(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
            """) != "0"
    }

    /// Who takes a course, with their roles.
    func enrolled(_ course: Int) throws -> [String] {
        try rows(
            "SELECT user_id, role FROM school.enrollment WHERE course_id = \(course) ORDER BY 1")
    }

    func receipt(_ message: Message) throws -> Receipt? {
        guard let id = message.job?.id else { return nil }
        let rows = try connection.execute(
            """
            SELECT state, items, created, updated, unchanged, removed, absent, superseded, rejected,
                   error_code, duplicates
            FROM "\(schema)".jobs WHERE id = '\(id)'
            """)
        guard rows.count == 1 else { return nil }
        return Receipt(rows)
    }

    func rejections(_ message: Message) throws -> [RejectedItem] {
        guard let id = message.job?.id else { return [] }
        let rows = try connection.execute(
            """
            SELECT item, member, code, message FROM "\(schema)".rejections
            WHERE job_id = '\(id)' ORDER BY item
            """)
        return (0..<rows.count).map { row in
            RejectedItem(
                item: rows.int(row, 0), member: rows.string(row, 1), code: rows.string(row, 2),
                message: rows.string(row, 3))
        }
    }

    /// The codes of a job's rejected items by their numbers.
    func codes(_ message: Message) throws -> [Int: String] {
        Dictionary(
            uniqueKeysWithValues: try rejections(message).map { ($0.item, $0.code) })
    }

    func deadLetters() throws -> [String] {
        try rows("SELECT code, \"offset\" FROM \"\(schema)\".dead_letters ORDER BY id")
    }
}

struct RejectedItem: Equatable {
    let item: Int
    let member: String
    let code: String
    let message: String
}

/// What a job's row says.
struct Receipt: Equatable, CustomStringConvertible {
    var state = "succeeded"
    var items = 0
    var counts = OutcomeCounts()
    var errorCode: String?
    var duplicates = 0

    init(_ rows: Rows) {
        state = rows.string(0, 0)
        items = rows.int(0, 1)
        counts.created = rows.int(0, 2)
        counts.updated = rows.int(0, 3)
        counts.unchanged = rows.int(0, 4)
        counts.removed = rows.int(0, 5)
        counts.absent = rows.int(0, 6)
        counts.superseded = rows.int(0, 7)
        counts.rejected = rows.int(0, 8)
        errorCode = rows.optionalString(0, 9)
        duplicates = rows.int(0, 10)
    }

    init(
        _ state: String = "succeeded", created: Int = 0, updated: Int = 0, unchanged: Int = 0,
        removed: Int = 0, absent: Int = 0, superseded: Int = 0, rejected: Int = 0,
        error: String? = nil, duplicates: Int = 0
    ) {
        counts.created = created
        counts.updated = updated
        counts.unchanged = unchanged
        counts.removed = removed
        counts.absent = absent
        counts.superseded = superseded
        counts.rejected = rejected
        self.state = rejected > 0 && error == nil ? "succeeded_with_rejections" : state
        if error != nil { self.state = "failed" }
        errorCode = error
        items = counts.total
        self.duplicates = duplicates
    }

    var description: String {
        """
        \(state) items \(items) created \(counts.created) updated \(counts.updated) unchanged \
        \(counts.unchanged) removed \(counts.removed) absent \(counts.absent) superseded \
        \(counts.superseded) rejected \(counts.rejected) error \(errorCode ?? "none") duplicates \
        \(duplicates)
        """
    }
}

/// What people pause, in the schema that all desks have.
let controls = ControlStore(StatusSchema())
