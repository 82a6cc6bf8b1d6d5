import Jobs
import Postgres
import Testing

@testable import Execution

/// What reviewers found in Antenna's own code for this, and cannot happen here.
///
/// The numbers are those of the review.
@Suite struct AntennaReviewTests {
    private let desk: SystemDesk
    private let bundled: String

    init() throws {
        desk = try AntennaTests.desk(projects: 60)
        bundled = try SystemDesk.catalog("antenna.yaml")
    }

    /// The roles as they were before one of them got another permission.
    private func earlier() throws -> SystemDesk.Definitions {
        try desk.definitions(
            bundled.replacing("          - [Researcher, delete_dataexport]\n", with: ""))
    }

    /// Lets the database refuse object permissions of a project, or take them again.
    private func refuse(_ project: Int, _ isRefused: Bool) throws {
        try desk.connection.script(
            isRefused
                ? """
                ALTER TABLE guardian_groupobjectpermission
                  ADD CONSTRAINT not_this_one CHECK (object_pk <> '\(project)') NOT VALID
                """
                : "ALTER TABLE guardian_groupobjectpermission DROP CONSTRAINT not_this_one")
    }

    private func objectGrants(_ project: Int) throws -> [String] {
        try desk.rows(
            """
            SELECT id, group_id, permission_id, xmin FROM guardian_groupobjectpermission
            WHERE object_pk = '\(project)' ORDER BY 1
            """)
    }

    private func recorded() throws -> [String] {
        try desk.rows("SELECT backfill, scope FROM rollcall.backfill_version ORDER BY 2")
    }

    @Test("finding 1: the same version can be recorded again, also after another one")
    func finding1() throws {
        let a = try AntennaTests.versions(desk)
        #expect(a == [])
        let earlier = try earlier()
        let first = try desk.run("role-permissions", with: earlier)
        let second = try desk.run("role-permissions")
        let third = try desk.run("role-permissions", with: earlier)
        let fourth = try desk.run("role-permissions")
        for ending in [first, second, third, fourth] {
            #expect((ending.state, ending.isSkipped) == ("succeeded", false))
        }
        // What one version gives the other takes away, and back: two researchers' rows a project.
        #expect((second.created, second.updated, second.removed) == (60 * 2 + 1, 0, 0))
        #expect((third.created, third.updated, third.removed) == (0, 1, 60 * 2))
        #expect((fourth.created, fourth.updated, fourth.removed) == (60 * 2, 1, 0))
        let versions = try AntennaTests.versions(desk)
        #expect(versions.count == 2 && versions.first == AntennaRoles.version)
        #expect(try desk.run("role-permissions").isSkipped)
    }

    @Test("finding 2: a failure in the middle leaves every group as it was")
    func finding2() throws {
        try desk.run("role-permissions", with: earlier())
        try desk.connection.script(
            "DELETE FROM guardian_groupobjectpermission WHERE object_pk = '7' AND id % 5 = 0")
        let before = try objectGrants(7)
        try refuse(7, true)
        let ending = try desk.run("role-permissions")
        #expect(ending.state == "failed")
        #expect(try objectGrants(7) == before)
    }

    @Test("finding 3: a version is recorded only when every project has succeeded")
    func finding3() throws {
        try refuse(53, true)
        #expect(try desk.run("role-permissions").state == "failed")
        #expect(try AntennaTests.versions(desk) == [])
        #expect(try recorded() == [])
        // Others may have got their roles; the next run does the rest without being forced.
        try refuse(53, false)
        let before = try AntennaState(desk)
        let again = try desk.run("role-permissions")
        #expect((again.state, again.isSkipped) == ("succeeded", false))
        #expect(before.faults(after: try AntennaState(desk)) == [])
        #expect(try AntennaTests.versions(desk) == [AntennaRoles.version])
        #expect(try recorded().count == 1)
    }

