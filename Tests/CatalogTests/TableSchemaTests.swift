import Catalog
import Postgres
import Testing

@Suite struct TableSchemaTests {
    @Test("every type is known, and what is not is other")
    func types() throws {
        func array(_ element: ColumnType) -> ColumnType {
            .array(of: element, separator: UInt8(ascii: ","))
        }
        let expected: [(sql: String, type: ColumnType, isExact: Bool)] = [
            ("smallint", .int16, true), ("integer", .int32, true), ("bigint", .int64, true),
            ("boolean", .boolean, true), ("uuid", .uuid, true), ("text", .text(limit: nil), true),
            ("varchar(20)", .text(limit: .characters(20)), true),
            ("varchar", .text(limit: nil), true), ("name", .text(limit: .bytes(63)), true),
            ("char(32)", .character(limit: 32), false), ("char", .character(limit: 1), false),
            ("bpchar", .text(limit: nil), false), ("numeric", .numeric(nil), false),
            ("numeric(10,2)", .numeric(NumericShape(precision: 10, scale: 2)), false),
            ("numeric(2,-3)", .numeric(NumericShape(precision: 2, scale: -3)), false),
            ("real", .float32, false), ("double precision", .float64, false),
            ("date", .date, false), ("timestamp(3)", .timestamp, false),
            ("timestamptz", .timestampWithZone, false),
            ("timestamptz(0)", .timestampWithZone, false), ("jsonb", .json, false),
            ("json", .json, false), ("bytea", .bytes, false), ("oid", .oid, true),
            ("bit", .bits(limit: 1, isVarying: false), false),
            ("bit varying", .bits(limit: nil, isVarying: true), false),
            ("varbit(7)", .bits(limit: 7, isVarying: true), false),
            ("integer[]", array(.int32), false), ("text[][]", array(.text(limit: nil)), false),
            ("varchar(3)[]", array(.text(limit: .characters(3))), false),
            (
                "numeric(5,2)[]", array(.numeric(NumericShape(precision: 5, scale: 2))), false
            ),
            ("box[]", .array(of: .other("box"), separator: UInt8(ascii: ";")), false),
            ("interval", .other("interval"), false), ("inet", .other("inet"), false),
            ("int2vector", .other("int2vector"), false),
            ("\"char\"", .text(limit: .bytes(1)), true),
        ]
        let columns = expected.enumerated().map { "c\($0) \($1.sql)" }.joined(separator: ", ")
        let bench = try SchemaBench("CREATE TABLE t (\(columns))")
        let table = try #require(try bench.table("t"))
        for (column, expected) in zip(table.columns, expected) {
            #expect(column.type == expected.type, "\(expected.sql)")
            #expect(column.hasExactEquality == expected.isExact, "\(expected.sql)")
        }
        #expect(table.column("c5")?.typeName == "text")
        #expect(table.column("c6")?.typeName == "character varying(20)")
    }

