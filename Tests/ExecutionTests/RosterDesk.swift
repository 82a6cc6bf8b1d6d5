import Catalog
import Jobs
import Postgres
import Sandbox
import Store

@testable import Execution

/// A database of its own with tables and a catalog of rosters, for one test.
final class RosterDesk {
    let database: TestDatabase
    let connection: Connection
    let relations: [String: RelationPlan]
    let plans: [String: RosterPlan]
    var storedRejections = 100
    var attempts = 5
    var chunkRows = 2_000
    var statementTimeout = Duration.seconds(60)
    private var nextID: UInt64 = 0
    private var nextOffset: Int64 = 0

    init(tables: String, catalog text: String) throws {
        database = try SharedPostgres.database(template: "receipts") { conninfo in
            let connection = try Connection(conninfo, applicationName: "execution-tests")
            _ = try Migrator(StatusSchema()).migrate(on: connection)
            connection.close()
        }
        connection = try Connection(database.conninfo, applicationName: "execution-tests")
        try connection.script(tables)
        let catalog = try Catalog(files: [("test.yaml", text)])
        let (relations, findings) = try RelationPlan.compile(catalog, on: connection)
        let (own, more) = try RosterRelations.compile(catalog, on: connection)
        for finding in findings + more where finding.level == .error {
            throw Desk.Unfit(finding: finding)
        }
        self.relations = relations
        plans = RosterPlan.plans(
            of: catalog, relations: relations, own: own, schema: StatusSchema(recordsEvents: true))
    }

    /// A worker of the given name.
    func worker(_ name: String = "tester") -> BackfillWorker {
        let transaction = Receipts.TransactionLimits(
            statementTimeout: statementTimeout, lockTimeout: .seconds(30),
            idleTimeout: .seconds(60))
        let limits = ExecutionLimits(
            transaction: transaction, textLength: 1_000, jobItems: 100_000,
            storedRejections: storedRejections)
        let backfills = BackfillExecutor(
            plans: [:],
            rosters: RosterExecutor(
                plans: plans, store: RosterStore(StatusSchema(recordsEvents: true), worker: name),
                limits: limits,
                rosterLimits: RosterLimits(columns: 20, fieldBytes: 5_000, chunkRows: chunkRows),
                schema: StatusSchema(recordsEvents: true)),
            store: BackfillStore(StatusSchema(recordsEvents: true), worker: name),
            limits: BackfillExecutor.Limits(
                transaction: transaction, textLength: 1_000, attempts: attempts,
                delay: { _ in .zero }),
            recompile: { _, _ in false })
        return BackfillWorker(
            conninfo: database.conninfo, backfills: backfills,
            batches: BatchExecutor(
                plans: relations,
                receipts: Receipts(StatusSchema(recordsEvents: true), worker: name),
                limits: limits, backfills: backfills))
    }

    func another() throws -> Connection {
        try Connection(database.conninfo, applicationName: "execution-tests")
    }

    var store: RosterStore { RosterStore(StatusSchema(recordsEvents: true), worker: "tester") }

    // MARK: Messages

