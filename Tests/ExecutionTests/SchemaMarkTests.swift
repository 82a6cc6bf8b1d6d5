import Jobs
import Postgres
import Sandbox
import Testing

@testable import Catalog
@testable import Execution

/// A batch that was planned for other tables writes nothing.
@Suite struct SchemaMarkTests {
    private func desk() throws -> Desk {
        try Desk(
            tables: """
                CREATE TYPE color AS ENUM ('red');
                CREATE DOMAIN tint AS color;
                CREATE TABLE owner (id int PRIMARY KEY, name text);
                INSERT INTO owner VALUES (1);
                CREATE TABLE thing (target int REFERENCES owner, member int, value tint, list color[],
                  score int DEFAULT 1, PRIMARY KEY (target, member));
                CREATE VIEW other AS SELECT 1 AS a;
                CREATE TABLE elsewhere (a int);
                CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
                """,
            catalog: """
                catalog: things
                relations:
                  thing: { table: thing, target: target, member: member, attributes: [value] }
                """)
    }

    @Test(
        "a change of a table, its types or its parents is noticed before anything is committed",
        arguments: [
            "ALTER TABLE thing ALTER score SET DEFAULT 2",
            "ALTER TABLE thing ALTER score TYPE bigint",
            "ALTER TABLE thing ALTER score SET NOT NULL", "ALTER TABLE thing DROP score",
            "ALTER TABLE thing ADD more text", "ALTER TABLE thing RENAME score TO points",
            "ALTER TABLE thing ADD CHECK (score > 0)",
            "CREATE UNIQUE INDEX ON thing (score, member)",
            "CREATE TRIGGER pass BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION pass()",
            "CREATE RULE none AS ON DELETE TO thing DO INSTEAD NOTHING",
            "ALTER TABLE thing ENABLE ROW LEVEL SECURITY", "GRANT SELECT ON thing TO PUBLIC",
            "GRANT SELECT (score) ON thing TO PUBLIC", "ALTER TYPE color ADD VALUE 'blue'",
            "ALTER DOMAIN tint SET NOT NULL", "ALTER TYPE color RENAME TO colour",
            "ALTER INDEX thing_pkey RENAME TO key",
            "ALTER TABLE thing ADD FOREIGN KEY (member) REFERENCES owner",
            "ALTER TABLE owner RENAME id TO number", "ALTER TABLE owner RENAME TO proprietor",
            """
            BEGIN; ALTER TABLE thing RENAME TO gone; CREATE TABLE thing (LIKE gone INCLUDING ALL);
            COMMIT
            """,
            "CREATE SCHEMA aside; ALTER TABLE owner SET SCHEMA aside",
        ])
    func changes(_ change: String) throws {
        let desk = try desk()
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[{"member":1,"value":"red"}]"#)
        try desk.connection.script(change)
        var isNoticed = false
        do {
            try desk.execute(job)
        } catch is SchemaChanged {
            isNoticed = true
        } catch let error as PostgresError {
            // The lane asks for the mark after such an error.
            let mark = try #require(desk.executor.plans["thing"]).table.mark
            isNoticed =
                try FailureClass(error) == .schema && !mark.isCurrent(on: desk.connection)
        }
        #expect(isNoticed)
        #expect(try desk.receipt(job) == nil)
    }

    @Test("what is dropped while a table's description is read stops no worker")
    func dropsWhileReading() throws {
        let desk = try desk()
        try desk.connection.script(
            """
            ALTER TABLE thing ADD UNIQUE (score), ADD CHECK (score > 0);
            CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1;
            """)
        let other = try Connection(desk.database.conninfo, applicationName: "execution-tests")
        let thing = TableName(schema: "public", name: "thing")
        // From here on the catalogs show what was, and functions such as pg_get_indexdef what is.
        try desk.connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        try other.script(
            "DROP FUNCTION one(); DROP TABLE thing, owner")
        let table = try #require(try TableSchema.read(thing, on: desk.connection))
        #expect(table.columns.count == 5)
        #expect(table.uniqueIndexes.count == 2)
        let around = try #require(try TableSurroundings.read(thing, on: desk.connection))
        #expect(around.access.map(\.canSelect) == [false, false, false, false, false])
        #expect(around.parents.count == 1)
        #expect(try CheckConstraint.read(thing, on: desk.connection).count == 1)
        #expect(try HiddenReaders(on: desk.connection).expand(["pass"]).contains("pass"))
        try desk.connection.script("COMMIT")
        #expect(try !table.mark.isCurrent(on: desk.connection))
    }

    @Test("a table's description is not worth compiling its queries")
    func notCompiled() throws {
        let desk = try desk()
        let connection = desk.connection
        try connection.script("SET jit = on")
        let setting = try RelationPlan.briefly(on: connection) {
            try connection.execute("SHOW jit").string(0, 0)
        }
        #expect(setting == "off")
        #expect(try connection.execute("SHOW jit").string(0, 0) == "on")
    }

    @Test(
        "what says nothing of the table is no change",
        arguments: [
            "INSERT INTO thing VALUES (1, 7); DELETE FROM thing", "TRUNCATE thing", "ANALYZE thing",
            "REINDEX TABLE thing",
            "ALTER TABLE elsewhere ADD b int",
            "CREATE INDEX ON owner (name)", "CREATE TABLE child (a int REFERENCES owner)",
            "CREATE OR REPLACE VIEW other AS SELECT 2 AS a", "VACUUM FULL thing",
            "VACUUM (FREEZE, ANALYZE) thing",
        ])
    func noChanges(_ change: String) throws {
        let desk = try desk()
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[{"member":1,"value":"red"}]"#)
        for statement in change.split(separator: ";") {
            try desk.connection.script(String(statement))
        }
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1))
    }

    @Test("nothing is rejected for an old plan: with a new one the value fits")
    func rejection() throws {
        let desk = try desk()
        let job = try desk.message(
            "assign", #""relation":"thing","target":1,"members":[{"member":1,"value":"blue"}]"#)
        try desk.connection.script("ALTER TYPE color ADD VALUE 'blue'")
        #expect(throws: SchemaChanged.self) { try desk.execute(job) }
        try desk.compileAgain()
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1))
    }
}