    @Test("a domain is followed to its base, with length, NOT NULL and default")
    func domains() throws {
        let bench = try SchemaBench(
            """
            CREATE SCHEMA "Odd Schema";
            CREATE DOMAIN short AS varchar(10);
            CREATE DOMAIN required AS short NOT NULL;
            CREATE DOMAIN "Odd Schema"."Third" AS required;
            CREATE DOMAIN defaulted AS integer NOT NULL DEFAULT 7;
            CREATE DOMAIN again AS defaulted;
            CREATE TABLE t (a short, b required, c "Odd Schema"."Third", d short NOT NULL,
              e defaulted, f again, g defaulted DEFAULT 8, h "Odd Schema"."Third"[]);
            """)
        let table = try #require(try bench.table("t"))
        #expect(
            ["a", "b", "c", "d"].map { table.column($0)?.type }
                == Array(repeating: .text(limit: .characters(10)), count: 4))
        #expect(
            table.columns.map(\.isRequired) == [false, true, true, true, true, true, true, false])
        #expect(table.column("c")?.typeName == "\"Odd Schema\".\"Third\"")
        #expect(table.columns.map(\.defaultExpression) == [nil, nil, nil, nil, "7", "7", "8", nil])
        #expect(table.column("b")?.canBeOmitted == false)
        #expect(table.column("f")?.canBeOmitted == true)
        #expect(
            table.column("h")?.type
                == .array(of: .text(limit: .characters(10)), separator: UInt8(ascii: ",")))
        // The database agrees.
        try bench.connection.script("INSERT INTO t (b, c, d) VALUES ('', '', '')")
        #expect(try bench.connection.execute("SELECT e, f, g FROM t").int(0, 1) == 7)
    }

    @Test("a domain over a domain over an array of a domain is followed to the elements")
    func arraysOfDomains() throws {
        let bench = try SchemaBench(
            """
            CREATE DOMAIN amount AS numeric(5,2) NOT NULL;
            CREATE DOMAIN amounts AS amount[];
            CREATE DOMAIN few AS amounts CHECK (cardinality(VALUE) < 4);
            CREATE TABLE t (a few, b few[]);
            """)
        let table = try #require(try bench.table("t"))
        let amount = ColumnType.numeric(NumericShape(precision: 5, scale: 2))
        let list = ColumnType.array(of: amount, separator: UInt8(ascii: ","))
        #expect(
            table.columns.map(\.type) == [list, .array(of: list, separator: UInt8(ascii: ","))])
        #expect(table.columns.map(\.typeName) == ["public.few", "public._few"])
        #expect(table.columns.map(\.isRequired) == [false, false])
    }

    @Test("a type has the operator of its default equality, or none")
    func equality() throws {
        let bench = try SchemaBench(
            """
            CREATE SCHEMA elsewhere; CREATE EXTENSION citext SCHEMA elsewhere;
            CREATE DOMAIN mail AS elsewhere.citext;
            CREATE TYPE pair AS (a integer, b text);
            CREATE TYPE odd AS (a integer, b json);
            CREATE TYPE color AS ENUM ('red');
            CREATE TABLE t (a varchar(3), b jsonb, c json, d xml, e point, f box, g json[], h integer[],
              i pair, j odd, k mail, l elsewhere.citext[], m color, n int4range, o regclass, p cidr,
              q xid, r name, s "char", t bytea);
            CREATE DOMAIN tint AS color; CREATE DOMAIN shade AS tint; CREATE DOMAIN few AS int[];
            CREATE DOMAIN span AS int4range;
            CREATE TABLE u (a shade, b few, c span, d color, e mail);
            """)
        #expect(
            try bench.table("u")?.columns.map(\.comparedType)
                == ["public.color", nil, "pg_catalog.int4range", nil, nil])
        let table = try #require(try bench.table("t"))
        let none = ["c", "d", "e", "f", "g", "j"]
        for column in table.columns {
            let expected =
                none.contains(column.name)
                ? nil : column.name == "k" ? "OPERATOR(elsewhere.=)" : "="
            #expect(column.equalityOperator == expected, "\(column.name)")
        }
    }

    @Test("an enum has its labels in their order, also behind a domain")
    func enums() throws {
        let bench = try SchemaBench(
            """
            CREATE TYPE role AS ENUM ('student', 'ta', 'it''s, "odd"');
            ALTER TYPE role ADD VALUE 'first' BEFORE 'student';
            CREATE TYPE nothing AS ENUM ();
            CREATE DOMAIN role_domain AS role;
            CREATE TABLE t (a role, b role_domain, c nothing);
            """)
        let table = try #require(try bench.table("t"))
        let labels = ColumnType.enumeration(["first", "student", "ta", "it's, \"odd\""])
        #expect(table.columns.map(\.type) == [labels, labels, .enumeration([])])
        #expect(
            table.columns.map(\.typeName) == [
                "public.role", "public.role_domain", "public.nothing",
            ])
    }

    @Test("citext is a text whose equality is not its bytes'")
    func citext() throws {
        let bench = try SchemaBench("")
        // The extension is in a package of its own on some systems.
        let isThere =
            try bench.connection.execute(
                "SELECT 1 FROM pg_available_extensions WHERE name = 'citext'"
            ).count == 1
        guard isThere else { return }
        try bench.connection.script(
            "CREATE EXTENSION citext; CREATE DOMAIN mail AS citext; CREATE TABLE t (a citext, b mail)"
        )
        let table = try #require(try bench.table("t"))
        #expect(table.columns.map(\.type) == [.text(limit: nil), .text(limit: nil)])
        #expect(table.columns.map(\.hasExactEquality) == [false, false])
        #expect(table.column("a")?.typeName == "public.citext")
    }

    @Test("a collation that folds is no equality of bytes")
    func collations() throws {
        let bench = try SchemaBench(
            """
            CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (a text COLLATE folding, b text COLLATE "C", c text);
            """)
        #expect(try bench.table("t")?.columns.map(\.hasExactEquality) == [false, true, true])
    }

    @Test("columns that the database makes, defaults, and columns that are dropped")
    func madeByDatabase() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY,
              b integer GENERATED BY DEFAULT AS IDENTITY, c integer GENERATED ALWAYS AS (d * 2) STORED,
              d integer NOT NULL, gone text NOT NULL, e serial, f timestamptz NOT NULL DEFAULT now(), g text);
            ALTER TABLE t DROP COLUMN gone;
            """)
        let table = try #require(try bench.table("t"))
        #expect(table.columns.map(\.name) == ["a", "b", "c", "d", "e", "f", "g"])
        #expect(
            table.columns.map(\.isMadeByDatabase) == [
                true, false, true, false, false, false, false,
            ])
        #expect(
            table.columns.map(\.isIdentity) == [true, true, false, false, false, false, false])
        #expect(table.columns.map(\.canBeOmitted) == [true, true, true, false, true, true, true])
        #expect(table.column("c")?.defaultExpression == nil)
        #expect(table.column("f")?.defaultExpression == "now()")
    }

    @Test("foreign keys have their columns in order, deferred and composite ones too")
    func foreignKeys() throws {
        let bench = try SchemaBench(
            """
            CREATE SCHEMA other;
            CREATE TABLE other.parent (x integer, y integer, z integer UNIQUE, PRIMARY KEY (x, y));
            CREATE TABLE t (b integer, a integer, z_id integer,
              CONSTRAINT k1 FOREIGN KEY (a, b) REFERENCES other.parent (x, y) MATCH FULL,
              CONSTRAINT k2 FOREIGN KEY (z_id) REFERENCES other.parent (z) DEFERRABLE INITIALLY DEFERRED,
              CONSTRAINT k3 FOREIGN KEY (b, a) REFERENCES other.parent (x, y));
            """)
        let keys = try #require(try bench.table("t")).foreignKeys
        #expect(keys.map(\.name) == ["k1", "k2", "k3"])
        #expect(keys.map(\.columns) == [["a", "b"], ["z_id"], ["b", "a"]])
        #expect(keys.map(\.parentColumns) == [["x", "y"], ["z"], ["x", "y"]])
        #expect(keys.map(\.isFullMatch) == [true, false, false])
        #expect(keys.map(\.rejectionCode) == ["unknown-b", "unknown-z", "unknown-a"])
        #expect(keys[0].parent == TableName(schema: "other", name: "parent"))
        #expect(keys.map(\.operators) == [["=", "="], ["="], ["=", "="]])
    }

    @Test("a foreign key to a partitioned table is one key, not one for each partition")
    func partitionedParent() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE parent (id integer PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE parent_1 PARTITION OF parent FOR VALUES FROM (0) TO (10);
            CREATE TABLE parent_2 PARTITION OF parent FOR VALUES FROM (10) TO (20);
            CREATE TABLE t (parent_id integer REFERENCES parent);
            CREATE TABLE split (id integer, parent_id integer REFERENCES parent) PARTITION BY RANGE (id);
            CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM (0) TO (10);
            """)
        for name in ["t", "split", "split_1"] {
            let parents = try #require(try bench.table(name)).foreignKeys.map(\.parent.name)
            #expect(parents == ["parent"], "\(name)")
        }
        #expect(try bench.table("parent")?.kind == "p")
    }

    @Test("a unique index arbitrates that is immediate and valid, over the columns of the identity")
    func uniqueIndexes() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (a integer, b integer, c text, d integer PRIMARY KEY,
              CONSTRAINT late UNIQUE (a, b) DEFERRABLE);
            CREATE UNIQUE INDEX partial ON t (a, b) WHERE c IS NOT NULL;
            CREATE UNIQUE INDEX expression ON t (a, (b + 1));
            CREATE UNIQUE INDEX wider ON t (a, b, c);
            CREATE UNIQUE INDEX invalid ON t (a, b);
            CREATE INDEX plain ON t (a, b);
            """)
        // What a CREATE INDEX CONCURRENTLY leaves that has failed.
        try bench.connection.script(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'invalid'::regclass")
        let before = try #require(try bench.table("t"))
        #expect(
            before.uniqueIndexes.map(\.name)
                == ["t_pkey", "expression", "invalid", "late", "partial", "wider"])
        let fitting = before.uniqueIndexes.filter { $0.arbitrates(["a", "b"]) }
        #expect(fitting.map(\.name) == ["expression", "partial"])
        #expect(
            fitting[0].keys == [.column("a"), .expression("((b + 1))", columns: ["b"])])
        #expect(fitting[1].predicate == "(c IS NOT NULL)")
        #expect(before.uniqueIndexes[0].arbitrates(["d"]))
        try bench.connection.script("CREATE UNIQUE INDEX whole ON t (b, a) INCLUDE (c)")
        let after = try #require(try bench.table("t"))
        #expect(
            after.uniqueIndexes.filter { $0.arbitrates(["a", "b"]) }.map(\.name)
                == ["expression", "partial", "whole"])
    }

    @Test("names with capitals, quotes, dots and blanks are read as they are")
    func oddNames() throws {
        let bench = try SchemaBench(
            #"""
            CREATE SCHEMA "My.Schema ""x""";
            CREATE TABLE "My.Schema ""x"""."The.Table ""y""" (
              "Course.ID" integer, "a""b" text, "; DROP TABLE x; --" text, "größe" integer,
              CONSTRAINT "the.key" UNIQUE ("Course.ID", "a""b"));
            CREATE TABLE "the.table" (a integer);
            """#)
        let table = try #require(try bench.table("The.Table \"y\"", schema: "My.Schema \"x\""))
        #expect(table.columns.map(\.name) == ["Course.ID", "a\"b", "; DROP TABLE x; --", "größe"])
        #expect(table.uniqueIndexes.map(\.name) == ["the.key"])
        #expect(table.uniqueIndexes[0].arbitrates(["a\"b", "Course.ID"]))
        #expect(try bench.table("the.table", schema: "My.Schema \"x\"") == nil)
        #expect(try bench.table("THE.TABLE") == nil)
        #expect(try bench.table("the.table") != nil)
    }

    @Test("views and foreign tables have their kind; sequences and indexes are no tables")
    func kinds() throws {
        let bench = try SchemaBench(
            """
            CREATE TABLE t (a integer PRIMARY KEY);
            CREATE VIEW v AS SELECT * FROM t;
            CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
            CREATE SEQUENCE s;
            """)
        #expect(try ["t", "v", "m"].map { try bench.table($0)?.kind } == ["r", "v", "m"])
        #expect(try bench.table("s") == nil)
        #expect(try bench.table("t_pkey") == nil)
        #expect(try bench.table("t'; DROP TABLE t; --") == nil)
    }
}
