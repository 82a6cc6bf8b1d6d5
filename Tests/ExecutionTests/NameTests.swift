import Jobs
import Testing

@testable import Execution

/// Tables, columns and schemas with any name.
@Suite struct NameTests {
    @Test func namesWithCapitalsBlanksAndQuotesAreWritten() throws {
        let desk = try Desk(
            tables: #"""
                CREATE SCHEMA "My ""School""";
                CREATE TABLE "My ""School"""."The users" ("User's Id" int PRIMARY KEY);
                INSERT INTO "My ""School"""."The users" VALUES (1), (2), (3);
                CREATE TYPE "My ""School"""."Role"";--" AS ENUM ('a', 'b');
                CREATE TABLE "My ""School"""."select" (
                    "Course Id" int, n int REFERENCES "My ""School"""."The users", "ORDER" text,
                    "item" "My ""School"""."Role"";--" NOT NULL DEFAULT 'a', "key;--" text,
                    PRIMARY KEY ("Course Id", n),
                    CONSTRAINT "No ""big"" orders" CHECK (length("ORDER") < 9));
                """#,
            catalog: #"""
                catalog: names
                relations:
                  thing:
                    table: 'My "School".select'
                    target: "Course Id"
                    member: n
                    attributes: ["ORDER", item]
                    set: { "key;--": "item.\"Course Id\" || item.\"ORDER\"" }
                    conflict: { update: ["ORDER", item] }
                    reject:
                      - { code: not-b, when: "item.item = 'b' AND item.\"ORDER\" = 'b'", message: "{ORDER}" }
                """#)
        let job = try desk.message(
            "assign",
            #"""
            "relation":"thing","target":1,"members":[1,{"n":2,"item":"b"},9,{"member":3,
            "ORDER":"much too long"},{"member":3,"ORDER":"b","item":"b"}],"attributes":{"ORDER":"x"}
            """#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 2, rejected: 3))
        #expect(
            try desk.codes(job) == [3: "unknown-n", 4: #"No "big" orders"#, 5: "not-b"])
        let rows = #"SELECT * FROM "My ""School"""."select" ORDER BY n"#
        #expect(try desk.rows(rows) == ["1|1|x|a|1x", "1|2|x|b|1x"])
        let again = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[{"member":2,"ORDER":"y"}]"#)
        let removal = try desk.message(
            "unassign", #""relation":"thing","target":1,"members":[1,3]"#)
        try desk.execute(again, removal)
        #expect(try desk.receipt(again) == Receipt(updated: 1))
        #expect(try desk.receipt(removal) == Receipt(removed: 1, absent: 1))
        #expect(try desk.rows(rows) == ["1|2|y|b|1x"])
    }

    @Test func attributesWithLongNamesAreToldApart() throws {
        let stem = String(repeating: "a", count: 62)
        let desk = try Desk(
            tables: """
                CREATE TABLE thing (t int, m int, \(stem)b int, \(stem)c int, PRIMARY KEY (t, m));
                """,
            catalog: """
                catalog: names
                relations:
                  thing:
                    table: thing
                    target: t
                    member: m
                    attributes: [\(stem)b, \(stem)c]
                    conflict: { update: [\(stem)b, \(stem)c] }
                """)
        func assign(_ member: String) throws -> Message {
            try desk.message("assign", #""relation":"thing","target":1,"members":[\#(member)]"#)
        }
        try desk.execute(try assign(#"{"member":1,"\#(stem)b":1}"#))
        try desk.execute(try assign(#"{"member":1,"\#(stem)c":2}"#))
        #expect(try desk.rows("SELECT * FROM thing") == ["1|1|1|2"])
    }

    @Test func twoRelationsAreWrittenInOneBatch() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE one (t int, m int, PRIMARY KEY (t, m));
                CREATE TABLE two (t int, m text, PRIMARY KEY (t, m));
                """,
            catalog: """
                catalog: two
                relations:
                  one: { table: one, target: t, member: m }
                  two: { table: two, target: t, member: m }
                """)
        let jobs = [
            try desk.message("assign", #""relation":"two","target":1,"members":["a","b"]"#),
            try desk.message("assign", #""relation":"one","target":1,"members":[1,"x"]"#),
            try desk.message("unassign", #""relation":"two","target":1,"members":["b","c"]"#),
            try desk.message(
                "assign", #""relation":"one","target":2,"members":[1,"x"],"mode":"atomic""#),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(created: 1, superseded: 1), Receipt(created: 1, rejected: 1),
                Receipt(absent: 2), Receipt(rejected: 2, error: "item-rejected"),
            ])
        #expect(try desk.rows("SELECT * FROM one") == ["1|1"])
        #expect(try desk.rows("SELECT * FROM two") == ["1|a"])
    }

    @Test func theStatusSchemaMayHaveAnotherName() throws {
        let desk = try Desk.school(schema: "other")
        let job = try desk.enrollment("assign", course: 1, "1,9999")
        try desk.execute(job)
        try desk.execute(desk.message(.fault(MessageFault(.notJSON, "no")), bytes: [1]))
        try desk.execute(desk.message(job.content, bytes: [], offset: 99))
        #expect(try desk.receipt(job) == Receipt(created: 1, rejected: 1, duplicates: 1))
        #expect(try desk.codes(job) == [2: "unknown-user"])
        #expect(try desk.deadLetters().count == 1)
        #expect(
            try desk.value("SELECT to_regnamespace('rollcall') IS NULL") == "t")
    }

    @Test func aTargetAndAMemberMayBeOfSeveralColumns() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE label_link (label_id int, target_id int, target_type text,
                    PRIMARY KEY (label_id, target_id, target_type));
                """,
            catalog: """
                catalog: labels
                relations:
                  link:
                    table: label_link
                    target: label_id
                    member: [target_id, target_type]
                """)
        let job = try desk.message(
            "assign",
            #"""
            "relation":"link","target":1,"members":[{"target_id":7,"target_type":"Issue"},
            {"member":{"target_id":8,"target_type":"Issue"}},{"target_id":7,"target_type":"Issue"},
            {"target_id":7},7]
            """#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 2, unchanged: 1, rejected: 2))
        #expect(try desk.codes(job) == [4: "missing-value", 5: "missing-value"])
    }

    @Test func anUnassignThatLeavesOutAPartOfTheIdentityRemovesAllItsRows() throws {
        let desk = try Desk(
            tables: "CREATE TABLE piece (t int, m int, kind text, PRIMARY KEY (t, m, kind));",
            catalog: """
                catalog: pieces
                relations:
                  piece:
                    table: piece
                    target: t
                    member: m
                    attributes: [kind]
                    identity: [t, m, kind]
                """)
        func job(_ kind: String, _ members: String) throws -> Message {
            try desk.message(kind, #""relation":"piece","target":1,"members":[\#(members)]"#)
        }
        let jobs = [
            try job(
                "assign",
                #"{"member":1,"kind":"a"},{"member":1,"kind":"b"},{"member":2,"kind":"a"}"#),
            try job("unassign", #"1,{"member":2,"kind":"b"},3"#),
            try job("assign", #"{"member":1,"kind":"c"},{"member":2,"kind":"a"}"#),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(created: 3), Receipt(removed: 1, absent: 2),
                Receipt(created: 1, unchanged: 1),
            ])
        #expect(try desk.rows("SELECT m, kind FROM piece ORDER BY 1, 2") == ["1|c", "2|a"])
    }

    @Test func aRowMayHaveItsParentInAnEarlierJob() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE node (tree int, id int, parent int, PRIMARY KEY (tree, id),
                    FOREIGN KEY (tree, parent) REFERENCES node);
                """,
            catalog: """
                catalog: trees
                relations:
                  node: { table: node, target: tree, member: id, attributes: [parent] }
                """)
        let jobs = [
            try desk.message("assign", #""relation":"node","target":1,"members":[1]"#),
            try desk.message(
                "assign",
                #""relation":"node","target":1,"members":[2,3,{"member":4,"parent":9}],"attributes":{"parent":1}"#
            ),
            try desk.message("unassign", #""relation":"node","target":1,"members":[1,3]"#),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(created: 1), Receipt(created: 2, rejected: 1),
                Receipt(removed: 1, rejected: 1),
            ])
        #expect(try desk.codes(jobs[1]) == [3: "unknown-parent"])
        #expect(try desk.codes(jobs[2]) == [1: "node_tree_parent_fkey"])
    }

    @Test func aForeignKeyWithAColumnThatNoJobGivesIsLeftToTheDatabase() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE person (tenant int, id int, PRIMARY KEY (tenant, id));
                INSERT INTO person VALUES (7, 1);
                CREATE TABLE thing (t int, m int, tenant int NOT NULL DEFAULT 7,
                    PRIMARY KEY (t, m), CONSTRAINT person_exists
                    FOREIGN KEY (tenant, m) REFERENCES person DEFERRABLE INITIALLY DEFERRED);
                """,
            catalog: """
                catalog: tenants
                relations:
                  thing: { table: thing, target: t, member: m }
                """)
        let job = try desk.message("assign", #""relation":"thing","target":1,"members":[1,2]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1, rejected: 1))
        #expect(try desk.codes(job) == [2: "person_exists"])
    }
}
