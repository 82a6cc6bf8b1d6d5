import Foundation
import Postgres
import Sandbox
import Testing

/// Files of Microsoft School Data Sync and of Clever, from the command line to the tables.
@Suite struct DistrictTests {
    private static let tables = """
        CREATE SCHEMA district;
        SET search_path = district;
        CREATE TABLE school (id text PRIMARY KEY, name text NOT NULL);
        CREATE TABLE person (id text PRIMARY KEY, username text UNIQUE, given_name text,
          family_name text, email text, grade text);
        CREATE TABLE class (id text PRIMARY KEY, school_id text NOT NULL REFERENCES school,
          title text);
        CREATE TABLE staffing (school_id text REFERENCES school, person_id text REFERENCES person,
          role text, grade text, PRIMARY KEY (school_id, person_id, role));
        CREATE TABLE enrollment (class_id text REFERENCES class, person_id text REFERENCES person,
          role text NOT NULL, PRIMARY KEY (class_id, person_id));
        """

    private let stage: Stage
    private let connection: Connection
    private let environment = [
        "ROLLCALL_CATALOG": "\(Stage.root)/Config/catalogs/district.yaml"
    ]

    init() throws {
        stage = try Stage()
        connection = try stage.connect()
        try connection.script(Self.tables)
        let check = try stage.run(["catalog", "check"], environment: environment)
        #expect(check.status == .exited(0), "\(check.output)\(check.errors)")
    }

    /// Imports files and waits for the end.
    ///
    /// - Returns: what became of the rows.
    private func send(
        _ roster: String, _ files: [(name: String, text: String)], exits: Int32 = 0
    ) throws -> String {
        let paths = try files.map { file in
            let path = "\(stage.directory)/\(file.name).csv"
            try file.text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let run = try stage.run(
            ["enqueue", "roster-import", "--roster", roster, "--wait"] + paths,
            environment: environment)
        #expect(run.status == .exited(exits), "\(run.errors)")
        let job = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        return try rows(
            """
            SELECT format('%s created, %s updated, %s unchanged, %s rejected', created, updated,
              unchanged, rejected) FROM rollcall.jobs WHERE id::text = '\(job)'
            """
        ).joined()
    }

    private func rows(_ sql: String) throws -> [String] {
        let rows = try connection.execute(sql)
        return (0..<rows.count).map { row in
            (0..<rows.columnCount).map { rows.optionalString(row, $0) ?? "NULL" }
                .joined(separator: "|")
        }
    }

    @Test("School Data Sync: organizations, users, roles, classes and enrollments")
    func sds() throws {
        _ = try stage.startWorker("worker", environment: environment)
        var files = [
            // In another order than the catalog's, and with columns that nobody has asked for.
            (
                "enrollments",
                "classSourcedId,userSourcedId,role\r\n007,u-1,student\r\n007,u-2,Teacher\r\n"
                    + "007,u-9,student\r\n008,u-1,aide\r\n"
            ),
            (
                "orgs",
                "\u{FEFF}sourcedId,name,type,parentSourcedId\r\n0042,\"Hill, North\",school,\r\n"
            ),
            (
                "users",
                "sourcedId,username,familyName,givenName,password,email\r\n"
                    + "u-1,one@example.com,One,Olga,,\r\nu-2,two@example.com,Two,Tom,,t@example.com\r\n"
            ),
            (
                "roles",
                "userSourcedId,orgSourcedId,role,grade\r\nu-1,0042,student,05\r\n"
                    + "u-2,0042,teacher,\r\nu-2,0042,principal,\r\n"
            ),
            ("classes", "sourcedId,orgSourcedId,title\r\n007,0042,Biology\r\n"),
        ]
        #expect(
            try send("sds", files, exits: 6) == "9 created, 0 updated, 0 unchanged, 2 rejected")
        #expect(try rows("SELECT * FROM district.school") == ["0042|Hill, North"])
        #expect(
            try rows("SELECT id, username, given_name, email FROM district.person ORDER BY 1") == [
                "u-1|one@example.com|Olga|NULL", "u-2|two@example.com|Tom|t@example.com",
            ])
        #expect(
            try rows("SELECT * FROM district.staffing ORDER BY 2, 3") == [
                "0042|u-1|student|05", "0042|u-2|principal|NULL", "0042|u-2|teacher|NULL",
            ])
        #expect(
            try rows("SELECT * FROM district.enrollment ORDER BY 2")
                == ["007|u-1|student", "007|u-2|teacher"])
        #expect(
            try rows("SELECT code FROM rollcall.rejections ORDER BY item")
                == ["unknown-person", "invalid-value"])
        // Names are given when somebody is made, and need not be given again.
        files[2].1 =
            "sourcedId,username\r\nu-1,one@example.com\r\nu-2,second@example.com\r\n"
        #expect(
            try send("sds", files, exits: 6) == "0 created, 1 updated, 8 unchanged, 2 rejected")
        #expect(
            try rows("SELECT username, given_name FROM district.person ORDER BY id")
                == ["one@example.com|Olga", "second@example.com|Tom"])
    }

    @Test("Clever: lines that end with CR alone, several teachers, ids with zeros in front")
    func clever() throws {
        _ = try stage.startWorker("worker", environment: environment)
        let files = [
            ("schools", "School_id,School_name,School_number\r02M800,\"East, the old\",800\r"),
            (
                "students",
                "School_id,Student_id,Student_number,Last_name,First_name,Grade\r"
                    + "02M800,0007,1,Seven,Sue,Kindergarten\r02M800,0008,2,Eight,Ed,12\r"
                    + "99X999,0009,3,Nine,Nan,1\r"
            ),
            (
                "teachers",
                "School_id,Teacher_id,Teacher_email,Last_name,First_name\r"
                    + "02M800,0007,t7@example.com,Doe,Dan\r02M800,0011,,Roe,Ron\r"
            ),
            (
                "sections",
                "School_id,Section_id,Teacher_id,Teacher_2_id,Course_name,Term_start\r"
                    + "02M800,00100,0007,0011,Physics,8/1/15\r02M800,00200,0011,,,8/1/15\r"
            ),
            (
                "enrollments",
                "School_id,Section_id,Student_id\r02M800,00100,0007\r02M800,00200,0008\r"
                    + "02M800,00200,0007\r"
            ),
        ]
        // Of the pupil of a school that there is not nothing is made.
        #expect(
            try send("clever", files, exits: 6) == "10 created, 0 updated, 0 unchanged, 1 rejected")
        #expect(
            try rows("SELECT id, family_name, grade FROM district.person ORDER BY 1") == [
                "student 0007|Seven|Kindergarten", "student 0008|Eight|12",
                "teacher 0007|Doe|NULL", "teacher 0011|Roe|NULL",
            ])
        #expect(
            try rows("SELECT * FROM district.enrollment ORDER BY 1, 2") == [
                "00100|student 0007|student", "00100|teacher 0007|teacher",
                "00100|teacher 0011|teacher", "00200|student 0007|student",
                "00200|student 0008|student", "00200|teacher 0011|teacher",
            ])
        #expect(
            try rows("SELECT id, title FROM district.class ORDER BY 1")
                == ["00100|Physics", "00200|NULL"])
        #expect(
            try rows("SELECT code, message FROM rollcall.rejections") == [
                "unknown-school|students, line 4: school.id has no row \"99X999\""
            ])
        #expect(
            try send("clever", files, exits: 6) == "0 created, 0 updated, 10 unchanged, 1 rejected")
    }
}
