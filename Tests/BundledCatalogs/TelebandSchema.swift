/// TeleBand's tables, as its migrations make them: no foreign key cascades, all wait for COMMIT.
enum TelebandSchema {
    static let tables = """
        CREATE TABLE instruments_instrument (\(id), name varchar(255) NOT NULL);
        CREATE TABLE users_role (\(id), name varchar(255) NOT NULL);
        CREATE TABLE musics_parttype (\(id), name varchar(255) NOT NULL);
        CREATE TABLE musics_piece (\(id), name varchar(255) NOT NULL);
        CREATE TABLE musics_part (\(id), name varchar(255) NOT NULL,
          \(key("piece_id", "musics_piece")), \(key("part_type_id", "musics_parttype")));
        CREATE TABLE submissions_grade (\(id), note text NOT NULL);
        CREATE TABLE assignments_activitytype (\(id), name varchar(255) NOT NULL);
        CREATE TABLE users_user (\(id), password varchar(128) NOT NULL, last_login timestamptz,
          is_superuser boolean NOT NULL, username varchar(150) NOT NULL UNIQUE,
          email varchar(254) NOT NULL, is_staff boolean NOT NULL, is_active boolean NOT NULL,
          date_joined timestamptz NOT NULL, name varchar(255) NOT NULL,
          grade varchar(255) NOT NULL, external_id varchar(255) NOT NULL,
          \(key("instrument_id", "instruments_instrument", null: true)));
        CREATE TABLE courses_course (\(id), name varchar(255) NOT NULL, slug varchar(50) NOT NULL,
          end_date date NOT NULL, start_date date NOT NULL, can_edit_instruments boolean NOT NULL,
          \(key("owner_id", "users_user")));
        CREATE TABLE courses_enrollment (\(id), \(key("course_id", "courses_course")),
          \(key("instrument_id", "instruments_instrument", null: true)),
          \(key("role_id", "users_role")), \(key("user_id", "users_user")),
          UNIQUE (user_id, course_id));
        CREATE TABLE assignments_pieceplan (\(id), name varchar(255) NOT NULL, type varchar(255),
          \(key("piece_id", "musics_piece")));
        CREATE TABLE assignments_activity (\(id), body text NOT NULL,
          number_of_submissions integer NOT NULL CHECK (number_of_submissions >= 0),
          activity_type_name varchar(255), category varchar(255),
          \(key("activity_type_id", "assignments_activitytype")),
          \(key("part_type_id", "musics_parttype", null: true)));
        CREATE TABLE assignments_plannedactivity (\(id),
          "order" integer NOT NULL CHECK ("order" >= 0),
          \(key("activity_id", "assignments_activity")),
          \(key("piece_plan_id", "assignments_pieceplan")), UNIQUE (piece_plan_id, activity_id));
        CREATE TABLE assignments_courseassignment (\(id), deadline date,
          created_at timestamptz NOT NULL, \(key("activity_id", "assignments_activity")),
          \(key("course_id", "courses_course")), \(key("piece_id", "musics_piece")),
          \(key("piece_plan_id", "assignments_pieceplan", null: true)),
          \(key("instrument_id", "instruments_instrument", null: true)),
          CONSTRAINT unique_course_assignment UNIQUE (course_id, activity_id, piece_id));
        CREATE TABLE assignments_assignmentgroup (\(id), type varchar(255));
        CREATE TABLE assignments_groupassignment (\(id),
          \(key("course_assignment_id", "assignments_courseassignment")),
          \(key("enrollment_id", "courses_enrollment")),
          \(key("group_id", "assignments_assignmentgroup")),
          CONSTRAINT unique_group_assignment UNIQUE (enrollment_id, course_assignment_id));
        CREATE TABLE submissions_submission (\(id), submitted timestamptz NOT NULL,
          content text NOT NULL, index integer NOT NULL CHECK (index >= 0),
          \(key("grade_id", "submissions_grade", null: true)),
          \(key("self_grade_id", "submissions_grade", null: true)),
          \(key("course_assignment_id", "assignments_courseassignment", null: true)),
          \(key("enrollment_id", "courses_enrollment", null: true)),
          \(key("instrument_id", "instruments_instrument", null: true)),
          \(key("part_id", "musics_part", null: true)));
        CREATE TABLE submissions_activityprogress (\(id),
          current_step integer NOT NULL CHECK (current_step >= 0),
          step_completions jsonb NOT NULL, activity_logs jsonb NOT NULL,
          question_responses jsonb NOT NULL, created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL, participant_email varchar(254),
          audio_edit_history jsonb NOT NULL, audio_metadata jsonb NOT NULL, current_audio_url text,
          \(key("course_assignment_id", "assignments_courseassignment", null: true)),
          \(key("enrollment_id", "courses_enrollment", null: true)),
          UNIQUE (course_assignment_id, enrollment_id));
        CREATE INDEX ON courses_enrollment (course_id);
        CREATE INDEX ON assignments_courseassignment (course_id);
        CREATE INDEX ON assignments_groupassignment (course_assignment_id);
        CREATE INDEX ON assignments_groupassignment (group_id);
        CREATE INDEX ON submissions_submission (course_assignment_id);
        CREATE INDEX ON submissions_submission (enrollment_id);
        CREATE INDEX ON submissions_activityprogress (enrollment_id);

        """

