import Execution
import Jobs
import Postgres
import Sandbox

/// A desk with one of Kolibri's seeds, and the oracle over the same seed.
final class KolibriDesk {
    let seed: KolibriSeed
    let desk: SystemDesk
    private(set) var oracle: KolibriOracle

    /// - Parameters:
    ///   - history: how many random rows came and went before.
    ///   - isPooled: batches reach the server through PgBouncer in transaction mode.
    init(
        seed number: UInt64 = 1, size: KolibriSeed.Size = KolibriSeed.Size(), history: Int = 0,
        isPooled: Bool = false
    ) throws {
        let seed = KolibriSeed(number, size)
        let system = SystemDesk.System(
            name: "kolibri_\(number)_\(size.facilities)_\(size.classes)_\(size.users)_\(history)",
            tables: KolibriSchema.tables, file: "kolibri.yaml"
        ) { connection in
            try seed.insert(on: connection)
            try Self.live(history, seed, number, on: connection)
        }
        self.seed = seed
        desk = try SystemDesk(system, isPooled: isPooled)
        oracle = KolibriOracle(connection: try desk.naiveConnection())
    }

    var connection: Connection { desk.connection }

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
        try desk.message(job.isAssign ? "assign" : "unassign", job.fields)
    }

    /// Executes jobs as one batch; what their receipts say.
    @discardableResult
    func execute(_ jobs: KolibriJob...) throws -> [Ending] { try execute(jobs) }

    @discardableResult
    func execute(_ jobs: [KolibriJob]) throws -> [Ending] {
        let messages = try jobs.map(message)
        try desk.execute(messages)
        return try messages.map(desk.ending)
    }

    static func batch(_ messages: [Message], _ keys: [Int32]) -> Batch {
        Batch(zip(messages, keys).map { Batch.Entry(message: $0, key: $1) })
    }

    /// Executes jobs one by one in the oracle's tables.
    func expect(_ jobs: [KolibriJob]) throws -> [KolibriOracle.Result] {
        oracle.forgetTouched()
        return try oracle.connection.transaction { try jobs.map { try oracle.execute($0) } }
    }

    // MARK: What is there

    /// The tables of both sides, as far as they differ.
    func differences() throws -> [String] {
        try KolibriSchema.comparedTables.flatMap { table -> [String] in
            let sql = "SELECT t::text FROM \(table) AS t"
            let got = Set(try desk.rows(sql, in: "public"))
            let expected = Set(try desk.rows(sql, in: SystemDesk.naive))
            return got.subtracting(expected).sorted().map { "unexpected \(table) \($0)" }
                + expected.subtracting(got).sorted().map { "missing \(table) \($0)" }
        }
    }

    func rows(_ sql: String) throws -> [String] { try desk.rows(sql) }

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
