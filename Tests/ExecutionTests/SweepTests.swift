import Jobs
import Postgres
import Testing

@testable import Execution

/// Exact jobs and jobs for all members, in the rows and in the receipts.
@Suite struct SweepTests {
    private let desk: Desk

    init() throws { desk = try Desk.school() }

    private func exact(_ course: Int, _ members: String, _ more: String = "") throws -> Message {
        try desk.enrollment(
            "assign", course: course, members,
            #""exact":true"# + (more.isEmpty ? "" : ",\(more)"))
    }

    private func all(_ target: String, _ more: String = "") throws -> Message {
        try desk.message(
            "unassign",
            #""relation":"enrollment","\#(target.hasPrefix("[") ? "targets" : "target")":\#(target),"#
                + #""members":"all""# + (more.isEmpty ? "" : ",\(more)"))
    }

    private func receipts(_ messages: [Message]) throws -> [Receipt?] {
        try messages.map(desk.receipt)
    }

    /// Courses 7 and 8 with users 1, 2 and 3.
    private func fill() throws {
        try desk.execute(
            try desk.message(
                "assign", #""relation":"enrollment","targets":[7,8],"members":[1,2,3]"#))
    }

    // MARK: Single jobs

    @Test func anExactJobLeavesTheMembersThatItLists() throws {
        try fill()
        let job = try exact(7, #"{"member":2,"role":"ta"},3,4"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["2|ta", "3|student", "4|student"])
        #expect(try desk.enrolled(8).count == 3)
        #expect(
            try desk.receipt(job) == Receipt(created: 1, updated: 1, unchanged: 1, removed: 1))
    }

    @Test func anExactJobWithoutMembersEmptiesItsTarget() throws {
        try fill()
        let job = try exact(7, "")
        try desk.execute(job)
        #expect(try desk.enrolled(7).isEmpty)
        #expect(try desk.receipt(job) == Receipt(removed: 3))
    }

    @Test func anExactJobIsIdempotent() throws {
        try fill()
        try desk.execute(try exact(7, "1,9"))
        let versions = try desk.rows(
            "SELECT user_id, xmin FROM school.enrollment WHERE course_id = 7 ORDER BY 1")
        let job = try exact(7, "9,1")
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(unchanged: 2))
        #expect(
            try desk.rows(
                "SELECT user_id, xmin FROM school.enrollment WHERE course_id = 7 ORDER BY 1")
                == versions)
    }

    @Test func allMembersOfATargetAreTakenAway() throws {
        try fill()
        let jobs = [try all("7"), try all("9")]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7).isEmpty)
        #expect(try desk.enrolled(8).count == 3)
        // A target without rows is nothing to do.
        #expect(try receipts(jobs) == [Receipt(removed: 3), Receipt()])
    }

