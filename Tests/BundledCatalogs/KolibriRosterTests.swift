import Postgres
import Sandbox
import Testing

@testable import Execution

/// Kolibri's file of users, row by row.
@Suite struct KolibriRosterTests {
    private static let head =
        "Database ID (UUID),Username (USERNAME),Password (PASSWORD),Full name (FULL_NAME),"
        + "User type (USER_TYPE),Identifier (IDENTIFIER),Birth year (BIRTH_YEAR),Gender (GENDER),"
        + "Learner enrollment (ENROLLED_IN),Coach assignment (ASSIGNED_TO)\n"

    private let desk: KolibriDesk
    private let facility: KolibriSeed.Facility

    init() throws {
        desk = try KolibriDesk(seed: 5, size: KolibriSeed.Size(facilities: 2, classes: 2, users: 4))
        facility = desk.seed.facilities[0]
        // Few rounds, or each test would hash for seconds.
        try desk.connection.script("UPDATE kolibriauth_facilityuser SET date_deleted = NULL")
    }

    private func send(_ rows: String, lanes: Int = 1, head: String = Self.head) throws -> Ending {
        try desk.desk.importRoster(
            "facility-users", target: facility.id, head + rows, lanes: lanes)
    }

    private func user(_ number: Int) -> String { facility.users[number] }

    /// The names of a user's classes, or where they coach.
    private func classes(_ username: String, _ table: String) throws -> [String] {
        try desk.rows(
            """
            SELECT c.name FROM kolibriauth_\(table) t
            JOIN kolibriauth_collection c ON c.id = t.collection_id AND c.kind = 'classroom'
            JOIN kolibriauth_facilityuser u ON u.id = t.user_id
            WHERE u.username = '\(username)' AND u.facility_id = '\(facility.id)'
            ORDER BY c.name COLLATE "C"
            """)
    }

    private func facilityRoles(_ username: String) throws -> [String] {
        try desk.rows(
            """
            SELECT r.kind FROM kolibriauth_role r
            JOIN kolibriauth_facilityuser u ON u.id = r.user_id
            WHERE u.username = '\(username)' AND r.collection_id = '\(facility.id)'
              AND u.facility_id = '\(facility.id)' ORDER BY 1
            """)
    }

