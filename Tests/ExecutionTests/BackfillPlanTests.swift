import Postgres
import Testing

@testable import Execution

/// How tables are cut into parts: together the parts are the table, and none of them overlap.
@Suite struct BackfillPlanTests {
    /// A table to walk, by its key.
    struct Walked: Sendable, CustomTestStringConvertible {
        let name: String
        let table: String
        /// Comma separated, as in the catalog.
        let key: String
        var rows = 7
        var condition = "true"

        var testDescription: String { name }
    }

    static let tables: [Walked] = [
        Walked(
            name: "whole numbers",
            table:
                "CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t SELECT generate_series(-50, 50)",
            key: "id"),
        Walked(
            name: "sparse and skewed",
            table: """
                CREATE TABLE t (id bigint PRIMARY KEY);
                INSERT INTO t SELECT n * n * n FROM generate_series(1, 60) n;
                INSERT INTO t SELECT 9223372036854775807 - n FROM generate_series(0, 30) n
                """, key: "id"),
        Walked(
            name: "two columns",
            table: """
                CREATE TABLE t (a integer NOT NULL, b text NOT NULL, PRIMARY KEY (a, b));
                INSERT INTO t SELECT n % 5, 'x' || n FROM generate_series(1, 103) n
                """, key: "a, b"),
        Walked(
            name: "texts of a collation",
            table: """
                CREATE TABLE t (id text COLLATE "und-x-icu" PRIMARY KEY);
                INSERT INTO t SELECT CASE n % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'B' WHEN 2 THEN 'é'
                  ELSE E'_"\\\\''' END || n FROM generate_series(1, 100) n;
                INSERT INTO t VALUES (''), (' '), ('NULL'), ('{}'), ('👩‍👩‍👧')
                """, key: "id"),
        Walked(
            name: "texts that fold",
            table: """
                CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                CREATE TABLE t (id text COLLATE folded NOT NULL, n integer);
                CREATE INDEX ON t (id);
                INSERT INTO t SELECT CASE n % 2 WHEN 0 THEN 'x' ELSE 'X' END || n / 2, n
                FROM generate_series(1, 99) n
                """, key: "id"),
        Walked(
            name: "uuids",
            table: """
                CREATE TABLE t (id uuid PRIMARY KEY);
                INSERT INTO t SELECT md5(n::text)::uuid FROM generate_series(1, 120) n
                """, key: "id"),
        Walked(
            name: "dates",
            table: """
                CREATE TABLE t (id date PRIMARY KEY);
                INSERT INTO t SELECT date '2020-02-27' + n FROM generate_series(1, 40) n;
                INSERT INTO t VALUES ('infinity'), ('-infinity'), ('0044-03-15 BC')
                """, key: "id"),
        Walked(
            name: "times and fractions",
            table: """
                CREATE TABLE t (at timestamptz NOT NULL, x float8 NOT NULL, y numeric(9, 3) NOT NULL,
                  PRIMARY KEY (at, x, y));
                INSERT INTO t SELECT timestamptz '2024-03-31 00:00+00' + n % 9 * interval '1.000001 min',
                  1.0 / (n % 7 + 1), n / 3.0 FROM generate_series(1, 90) n
                """, key: "at, x, y"),
        Walked(
            name: "a session that writes values so that they are read as others",
            table: """
                SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Kolkata';
                SET intervalstyle = 'sql_standard'; SET extra_float_digits = -9;
                CREATE TABLE t (at timestamptz NOT NULL, took interval NOT NULL, x float8 NOT NULL,
                  PRIMARY KEY (at, took, x));
                INSERT INTO t SELECT timestamptz '2024-03-31 00:00+00' + n % 9 * interval '1.000001 min',
                  (n % 3 - 1) * interval '1 day -2 hours', 1.0 / n FROM generate_series(1, 90) n
                """, key: "at, took, x"),
        Walked(
            name: "blanks at the end",
            table: """
                CREATE TABLE t (id char(5) PRIMARY KEY);
                INSERT INTO t SELECT n::text FROM generate_series(1, 60) n
                """, key: "id"),
        Walked(
            name: "labels and domains",
            table: """
                CREATE TYPE "Mood" AS ENUM ('sad', 'ok', 'ha ppy');
                CREATE DOMAIN small AS integer CHECK (VALUE < 100);
                CREATE TABLE t (m "Mood" NOT NULL, n small NOT NULL, PRIMARY KEY (m, n));
                INSERT INTO t SELECT m, n FROM unnest(enum_range(NULL::"Mood")) m, generate_series(1, 30) n
                """, key: "m, n"),
        Walked(
            name: "keys that many rows have",
            table: """
                CREATE TABLE t (k integer NOT NULL, n integer);
                CREATE INDEX ON t (k);
                INSERT INTO t SELECT CASE WHEN n < 60 THEN 5 ELSE n % 11 END, n FROM generate_series(1, 150) n
                """, key: "k"),
        Walked(
            name: "one key for all rows",
            table:
                "CREATE TABLE t (k integer NOT NULL); INSERT INTO t SELECT 1 FROM generate_series(1, 30)",
            key: "k"),
        Walked(name: "no row", table: "CREATE TABLE t (id integer PRIMARY KEY)", key: "id"),
        Walked(
            name: "one row",
            table: "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)",
            key: "id"),
        Walked(
            name: "as many rows as a part has",
            table:
                "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 7)",
            key: "id"),
        Walked(
            name: "one row a part",
            table:
                "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 20)",
            key: "id", rows: 1),
        Walked(
            name: "some of the rows",
            table:
                "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)",
            key: "id", condition: "id % 3 = 0 AND 'a''b:c' <> ''"),
        Walked(
            name: "a view",
            table: """
                CREATE TABLE u (id integer PRIMARY KEY);
                INSERT INTO u SELECT generate_series(1, 40);
                CREATE VIEW t AS SELECT id / 2 AS half FROM u UNION ALL SELECT NULL
                """, key: "half", condition: "half IS NOT NULL"),
    ]

