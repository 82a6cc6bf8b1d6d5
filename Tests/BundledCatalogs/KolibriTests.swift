import Catalog
import Jobs
import Postgres
import Testing

/// What Kolibri's catalog does, case by case.
@Suite struct KolibriTests {
    private typealias Member = KolibriJob.Member

    private let desk: KolibriDesk
    private let facility: KolibriSeed.Facility
    private let other: KolibriSeed.Facility
    private let coach = "coach"
    private let assignable = KolibriOracle.assignableCoach

    init() throws {
        desk = try KolibriDesk()
        facility = desk.seed.facilities[0]
        other = desk.seed.facilities[2]
    }

    private var classroom: KolibriSeed.Classroom { facility.classes[0] }
    private var group: String { classroom.groups[0] }
    private var user: String { facility.users[0] }

    private func assign(_ targets: String..., user: String? = nil, kind: String?) -> KolibriJob {
        KolibriJob(targets: targets, members: [Member(user: user ?? self.user, kind: kind)])
    }

    private func unassign(_ targets: String..., user: String? = nil, kind: String?) -> KolibriJob {
        KolibriJob(
            isAssign: false, targets: targets,
            members: [Member(user: user ?? self.user, kind: kind)])
    }

    private func join(_ targets: String..., user: String? = nil) -> KolibriJob {
        KolibriJob(
            table: .membership, targets: targets, members: [Member(user: user ?? self.user)])
    }

    private func leave(_ targets: String..., user: String? = nil) -> KolibriJob {
        KolibriJob(
            table: .membership, isAssign: false, targets: targets,
            members: [Member(user: user ?? self.user)])
    }

    /// Executes jobs in both databases, which must be equal afterwards.
    @discardableResult
    private func execute(_ jobs: KolibriJob...) throws -> [Ending] {
        _ = try desk.expect(jobs)
        let receipts = try desk.execute(jobs)
        let differences = try desk.differences()
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        return receipts
    }

    // MARK: Reading

    @Test func theCatalogFitsKolibrisSchema() {
        for finding in desk.desk.findings { print(finding) }
        #expect(desk.desk.findings.count { $0.level == .error } == 0)
        // Two relations, and the roster with its three tables.
        #expect(desk.desk.findings.count { $0.level == .ok } == 6)
    }

    // MARK: Ids

