import Postgres

/// Compares the tables with the receipts, and both with what was asked for.
struct DemoAudit {
    /// Something counted, beside what it must be.
    struct Finding {
        let what: String
        let got: Int
        let expected: Int

        var isRight: Bool { got == expected }

        var line: String {
            let mark = isRight ? "ok   " : "WRONG"
            let name = what + String(repeating: " ", count: max(1, 52 - what.count))
            return "\(mark) \(name)\(got)" + (isRight ? "" : "  expected \(expected)")
        }
    }

    let connection: Connection
    let traffic: DemoTraffic

    /// The messages whose job, duplicate or dead letter is recorded.
    static func accountedFor(on connection: Connection) throws(PostgresError) -> Int {
        try connection.execute(
            """
            SELECT (SELECT count(*) FROM rollcall.job) + (SELECT count(*) FROM rollcall.job_duplicate)
                 + (SELECT count(*) FROM rollcall.dead_letter WHERE job_id IS NULL)
            """
        ).int(0, 0)
    }

    func findings() throws -> [Finding] {
        let sums = try connection.execute(
            """
            SELECT count(*), coalesce(sum(items), 0), coalesce(sum(created), 0),
                   coalesce(sum(updated), 0), coalesce(sum(unchanged), 0),
                   coalesce(sum(removed), 0), coalesce(sum(absent), 0),
                   coalesce(sum(superseded), 0), coalesce(sum(rejected), 0),
                   count(*) FILTER (WHERE state = 'failed'), coalesce(sum(duplicates), 0)
            FROM rollcall.jobs
            """)
        let number = { (column: Int) in sums.int(0, column) }
        let outcomes = (2...8).reduce(0) { $0 + number($1) }
        let rejections = try count("rollcall.rejections")
        let letters = try count("rollcall.dead_letters")
        let (rows, wrongRows) = try compareRows()
        return [
            Finding(what: "jobs with a receipt", got: number(0), expected: traffic.jobs),
            Finding(
                what: "deliveries recognised as duplicates", got: number(10),
                expected: traffic.duplicates),
            Finding(what: "jobs that failed", got: number(9), expected: traffic.failedJobs),
            Finding(
                what: "dead letters", got: letters,
                expected: traffic.badMessages + traffic.failedJobs),
            Finding(what: "items asked for", got: number(1), expected: traffic.items),
            Finding(what: "outcomes of items", got: outcomes, expected: traffic.items),
            Finding(what: "items rejected", got: number(8), expected: traffic.rejectedItems),
            Finding(what: "rows in rollcall.rejections", got: rejections, expected: number(8)),
            Finding(what: "rows in school.enrollment", got: rows, expected: traffic.seats.count),
            Finding(
                what: "items created less items removed", got: number(2) - number(5), expected: rows
            ),
            Finding(
                what: "rows that differ from executing one by one", got: wrongRows, expected: 0),
        ]
    }

    private func count(_ view: String) throws -> Int {
        try connection.execute("SELECT count(*) FROM \(view)").int(0, 0)
    }

    /// How many rows there are, and how many are not as they must be.
    private func compareRows() throws -> (Int, Int) {
        let rows = try connection.execute(
            "SELECT course_id, user_id, role FROM school.enrollment", binaryResult: true)
        var wrong = 0
        for row in 0..<rows.count {
            let seat = DemoTraffic.Seat(course: rows.int(row, 0), user: rows.int(row, 1))
            if traffic.seats[seat] != rows.string(row, 2) { wrong += 1 }
        }
        return (rows.count, wrong)
    }
}