    private func desk(_ walked: Walked) throws -> BackfillDesk {
        let columns = walked.key.split(separator: ", ").joined(separator: ", ")
        let bounds = walked.key.contains(",") ? "(\(columns))" : columns
        // Each part writes down the rows that it sees.
        return try BackfillDesk(
            tables: walked.table + "; CREATE TABLE seen (first text, last text, row text)",
            catalog: """
                catalog: c
                backfills:
                  walk:
                    steps:
                      - name: walk
                        chunk:
                          over: t
                          by: [\(walked.key)]
                          rows: \(walked.rows)
                          where: "\(walked.condition)"
                        sql: >
                          INSERT INTO public.seen
                          SELECT (:from)::text, (:to)::text, t::text FROM public.t
                          WHERE \(bounds) BETWEEN :from AND :to AND (\(walked.condition))
                """)
    }

    private func check(_ desk: BackfillDesk, _ walked: Walked) throws {
        let rows = try desk.rows("SELECT t::text FROM t WHERE \(walked.condition) ORDER BY t::text")
        // Together they are the table, and no row is in two.
        #expect(try desk.rows("SELECT row FROM seen ORDER BY row") == rows)
        // The plan knew how many rows each has.
        let parts = try desk.rows(
            "SELECT items, created FROM rollcall.job_parts WHERE state = 'done'")
        #expect(parts.allSatisfy { part in Set(part.split(separator: "|")).count == 1 }, "\(parts)")
        #expect(!parts.contains("0|0"))
        #expect(
            try desk.value(
                "SELECT coalesce(sum(items), 0) FROM rollcall.job_parts WHERE state = 'done'")
                == "\(rows.count)")
    }

    @Test(arguments: tables)
    func thePartsAreTheTable(_ walked: Walked) throws {
        let desk = try desk(walked)
        let job = try desk.ask("walk")
        try desk.run()
        #expect(try desk.job(job)?.hasPrefix("succeeded|") == true)
        #expect(try desk.discrepancy(of: job) == nil)
        try check(desk, walked)
        // A part has as many rows as it should, unless one key has more.
        let most = try desk.value(
            "SELECT coalesce(max(n), 0) FROM (SELECT count(*) n FROM t GROUP BY \(walked.key)) k")
        let limit = walked.rows - 1 + max(1, most.flatMap { Int($0) } ?? 1)
        let largest = try desk.value("SELECT coalesce(max(items), 0) FROM rollcall.job_parts")
        #expect(try #require(largest.flatMap { Int($0) }) <= limit)
    }

    /// The plan is made in portions: as if each looked at very few rows.
    @Test(arguments: tables)
    func aPlanInPortionsIsTheSame(_ walked: Walked) throws {
        let desk = try desk(walked)
        let job = try desk.ask("walk")
        try desk.connection.script(
            """
            DELETE FROM rollcall.job_part; DELETE FROM rollcall.job_event;
            UPDATE rollcall.backfill_run SET state = 'active', step = 1, is_planning = true,
              planned_to = NULL, portion = 3, parts = 0, parts_open = 0, items = 0, last_part = 0;
            UPDATE rollcall.job SET state = 'running', finished_at = NULL
            """)
        try desk.run()
        #expect(try desk.job(job)?.hasPrefix("succeeded|") == true)
        #expect(try desk.discrepancy(of: job) == nil)
        try check(desk, walked)
    }

    /// Every part is split until it has one key.
    @Test(arguments: tables)
    func partsThatAreSplitAreTheTable(_ walked: Walked) throws {
        let desk = try desk(walked)
        // What takes too long does so until it is about a single key.
        try desk.connection.script(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF EXISTS (SELECT FROM written WHERE first <> last) THEN RAISE query_canceled; END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER slow AFTER INSERT ON seen REFERENCING NEW TABLE AS written
            FOR EACH STATEMENT EXECUTE FUNCTION slow()
            """)
        let job = try desk.ask("walk")
        try desk.run()
        #expect(try desk.job(job)?.hasPrefix("succeeded|") == true)
        #expect(try desk.discrepancy(of: job) == nil)
        try check(desk, walked)
    }
}