    @Test(
        "finding 4: a permission that another writer makes meanwhile is found",
        arguments: [true, false])
    func finding4(commits: Bool) throws {
        let before = try AntennaState(desk)
        let message = try desk.takeIn("role-permissions")
        let backfills = desk.backfills
        let failures = desk.sideBySide(2) { side, connection in
            func wait(until condition: String) throws {
                while try !connection.execute("SELECT EXISTS (\(condition))").bool(0, 0) {}
            }
            if side == 0 {
                try connection.script(
                    """
                    BEGIN;
                    INSERT INTO auth_permission (name, content_type_id, codename)
                    SELECT 'By another', id, 'import_data' FROM django_content_type
                    WHERE app_label = 'main' AND model = 'project'
                    """)
                try wait(
                    until: """
                        SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                        WHERE NOT l.granted AND l.locktype = 'transactionid'
                          AND a.datname = current_database()
                        """)
                try connection.script(commits ? "COMMIT" : "ROLLBACK")
            } else {
                try wait(
                    until: """
                        SELECT FROM pg_stat_activity
                        WHERE datname = current_database() AND backend_xid IS NOT NULL
                        """)
                _ = try backfills.turn(on: connection, onClaim: {})
            }
        }
        #expect(failures == [])
        try desk.work()
        #expect(try desk.backfillEnding(message).state == "succeeded")
        let after = try AntennaState(desk)
        #expect(
            after.permissions["main.project.import_data"]?.hasSuffix(
                commits ? " By another" : " Can import data") == true)
        let named = commits ? before.withPermission("main.project.import_data", of: after) : before
        #expect(named.faults(after: after) == [])
    }

    @Test(
        "finding 5: a project's run does not stand for the whole, nor the whole for a later project"
    )
    func finding5() throws {
        try desk.run("role-permissions", ["project_id": 7])
        #expect(try AntennaTests.versions(desk) == [])
        #expect(try desk.run("role-permissions", ["project_id": 7]).isSkipped)
        #expect(try !desk.run("role-permissions", ["project_id": 8]).isSkipped)
        #expect(try !desk.run("role-permissions").isSkipped)
        #expect(try AntennaTests.versions(desk) == [AntennaRoles.version])
        #expect(try recorded().count == 3)
        // Nor does it put the whole back: that was finished, and stays so.
        try desk.run("role-permissions", ["project_id": 9], isForced: true)
        #expect(try desk.run("role-permissions").isSkipped)
    }

    @Test("finding 6: where no version is recorded, or none can be, nothing counts as done")
    func finding6() throws {
        try desk.connection.script("ALTER TABLE users_roleschemaversion RENAME TO elsewhere")
        let message = try desk.takeIn("role-permissions")
        try desk.work()
        let ending = try desk.backfillEnding(message)
        #expect((ending.state, ending.isSkipped) == ("running", false))
        #expect(
            try desk.value("SELECT waits_for FROM rollcall.jobs")?
                .contains("users_roleschemaversion") == true)
        #expect(try recorded() == [])
        // As soon as it can be recorded, it is.
        try desk.connection.script("ALTER TABLE elsewhere RENAME TO users_roleschemaversion")
        while try desk.backfillEnding(message).state == "running" { try desk.work() }
        #expect(try desk.backfillEnding(message).state == "succeeded")
        #expect(try AntennaTests.versions(desk) == [AntennaRoles.version])
    }

    @Test("finding 7: no failure is swallowed: the job says what the database said")
    func finding7() throws {
        try refuse(7, true)
        let ending = try desk.run("role-permissions")
        #expect((ending.state, ending.error) == ("failed", "not_this_one"))
        #expect(ending.message?.contains("violates check constraint") == true)
    }

    @Test("finding 8: an unchanged definition is skipped unless a job forces it")
    func finding8() throws {
        try desk.run("role-permissions")
        try desk.connection.script("DELETE FROM auth_group_permissions WHERE id % 7 = 0")
        let skipped = try desk.run("role-permissions")
        #expect((skipped.state, skipped.isSkipped, skipped.written) == ("succeeded", true, 0))
        let forced = try desk.run("role-permissions", isForced: true)
        #expect(!forced.isSkipped && forced.created > 0)
    }
}
