import Testing

@testable import Jobs

@Suite struct RosterPartTests {
    private func message(_ data: String, subject: String? = nil) -> String {
        let type = "\"rollcall.roster-import\""
        guard let subject else { return Messages.structured(["type": type], data: data) }
        return Messages.structured(["type": type, "subject": "\"\(subject)\""], data: data)
    }

    private func part(_ fields: String) throws -> RosterPart {
        let job = try Messages.job(message(#"{"roster":"r",\#(fields)}"#))
        return try #require(job.rosterPart)
    }

    private struct Row: Equatable {
        var line: Int
        var fields: [String]
        var fault: String?

        init(_ line: Int, _ fields: String..., fault: String? = nil) {
            self.line = line
            self.fields = fields
            self.fault = fault
        }
    }

    private func read(
        _ part: RosterPart, _ limits: CSVReader.Limits = .init()
    ) throws -> (rows: [Row], contents: RosterPart.Contents) {
        var rows: [Row] = []
        let contents = try part.readRows(limits) { row in
            var copy = Row(row.line, fault: row.fault.map { "\($0.code) \($0)" })
            if row.fault == nil { copy.fields = (0..<row.count).map(row.string) }
            rows.append(copy)
        }
        return (rows, contents)
    }

    @Test("every field is read")
    func whole() throws {
        let job = try Messages.job(
            message(
                #"""
                {"roster":"course-roster","target":42,"mode":"atomic","exact":true,
                 "confirm_removals":true,"dry_run":true,"part":{"number":2,"of":3},"format":"oneroster",
                 "file":"users","header":["a","b"],"content":"1,2\n"}
                """#))
        let part = try #require(job.rosterPart)
        #expect(job.kind == .rosterImport && job.entry == "course-roster")
        #expect(job.assignment == nil && job.backfill == nil)
        #expect(job.mode == .atomic && job.isDryRun && job.targetText == "42")
        #expect(job.defaultKey == "course-roster/42")
        #expect(part.isExact && part.confirmsRemovals && part.format == .oneroster)
        #expect(part.number == 2 && part.count == 3 && part.file == "users")
        #expect(part.header == ["a", "b"] && !part.beginsWithHeader)
    }

    @Test("what is left out, or null, has its default")
    func defaults() throws {
        for data in [
            #"{"roster":"r","format":"csv","content":""}"#,
            #"{"roster":"r","target":null,"mode":null,"exact":null,"confirm_removals":null,"dry_run":null,"part":null,"format":"csv","file":null,"header":null,"content":"","rows":null}"#,
        ] {
            let job = try Messages.job(message(data))
            let part = try #require(job.rosterPart)
            #expect(job.mode == .partial && !job.isDryRun && job.weight == 1)
            #expect(job.defaultKey == "roster/r" && job.targetText.isEmpty)
            #expect(!part.isExact && !part.confirmsRemovals)
            #expect(part.number == 1 && part.count == 1 && part.file.isEmpty)
            #expect(part.beginsWithHeader)
        }
    }

    @Test("a target of several columns has one key, however it is spelled")
    func compositeKey() throws {
        let key = try Messages.job(
            message(#"{"roster":"r","target":{"b":"x","a":1},"format":"json","rows":[]}"#)
        ).defaultKey
        #expect(key == "r/a=1,b=x")
    }

    @Test(
        "what is no part is refused",
        arguments: [
            (#""format":"csv""#, "expected content for the format csv, got none"),
            (#""format":"csv","rows":[]"#, "expected content for the format csv, got rows"),
            (#""format":"json","content":"a""#, "expected rows for the format json, got content"),
            (
                #""format":"json","content":"a","rows":[]"#,
                "expected rows for the format json, got content"
            ),
            (
                #""format":"csv","content":"a","rows":[]"#,
                "expected content for the format csv, got rows"
            ),
            (#""format":"json""#, "expected rows for the format json, got none"),
            (#""format":"json","rows":{}"#, "rows: expected a list, got {}"),
            (#""format":"csv","content":7"#, "content: expected a string, got 7"),
            (#""content":"a""#, "format: expected csv, json or oneroster, got none"),
            (
                #""format":"xlsx","content":"a""#,
                #"format: expected csv or json or oneroster, got "xlsx""#
            ),
            (
                #""format":"oneroster","content":"a""#,
                "file: expected the name of a file of the package, got none"
            ),
            (#""format":"csv","content":"a","file":"""#, #"file: expected a string, got """#),
            (
                #""format":"csv","content":"a","header":[]"#,
                "header: expected a list of names, got []"
            ),
            (
                #""format":"csv","content":"a","header":["a",1]"#,
                #"header: expected a list of names, got ["a",1]"#
            ),
            (
                #""format":"csv","content":"a","header":["a\u0000"]"#,
                #"header: expected names without NUL, got ["a\u0000"]"#
            ),
            (
                #""format":"json","rows":[],"header":["a"]"#,
                "header: expected none beside rows, whose keys it would be, got 1"
            ),
            (
                #""format":"csv","content":"a","target":[1]"#,
                "target: expected a value or an object, got [1]"
            ),
            (
                #""format":"csv","content":"a","dryrun":true"#,
                "data: expected only the fields roster, target, mode, exact, confirm_removals, dry_run, "
                    + #"part, format, file, header, content, rows, got "dryrun""#
            ),
            (#""format":"csv","content":"a","part":3"#, "part: expected an object, got 3"),
            (
                #""format":"csv","content":"a","part":{"number":1}"#,
                #"part: expected an object with number and of, got {"number":1}"#
            ),
            (
                #""format":"csv","content":"a","part":{"number":3,"of":2}"#,
                "number: expected a whole number from 1 to 2, got 3"
            ),
            (
                #""format":"csv","content":"a","part":{"number":0,"of":2}"#,
                "number: expected a whole number from 1 to 2, got 0"
            ),
            (
                #""format":"csv","content":"a","part":{"number":1,"of":100001}"#,
                "of: expected a whole number from 1 to 100000, got 100001"
            ),
            (
                #""format":"csv","content":"a","part":{"number":1,"of":1,"at":1}"#,
                #"part: expected only the fields number, of, got "at""#
            ),
        ])
    func refused(fields: String, expected: String) {
        let fault = Messages.fault(message(#"{"roster":"r",\#(fields)}"#))
        #expect(fault == MessageFault(.invalidData, expected))
    }

    @Test("a subject is the roster, the target or both")
    func subject() throws {
        let data = #"{"roster":"r","target":42,"format":"json","rows":[]}"#
        for subject in ["r", "42", "r/42"] {
            #expect(Messages.fault(message(data, subject: subject)) == nil)
        }
        #expect(Messages.fault(message(data, subject: "43"))?.code == .subjectMismatch)
    }

    @Test("parts of one job agree in the digest of their request, others do not")
    func requestDigest() throws {
        let first = try part(
            #""target":42,"part":{"number":1,"of":2},"format":"csv","content":"a,b\n1,2""#)
        let second = try part(
            #""format":"csv","header":["a","b"],"file":"f","part":{"number":2,"of":2},"content":"","target":42"#
        )
        #expect(first.requestDigest == second.requestDigest)
        for other in [
            #""target":43"#, #""target":42,"exact":true"#, #""target":42,"mode":"atomic""#,
        ] {
            let other = try part(#"\#(other),"format":"csv","content":"a,b\n1,2""#)
            #expect(first.requestDigest != other.requestDigest)
        }
    }

    @Test("rows of a text, with the lines they stand on and the part's own")
    func text() throws {
        let part = try part(#""format":"csv","content":"\n\na,b\r\n\"x\ny\",ë\r\n\r\n\"\"\n""#)
        let (rows, contents) = try read(part)
        #expect(rows == [Row(4, "x\ny", "ë"), Row(7, "")])
        #expect(contents == .init(lines: 7, header: ["a", "b"]))
    }

    @Test(
        "the lines of a text, its last one with or without a break",
        arguments: [
            ("", 0), ("a", 1), ("a\\n", 1), ("a\\r\\n", 1), ("a\\n\\n", 2), ("a\\nb", 2),
            ("a\\r\\rb,", 3), ("\\\"a\\nb\\\"", 2), ("\\\"a\\nb\\\"\\n", 2),
            ("a\\n\\\"x\\r\\n\\\"", 3),
        ])
    func lines(content: String, expected: Int) throws {
        let part = try part(#""format":"csv","header":["h"],"content":"\#(content)""#)
        #expect(try read(part).contents == .init(lines: expected, header: ["h"]))
    }

    @Test("which part has the columns' names")
    func header() throws {
        let first = try part(
            #""format":"csv","part":{"number":1,"of":2},"content":"sep=;\na;b\n1;2""#)
        #expect(try read(first).rows == [Row(3, "1", "2")])
        let second = try part(
            #""format":"csv","part":{"number":2,"of":2},"content":"a;b,c\n""#)
        #expect(try read(second) == ([Row(1, "a;b", "c")], .init(lines: 1, header: nil)))
        let named = try part(
            #""format":"oneroster","file":"users","part":{"number":2,"of":2},"content":"a;b\n1;2\n""#
        )
        #expect(
            try read(named) == ([Row(2, "1", "2")], .init(lines: 2, header: ["a", "b"])))
    }

    @Test("bad values are the fault of their row, with the place")
    func faults() throws {
        let content =
            #""format":"csv","header":["a","b"],"content":"x,\u0000\n\"y\"z,1\n1,2,3\nlong,1\nq,ok""#
        let limits = CSVReader.Limits(columns: 2, fieldBytes: 3)
        #expect(
            try read(part(content), limits).rows == [
                Row(
                    1,
                    fault:
                        "invalid-value line 1, column 2: expected text without NUL, got a NUL byte"),
                Row(
                    2,
                    fault:
                        "invalid-row line 2, column 1: expected a separator or the end of the line "
                        + "behind a closing quote, got text"),
                Row(
                    3, fault: "invalid-row line 3, column 3: expected at most 2 columns, got 3"),
                Row(
                    4,
                    fault:
                        "invalid-value line 4, column 1: expected a text of at most 3 bytes, got 4"
                ),
                Row(5, "q", "ok"),
            ])
    }

    @Test("a text that is no CSV, or whose names are not to be read, is a fault of the part")
    func broken() throws {
        let unclosed = try part(#""format":"csv","header":["a"],"content":"1\n\"2\n""#)
        let fault = #expect(throws: CSVFault.self) { try read(unclosed) }
        #expect(
            fault?.description
                == "line 2, column 1: expected a closing quote, got the end of the file")
        let names = try part(#""format":"csv","content":"a\u0000\n1\n""#)
        #expect(throws: CSVFault.self) { try read(names) }
    }

    @Test("rows of a list: the union of the keys, values as they are written")
    func objects() throws {
        let part = try part(
            #"""
            "format":"json","rows":[{"a":"x","n":1.50},{"n":true,"c\u00e9":null,"a":"\"\n"},
            {"c\u00e9":"last","a":"1","a":"2"},{}]
            """#)
        let (rows, contents) = try read(part)
        #expect(contents == .init(lines: 4, header: ["a", "n", "cé"]))
        #expect(
            rows == [
                Row(1, "x", "1.50", ""), Row(2, "\"\n", "true", ""), Row(3, "2", "", "last"),
                Row(4, "", "", ""),
            ])
        #expect(part.weight == 4)
    }

    @Test("keys that only look alike are two columns")
    func keysByBytes() throws {
        let part = try part(#""format":"json","rows":[{"\u00e9":"1","e\u0301":"2"}]"#)
        let (rows, contents) = try read(part)
        #expect(contents.header?.count == 2 && rows == [Row(1, "1", "2")])
    }

    @Test("what is no row or no value is the row's fault")
    func objectFaults() throws {
        let part = try part(
            #""format":"json","rows":[7,{"a":{"b":1}},{"a":"\u0000"},{"a":"ok"}]"#)
        #expect(
            try read(part).rows == [
                Row(
                    1,
                    fault: "invalid-row line 1, column 1: expected an object, got a single value"),
                Row(
                    2,
                    fault:
                        "invalid-value line 2, column 1: a: expected a text, a number, true, false "
                        + "or null, got an object"),
                Row(
                    3,
                    fault:
                        "invalid-value line 3, column 1: a: expected text without NUL, got a NUL "
                        + "character"),
                Row(4, "ok"),
            ])
    }
}