    func freshID() -> JobID {
        nextID += 1
        return JobID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0000 | nextID)
    }

    /// A part of an import; `fields` is the JSON of its data but for the roster.
    func message(_ roster: String, _ fields: String, id: JobID) throws -> Message {
        nextOffset += 1
        let text = """
            {"specversion":"1.0","id":"\(id)","source":"/tests","type":"rollcall.roster-import",\
            "data":{"roster":"\(roster)",\(fields)}}
            """
        return try message(Array(text.utf8))
    }

    func message(_ value: [UInt8]) throws -> Message {
        let event = try CloudEvent(value: value, headers: [], depth: 16)
        return Message(
            origin: Origin(
                topic: "rollcall.roster-imports", partition: 0, offset: nextOffset,
                timestamp: Timestamp(milliseconds: 1_000)),
            key: nil, value: value, headers: [], content: .job(try Job(event)))
    }

    /// A text as the content of a part.
    static func content(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return #""content":"# + String(decoding: json.bytes, as: UTF8.self)
    }

    /// The parts of a file of text, one for each of the pieces.
    func parts(
        _ roster: String, _ pieces: [String], _ more: String = "", id: JobID
    ) throws -> [Message] {
        try pieces.enumerated().map { index, piece in
            try message(
                roster,
                #""format":"csv","part":{"number":\#(index + 1),"of":\#(pieces.count)},"#
                    + Self.content(piece) + (more.isEmpty ? "" : ",\(more)"), id: id)
        }
    }

    /// Takes a part in, as the lane does that gets its message.
    @discardableResult
    func stage(_ message: Message, on other: Connection? = nil) throws -> BatchResult {
        try worker().batches.execute(
            Batch([Batch.Entry(message: message, key: 0)]), on: other ?? connection)
    }

    /// Takes in a file of one part.
    @discardableResult
    func send(_ roster: String, _ text: String, _ more: String = "") throws -> JobID {
        let id = freshID()
        for part in try parts(roster, [text], more, id: id) { try stage(part) }
        return id
    }

    /// Takes in a file of one part and applies it.
    @discardableResult
    func apply(_ roster: String, _ text: String, _ more: String = "") throws -> JobID {
        let id = try send(roster, text, more)
        try run()
        return id
    }

    // MARK: Executing

    /// One turn; false if there was nothing to do.
    @discardableResult
    func turn(_ name: String = "tester", on other: Connection? = nil) throws -> Bool {
        let turn = try worker(name).backfills.turn(on: other ?? connection, onClaim: {})
        if case .idle = turn { return false }
        return true
    }

    /// Turns until there is nothing to do.
    func run() throws {
        var turns = 0
        while try turn() {
            turns += 1
            guard turns < 1_000 else {
                throw BackfillDesk.Endless(turns: turns)
            }
        }
    }

    // MARK: What is there

    func value(_ sql: String) throws -> String? {
        let rows = try connection.execute(sql)
        return rows.count == 0 ? nil : rows.optionalString(0, 0)
    }

    /// The rows of a query, their fields joined by a bar.
    func rows(_ sql: String) throws -> [String] {
        let rows = try connection.execute(sql)
        return (0..<rows.count).map { row in
            (0..<rows.columnCount).map { rows.optionalString(row, $0) ?? "NULL" }
                .joined(separator: "|")
        }
    }

    /// A job's state, its counts other than zero and the code of its error.
    func job(_ id: JobID) throws -> String? {
        try expectEvents(on: connection)
        return try rows(
            """
            SELECT concat_ws(' ', state, 'items ' || items, 'created ' || nullif(created, 0),
              'updated ' || nullif(updated, 0), 'unchanged ' || nullif(unchanged, 0),
              'removed ' || nullif(removed, 0), 'absent ' || nullif(absent, 0),
              'rejected ' || nullif(rejected, 0), error_code)
            FROM rollcall.jobs WHERE id = '\(id)'
            """
        ).first
    }

    /// Why a job has failed.
    func reason(_ id: JobID) throws -> String? {
        try value("SELECT error_message FROM rollcall.jobs WHERE id = '\(id)'")
    }

    /// The rejected items of a job with their codes.
    func rejected(_ id: JobID) throws -> [String] {
        try rows(
            "SELECT item || ' ' || code FROM rollcall.rejection WHERE job_id = '\(id)' ORDER BY item"
        )
    }

    /// The rejected items' messages.
    func messages(_ id: JobID) throws -> [String] {
        try rows(
            """
            SELECT item || ' ' || member || ': ' || message FROM rollcall.rejection
            WHERE job_id = '\(id)' ORDER BY item
            """)
    }

    /// The dead letters' codes.
    func deadLetters() throws -> [String] {
        try rows("SELECT code FROM rollcall.dead_letter ORDER BY \"offset\"")
    }

    /// What does not add up between a job, its run and its parts; nil if all does.
    func discrepancy(of id: JobID) throws -> String? {
        let sums = try rows(
            """
            SELECT r.parts = count(p.number) FILTER (WHERE p.state <> 'split')
                AND r.parts_done = count(*) FILTER (WHERE p.state = 'done')
                AND r.parts_open = count(*) FILTER (WHERE p.state IN ('pending', 'running'))
                AND (r.created, r.updated, r.removed, r.unchanged, r.absent) =
                  (coalesce(sum(p.created), 0), coalesce(sum(p.updated), 0),
                   coalesce(sum(p.removed), 0), coalesce(sum(p.unchanged), 0),
                   coalesce(sum(p.absent), 0))
                AND (r.ending = 'failed' OR r.rejected = coalesce(sum(p.rejected), 0))
                AND (r.state <> 'ended' OR (j.items, j.created, j.updated, j.removed, j.unchanged,
                    j.absent, j.rejected) = (r.created + r.updated + r.removed + r.unchanged
                      + r.absent + r.rejected, r.created, r.updated, r.removed, r.unchanged,
                    r.absent, r.rejected)),
              j.*, r.*, string_agg(p.step || '.' || p.number || ':' || p.state || ':' || p.items, ' '
                ORDER BY p.step, p.number)
            FROM rollcall.backfill_run r JOIN rollcall.job j ON j.id = r.job_id
            LEFT JOIN rollcall.job_part p ON p.job_id = r.job_id
            WHERE r.job_id = '\(id)' GROUP BY r.job_id, j.id
            """)
        guard let line = sums.first else { return "no run" }
        return line.hasPrefix("t|") ? nil : line
    }
}

