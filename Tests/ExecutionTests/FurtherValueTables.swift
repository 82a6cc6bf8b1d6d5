/// Values for arrays, JSON, bytes, and the types that only the database reads.
extension ValueTests {
    static let furtherTypes = """
        CREATE DOMAIN tag AS varchar(3);
        CREATE DOMAIN tags AS tag[];
        CREATE DOMAIN few AS tags CONSTRAINT is_few CHECK (cardinality(VALUE) < 3);
        CREATE DOMAIN amount AS numeric(5,2);
        CREATE TYPE shade AS ENUM ('red', 'blue');
        CREATE DOMAIN tint AS shade;
        CREATE DOMAIN span AS int4range;
        CREATE TYPE pair AS (a integer, b text);
        """

    private static let notLists = ["{}", "1", "true", #""{1,2}""#, #""""#]
    private static let lists = ["[]", "{}", "[1]", #"{"a":1}"#, "true"]
    private static let long = "\"\(String(repeating: "1", count: 10_001))\""

    static let furtherTables: [Table] = arrays + others

    private static let arrays = [
        Table(
            "integer[]",
            ["[1,-2]": "{1,-2}", "[]": "{}", #"[null,"007"]"#: "{NULL,7}", "[null]": "{NULL}"],
            refused: notLists + [
                "[[1]]", "[[]]", "[1.5]", "[2147483648]", "[{}]", #"["NULL"]"#, "[true]",
                "[\(String(repeating: "1,", count: 9_000))1]",
            ]),
        Table(
            "text[]",
            [
                #"["a\"b\\c","{},",null,"NULL","","😀"," x\n"]"#:
                    "{\"a\\\"b\\\\c\",\"{},\",NULL,\"NULL\",\"\",😀,\" x\n\"}"
            ],
            refused: notLists + [#"["a\u0000"]"#, #"[["x"]]"#, "[true]", #"["x",["y"]]"#]),
        Table(
            "varchar(3)[]", [#"["abc","😀😀😀"]"#: "{abc,😀😀😀}"],
            refused: notLists + [#"["abcd"]"#, #"["abc","ab  "]"#]),
        Table("char(3)[]", [#"["a","b  "]"#: #"{"a  ","b  "}"#], refused: [#"["abcd"]"#]),
        Table(
            "numeric(5,2)[]", ["[1.5,\"2\"]": "{1.50,2.00}"],
            refused: notLists + ["[1.005]", "[1000]", #"["NaN"]"#]),
        Table(
            "color[]", [#"["red","it's; \"blue\""]"#: #"{red,"it's; \"blue\""}"#],
            refused: [#"["green"]"#, "[1]"]),
        Table("even[]", ["[2,4]": "{2,4}"], refused: ["[2,3]", "[1]"]),
        Table("boolean[]", [#"[true,"false"]"#: "{t,f}"], refused: ["[1]"]),
        Table(
            "uuid[]",
            [
                #"["0197A2C48d1e7b439a550d5f3c2b1a00"]"#: "{0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00}"
            ], refused: [#"["x"]"#]),
        Table(
            "timestamptz[]", [#"["2026-11-21T08:00:00Z"]"#: #"{"2026-11-21 08:00:00+00"}"#],
            refused: [#"["now"]"#]),
        Table("bytea[]", [#"["00FF","\\x"]"#: #"{"\\x00ff","\\x"}"#], refused: [#"["0"]"#]),
        Table(
            "jsonb[]", [#"[{"a":1},null,[1],"x"]"#: #"{"{\"a\": 1}",NULL,[1],"\"x\""}"#],
            refused: notLists + [#"["\u0000"]"#]),
        Table("inet[]", [#"["::1"]"#: "{::1}"], refused: [#"["::1","x"]"#, "[[]]"]),
        Table(
            "box[]", [#"["(1,1),(0,0)","(2,2),(1,1)"]"#: "{(1,1),(0,0);(2,2),(1,1)}"],
            refused: [#"["(1,1)"]"#], isKey: false),
        Table(
            "few", [#"["abc"]"#: "{abc}", "[]": "{}"],
            refused: notLists + [#"["abcd"]"#, #"["a","b","c"]"#, #"[["a"]]"#]),
        Table(
            "few[]", [#"[["a"],["b","c"]]"#: #"{"{a}","{b,c}"}"#],
            refused: notLists + [#"[["abcd"]]"#, #"[["a","b","c"]]"#, #"["{a}"]"#]),
    ]

    private static let others = [
        Table(
            "json",
            [
                #"{"b":1, "a" : [1,null]}"#: #"{"b":1, "a" : [1,null]}"#, #""x""#: #""x""#,
                "1.50": "1.50", "true": "true", "[]": "[]", "{}": "{}", #""\u0000""#: #""\u0000""#,
            ], refused: [long], isKey: false),
        Table(
            "jsonb",
            [
                #"{"b":1,"a":2}"#: #"{"a": 2, "b": 1}"#, #""x""#: #""x""#, "1.50": "1.50",
                "false": "false", #"[{"a":null}]"#: #"[{"a": null}]"#,
            ], refused: [#""a\u0000""#, #"["\u0000"]"#, "1e200000", long]),
        Table("amount", ["1.5": "1.50", "999.99": "999.99"], refused: ["1.005", "1000"]),
        Table(
            "bytea",
            [
                #""00ff""#: "\\x00ff", #""\\x00AA""#: "\\x00aa", #""""#: "\\x",
                "\"\(String(repeating: "ab", count: 1_000))\"":
                    "\\x" + String(repeating: "ab", count: 1_000),
            ],
            refused: lists + [#""0""#, "10", #""0g""#, #""\\X00""#, #""\\x\\x""#, #""a\u00000""#]),
        Table(
            "bit(3)", [#""101""#: "101", "111": "111"],
            refused: lists + [#""10""#, #""1010""#, #""102""#]),
        Table("bit", [#""1""#: "1"], refused: [#""""#, #""11""#]),
        Table(
            "varbit(3)", [#""""#: "", #""101""#: "101"],
            refused: lists + [#""1010""#, #""B101""#, #""x1""#]),
        Table(
            "oid", ["4294967295": "4294967295", #""0""#: "0"],
            refused: lists + ["-1", "4294967296", #""x""#]),
        Table(
            "name",
            [
                "\"\(String(repeating: "x", count: 63))\"": String(repeating: "x", count: 63),
                "\"\(String(repeating: "é", count: 31))\"": String(repeating: "é", count: 31),
            ],
            refused: lists + [
                "\"\(String(repeating: "x", count: 64))\"",
                "\"\(String(repeating: "é", count: 32))\"", #""a\u0000""#,
            ]),
        Table("\"char\"", [#""a""#: "a", #""""#: "", "7": "7"], refused: [#""ab""#, #""é""#]),
        Table(
            "interval", [#""1 day""#: "1 day", #""PT5M""#: "00:05:00", "5": "00:00:05"],
            refused: lists + [#""soon""#, #""99999999999 years""#, #""""#, #""a\u0000""#, long]),
        Table(
            "time", [#""08:00""#: "08:00:00", #""24:00:00""#: "24:00:00"],
            refused: lists + [#""25:00""#, #""x""#]),
        Table("timetz", [#""08:00+01""#: "08:00:00+01"], refused: lists + [#""08:00+99""#]),
        Table(
            "inet", [#""10.0.0.1""#: "10.0.0.1/32", #""::1/64""#: "::1/64"],
            refused: lists + [#""10.0.0.256""#, #""'; --""#]),
        Table("cidr", [#""10.0.0.0/8""#: "10.0.0.0/8"], refused: [#""10.0.0.1/8""#]),
        Table("macaddr", [#""08002b010203""#: "08:00:2b:01:02:03"], refused: [#""08""#]),
        Table("money", ["12.5": "$12.50"], refused: lists + [#""x""#, "1e30"]),
        Table(
            "int4range", [#""[1,3]""#: "[1,4)", #""empty""#: "empty"], refused: [#""[3,1]""#, "1"]),
        Table("pair", [#""(1,x)""#: "(1,x)"], refused: [#""(1)""#, #""(x,y)""#, #""1""#]),
        Table("point", [#""(1,2)""#: "(1,2)"], refused: [#""1""#, #""x""#], isKey: false),
        Table("xml", [#""<a/>""#: "<a/>"], refused: [#""<a""#], isKey: false),
        // What these refuse has the code of an error in the SQL itself.
        Table("tsquery", [#""a & b""#: "'a' & 'b'"], refused: lists + [#""a b""#, #""&""#]),
        Table("jsonpath", [#""$.a""#: #"$."a""#], refused: [#""$.""#, #""""#], isKey: false),
        Table("regclass", [#""pg_class""#: "pg_class"], refused: [#""nobody""#, #""a.b.c.d.e""#]),
        Table("regnamespace", [#""pg_catalog""#: "pg_catalog"], refused: [#""nobody""#]),
    ]
}