    @Test func severalTargetsAreSweptEach() throws {
        try fill()
        let job = try desk.message(
            "assign", #""relation":"enrollment","targets":[7,8,7],"members":[3,4],"exact":true"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["3|student", "4|student"])
        #expect(try desk.enrolled(8) == ["3|student", "4|student"])
        #expect(try desk.receipt(job) == Receipt(created: 2, unchanged: 4, removed: 4))
        let removal = try all("[7,8,9,7]")
        try desk.execute(removal)
        #expect(try desk.receipt(removal) == Receipt(removed: 4))
        #expect(try desk.value("SELECT count(*) FROM school.enrollment") == "0")
    }

    // MARK: Items that are rejected

    @Test(arguments: [
        (#"{"member":1,"role":"king"}"#, "enrollment_role"),
        (#"{"member":1,"rule":"ta"}"#, "unknown-attribute"),
        (#"{"member":1,"role":null}"#, "missing-value"),
        (#"{"member":1,"role":[]}"#, "invalid-value"),
    ])
    func aRejectedItemStillNamesItsRow(_ item: String, _ code: String) throws {
        try fill()
        let job = try exact(7, "\(item),2")
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|student", "2|student"])
        #expect(try desk.receipt(job) == Receipt(unchanged: 1, removed: 1, rejected: 1))
        #expect(try desk.codes(job) == [1: code])
    }

    @Test func aRuleLeavesTheRowThatItIsAbout() throws {
        try fill()
        try desk.connection.script("UPDATE school.course SET closed = true WHERE id = 7")
        let job = try exact(7, "1,2")
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|student", "2|student"])
        #expect(try desk.receipt(job) == Receipt(removed: 1, rejected: 2))
    }

    @Test func whatCannotBeReadNamesNoRow() throws {
        try fill()
        let job = try exact(7, #""one",{"user":1},2"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["2|student"])
        #expect(try desk.receipt(job) == Receipt(unchanged: 1, removed: 2, rejected: 2))
    }

    @Test func aTargetThatCannotBeReadIsAnItemWhereNoneIsListed() throws {
        try fill()
        let jobs = [
            try all(#"["seven",7]"#), try all("null"), try exact(8, #""x""#),
            try desk.message(
                "assign", #""relation":"enrollment","target":"x","members":[1],"exact":true"#),
            try desk.message(
                "assign", #""relation":"enrollment","target":"x","members":[],"exact":true"#),
            try all(#"["seven",7]"#, #""mode":"atomic""#),
        ]
        try desk.execute(jobs)
        #expect(
            try receipts(jobs) == [
                Receipt(removed: 3, rejected: 1), Receipt(rejected: 1),
                Receipt(removed: 3, rejected: 1), Receipt(rejected: 1), Receipt(rejected: 1),
                Receipt(rejected: 1, error: "item-rejected"),
            ])
        #expect(
            try desk.rejections(jobs[0]) == [
                RejectedItem(
                    item: 1, member: "all", code: "invalid-value",
                    message: "course_id: expected a whole number from -2147483648 to 2147483647, "
                        + #"got "seven""#)
            ])
        #expect(try desk.codes(jobs[1]) == [1: "missing-value"])
        #expect(try desk.rejections(jobs[4]).map(\.member) == ["[]"])
    }

    @Test func anAtomicJobWithABadItemRemovesNothing() throws {
        try fill()
        let jobs = [
            try exact(7, "4,9999", #""mode":"atomic""#), try exact(8, "4", #""mode":"atomic""#),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|student", "2|student", "3|student"])
        #expect(try desk.enrolled(8) == ["4|student"])
        #expect(
            try receipts(jobs) == [
                Receipt(rejected: 2, error: "item-rejected"), Receipt(created: 1, removed: 3),
            ])
    }

    @Test func aDryRunCountsWhatWouldGo() throws {
        try fill()
        let jobs = [try exact(7, "1,4", #""dry_run":true"#), try all("7", #""dry_run":true"#)]
        for job in jobs { try desk.execute(job) }
        #expect(try desk.enrolled(7).count == 3)
        #expect(
            try receipts(jobs) == [
                Receipt(created: 1, unchanged: 1, removed: 2), Receipt(removed: 3),
            ])
    }

    @Test func aJobThatIsDeliveredAgainSweepsNothing() throws {
        try fill()
        let jobs = [try exact(7, "1"), try all("8")]
        try desk.execute(jobs)
        try fill()
        try desk.execute(jobs)
        #expect(try desk.enrolled(7).count == 3)
        #expect(try desk.enrolled(8).count == 3)
        #expect(
            try receipts(jobs) == [Receipt(unchanged: 1, removed: 2), Receipt(removed: 3)])
    }

    // MARK: Several jobs

    @Test func ofManyExactJobsTheLastCounts() throws {
        try fill()
        let jobs = try (1...10).map { try exact(7, "1,\($0 + 3),\($0 + 4)") }
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|student", "13|student", "14|student"])
        // The first removes 2 and 3; each later one repeats 1 and one of those before it.
        #expect(try desk.receipt(jobs[0]) == Receipt(unchanged: 1, removed: 2, superseded: 2))
        #expect(try desk.receipt(jobs[4]) == Receipt(unchanged: 2, superseded: 1))
        #expect(try desk.receipt(jobs[9]) == Receipt(created: 1, unchanged: 2))
    }

    @Test func whatIsSweptAndAssignedAgainIsSuperseded() throws {
        try fill()
        try desk.connection.script("UPDATE school.enrollment SET role = 'ta'")
        let jobs = [
            try exact(7, "1"), try desk.enrollment("assign", course: 7, "2"),
            try all("8"), try desk.enrollment("assign", course: 8, "3,4"),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|ta", "2|student"])
        #expect(try desk.enrolled(8) == ["3|student", "4|student"])
        #expect(
            try receipts(jobs) == [
                Receipt(unchanged: 1, removed: 1, superseded: 1), Receipt(updated: 1),
                Receipt(removed: 2, superseded: 1), Receipt(created: 1, updated: 1),
            ])
    }

    @Test func whatEarlierJobsOfTheBatchWroteIsSweptToo() throws {
        try fill()
        let jobs = [
            try desk.enrollment("assign", course: 7, "3,4,5"), try exact(7, "5,6"),
            try desk.enrollment("unassign", course: 8, "1"), try all("8"), try exact(8, "2"),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["5|student", "6|student"])
        #expect(try desk.enrolled(8) == ["2|student"])
        #expect(
            try receipts(jobs) == [
                // What came only with this batch may go again without being counted.
                Receipt(created: 1, superseded: 2), Receipt(created: 1, unchanged: 1, removed: 3),
                Receipt(removed: 1), Receipt(removed: 1, superseded: 1), Receipt(updated: 1),
            ])
    }

    // MARK: Limits

    /// Whether the second job takes the row away is not known before it is executed.
    @Test(arguments: [("student", 0), ("ta", 1)], [false, true])
    func whatMayBeGoneAlreadyCountsOnlyIfItWasThere(
        _ goes: (role: String, swept: Int), _ isRepeated: Bool
    ) throws {
        let (role, swept) = goes
        var messages = [
            try desk.enrollment("assign", course: 7, "1"),
            try desk.enrollment("unassign", course: 7, #"{"member":1,"role":"\#(role)"}"#),
            try exact(7, "2"), try desk.enrollment("assign", course: 7, "1"),
        ]
        if isRepeated { messages.insert(try desk.enrollment("unassign", course: 7, "1"), at: 3) }
        _ = try desk.executor.execute(
            Batch(messages.map { Batch.Entry(message: $0, key: 0) }), on: desk.connection)
        #expect(try desk.enrolled(7) == ["1|student", "2|student"])
        let receipt = try desk.receipt(messages[2])
        #expect(receipt == Receipt(created: 1, removed: swept))
    }

    @Test func moreRowsThanTheLimitAreAFailureOfTheJob() throws {
        try fill()
        let small = try Desk.executor(
            catalog: try Desk.schoolCatalog(), jobItems: 2, on: desk.connection)
        let jobs = [
            try exact(7, "1"), try all("8"), try exact(8, "1"),
            try desk.enrollment("assign", course: 9, "1"),
        ]
        let result = try small.execute(Desk.batch(jobs), on: desk.connection)
        #expect(result.jobs == 4)
        #expect(result.failed == 1)
        // Together the jobs were too much, so that each was executed alone.
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try desk.enrolled(8) == ["1|student"])
        #expect(try desk.enrolled(9) == ["1|student"])
        #expect(
            try receipts(jobs) == [
                Receipt(unchanged: 1, removed: 2), Receipt("failed", error: "too-many-rows"),
                Receipt(unchanged: 1, removed: 2), Receipt(created: 1),
            ])
        #expect(try desk.deadLetters() == ["job-failed|\(jobs[1].origin.offset)"])
        #expect(
            try desk.value("SELECT error_message FROM rollcall.jobs WHERE state = 'failed'")
                == "expected at most 2 rows to remove that the job does not list, got more")
    }
}