/// The school that most tests of rosters import into.
enum RosterSchool {
    static let tables = """
        CREATE TABLE course (id integer PRIMARY KEY, code text UNIQUE);
        INSERT INTO course VALUES (1, 'one'), (2, 'two'), (3, 'three'), (9, 'closed');
        CREATE TABLE house (id integer PRIMARY KEY);
        INSERT INTO house VALUES (1), (2);
        CREATE TABLE person (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
          username varchar(20) NOT NULL UNIQUE, full_name text NOT NULL DEFAULT 'nobody',
          email text UNIQUE, age integer CONSTRAINT person_age CHECK (age >= 0),
          house_id integer REFERENCES house);
        CREATE TABLE seat (course_id integer NOT NULL REFERENCES course,
          person_id bigint NOT NULL REFERENCES person, role text NOT NULL DEFAULT 'student',
          kept boolean NOT NULL DEFAULT false, PRIMARY KEY (course_id, person_id));
        """

    static let relation = """
        catalog: c
        relations:
          seat:
            table: seat
            target: course_id
            member: person_id
            attributes: [role]
            conflict: { update: [role] }
            reject:
              - { code: closed, when: "item.course_id = 9", message: "course {course_id} is closed" }
            protect:
              - { code: kept, when: "item.kept", message: "it is kept" }
        """

    /// The roster `people`: people and their seats in the course that is the target.
    static let catalog =
        relation + "\n" + """
            rosters:
              people:
                columns:
                  username: { required: true, clean: [trim, nfc], max: 20, unique: true,
                    header: [Login] }
                  full_name: { clean: [trim] }
                  role: { default: student, one_of: [student, ta] }
                  age: {}
                  email: {}
                  house: {}
                steps:
                  - upsert: person
                    identity: username
                    values: { username: row.username, full_name: row.full_name, age: "row.age::int",
                      email: row.email, house_id: "row.house::int" }
                    conflict: { update: [full_name, age, email, house_id] }
                    as: user
                  - assign: seat
                    target: job.target
                    member: user.id
                    attributes: { role: row.role }
            """

    /// - Parameter more: what else is in the database before its tables are looked at.
    static func desk(_ more: String = "") throws -> RosterDesk {
        try RosterDesk(tables: tables + more, catalog: catalog)
    }
}

extension RosterDesk {
    /// Who sits in which course: name, course, role.
    func seats() throws -> [String] {
        try rows(
            """
            SELECT username, course_id, role FROM seat JOIN person ON id = person_id
            ORDER BY username COLLATE "C", course_id
            """)
    }

    func people() throws -> [String] {
        try rows("SELECT username, full_name FROM person ORDER BY username COLLATE \"C\"")
    }
}
