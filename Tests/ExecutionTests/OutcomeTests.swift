import Jobs
import Testing

@testable import Execution

/// What becomes of items, seen in the rows and in the receipts.
@Suite struct OutcomeTests {
    private let desk: Desk

    init() throws { desk = try Desk.school() }

    private func assign(_ course: Int, _ members: String, _ more: String = "") throws -> Message {
        try desk.enrollment("assign", course: course, members, more)
    }

    private func unassign(_ course: Int, _ members: String, _ more: String = "") throws -> Message {
        try desk.enrollment("unassign", course: course, members, more)
    }

    private func receipts(_ messages: [Message]) throws -> [Receipt?] {
        try messages.map(desk.receipt)
    }

    // MARK: Single jobs

    @Test func anAssignCreatesRowsWithTheComputedID() throws {
        let job = try assign(7, "1,2,3", #""attributes":{"role":"ta"}"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|ta", "2|ta", "3|ta"])
        #expect(try desk.receipt(job) == Receipt(created: 3))
        #expect(
            try desk.value("SELECT id FROM school.enrollment WHERE user_id = 1")
                == desk.value("SELECT left(encode(sha256('7::1'), 'hex'), 32)"))
    }

    @Test func numbersAndTextsAreBothAccepted() throws {
        try desk.execute(try assign(7, #""1",2,{"member":"3"},{"member":4}"#))
        #expect(try desk.enrolled(7).count == 4)
    }

    @Test func whatIsThereIsUnchangedAndWhatDiffersIsUpdated() throws {
        try desk.execute(try assign(7, "1,2", #""attributes":{"role":"ta"}"#))
        let versions = try desk.rows("SELECT xmin FROM school.enrollment WHERE user_id = 1")
        let job = try assign(
            7, #"1,{"member":2,"role":"teacher"},3"#, #""attributes":{"role":"ta"}"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1, updated: 1, unchanged: 1))
        #expect(try desk.enrolled(7) == ["1|ta", "2|teacher", "3|ta"])
        // What is unchanged is not written.
        #expect(
            try desk.rows("SELECT xmin FROM school.enrollment WHERE user_id = 1") == versions)
    }

    @Test func anAttributeLeftOutKeepsTheOldValueAndTakesTheDefaultInANewRow() throws {
        try desk.execute(try assign(7, "1", #""attributes":{"role":"ta"}"#))
        let job = try assign(7, "1,2")
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|ta", "2|student"])
        #expect(try desk.receipt(job) == Receipt(created: 1, unchanged: 1))
    }

    @Test func aMembersOwnAttributeCountsBeforeTheJobs() throws {
        try desk.execute(
            try assign(7, #"{"member":1,"role":"ta"},2"#, #""attributes":{"role":"teacher"}"#))
        #expect(try desk.enrolled(7) == ["1|ta", "2|teacher"])
    }

    @Test func onConflictIgnoreLeavesWhatIsThere() throws {
        try desk.execute(try assign(7, "1", #""attributes":{"role":"ta"}"#))
        let job = try assign(
            7, "1,2", #""attributes":{"role":"teacher"},"on_conflict":"ignore""#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|ta", "2|teacher"])
        #expect(try desk.receipt(job) == Receipt(created: 1, unchanged: 1))
    }

    @Test func anUnassignRemovesWhatIsThere() throws {
        try desk.execute(try assign(7, "1,2,3"))
        let job = try unassign(7, "2,3,4")
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try desk.receipt(job) == Receipt(removed: 2, absent: 1))
    }

    @Test func anUnassignWithAnAttributeRemovesOnlyRowsThatHaveIt() throws {
        try desk.execute(try assign(7, #"1,{"member":2,"role":"ta"}"#))
        let job = try unassign(7, #"{"member":1,"role":"ta"},{"member":2,"role":"ta"}"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try desk.receipt(job) == Receipt(removed: 1, absent: 1))
    }

    @Test(arguments: ["assign", "unassign"])
    func aJobWithoutMembersSucceeds(_ kind: String) throws {
        let job = try desk.enrollment(kind, course: 7, "")
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt())
    }

    @Test func anAtomicJobWithoutMembersSucceeds() throws {
        let job = try assign(7, "", #""mode":"atomic""#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt())
    }

    @Test func targetsAndMembersAreMultiplied() throws {
        let job = try desk.message(
            "assign", #""relation":"enrollment","targets":[3,4,3],"members":[1,9999,2]"#)
        try desk.execute(job)
        #expect(try desk.enrolled(3) == ["1|student", "2|student"])
        #expect(try desk.enrolled(4) == ["1|student", "2|student"])
        #expect(try desk.receipt(job) == Receipt(created: 4, unchanged: 2, rejected: 3))
        #expect(
            try desk.codes(job) == [2: "unknown-user", 5: "unknown-user", 8: "unknown-user"])
    }

    @Test func noTargetsAreNoItems() throws {
        let job = try desk.message(
            "assign", #""relation":"enrollment","targets":[],"members":[1,2]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt())
    }

    // MARK: The same row more than once

    @Test func theSameMemberTwiceIsUnchangedTheSecondTime() throws {
        let job = try assign(7, #"1,1,"1",{"member":1}"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try desk.receipt(job) == Receipt(created: 1, unchanged: 3))
    }

    @Test func theSameMemberTwiceIsAbsentTheSecondTime() throws {
        try desk.execute(try assign(7, "1"))
        let job = try unassign(7, "1,1")
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(removed: 1, absent: 1))
    }

    @Test func theLastOfConflictingAttributesStays() throws {
        let job = try assign(7, #"{"member":1,"role":"ta"},{"member":1,"role":"teacher"}"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|teacher"])
        #expect(try desk.receipt(job) == Receipt(created: 1, superseded: 1))
    }

    @Test(arguments: [false, true])
    func anAssignUndoneInItsBatchLeavesNoRow(isThere: Bool) throws {
        if isThere { try desk.execute(try assign(7, "1")) }
        let jobs = [try assign(7, "1"), try unassign(7, "1")]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7).isEmpty)
        #expect(
            try receipts(jobs) == [
                Receipt(superseded: 1), isThere ? Receipt(removed: 1) : Receipt(absent: 1),
            ])
    }

    @Test(arguments: [false, true])
    func anUnassignUndoneInItsBatchLeavesTheNewRow(isThere: Bool) throws {
        if isThere { try desk.execute(try assign(7, "1", #""attributes":{"role":"ta"}"#)) }
        let jobs = [try unassign(7, "1"), try assign(7, "1")]
        try desk.execute(jobs)
        // The old row is gone, and its role with it.
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(
            try receipts(jobs) == [
                Receipt(superseded: 1), isThere ? Receipt(updated: 1) : Receipt(created: 1),
            ])
    }

    @Test func ofManyTurnsTheLastCounts() throws {
        let jobs = [
            try assign(7, "1"), try unassign(7, "1"), try assign(7, "1"), try unassign(7, "1"),
            try assign(7, "1", #""attributes":{"role":"ta"}"#),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|ta"])
        let superseded = Receipt(superseded: 1)
        #expect(
            try receipts(jobs) == [
                superseded, superseded, superseded, superseded, Receipt(created: 1),
            ])
    }

    @Test func aRepetitionInALaterJobIsUnchanged() throws {
        let jobs = [try assign(7, "1,2"), try assign(7, "2,3")]
        try desk.execute(jobs)
        #expect(
            try receipts(jobs) == [Receipt(created: 2), Receipt(created: 1, unchanged: 1)])
    }

    @Test func aLaterJobsAttributesReplaceAnEarlierOnes() throws {
        let jobs = [
            try assign(7, "1", #""attributes":{"role":"ta"}"#),
            try assign(7, "1", #""attributes":{"role":"teacher"}"#),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|teacher"])
        #expect(try receipts(jobs) == [Receipt(superseded: 1), Receipt(created: 1)])
    }

    @Test func ignoringDoesNotHideALaterUpdateToTheSameValue() throws {
        try desk.execute(try assign(7, "1"))
        let jobs = [
            try assign(7, "1", #""attributes":{"role":"ta"},"on_conflict":"ignore""#),
            try assign(7, "1", #""attributes":{"role":"ta"}"#),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|ta"])
        #expect(try receipts(jobs) == [Receipt(unchanged: 1), Receipt(updated: 1)])
    }

    @Test func aNarrowUnassignDoesNotHideAWiderOne() throws {
        try desk.execute(try assign(7, "1"))
        let job = try unassign(7, #"{"member":1,"role":"ta"},1"#)
        try desk.execute(job)
        #expect(try desk.enrolled(7).isEmpty)
        #expect(try desk.receipt(job) == Receipt(removed: 1, absent: 1))
    }

    @Test func aNarrowUnassignDoesNotUndoAnAssignThatItDoesNotCover() throws {
        try desk.execute(try assign(7, "1", #""attributes":{"role":"ta"}"#))
        let jobs = [
            try assign(7, "1", #""attributes":{"role":"student"}"#),
            try unassign(7, #"{"member":1,"role":"ta"}"#),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(try receipts(jobs) == [Receipt(updated: 1), Receipt(absent: 1)])
    }

    // MARK: Partial and atomic

    @Test func aPartialJobAppliesItsGoodItems() throws {
        let job = try assign(7, "1,9999,2", #""mode":"partial""#)
        try desk.execute(job)
        #expect(try desk.enrolled(7) == ["1|student", "2|student"])
        #expect(try desk.receipt(job) == Receipt(created: 2, rejected: 1))
        #expect(try desk.deadLetters().isEmpty)
    }

    @Test func anAtomicJobWithABadItemWritesNothing() throws {
        let jobs = [
            try assign(7, "4"), try assign(7, "1,9999,2", #""mode":"atomic""#),
            try assign(7, "2,5"),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["2|student", "4|student", "5|student"])
        #expect(
            try receipts(jobs) == [
                Receipt(created: 1), Receipt(rejected: 3, error: "item-rejected"),
                Receipt(created: 2),
            ])
        #expect(
            try desk.codes(jobs[1]) == [1: "not-applied", 2: "unknown-user", 3: "not-applied"])
        #expect(try desk.deadLetters() == ["job-failed|\(jobs[1].origin.offset)"])
    }

    @Test func anItemThatIsReplacedLaterCountsAsBadAllTheSame() throws {
        let jobs = [
            try assign(7, #"{"member":1,"role":"king"},2"#, #""mode":"atomic""#),
            try assign(7, "1"),
        ]
        try desk.execute(jobs)
        #expect(try desk.enrolled(7) == ["1|student"])
        #expect(
            try receipts(jobs) == [
                Receipt(rejected: 2, error: "item-rejected"), Receipt(created: 1),
            ])
        #expect(try desk.codes(jobs[0]) == [1: "enrollment_role", 2: "not-applied"])
    }

    @Test func anAtomicUnassignWithABadItemRemovesNothing() throws {
        try desk.execute(try assign(7, "1,2"))
        let job = try unassign(7, #"1,"x",2"#, #""mode":"atomic""#)
        try desk.execute(job)
        #expect(try desk.enrolled(7).count == 2)
        #expect(try desk.receipt(job) == Receipt(rejected: 3, error: "item-rejected"))
    }

    // MARK: Dry runs

    @Test func aDryRunCountsAndWritesNothing() throws {
        try desk.execute(try assign(7, "1,2", #""attributes":{"role":"ta"}"#))
        let versions = try desk.rows("SELECT user_id, xmin FROM school.enrollment ORDER BY 1")
        let job = try assign(
            7, #"1,{"member":2,"role":"ta"},3,9999"#,
            #""attributes":{"role":"teacher"},"dry_run":true"#)
        try desk.execute(job)
        #expect(
            try desk.receipt(job)
                == Receipt(created: 1, updated: 1, unchanged: 1, rejected: 1))
        #expect(
            try desk.rows("SELECT user_id, xmin FROM school.enrollment ORDER BY 1") == versions)
        #expect(
            try desk.value("SELECT dry_run FROM rollcall.jobs WHERE id = '\(job.job!.id)'") == "t")

        let removal = try unassign(7, "1,9", #""dry_run":true"#)
        try desk.execute(removal)
        #expect(try desk.receipt(removal) == Receipt(removed: 1, absent: 1))
        #expect(try desk.enrolled(7).count == 2)
    }
}