    /// What there was before course assignments: a row for each student.
    static let oldTable = """
        CREATE TABLE assignments_assignment (\(id), deadline date, created_at timestamptz NOT NULL,
          \(key("activity_id", "assignments_activity")),
          \(key("enrollment_id", "courses_enrollment")), \(key("part_id", "musics_part")),
          \(key("piece_id", "musics_piece", null: true)),
          \(key("piece_plan_id", "assignments_pieceplan", null: true)),
          \(key("instrument_id", "instruments_instrument")),
          \(key("group_id", "assignments_assignmentgroup", null: true)));
        CREATE INDEX ON assignments_assignment (activity_id);
        CREATE INDEX ON assignments_assignment (enrollment_id);
        CREATE INDEX ON assignments_assignment (part_id);
        CREATE INDEX ON assignments_assignment (piece_id);
        CREATE INDEX ON assignments_assignment (piece_plan_id);
        CREATE INDEX ON assignments_assignment (group_id);

        """

    private static let id = "id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"

    private static func key(_ column: String, _ table: String, null: Bool = false) -> String {
        "\(column) bigint \(null ? "" : "NOT NULL") "
            + "REFERENCES \(table) (id) DEFERRABLE INITIALLY DEFERRED"
    }

    /// What both seeds begin with: instruments 1-4, roles 1-2, pieces, plans 1-3 and activities.
    static func music(pieces: Int, activities: Int) -> String {
        """
        INSERT INTO instruments_instrument (name) SELECT 'i' || n FROM generate_series(1, 4) n;
        INSERT INTO users_role (name) VALUES ('Student'), ('Teacher');
        INSERT INTO musics_piece (name) SELECT 'p' || n FROM generate_series(1, \(pieces)) n;
        INSERT INTO assignments_activitytype (name) VALUES ('Melody');
        INSERT INTO assignments_activity (body, number_of_submissions, activity_type_id)
          SELECT '', 1, 1 FROM generate_series(1, \(activities));
        INSERT INTO assignments_pieceplan (name, piece_id) VALUES ('a', 1), ('b', 1), ('c', 2);

        """
    }

    static func users(_ count: Int) -> String {
        """
        INSERT INTO users_user (password, is_superuser, username, email, is_staff, is_active,
            date_joined, name, grade, external_id, instrument_id)
          SELECT '', false, 'user' || n, '', false, true, now(), '', '', '',
            CASE WHEN n % 2 = 0 THEN 1 + n % 4 END FROM generate_series(1, \(count)) n;
        INSERT INTO courses_course (name, slug, end_date, start_date, can_edit_instruments, owner_id)
          SELECT 'c' || n, 'c' || n, '2026-12-31', '2026-01-01', true, 1
          FROM generate_series(1, 3) n;

        """
    }

    /// Courses 1-3, of which 1 and 2 have students, assignments, groups, work and progress: all with
    /// ids that both sides know.
    private static let small =
        music(pieces: 4, activities: 4) + users(8) + """
            INSERT INTO courses_enrollment (course_id, user_id, role_id, instrument_id) VALUES
              (1, 1, 1, 1), (1, 2, 1, NULL), (1, 3, 1, 2), (1, 4, 2, NULL),
              (2, 3, 1, 3), (2, 4, 1, NULL), (2, 5, 1, NULL);
            INSERT INTO assignments_courseassignment
              (course_id, piece_id, activity_id, piece_plan_id, created_at) VALUES
              (1, 1, 1, 1, '2026-01-01'), (1, 1, 2, 1, '2026-01-01'), (1, 2, 1, 3, '2026-01-01'),
              (1, 2, 2, NULL, '2026-01-01'), (2, 1, 1, 1, '2026-01-01'), (2, 1, 2, 2, '2026-01-01');
            INSERT INTO assignments_assignmentgroup (type) VALUES ('a'), ('b'), (NULL), ('empty');
            INSERT INTO assignments_groupassignment
              (group_id, enrollment_id, course_assignment_id) VALUES
              (1, 1, 1), (1, 2, 2), (2, 3, 1), (2, 1, 4), (3, 5, 5), (3, 6, 6);
            INSERT INTO submissions_submission
              (submitted, content, index, course_assignment_id, enrollment_id) VALUES
              (now(), '', 0, 3, 1), (now(), '', 0, NULL, 7), (now(), '', 0, NULL, NULL);
            INSERT INTO submissions_activityprogress
              (current_step, step_completions, activity_logs, question_responses, created_at,
               updated_at, audio_edit_history, audio_metadata, course_assignment_id, enrollment_id)
              SELECT 0, '{}', '[]', '{}', now(), now(), '[]', '{}', a, e
              FROM (VALUES (1, 1), (1, 2), (3, 1), (4, 3), (6, 5), (NULL, 2)) AS v (a, e);

            """
        + "SET CONSTRAINTS ALL IMMEDIATE;\n"
        + ["courses_enrollment", "assignments_courseassignment", "assignments_groupassignment"]
        .map { "ALTER TABLE \($0) ALTER id RESTART WITH 1000;\n" }.joined()
        + "ALTER TABLE assignments_assignmentgroup ALTER id RESTART WITH 1000;\n"

    static let system = SystemDesk.System(
        name: "teleband", tables: tables, seed: small, file: "teleband.yaml")

    /// Enough users, pieces and activities for 5,000 items of each relation, and nothing else.
    static let large = SystemDesk.System(
        name: "teleband-large", tables: tables,
        seed: music(pieces: 100, activities: 50) + users(5_000), file: "teleband.yaml")
}
