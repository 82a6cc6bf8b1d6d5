import Kafka
import Postgres

/// Where a message stands in Kafka.
public struct Place: Hashable, Comparable, Sendable, CustomStringConvertible {
    let partition: TopicPartition
    let offset: Int64

    public var description: String { "\(partition)@\(offset)" }

    public static func < (left: Place, right: Place) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }
}

/// What the status tables say, and what stands in the tables of the jobs.
struct Ledger {
    struct Job {
        let id: String
        let place: Place
        /// The transaction that wrote the row.
        let transaction: Int
        let state: String
        let items: Int
        let isDryRun: Bool
        /// By the name of the outcome.
        let counts: [String: Int]
    }

    static let outcomes = [
        "created", "updated", "unchanged", "removed", "absent", "superseded", "rejected",
    ]

    private(set) var jobs: [String: Job] = [:]
    private(set) var duplicates: [Place: String] = [:]
    private(set) var deadLetters: [Place: [String]] = [:]
    /// Codes by job and number of the item.
    private(set) var rejections: [String: [Int: String]] = [:]
    private(set) var contents: [String: [String]] = [:]

    init(on connection: Connection) throws {
        try readJobs(connection)
        try readTheRest(connection)
    }

    private mutating func readJobs(_ connection: Connection) throws {
        let rows = try connection.execute(
            """
            SELECT id, topic, "partition", "offset", xmin::text::bigint, state, items, dry_run,
                   \(Self.outcomes.joined(separator: ", "))
            FROM rollcall.job
            """)
        for row in 0..<rows.count {
            let counts = Self.outcomes.enumerated().map { ($1, rows.int(row, 8 + $0)) }
            jobs[rows.string(row, 0)] = Job(
                id: rows.string(row, 0), place: Self.place(rows, row, from: 1),
                transaction: rows.int(row, 4), state: rows.string(row, 5),
                items: rows.int(row, 6), isDryRun: rows.bool(row, 7),
                counts: Dictionary(uniqueKeysWithValues: counts))
        }
    }

    private mutating func readTheRest(_ connection: Connection) throws {
        let doubles = try connection.execute(
            #"SELECT job_id, topic, "partition", "offset" FROM rollcall.job_duplicate"#)
        for row in 0..<doubles.count {
            duplicates[Self.place(doubles, row, from: 1)] = doubles.string(row, 0)
        }
        let letters = try connection.execute(
            #"SELECT code, topic, "partition", "offset" FROM rollcall.dead_letter"#)
        for row in 0..<letters.count {
            deadLetters[Self.place(letters, row, from: 1), default: []]
                .append(letters.string(row, 0))
        }
        let refused = try connection.execute("SELECT job_id, item, code FROM rollcall.rejection")
        for row in 0..<refused.count {
            rejections[refused.string(row, 0), default: [:]][refused.int(row, 1)] =
                refused.string(row, 2)
        }
        contents = try World.contents(of: World.schema, on: connection)
    }

    private static func place(_ rows: Rows, _ row: Int, from column: Int) -> Place {
        Place(
            partition: TopicPartition(
                topic: rows.string(row, column), partition: Int32(rows.int(row, column + 1))),
            offset: Int64(rows.int(row, column + 2)))
    }

    /// The messages that have left something behind; the tables of the jobs may be locked.
    static func accounted(on connection: Connection) throws -> Set<Place> {
        let rows = try connection.execute(
            """
            SELECT topic, "partition", "offset" FROM rollcall.job
            UNION SELECT topic, "partition", "offset" FROM rollcall.job_duplicate
            UNION SELECT topic, "partition", "offset" FROM rollcall.dead_letter
            """)
        return Set((0..<rows.count).map { place(rows, $0, from: 0) })
    }
}
