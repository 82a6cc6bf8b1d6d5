import Testing

@testable import rollcall

/// Where an SQL file is taken apart.
@Suite struct SQLScriptTests {
    @Test(
        "a semicolon within something ends nothing",
        arguments: [
            "SELECT ';'", "SELECT 'it''s; so'", #"SELECT E'\'; '"#, #"SELECT '\'"#,
            #"SELECT "a;""b""#, "SELECT $$;$$", "SELECT $a$; $$ ; $b$ $a$", "SELECT (1;2)",
            "SELECT 1 -- ;", "SELECT /* ; /* ; */ ; */ 1", "SELECT $1, a$b$c, name'x'",
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
            """
            CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql
            BEGIN ATOMIC
              SELECT CASE WHEN true THEN 1 END;
              SELECT 2;
            END
            """,
            "DO $do$ BEGIN PERFORM 1; END $do$",
        ])
    func whole(statement: String) throws {
        let script = try SQLScript("\(statement)\n;\nSELECT 'the end';")
        #expect(script.statements.count == 2, "\(script.statements)")
        #expect(script.statements.first?.text == statement + "\n")
        #expect(script.statements.last?.text == "SELECT 'the end'")
    }

    @Test("each statement has the line of its first word")
    func lines() throws {
        let script = try SQLScript(
            """
            \u{FEFF}-- a comment
            BEGIN; SELECT 1
              + 2;;

            /* another
            one */ SELECT 'two
            lines';
            CREATE FUNCTION f() RETURNS int AS $$
            $$ LANGUAGE sql; END
            """)
        #expect(script.statements.map(\.line) == [2, 2, 6, 8, 9])
        #expect(script.statements.map(\.text).last == "END")
    }

    @Test("what follows a COPY FROM stdin is its data")
    func copy() throws {
        let script = try SQLScript(
            """
            COPY public.t (a, b) FROM stdin;
            1\t;
            2\t'
            \\.

            COPY t FROM stdin WITH (FORMAT csv);\r
            \\.\r
            COPY t TO '/dev/null';
            COPY t FROM STDIN;
            3\t\\N
            """)
        #expect(script.statements.map(\.data) == ["1\t;\n2\t'\n", "", nil, "3\t\\N"])
        #expect(script.statements.map(\.line) == [1, 6, 8, 9])
    }

    @Test("of psql's commands those that a dump begins and ends with are passed over")
    func restricted() throws {
        let script = try SQLScript("\\restrict abc\n\nSELECT 1;\n\n\\unrestrict abc\n")
        #expect(script.statements == [SQLScript.Statement(line: 3, text: "SELECT 1", data: nil)])
    }

    @Test(
        "what cannot be sent is named with its line",
        arguments: [
            ("SELECT 1;\n\\connect app\n", 2, "expected SQL, got the psql command \\connect"),
            ("SELECT 1\n\\gexec\n", 2, "expected SQL, got a psql command within a statement"),
            ("\nSELECT 'a;\n", 2, "expected the end of what is quoted here, got none"),
            ("SELECT $x$ $$;\n", 1, "expected the end of what is quoted here, got none"),
            ("SELECT 1;\n/* /* */", 2, "expected the end of the comment, got none"),
        ])
    func faults(text: String, line: Int, message: String) throws {
        let fault = #expect(throws: SQLScript.Fault.self) { try SQLScript(text) }
        #expect(fault == SQLScript.Fault(line: line, message: message))
    }

    @Test("nothing is no statement", arguments: ["", " \n", ";;\n;", "-- a\n", "/* a */"])
    func empty(text: String) throws {
        #expect(try SQLScript(text).statements.isEmpty)
    }
}
