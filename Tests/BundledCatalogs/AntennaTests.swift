import Catalog
import Jobs
import Postgres
import Testing

@testable import Execution

/// What the Antenna catalog does, sentence by sentence.
@Suite struct AntennaTests {
    /// Role groups over random projects.
    static func desk(projects: Int = 120, isPooled: Bool = false) throws -> SystemDesk {
        print("Antenna: seed \(Comparison.seed)")
        return try SystemDesk(
            Comparison.system("antenna", seed: Comparison.seed, ["projects": projects]),
            isPooled: isPooled)
    }

    static func versions(_ desk: SystemDesk) throws -> [String] {
        try desk.rows("SELECT version FROM users_roleschemaversion ORDER BY updated_at DESC")
    }

    /// Lets people change groups, permissions and projects by hand.
    private func drift(_ desk: SystemDesk, _ round: Int) throws {
        let seed = Int(Comparison.seed % 1_000_003) + round
        try Comparison.set(
            ["seed": seed, "drift": 40], on: desk.connection,
            then: Comparison.sql("antenna-drift"))
    }

    private func expectRight(
        _ before: AntennaState, _ desk: SystemDesk, _ isInScope: (Int) -> Bool = { _ in true },
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let faults = before.faults(after: try AntennaState(desk), isInScope)
        #expect(
            faults.isEmpty, "\(faults.prefix(20).joined(separator: "\n"))",
            sourceLocation: location)
    }

    @Test("the catalog fits the tables")
    func fits() throws {
        let desk = try Self.desk()
        #expect(desk.findings.filter { $0.level != .ok }.isEmpty)
        #expect(desk.findings.count == 1)
    }

    @Test(
        "new projects get five groups with their permissions, 82 of each kind", arguments: [1, 4])
    func newProjects(lanes: Int) throws {
        let desk = try Self.desk()
        let before = try AntennaState(desk)
        let ending = try desk.run("role-permissions", lanes: lanes)
        try expectRight(before, desk)
        let after = try AntennaState(desk)
        #expect(after.groups.count - before.groups.count == 5 * 120)
        #expect(after.grants.count - before.grants.count == 82 * 120)
        #expect(after.objectGrants.count - before.objectGrants.count == 82 * 120)
        #expect(ending.created == (5 + 82 + 82) * 120 + 3 + 1)
        #expect((ending.updated, ending.removed) == (0, 0))
        #expect(try Self.versions(desk) == [AntennaRoles.version])
        #expect(
            try desk.troubles() == [])
    }

    @Test(
        "whatever people did to groups, each ends with exactly its role", arguments: [false, true])
    func driftedProjects(isPooled: Bool) throws {
        let desk = try Self.desk(isPooled: isPooled)
        try desk.run("role-permissions")
        for round in 0..<4 {
            try drift(desk, round)
            let before = try AntennaState(desk)
            let ending = try desk.run("role-permissions", isForced: true, lanes: 1 + round % 3)
            #expect(ending.state == "succeeded", "\(ending)")
            try expectRight(before, desk)
            // Something of each kind was there to be mended.
            #expect(ending.created > 0 && ending.updated > 0 && ending.removed > 0, "\(ending)")
        }
    }

    @Test("a second run changes no row and takes no number from a sequence")
    func secondRun() throws {
        let desk = try Self.desk()
        try desk.run("role-permissions")
        try drift(desk, 0)
        try desk.run("role-permissions", isForced: true)
        let before = try AntennaState(desk)
        let versions = try desk.rows("SELECT *, xmin FROM users_roleschemaversion")
        let again = try desk.run("role-permissions", isForced: true, lanes: 2)
        #expect((again.state, again.isSkipped, again.written) == ("succeeded", false, 0))
        #expect(try AntennaState(desk) == before)
        #expect(try desk.rows("SELECT *, xmin FROM users_roleschemaversion") == versions)
    }

    @Test("a project's run changes that project's groups and nothing else")
    func oneProject() throws {
        let desk = try Self.desk()
        try desk.run("role-permissions")
        try drift(desk, 0)
        for project in [7, 8] {
            let before = try AntennaState(desk)
            let ending = try desk.run(
                "role-permissions", ["project_id": project], isForced: true)
            #expect(ending.state == "succeeded", "\(ending)")
            try expectRight(before, desk) { $0 == project }
        }
    }

    @Test(
        "foreign permissions go from a role's groups, those on other objects and other groups stay")
    func foreignPermissions() throws {
        let desk = try Self.desk(projects: 3)
        try desk.run("role-permissions")
        let member = try #require(
            try desk.value("SELECT id FROM auth_group WHERE name LIKE '3\\_%Basic%'"))
        let permission = { (model: String, codename: String) in
            try #require(
                try desk.value(
                    """
                    SELECT a.id FROM auth_permission a JOIN django_content_type c ON c.id = a.content_type_id
                    WHERE c.app_label || '.' || c.model = '\(model)' AND codename = '\(codename)'
                    """))
        }
        let other = try permission("archive.project", "view_project")
        let own = try permission("main.project", "delete_project")
        try desk.connection.script(
            """
            INSERT INTO auth_group_permissions (group_id, permission_id)
            VALUES (\(member), \(other)), (\(member), \(own));
            INSERT INTO guardian_groupobjectpermission (group_id, permission_id, object_pk, content_type_id)
            SELECT \(member), a.id, n, a.content_type_id FROM auth_permission a, unnest('{2,3}'::text[]) n
            WHERE a.id IN (\(other), \(own));
            """)
        let before = try AntennaState(desk)
        let ending = try desk.run("role-permissions", isForced: true)
        #expect((ending.created, ending.updated, ending.removed) == (0, 0, 3))
        try expectRight(before, desk)
        #expect(
            try desk.rows(
                """
                SELECT o.object_pk, o.permission_id FROM guardian_groupobjectpermission o
                WHERE group_id = \(member) AND permission_id IN (\(other), \(own)) ORDER BY 1, 2
                """
            ).sorted() == ["2|\(other)", "2|\(own)", "3|\(other)"].sorted())
    }

    @Test("runs for projects beside a run for all end as one after the other")
    func overlappingScopes() throws {
        let desk = try Self.desk()
        try desk.run("role-permissions")
        try drift(desk, 0)
        let before = try AntennaState(desk)
        let scopes: [[String: Int]] = [
            [:], ["project_id": 1], ["project_id": 2], ["project_id": 3],
        ]
        let messages = try scopes.map {
            try desk.takeIn("role-permissions", $0, isForced: true)
        }
        try desk.work(lanes: 4)
        for message in messages {
            let ending = try desk.backfillEnding(message)
            #expect(ending.state == "succeeded", "\(ending)")
        }
        try expectRight(before, desk)
    }

    @Test("permissions that are there keep their names, missing ones are made")
    func permissionNames() throws {
        let desk = try Self.desk(projects: 2)
        let before = try desk.rows("SELECT * FROM auth_permission ORDER BY id")
        try desk.run("role-permissions")
        let after = try desk.rows("SELECT * FROM auth_permission ORDER BY id")
        #expect(Array(after.prefix(before.count)) == before)
        #expect(
            try desk.rows(
                """
                SELECT a.codename, a.name, c.app_label FROM auth_permission a
                JOIN django_content_type c ON c.id = a.content_type_id
                ORDER BY a.id DESC LIMIT 3
                """) == [
                    "update_project|Can update project|main", "import_data|Can import data|main",
                    "delete_occurrences|Can delete occurrences|main",
                ])
    }

    @Test("a project that was renamed gets new groups, the old ones stay with their members")
    func renamedProject() throws {
        let desk = try Self.desk(projects: 2)
        try desk.run("role-permissions")
        try desk.connection.script(
            """
            INSERT INTO users_user_groups (user_id, group_id) SELECT 1, id FROM auth_group;
            UPDATE main_project SET name = 'Renamed' WHERE id = 2;
            """)
        let before = try AntennaState(desk)
        try desk.run("role-permissions", ["project_id": 2])
        try expectRight(before, desk)
        #expect(try desk.value("SELECT count(*) FROM auth_group WHERE name LIKE '2\\_%'") == "10")
    }

    @Test("the version is that of Antenna's own code, whatever the order of the roles")
    func version() throws {
        let desk = try Self.desk(projects: 1)
        let lines = try SystemDesk.catalog("antenna.yaml").split(
            separator: "\n", omittingEmptySubsequences: false)
        let isRow = { (line: Substring) in line.hasPrefix("          - [") }
        let rows = lines.filter(isRow)
        #expect(rows.count == 82)
        let shuffled =
            lines.prefix { !isRow($0) } + rows.reversed()
            + lines.drop { !isRow($0) }.drop(while: isRow)
        let other = try desk.definitions(shuffled.joined(separator: "\n"))
        try desk.run("role-permissions", with: other)
        #expect(try Self.versions(desk) == [AntennaRoles.version])
    }
}
