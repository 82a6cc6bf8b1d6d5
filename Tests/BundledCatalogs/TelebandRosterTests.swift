import Postgres
import Testing

@testable import Execution

/// TeleBand's file of a course's students.
@Suite struct TelebandRosterTests {
    private let desk: SystemDesk

    init() throws {
        desk = try SystemDesk(TelebandSchema.system)
        let hash = try DjangoPassword.hash("right", iterations: 3)
        try desk.connection.script(
            "UPDATE users_user SET password = '\(hash)', name = 'Old' WHERE id <= 4")
    }

    private func send(_ rows: String, _ more: String = "") throws -> Ending {
        try desk.importRoster(
            "course-roster", target: "3", "fullname,username,password,grade\n" + rows, more)
    }

    /// Who takes the course: name, role, instrument.
    private func students() throws -> [String] {
        try desk.rows(
            """
            SELECT u.username, e.role_id, e.instrument_id FROM courses_enrollment e
            JOIN users_user u ON u.id = e.user_id WHERE e.course_id = 3 ORDER BY 1
            """)
    }

    @Test("new students get an account and a seat; who is there and has the password gets a seat")
    func enrolled() throws {
        let file = "Ada L, ada ,secret,\nNew Name,user2,right,9\n,bob,,5\n"
        let ending = try send(file)
        #expect(ending.state == "succeeded" && ending.counts == ["created": 3], "\(ending)")
        #expect(try students() == ["ada|1|NULL", "bob|1|NULL", "user2|1|3"])
        #expect(
            try desk.rows(
                """
                SELECT username, name, grade, email, external_id, is_superuser, is_staff, is_active,
                  instrument_id, last_login FROM users_user
                WHERE username IN ('ada', 'bob', 'user2') ORDER BY 1
                """) == [
                    "ada|Ada L||||f|f|t|NULL|NULL", "bob||5|||f|f|t|NULL|NULL",
                    "user2|Old||||f|f|t|3|NULL",
                ])
        let hash = try desk.value("SELECT password FROM users_user WHERE username = 'ada'") ?? ""
        #expect(try DjangoPassword.matches("secret", hash) == true)
        // Nobody can log in with no password.
        #expect(
            try desk.value("SELECT password ~ '^!' FROM users_user WHERE username = 'bob'") == "t")
        let again = try send(file)
        #expect(again.state == "succeeded" && again.counts == ["unchanged": 3], "\(again)")
    }

    @Test("a bad row is refused by itself, and nobody gets a name that was invented")
    func refused() throws {
        let long = String(repeating: "x", count: 151)
        let ending = try send(
            """
            A,user1,wrong,1
            B,user2,,1
            C,user8,right,1
            D,ada,secret,1
            E,ada,other,1
            F,,secret,1
            G,\(long),secret,1
            H,eve,secret
            I,fay,secret,1,2
            fullname,username,password,grade

            """)
        #expect(
            ending.codes == [
                2: "username-taken", 3: "username-taken", 4: "username-taken",
                6: "duplicate-username", 7: "missing-value", 8: "invalid-value", 9: "row-width",
                10: "row-width",
            ], "\(ending)")
        #expect(
            ending.messages[2]
                == "expected a username of nobody else's, got user1 with another password")
        #expect(try students() == ["ada|1|NULL", "username|1|NULL"])
        #expect(
            try desk.rows("SELECT username FROM users_user WHERE id > 8 ORDER BY 1")
                == ["ada", "username"])
    }

    @Test("who is enrolled keeps the role")
    func teacher() throws {
        try desk.connection.script(
            "INSERT INTO courses_enrollment (course_id, user_id, role_id) VALUES (3, 1, 2)")
        let ending = try send("Old,user1,right,1\n")
        #expect(ending.counts == ["unchanged": 1], "\(ending)")
        #expect(try students() == ["user1|2|NULL"])
    }
}