    @Test("new users, their roles, and classes that are made for them")
    func new() throws {
        let ending = try send(
            """
            ,newbie,secret,New Bie,learner,ab12,2010,female,"Class A, class b",Class A
            ,coach1,secret,,CLASS_COACH,,,,,"CLASS A,Class C"
            ,boss,secret,,Admin,deferred,DEFERRED,DEFERRED,,
            ,chief,secret,,FACILITY_COACH,,,,class A,

            """)
        #expect(ending.state == "succeeded" && ending.counts == ["created": 4], "\(ending)")
        #expect(
            try desk.rows(
                """
                SELECT username, full_name, id_number, birth_year, gender, date_deleted
                FROM kolibriauth_facilityuser WHERE username NOT LIKE 'user%' ORDER BY 1
                """) == [
                    "boss|||||NULL", "chief|||||NULL", "coach1|||||NULL",
                    "newbie|New Bie|AB12|2010|FEMALE|NULL",
                ])
        #expect(
            try desk.rows(
                """
                SELECT name FROM kolibriauth_collection WHERE lower(name) LIKE 'class _'
                ORDER BY name COLLATE "C"
                """) == ["Class A", "Class C", "class b"])
        #expect(try classes("newbie", "membership") == ["Class A", "class b"])
        // A learner coaches nobody, whatever the file says.
        #expect(try classes("newbie", "role") == [])
        #expect(try classes("coach1", "role") == ["Class A", "Class C"])
        #expect(try classes("chief", "membership") == ["Class A"])
        #expect(try facilityRoles("newbie") == [])
        #expect(try facilityRoles("coach1") == ["classroom assignable coach"])
        #expect(try facilityRoles("boss") == ["admin"])
        #expect(try facilityRoles("chief") == ["coach"])
        let hash = try desk.rows(
            "SELECT password FROM kolibriauth_facilityuser WHERE username = 'boss'")
        #expect(hash.first?.hasPrefix("pbkdf2_sha256$260000$") == true)
        #expect(try DjangoPassword.matches("secret", hash.first ?? "") == true)
    }

    @Test("ids, partitions and sources are such as morango computes")
    func derived() throws {
        _ = try send(",newbie,secret,,LEARNER,,,,Class A,\n")
        let hex = "replace(dataset_id::text, '-', '')"
        func hash(_ partition: String, _ model: String) -> String {
            "encode(sha256(convert_to(\(partition) || '::' || _morango_source_id || '::\(model)', "
                + "'UTF8')), 'hex')"
        }
        #expect(
            try desk.rows(
                """
                SELECT left(\(hash("\(hex) || ':user-ro:${id}'", "facilityuser")), 32)::uuid = id,
                  _morango_partition = \(hex) || ':user-ro:' || replace(id::text, '-', ''),
                  length(_morango_source_id), _morango_dirty_bit, dataset_id = '\(facility.dataset)',
                  date_joined ~ '^[0-9-]{10} [0-9:]{8}[.][0-9]{6}[(]UTC[)]$'
                FROM kolibriauth_facilityuser WHERE username = 'newbie'
                """) == ["t|t|32|t|t|t"])
        #expect(
            try desk.rows(
                """
                SELECT left(\(hash("\(hex) || ':allusers-ro'", "classroom")), 32)::uuid = id,
                  _morango_partition = \(hex) || ':allusers-ro', length(_morango_source_id),
                  _morango_dirty_bit, dataset_id = '\(facility.dataset)', parent_id = '\(facility.id)'
                FROM kolibriauth_collection WHERE name = 'Class A'
                """) == ["t|t|32|t|t|t"])
    }

    @Test("what is wrong with a row is named, and nothing of the row is done")
    func refused() throws {
        let long = String(repeating: "x", count: 51)
        let ending = try send(
            """
            ,bad name,secret,,LEARNER,,,,Class A,
            ,a[b,secret,,LEARNER,,,,,
            ,\(String(repeating: "n", count: 31)),secret,,LEARNER,,,,,
            ,USER1,secret,,LEARNER,,,,,
            xyz,fine1,secret,,LEARNER,,,,,
            \(desk.seed.facilities[1].users[0]),fine2,secret,,LEARNER,,,,,
            \(user(0)),user1,secret,,LEARNER,,,,,
            ,fine3,,,LEARNER,,,,,
            ,fine4,*,,LEARNER,,,,Class B,
            ,fine5,secret,,,,,,,
            ,fine6,secret,,TEACHER,,,,,
            ,fine7,secret,,LEARNER,,1899,,,
            ,fine8,secret,,LEARNER,,,OTHER,,
            ,fine9,secret,,LEARNER,,,,"Class C,\(long)",
            ,newbie,secret,,LEARNER,,,,,
            ,NEWBIE,secret,,LEARNER,,,,,
            ,short,secret

            """)
        #expect(ending.counts == ["created": 1, "rejected": 16], "\(ending)")
        #expect(
            ending.codes == [
                2: "invalid-username", 3: "invalid-username", 4: "invalid-value",
                5: "username-taken", 6: "invalid-uuid", 7: "unknown-user", 8: "username-taken",
                9: "missing-value", 10: "missing-value", 11: "missing-value", 12: "invalid-value",
                13: "invalid-birth-year", 14: "invalid-value", 15: "invalid-class",
                17: "duplicate-username", 18: "row-width",
            ])
        #expect(
            ending.messages[2] == "expected a username of letters, digits and _, got bad name")
        #expect(
            try desk.rows("SELECT name FROM kolibriauth_collection WHERE name LIKE 'Class %'")
                == [])
        #expect(
            try desk.rows(
                "SELECT username FROM kolibriauth_facilityuser WHERE username NOT LIKE 'user%'")
                == ["newbie"])
    }

    @Test("a user who is named by UUID becomes as the file says, and leaves unlisted classes")
    func known() throws {
        let (first, second) = (facility.classes[0], facility.classes[1])
        let name = try desk.rows(
            "SELECT upper(name) FROM kolibriauth_collection WHERE id = '\(second.id)'")[0]
        try desk.execute(
            KolibriJob(
                table: .membership, targets: [first.id, first.groups[0], second.id],
                members: [KolibriJob.Member(user: user(0))]),
            KolibriJob(
                targets: [first.id, second.id],
                members: [KolibriJob.Member(user: user(0), kind: "coach")]))
        try desk.connection.script(
            """
            UPDATE kolibriauth_facilityuser SET date_deleted = '2026-01-01', password = 'old',
              _morango_dirty_bit = false WHERE id = '\(user(0))'
            """)
        let hex = KolibriSeed.hex(user(0)).uppercased()
        let row = "\(hex),renamed,*,Re Named,CLASS_COACH,x1,,MALE,\"\(name),New\",\(name)\n"
        let ending = try send(row)
        #expect(ending.state == "succeeded" && ending.counts == ["created": 1], "\(ending)")
        func facts() throws -> [String] {
            try desk.rows(
                """
                SELECT username, full_name, id_number, gender, date_deleted, password,
                  _morango_dirty_bit FROM kolibriauth_facilityuser WHERE id = '\(user(0))'
                """)
        }
        #expect(try facts() == ["renamed|Re Named|X1|MALE|NULL|old|t"])
        #expect(try classes("renamed", "membership") == ["New", name.lowercased()])
        #expect(try classes("renamed", "role") == [name.lowercased()])
        #expect(try desk.memberships(of: user(0)).contains(first.groups[0]) == false)
        // The class, its group, and the role there.
        #expect(try desk.deleted().count == 3)

        // What has not changed need not be synced.
        try desk.connection.script("UPDATE kolibriauth_facilityuser SET _morango_dirty_bit = false")
        let again = try send(row)
        #expect(again.state == "succeeded" && again.counts == ["unchanged": 1], "\(again)")
        #expect(try facts() == ["renamed|Re Named|X1|MALE|NULL|old|f"])

        let other = try send(row.replacing(",*,", with: ",secret,"))
        #expect(other.counts == ["updated": 1], "\(other)")
        let hash = try desk.rows(
            "SELECT password FROM kolibriauth_facilityuser WHERE id = '\(user(0))'")[0]
        #expect(try DjangoPassword.matches("secret", hash) == true)
        let same = try send(row.replacing(",*,", with: ",secret,"))
        #expect(same.counts == ["unchanged": 1], "\(same)")

        // A learner coaches nobody; the role at the facility stays.
        let learner = try send(row.replacing("CLASS_COACH", with: "LEARNER"))
        #expect(learner.counts == ["removed": 1], "\(learner)")
        #expect(try classes("renamed", "role") == [])
        #expect(try facilityRoles("renamed") == ["classroom assignable coach"])
        #expect(try classes("renamed", "membership") == ["New", name.lowercased()])
    }

    @Test("a file without one of the columns is refused: it would empty classes")
    func header() throws {
        let head = Self.head.replacing(",Learner enrollment (ENROLLED_IN)", with: "")
        let ending = try send("\(user(0)),user0,*,,LEARNER,,,,\n", head: head)
        #expect(ending.state == "failed")
        #expect(
            try desk.desk.failures().first?.hasPrefix(
                "invalid-header|expected a column enrolled_in, got \"Database ID (UUID)\"") == true)
        let bare = try send(
            "\(user(0)),user0,*,,LEARNER,,,,,\n",
            head: "UUID,USERNAME,PASSWORD,FULL_NAME,USER_TYPE,IDENTIFIER,BIRTH_YEAR,GENDER,"
                + "ENROLLED_IN,ASSIGNED_TO\n")
        #expect(bare.state == "succeeded")
    }

    @Test("a class that many workers make at once is made once")
    func sideBySide() throws {
        let rows = (0..<40).map { number in
            ",pupil\(number),*,,LEARNER,,,,\"\(number % 2 == 0 ? "Class" : "CLASS") \(number % 3)\",\n"
        }
        // Nobody gets a password: hashes are not what is tried here.
        let text = try SystemDesk.catalog("kolibri.yaml").replacing(
            "scheme: django_pbkdf2_sha256, keep: \"*\" }", with: "scheme: given }")
        let system = try SystemDesk(
            SystemDesk.System(
                name: "kolibri_5_2_2_4_0", tables: KolibriSchema.tables, file: "kolibri.yaml"
            ) { [seed = self.desk.seed] in try seed.insert(on: $0) }, edit: { _ in text })
        let ending = try system.importRoster(
            "facility-users", target: facility.id, Self.head + rows.joined(), lanes: 4)
        #expect(ending.counts == ["created": 40], "\(ending)")
        #expect(
            try system.rows(
                """
                SELECT lower(c.name), count(m.id) FROM kolibriauth_collection c
                LEFT JOIN kolibriauth_membership m ON m.collection_id = c.id
                WHERE lower(c.name) LIKE 'class _' GROUP BY c.id ORDER BY 1
                """) == ["class 0|14", "class 1|13", "class 2|13"])
    }
}
