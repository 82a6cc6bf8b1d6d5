import Jobs
import Postgres
import Testing

@testable import Execution

/// Exact jobs and jobs for all members over columns of all kinds, and rows that stay.
@Suite struct SweepValueTests {
    private func catalog(_ fields: String) -> String {
        """
        catalog: things
        relations:
          thing:
            table: thing
            target: t
            member: m
        \(fields.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
        """
    }

    private func exact(_ desk: Desk, _ target: String, _ members: String) throws -> Message {
        try desk.message(
            "assign",
            #""relation":"thing","target":\#(target),"members":[\#(members)],"exact":true"#)
    }

    @Test(arguments: [
        ("int2", "-7", "8"), ("int8", "9007199254740993", "9007199254740992"),
        (
            "uuid", "'0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00'",
            "'0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a01'"
        ),
        ("text", "E'a\"b\\\\c\\n\\u00e4'", "repeat('👩‍👩‍👧', 400)"), ("char(5)", "'ab'", "'abc'"),
        ("numeric", "1.50", "'NaN'"), ("float8", "0.1", "'infinity'"),
        ("date", "'2026-11-21'", "'infinity'"),
        ("timestamp", "'2026-11-21 08:00:00.123456'", "now()"),
        ("timestamptz", "'2026-11-21T08:00:00+05:30'", "'-infinity'"), ("boolean", "true", "false"),
    ])
    func valuesOfAllTypesAreFoundAgain(_ type: String, _ one: String, _ other: String) throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (t \(type), m \(type), PRIMARY KEY (t, m));
                INSERT INTO thing VALUES (\(one), \(one)), (\(one), \(other)), (\(other), \(one));
                """, catalog: catalog(""))
        let target = try #require(try desk.value("SELECT to_json(\(one)::\(type))"))
        let keep = try exact(desk, target, target)
        try desk.execute(keep)
        #expect(try desk.receipt(keep) == Receipt(unchanged: 1, removed: 1))
        let rest = try desk.message(
            "unassign", #""relation":"thing","target":\#(target),"members":"all""#)
        try desk.execute(rest)
        #expect(try desk.receipt(rest) == Receipt(removed: 1))
        #expect(try desk.value("SELECT count(*) FROM thing") == "1")
    }

    @Test func valuesThatOnlyTheDatabaseFindsEqualNameTheirRow() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (t numeric, m numeric, w int CHECK (w < 9), PRIMARY KEY (t, m));
                INSERT INTO thing SELECT 7.0, n FROM generate_series(1, 5) AS n;
                """, catalog: catalog("attributes: [w]"))
        let jobs = [
            try desk.message("assign", #""relation":"thing","target":7.00,"members":[6]"#),
            try exact(desk, "7", #"1.0,{"member":"2.00","w":10},{"member":3.0,"x":1},"9""#),
        ]
        try desk.execute(jobs)
        #expect(try desk.rows("SELECT m FROM thing ORDER BY 1") == ["1", "2", "3", "9"])
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(superseded: 1), Receipt(created: 1, unchanged: 1, removed: 2, rejected: 2),
            ])
    }

    /// The identity has an attribute: a member may be there several times.
    private func pieces(_ column: String) throws -> Desk {
        try Desk(
            tables: """
                CREATE TABLE thing (t int, m int, \(column), w int, UNIQUE NULLS NOT DISTINCT (t, m, p));
                INSERT INTO thing VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 2, 'a'), (1, 3, 'b');
                """,
            catalog: catalog("attributes: [p, w]\nidentity: [t, m, p]\nconflict: { update: [w] }"))
    }

    @Test func anExactJobComparesTheWholeIdentity() throws {
        let desk = try pieces("p text NOT NULL")
        let job = try exact(desk, "1", #"{"member":1,"p":"b"},{"member":2,"p":"c","w":5}"#)
        try desk.execute(job)
        #expect(try desk.rows("SELECT m, p FROM thing ORDER BY 1, 2") == ["1|b", "2|c"])
        #expect(try desk.receipt(job) == Receipt(created: 1, unchanged: 1, removed: 3))
    }

    @Test(arguments: [("p text NOT NULL DEFAULT lower('B')", "b"), ("p text", "NULL")])
    func aPartOfTheIdentityLeftOutIsItsDefault(_ column: String, _ value: String) throws {
        let desk = try pieces(column)
        if value == "NULL" { try desk.connection.script("UPDATE thing SET p = NULL WHERE p = 'b'") }
        let jobs = [
            try desk.message("assign", #""relation":"thing","target":1,"members":[7]"#),
            try exact(desk, "1", #"1,{"member":3,"w":2},4,{"member":2,"x":1}"#),
        ]
        try desk.execute(jobs)
        #expect(
            try desk.rows("SELECT m, p, w FROM thing ORDER BY 1, 2")
                == ["1|\(value)|NULL", "3|\(value)|2", "4|\(value)|NULL"])
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(superseded: 1),
                Receipt(created: 1, updated: 1, unchanged: 1, removed: 2, rejected: 1),
            ])
    }

    @Test(arguments: [false, true])
    func anItemWithoutAPartOfItsIdentityIsAboutTheRowWithTheDefault(isRemovedFirst: Bool) throws {
        let desk = try pieces("p text NOT NULL DEFAULT 'b'")
        let removal = try desk.message(
            "unassign", #""relation":"thing","target":1,"members":[{"member":3,"p":"b"}]"#)
        let assign = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[{"member":3,"w":4}]"#)
        try desk.execute(isRemovedFirst ? [removal, assign] : [assign, removal])
        #expect(
            try desk.rows("SELECT p, w FROM thing WHERE m = 3") == (isRemovedFirst ? ["b|4"] : []))
    }

    // MARK: Rows that stay

    private func kept(_ mode: String = "partial") throws -> (Desk, Message) {
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (t int, m int, PRIMARY KEY (t, m));
                INSERT INTO thing SELECT 1, n FROM generate_series(1, 50) AS n;
                CREATE TABLE work (t int, m int, CONSTRAINT has_work FOREIGN KEY (t, m) REFERENCES thing);
                INSERT INTO work VALUES (1, 20), (1, 33);
                """, catalog: catalog(""))
        let job = try desk.message(
            "assign",
            #""relation":"thing","target":1,"members":[1,2,60],"exact":true,"mode":"\#(mode)""#)
        return (desk, job)
    }

    @Test func aRowThatTheDatabaseKeepsIsARejectedItem() throws {
        let (desk, job) = try kept()
        try desk.execute(job)
        #expect(
            try desk.rows("SELECT m FROM thing ORDER BY 1") == ["1", "2", "20", "33", "60"])
        #expect(
            try desk.receipt(job) == Receipt(created: 1, unchanged: 2, removed: 46, rejected: 2))
        let found = try desk.rejections(job)
        #expect(found.map(\.member) == ["20", "33"])
        #expect(found.map(\.code) == ["has_work", "has_work"])
        // 3 items are listed, and 18 rows go before the first that stays.
        #expect(found.map(\.item) == [3 + 18, 3 + 31])
    }

    @Test func aRowThatTheDatabaseKeepsFailsAnAtomicJob() throws {
        let (desk, job) = try kept("atomic")
        try desk.execute(job)
        #expect(try desk.value("SELECT count(*) FROM thing") == "50")
        #expect(try desk.receipt(job) == Receipt(rejected: 5, error: "item-rejected"))
        #expect(
            try desk.rejections(job).map(\.code)
                == ["not-applied", "not-applied", "not-applied", "has_work", "has_work"])
    }

    /// The database refuses the value when it reads it, before it is known which rows go.
    @Test func anItemThatTheDatabaseCannotReadIsTheOneThatIsRejected() throws {
        let desk = try Desk(
            tables: """
                CREATE DOMAIN weight AS int CONSTRAINT no_weight CHECK (value > 0);
                CREATE TABLE thing (t int, m int, w weight, PRIMARY KEY (t, m));
                INSERT INTO thing SELECT 1, n, 1 FROM generate_series(1, 6) AS n;
                """, catalog: catalog("attributes: [w]"))
        let job = try exact(desk, "1", #"1,{"member":2,"w":-5},7"#)
        try desk.execute(job)
        #expect(try desk.rows("SELECT m FROM thing ORDER BY 1") == ["1", "2", "7"])
        #expect(
            try desk.receipt(job) == Receipt(created: 1, unchanged: 1, removed: 4, rejected: 1))
        #expect(try desk.codes(job) == [2: "no_weight"])
    }

    /// While it is found out what the database refuses, an atomic job has removed a row that stays.
    @Test func anItemIsNotBlamedForWhatAJobThatFailsHasDone() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (t int, m int, w int, PRIMARY KEY (t, m));
                INSERT INTO thing VALUES (1, 1, 1), (1, 2, 1);
                CREATE TABLE work (t int, m int, CONSTRAINT has_work FOREIGN KEY (t, m) REFERENCES thing);
                INSERT INTO work VALUES (1, 2);
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION ''no new row''; END';
                CREATE TRIGGER refuse AFTER INSERT ON thing FOR EACH ROW WHEN (NEW.w = 9)
                EXECUTE FUNCTION refuse();
                """, catalog: catalog("attributes: [w]"))
        let jobs = [
            try desk.message(
                "unassign", #""relation":"thing","target":1,"members":"all","mode":"atomic""#),
            try desk.message(
                "assign", #""relation":"thing","target":1,"members":[{"member":2,"w":3}]"#),
            try desk.message(
                "assign", #""relation":"thing","target":1,"members":[{"member":1,"w":9}]"#),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(rejected: 1, error: "item-rejected"), Receipt(unchanged: 1),
                Receipt(unchanged: 1),
            ])
    }

    @Test func aRowWithoutAMemberIsNobodys() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (t int, m int, UNIQUE (t, m));
                INSERT INTO thing VALUES (1, 1), (1, NULL), (2, 1);
                """, catalog: catalog(""))
        let job = try desk.message("unassign", #""relation":"thing","target":1,"members":"all""#)
        try desk.execute(job)
        #expect(try desk.rows("SELECT t, m FROM thing ORDER BY 1, 2") == ["1|NULL", "2|1"])
        #expect(try desk.receipt(job) == Receipt(removed: 1))
    }

    @Test func targetsAndMembersOfSeveralColumns() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (
                    kind text, id int, m1 int, m2 text, PRIMARY KEY (kind, id, m1, m2));
                INSERT INTO thing VALUES ('a', 1, 1, 'x'), ('a', 1, 1, 'y'), ('a', 2, 1, 'x'),
                    ('b', 1, 1, 'x');
                CREATE TABLE work (kind text, id int, m1 int, m2 text, CONSTRAINT has_work
                    FOREIGN KEY (kind, id, m1, m2) REFERENCES thing);
                INSERT INTO work VALUES ('b', 1, 1, 'x');
                """,
            catalog: """
                catalog: things
                relations:
                  thing: { table: thing, target: [kind, id], member: [m1, m2] }
                """)
        let job = try desk.message(
            "assign",
            #"""
            "relation":"thing","targets":[{"kind":"a","id":1},{"kind":"b","id":1}],"exact":true,
            "members":[{"m1":1,"m2":"y"},{"m1":2,"m2":"z"}]
            """#)
        let bad = try desk.message(
            "unassign", #""relation":"thing","target":{"kind":"a"},"members":"all""#)
        try desk.execute(job, bad)
        #expect(
            try desk.rows("SELECT * FROM thing ORDER BY 1, 2, 3, 4") == [
                "a|1|1|y", "a|1|2|z", "a|2|1|x", "b|1|1|x", "b|1|1|y", "b|1|2|z",
            ])
        #expect(
            try desk.receipt(job) == Receipt(created: 3, unchanged: 1, removed: 1, rejected: 1))
        #expect(try desk.rejections(job).map(\.member) == ["1, x"])
        #expect(try desk.codes(bad) == [1: "missing-value"])
    }
}
