import Postgres

/// The school of the demo, the tests and the documentation: users, courses and who takes which.
///
/// Ids count from 1. Every hundredth course is closed. Its catalog is `Config/catalogs/school.yaml`.
public enum School {
    /// How much there is of everything.
    public struct Size: Sendable {
        public let users: Int
        public let courses: Int

        public init(users: Int, courses: Int) {
            self.users = users
            self.courses = courses
        }
    }

    /// Whether a course takes nobody new.
    public static func isClosed(course: Int) -> Bool { course % 100 == 0 }

    /// Makes the schema and fills users and courses; nobody takes any course yet.
    public static func build(_ size: Size, on connection: Connection) throws(PostgresError) {
        try connection.script(
            """
            CREATE SCHEMA school;
            CREATE TABLE school.users (
                id       integer PRIMARY KEY,
                username text NOT NULL UNIQUE
            );
            CREATE TABLE school.course (
                id     integer PRIMARY KEY,
                title  text NOT NULL,
                closed boolean NOT NULL
            );
            CREATE TABLE school.enrollment (
                id        char(32) PRIMARY KEY,
                course_id integer NOT NULL REFERENCES school.course DEFERRABLE INITIALLY DEFERRED,
                user_id   integer NOT NULL REFERENCES school.users DEFERRABLE INITIALLY DEFERRED,
                role      text NOT NULL DEFAULT 'student'
                    CONSTRAINT enrollment_role CHECK (role IN ('student', 'ta', 'teacher')),
                UNIQUE (course_id, user_id)
            );
            CREATE INDEX enrollment_user_id ON school.enrollment (user_id);
            INSERT INTO school.users
            SELECT n, 'user' || n FROM generate_series(1, \(size.users)) AS n;
            INSERT INTO school.course
            SELECT n, 'Course ' || n, n % 100 = 0 FROM generate_series(1, \(size.courses)) AS n;
            ANALYZE school.users;
            ANALYZE school.course;
            """)
    }
}