    @Test func idsAreThoseOfKolibri() throws {
        let dataset = "eb2e57b387ccffd2be9ba04e5b186bf5"
        let school = "f296b2308a1d0a338f5544dd7cf53bd8"
        let (class8, class22) = (
            "5355a849ecd54e16f88f4521e1c3f527", "69fd06ffb6fcaf04d0429f17dba367d5"
        )
        let (user7, user101) = (
            "576fcce09985566283ccd5d37e209464", "de168bd5925536aaece517ebdb09170a"
        )
        try desk.connection.script(
            """
            INSERT INTO kolibriauth_facilitydataset VALUES ('\(dataset)');
            INSERT INTO kolibriauth_collection VALUES
                ('\(school)', false, '', '', 'Lab Facility', 'facility', '\(dataset)', NULL),
                ('\(class8)', false, '', '', 'Class 08', 'classroom', '\(dataset)', '\(school)'),
                ('\(class22)', false, '', '', 'Class 22', 'classroom', '\(dataset)', '\(school)');
            INSERT INTO kolibriauth_facilityuser
            SELECT '', NULL, u.id::uuid, false, '', '', u.name, '', '', '\(dataset)', '\(school)',
                '', '', ''
            FROM (VALUES ('\(user7)', 'user0007'), ('\(user101)', 'user0101')) AS u (id, name);
            """)
        // Ids may come without their dashes, as Kolibri prints them.
        try desk.execute(join(class22, user: user101))
        try desk.execute(assign(class8, user: user7, kind: coach))
        let row =
            "replace(id::text, '-', ''), _morango_dirty_bit, _morango_source_id, "
            + "_morango_partition, replace(dataset_id::text, '-', '')"
        #expect(
            try desk.rows("SELECT \(row) FROM kolibriauth_membership") == [
                "bbcccf9d1351d9a709b6d762c679e4e8|t|\(class22)|\(dataset):user-ro:\(user101)"
                    + "|\(dataset)"
            ])
        #expect(
            try desk.rows("SELECT \(row) FROM kolibriauth_role ORDER BY kind DESC") == [
                "54e4263dcd852426ea1851358aea6905|t|\(class8):coach|\(dataset):user-ro:\(user7)"
                    + "|\(dataset)",
                "dfec806dea0f0af444e5886b7cad2912|t|\(school):classroom assignable coach"
                    + "|\(dataset):user-ro:\(user7)|\(dataset)",
            ])
    }

    // MARK: Validation

    @Test func itemsOfRolesAreRefusedWithTheirCodes() throws {
        let nobody = KolibriJobs.nobody
        let refused: [(String, KolibriJob)] = [
            ("invalid-role-kind", assign(facility.id, kind: "learner")),
            ("invalid-role-kind", assign(classroom.groups[0], kind: coach)),
            ("invalid-role-kind", assign(classroom.groups[1], kind: coach)),
            ("invalid-role-kind", assign(classroom.id, kind: "admin")),
            ("invalid-role-kind", assign(classroom.id, kind: assignable)),
            ("dataset-mismatch", assign(facility.id, user: other.users[0], kind: coach)),
            ("dataset-mismatch", assign(classroom.id, user: other.users[0], kind: coach)),
            // The kind is looked at first, as in `save()`.
            ("invalid-role-kind", assign(classroom.id, user: other.users[0], kind: "admin")),
            ("unknown-user", assign(facility.id, user: nobody, kind: coach)),
            ("unknown-collection", assign(nobody, kind: coach)),
            ("missing-value", assign(facility.id, kind: nil)),
            ("invalid-value", assign(facility.id, user: "x", kind: coach)),
            ("invalid-value", assign(facility.id, kind: String(repeating: "k", count: 27))),
        ]
        for (code, job) in refused {
            let receipt = try execute(job)[0]
            #expect(receipt.codes == [1: code], "\(job.fields)")
            #expect(receipt.counts == ["rejected": 1])
        }
    }

    @Test func itemsOfMembershipsAreRefusedWithTheirCodes() throws {
        let nobody = KolibriJobs.nobody
        let refused: [(String, KolibriJob)] = [
            ("invalid-membership", join(facility.id)),
            ("invalid-membership", join(classroom.groups[0])),
            ("invalid-membership", join(classroom.groups[1])),
            ("dataset-mismatch", join(classroom.id, user: other.users[0])),
            ("unknown-user", join(classroom.id, user: nobody)),
            ("unknown-collection", join(nobody)),
            ("invalid-value", join(classroom.id, user: "x")),
        ]
        for (code, job) in refused {
            let receipt = try execute(job)[0]
            #expect(receipt.codes == [1: code], "\(job.fields)")
            #expect(receipt.counts == ["rejected": 1])
        }
    }

    @Test func aMessageSaysWhatWasExpectedAndWhatCame() throws {
        let receipts = try execute(
            assign(classroom.id, kind: "admin"), assign(group, kind: coach),
            assign(facility.id, user: other.users[0], kind: coach))
        #expect(receipts[0].messages == [1: "expected the kind coach in a class, got admin"])
        #expect(
            receipts[1].messages == [1: "expected a facility or a class, got the group \(group)"])
        let stranger = other.users[0]
        #expect(
            receipts[2].messages == [
                1: "expected a user of the dataset of \(facility.id), got \(stranger) of another"
            ])
    }

    @Test func aBadItemHurtsNoOther() throws {
        let job = KolibriJob(
            targets: [facility.id],
            members: [
                Member(user: user, kind: "learner"),
                Member(user: facility.users[1], kind: coach),
                Member(user: other.users[0], kind: coach),
            ])
        let receipt = try execute(job)[0]
        #expect(receipt.codes == [1: "invalid-role-kind", 3: "dataset-mismatch"])
        #expect(receipt.counts == ["created": 1, "rejected": 2])
    }

    @Test func usersThatAreDeletedSoftlyAreAccepted() throws {
        for connection in [desk.connection, desk.oracle.connection] {
            try connection.execute(
                "UPDATE kolibriauth_facilityuser SET date_deleted = '2026-01-01' "
                    + "WHERE id = '\(user)'")
        }
        #expect(try execute(assign(classroom.id, kind: coach))[0].counts == ["created": 1])
        #expect(try execute(join(classroom.id))[0].counts == ["created": 1])
    }

    // MARK: The assignable coach

    @Test func aCoachOfAClassMayBeAssignedToOthersOfTheFacility() throws {
        let receipt = try execute(assign(classroom.id, kind: coach))[0]
        #expect(receipt.counts == ["created": 1])
        #expect(try desk.roles(of: user, at: facility.id) == [assignable])
    }

    @Test(arguments: ["admin", "coach", KolibriOracle.assignableCoach])
    func whoHasAnyRoleAtTheFacilityGetsNone(_ kind: String) throws {
        try execute(assign(facility.id, kind: kind))
        try execute(assign(classroom.id, kind: coach))
        #expect(try desk.roles(of: user, at: facility.id) == [kind])
    }

    @Test func aCoachWhoIsThereAlreadyIsNotMended() throws {
        try execute(assign(classroom.id, kind: coach))
        for connection in [desk.connection, desk.oracle.connection] {
            try connection.execute(
                "DELETE FROM kolibriauth_role WHERE collection_id = '\(facility.id)'")
        }
        #expect(try execute(assign(classroom.id, kind: coach))[0].counts == ["unchanged": 1])
        #expect(try desk.roles(of: user, at: facility.id) == [])
    }

    /// Where Kolibri's own bulk code ends otherwise than its code for one row.
    @Test func whatComesLaterInTheBatchDoesNotCount() throws {
        let (jobs, user) = (
            [assign(classroom.id, kind: coach), assign(facility.id, kind: "admin")], user
        )
        try execute(jobs[0], jobs[1])
        #expect(try desk.roles(of: user, at: facility.id) == ["admin", assignable])
    }

    @Test func whatComesEarlierInTheBatchCounts() throws {
        try execute(assign(facility.id, kind: "admin"), assign(classroom.id, kind: coach))
        #expect(try desk.roles(of: user, at: facility.id) == ["admin"])
    }

    @Test func theTargetsOfAJobCountInTheirOrder() throws {
        let second = facility.users[1]
        try execute(assign(classroom.id, facility.id, kind: coach))
        try execute(assign(facility.id, classroom.id, user: second, kind: coach))
        #expect(try desk.roles(of: user, at: facility.id) == [assignable, coach])
        #expect(try desk.roles(of: second, at: facility.id) == [coach])
    }

    @Test func manyClassesMakeOneAssignableCoach() throws {
        let job = KolibriJob(
            targets: facility.classes.map(\.id),
            members: facility.users.map { Member(user: $0, kind: coach) })
        #expect(try execute(job)[0].counts == ["created": 24])
        #expect(try desk.rows("SELECT count(*) FROM kolibriauth_role") == ["32"])
    }

    // MARK: Users

    private func state(of user: String) throws -> String {
        try desk.rows(
            """
            SELECT picture_password, _morango_dirty_bit FROM kolibriauth_facilityuser
            WHERE id = '\(user)'
            """)[0]
    }

    private func giveEverybodyAPicture() throws {
        for connection in [desk.connection, desk.oracle.connection] {
            try connection.execute(
                """
                UPDATE kolibriauth_facilityuser u SET _morango_dirty_bit = false,
                    picture_password = 'q' || n.number
                FROM (SELECT id, row_number() OVER (ORDER BY id) AS number
                    FROM kolibriauth_facilityuser) AS n WHERE n.id = u.id
                """)
        }
    }

    @Test func aNewRoleTakesThePicturePasswordAndMarksTheUser() throws {
        try giveEverybodyAPicture()
        try execute(assign(facility.id, kind: coach))
        #expect(try state(of: user) == "NULL|t")
        #expect(try state(of: facility.users[1]).hasSuffix("|f"))
        // Nothing of it for a role that is there, for one that is refused, and for memberships.
        try giveEverybodyAPicture()
        try execute(
            assign(facility.id, kind: coach),
            assign(classroom.id, user: other.users[0], kind: coach))
        try execute(join(classroom.id, user: facility.users[1]))
        #expect(
            try desk.rows(
                "SELECT count(*) FROM kolibriauth_facilityuser WHERE _morango_dirty_bit") == ["0"])
    }

    // MARK: Removals

    @Test func whatIsRemovedIsTold() throws {
        try execute(assign(facility.id, kind: "admin"))
        let ids = try desk.rows("SELECT id FROM kolibriauth_role")
        let receipt = try execute(unassign(facility.id, kind: "admin"))[0]
        #expect(receipt.counts == ["removed": 1])
        #expect(try desk.deleted() == ids)
        #expect(
            try desk.rows("SELECT DISTINCT profile FROM morango_deletedmodels") == ["facilitydata"])
        #expect(try desk.rows("SELECT count(*) FROM morango_harddeletedmodels") == ["0"])
        #expect(try execute(unassign(facility.id, kind: "admin"))[0].counts == ["absent": 1])
    }

    @Test func whatComesBackHasTheSameIdAndIsNoLongerTold() throws {
        try execute(join(classroom.id), join(group))
        let before = try desk.rows("SELECT id FROM kolibriauth_membership ORDER BY 1")
        try execute(leave(classroom.id))
        #expect(try desk.deleted() == before)
        try execute(join(classroom.id), join(group))
        #expect(try desk.rows("SELECT id FROM kolibriauth_membership ORDER BY 1") == before)
        #expect(try desk.deleted() == [])
    }

    @Test func anAssignableCoachWhoComesBackIsNoLongerTold() throws {
        try execute(assign(classroom.id, kind: coach))
        try execute(unassign(facility.id, kind: assignable))
        #expect(try desk.deleted().count == 2)
        try execute(assign(classroom.id, kind: coach))
        #expect(try desk.deleted() == [])
    }

    @Test func goneAndBackInOneBatchIsThere() throws {
        try execute(assign(facility.id, kind: "admin"), join(classroom.id))
        let receipts = try execute(
            unassign(facility.id, kind: "admin"), assign(facility.id, kind: "admin"))
        #expect(receipts.map(\.counts) == [["removed": 1], ["created": 1]])
        #expect(try desk.roles(of: user, at: facility.id) == ["admin"])
        #expect(try desk.deleted() == [])
    }

    @Test func thereAndGoneInOneBatchIsToldAndMarksTheUser() throws {
        try giveEverybodyAPicture()
        try execute(assign(classroom.id, kind: coach), unassign(classroom.id, kind: coach))
        #expect(try desk.deleted().count == 1)
        #expect(try state(of: user) == "NULL|t")
        #expect(try desk.roles(of: user, at: facility.id) == [assignable])
    }

    @Test func whoLeavesAClassLeavesItsGroups() throws {
        let (next, second) = (facility.classes[1], facility.users[1])
        try execute(join(classroom.id), join(group), join(classroom.groups[1]))
        try execute(join(next.id), join(next.groups[0]))
        try execute(join(classroom.id, user: second), join(group, user: second))
        let receipt = try execute(leave(classroom.id))[0]
        #expect(receipt.counts == ["removed": 1])
        #expect(try desk.memberships(of: user) == [next.id, next.groups[0]])
        #expect(try desk.memberships(of: second) == [classroom.id, group])
        #expect(try desk.deleted().count == 3)
    }

    @Test func whoLeavesAGroupStaysInTheClass() throws {
        try execute(join(classroom.id), join(group))
        try execute(leave(group))
        #expect(try desk.memberships(of: user) == [classroom.id])
    }

    @Test func whoLosesTheAssignableCoachCoachesNoClass() throws {
        let second = facility.users[1]
        try execute(assign(classroom.id, facility.classes[1].id, kind: coach))
        try execute(assign(classroom.id, user: second, kind: coach))
        try execute(assign(facility.id, kind: "admin"))
        let receipt = try execute(unassign(facility.id, kind: assignable))[0]
        #expect(receipt.counts == ["removed": 1])
        #expect(try desk.roles(of: user, at: facility.id) == ["admin"])
        #expect(try desk.roles(of: user, at: classroom.id) == [])
        #expect(try desk.roles(of: second, at: classroom.id) == [coach])
        #expect(try desk.deleted().count == 3)
    }

    @Test func anotherFacilityKeepsItsCoaches() throws {
        let second = desk.seed.facilities[1]
        try execute(assign(classroom.id, second.classes[0].id, kind: coach))
        try execute(unassign(facility.id, kind: assignable))
        #expect(try desk.roles(of: user, at: second.classes[0].id) == [coach])
        #expect(try desk.roles(of: user, at: classroom.id) == [])
    }

    @Test func otherRolesOfTheFacilityTakeNothingAlong() throws {
        try execute(assign(facility.id, kind: "admin"), assign(classroom.id, kind: coach))
        try execute(unassign(facility.id, kind: "admin"))
        #expect(try desk.roles(of: user, at: classroom.id) == [coach])
        try execute(unassign(classroom.id, kind: coach))
        #expect(try desk.deleted().count == 2)
    }

    @Test func theLastClassTakesNothingAlong() throws {
        try execute(assign(classroom.id, kind: coach))
        try execute(unassign(classroom.id, kind: coach))
        #expect(try desk.roles(of: user, at: facility.id) == [assignable])
    }

    @Test func anUnassignWithoutAKindIsForAllKinds() throws {
        try execute(assign(facility.id, kind: "admin"), assign(facility.id, kind: assignable))
        try execute(assign(classroom.id, kind: coach))
        #expect(try execute(unassign(facility.id, kind: nil))[0].counts == ["removed": 1])
        #expect(try desk.rows("SELECT count(*) FROM kolibriauth_role") == ["0"])
        #expect(try desk.deleted().count == 3)
    }

    @Test func aCascadedRowThatTheJobNamesIsItsOwn() throws {
        try execute(assign(classroom.id, kind: coach))
        let receipt = try execute(
            KolibriJob(
                isAssign: false, targets: [facility.id, classroom.id],
                members: [Member(user: user)]))[0]
        #expect(receipt.counts == ["removed": 2])
        #expect(try desk.deleted().count == 2)
    }

    @Test func aCascadedMembershipThatTheJobNamesIsItsOwn() throws {
        try execute(join(classroom.id), join(group))
        #expect(try execute(leave(classroom.id, group))[0].counts == ["removed": 2])
        #expect(try desk.deleted().count == 2)
    }

    // MARK: Order

    @Test func aClassAndItsGroupInOneBatchSucceed() throws {
        let receipts = try execute(join(classroom.id), join(group))
        #expect(receipts.map(\.counts) == [["created": 1], ["created": 1]])
    }

    @Test func aClassAndItsGroupInOneJobSucceed() throws {
        #expect(try execute(join(classroom.id, group))[0].counts == ["created": 2])
        let backwards = try execute(join(group, classroom.id, user: facility.users[1]))[0]
        #expect(backwards.counts == ["created": 1, "rejected": 1])
        #expect(backwards.codes == [1: "invalid-membership"])
    }

    @Test func aGroupBeforeItsClassIsRefused() throws {
        let receipts = try execute(join(group), join(classroom.id))
        #expect(receipts[0].codes == [1: "invalid-membership"])
        #expect(receipts[1].counts == ["created": 1])
    }

    @Test func aGroupAfterItsClassWasLeftIsRefused() throws {
        try execute(join(classroom.id))
        let receipts = try execute(leave(classroom.id), join(group))
        #expect(receipts[1].codes == [1: "invalid-membership"])
        #expect(try desk.memberships(of: user) == [])
    }

    @Test func exactTakesTheGroupsAlong() throws {
        try execute(join(classroom.id), join(group))
        var exact = join(classroom.id, user: facility.users[1])
        exact.sweeps = true
        #expect(try execute(exact)[0].counts == ["created": 1, "removed": 1])
        #expect(try desk.memberships(of: user) == [])
    }

    /// The assignable coach is nobody's item: the sweep must see what the effect has written.
    @Test func allSeesWhatAnEarlierJobOfTheBatchHasCausedThere() throws {
        let all = KolibriJob(isAssign: false, targets: [facility.id], members: [], sweeps: true)
        try execute(assign(classroom.id, kind: coach), all)
        #expect(try desk.rows("SELECT count(*) FROM kolibriauth_role") == ["0"])
    }
}
