import Jobs
import Testing

@Suite struct AssignmentTests {
    /// A job's data with one field replaced or, by nil, left out.
    private func data(_ name: String = "", _ value: String? = nil) -> String {
        var fields = [("relation", "\"r\""), ("target", "42"), ("members", "[1]")]
        fields.removeAll { $0.0 == name }
        if let value { fields.append((name, value)) }
        return "{\(fields.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
    }

    private func assignment(_ data: String, _ kind: String = "assign") throws -> Assignment {
        let job = try Messages.job(
            Messages.structured(["type": "\"rollcall.\(kind)\""], data: data))
        return try #require(job.assignment)
    }

    private func fault(_ data: String, _ kind: String = "assign") -> MessageFault? {
        Messages.fault(Messages.structured(["type": "\"rollcall.\(kind)\""], data: data))
    }

    private static let fieldsMessage =
        "data: expected only the fields relation, target, targets, members, attributes, exact, "
        + "confirm_removals, mode, on_conflict, dry_run, got "

    @Test(
        "a field of the wrong type is refused with what was expected",
        arguments: [
            ("relation", nil, "relation: expected a string, got none"),
            ("relation", "null", "relation: expected a string, got null"),
            ("relation", "\"\"", "relation: expected a string, got \"\""),
            ("relation", "1", "relation: expected a string, got 1"),
            ("relation", "[\"r\"]", "relation: expected a string, got [\"r\"]"),
            ("target", nil, "expected target or targets, got neither"),
            ("targets", "[1]", "expected target or targets, got both"),
            ("targets", "null", "expected target or targets, got both"),
            ("members", nil, "members: expected a list, got none"),
            ("members", "null", "members: expected a list, got null"),
            ("members", "1", "members: expected a list, got 1"),
            ("members", "{}", "members: expected a list, got {}"),
            ("members", "\"all\"", "members: expected a list, got \"all\""),
            ("attributes", "[]", "attributes: expected an object, got []"),
            ("attributes", "1", "attributes: expected an object, got 1"),
            ("mode", "\"all\"", "mode: expected partial or atomic, got \"all\""),
            ("mode", "\"Atomic\"", "mode: expected partial or atomic, got \"Atomic\""),
            ("mode", "1", "mode: expected partial or atomic, got 1"),
            (
                "on_conflict", "\"replace\"",
                "on_conflict: expected ignore or update, got \"replace\""
            ),
            ("on_conflict", "true", "on_conflict: expected ignore or update, got true"),
            ("dry_run", "\"true\"", "dry_run: expected true or false, got \"true\""),
            ("dry_run", "1", "dry_run: expected true or false, got 1"),
            ("exact", "\"yes\"", "exact: expected true or false, got \"yes\""),
            ("confirm_removals", "1", "confirm_removals: expected true or false, got 1"),
            ("dryrun", "true", fieldsMessage + "dryrun"),
            ("Mode", "\"atomic\"", fieldsMessage + "Mode"),
            ("", "1", fieldsMessage),
        ] as [(String, String?, String)])
    func faults(name: String, value: String?, message: String) {
        let fault = fault(data(name, value))
        #expect(fault?.code == .invalidData)
        // A key is quoted as it stands in the message.
        #expect(fault?.message.replacing("got \"\(name)\"", with: "got \(name)") == message)
    }

    @Test(
        "what may be left out may be null",
        arguments: ["attributes", "mode", "on_conflict", "dry_run", "exact", "confirm_removals"])
    func null(name: String) throws {
        let assignment = try assignment(data(name, "null"))
        #expect(assignment.attributes == nil)
        #expect(assignment.mode == .partial)
        #expect(assignment.onConflict == nil)
        #expect(!assignment.isDryRun)
    }

    @Test(
        "targets is a list",
        arguments: ["null", "1", "\"a\"", "{}", "true"])
    func targets(value: String) {
        #expect(
            fault(#"{"relation":"r","members":[],"targets":\#(value)}"#)
                == MessageFault(.invalidData, "targets: expected a list, got \(value)"))
    }

    @Test("an assign may be exact")
    func exact() throws {
        #expect(try assignment(data("exact", "true")).isExact)
        #expect(try !assignment(data("exact", "false")).isExact)
        #expect(
            fault(data("exact", "true"), "unassign")
                == MessageFault(.invalidData, "exact: expected none for unassign, got true"))
        #expect(fault(data("exact", "false"), "unassign") == nil)
    }

    @Test("an unassign may be for all members")
    func all() throws {
        let text = #"{"relation":"r","targets":[1,2,3],"members":"all"}"#
        let assignment = try assignment(text, "unassign")
        #expect(assignment.removesAll)
        #expect(assignment.itemCount == 0)
        // It is work for each target all the same.
        #expect(assignment.weight == 3)
        #expect(
            fault(text)
                == MessageFault(.invalidData, "members: expected a list, got \"all\""))
        #expect(
            fault(data("members", "\"some\""), "unassign")
                == MessageFault(.invalidData, "members: expected a list or \"all\", got \"some\""))
    }

    @Test(
        "an unassign takes no attributes and no conflict rule",
        arguments: [
            (
                "attributes", "{\"role\":1}",
                "attributes: expected none for unassign, got {\"role\":1}"
            ),
            ("attributes", "{}", "attributes: expected none for unassign, got {}"),
            ("on_conflict", "\"update\"", "on_conflict: expected none for unassign, got one"),
        ])
    func unassign(name: String, value: String, message: String) {
        #expect(fault(data(name, value), "unassign") == MessageFault(.invalidData, message))
    }

    @Test("every choice is read")
    func choices() throws {
        let text = """
            {"relation":"r","target":"t","members":[1,{"member":2,"role":"ta"}],
             "attributes":{"role":"student"},"mode":"atomic","on_conflict":"ignore","dry_run":true}
            """
        let assignment = try assignment(text)
        #expect(assignment.operation == .assign)
        #expect(assignment.mode == .atomic)
        #expect(assignment.onConflict == .ignore)
        #expect(assignment.isDryRun)
        let attributes = try #require(assignment.attributes)
        let role = try #require(assignment.document.value("role", in: attributes))
        #expect(assignment.document.text(of: role) == "student")
        #expect(try self.assignment(data(), "unassign").operation == .unassign)
        #expect(try self.assignment(data("on_conflict", "\"update\"")).onConflict == .update)
        #expect(try self.assignment(data("mode", "\"partial\"")).mode == .partial)
        #expect(try !self.assignment(data("dry_run", "false")).isDryRun)
    }

    @Test("of a repeated field the last counts")
    func repeated() throws {
        let text =
            #"{"relation":"a","relation":"b","target":1,"target":2,"members":[],"members":[1,2]}"#
        let assignment = try assignment(text)
        #expect(assignment.relation == "b")
        #expect(assignment.targetText == "2")
        #expect(assignment.itemCount == 2)
    }

    @Test(
        "items are the product of targets and members",
        arguments: [
            (#""target":1"#, "[]", 0), (#""target":1"#, "[1,2,3]", 3),
            (#""target":null"#, "[1]", 1),
            (#""targets":[]"#, "[1,2]", 0), (#""targets":[1,2,3]"#, "[1,[2,3]]", 6),
            (#""targets":[1,1]"#, "[null,null]", 4), (#""target":[1,2]"#, "[1]", 1),
        ])
    func itemCount(target: String, members: String, count: Int) throws {
        let text = "{\"relation\":\"r\",\(target),\"members\":\(members)}"
        #expect(try assignment(text).itemCount == count)
    }

    @Test(
        "a target is shown as people read it",
        arguments: [
            (#""target":42"#, "42"), (#""target":"42""#, "42"), (#""target":"a\u0022b""#, "a\"b"),
            (#""target":null"#, "null"), (#""target":{"id": 7}"#, "{\"id\": 7}"),
            (#""targets":[]"#, ""),
            (#""targets":["x"]"#, "x"), (#""targets":["x","y"]"#, "x and 1 more"),
            (#""targets":[1,2,3]"#, "1 and 2 more"), (#""target":"""#, ""),
            (#""target":"'); DROP TABLE x; --""#, "'); DROP TABLE x; --"),
        ])
    func targetText(target: String, text: String) throws {
        let assignment = try assignment("{\"relation\":\"r\",\(target),\"members\":[]}")
        #expect(assignment.targetText == text)
    }

    @Test(
        "targets that are spelled differently have one default key",
        arguments: [
            (#""target":42"#, "r/42"), (#""target":"42""#, "r/42"),
            (#""target":{"type":"Issue","id":7}"#, "r/id=7,type=Issue"),
            (#""target":{"id": "7", "type": "Issue"}"#, "r/id=7,type=Issue"),
            (#""targets":["x","y"]"#, "r/x and 1 more"),
        ])
    func defaultKey(target: String, key: String) throws {
        let job = try Messages.job(
            Messages.structured(data: "{\"relation\":\"r\",\(target),\"members\":[]}"))
        #expect(job.defaultKey == key)
    }

    @Test(
        "a long target is cut off after 200 bytes, between two characters",
        arguments: ["x", "é", "漢", "😀"])
    func longTarget(character: String) throws {
        let target = "\"\(String(repeating: character, count: 300))\""
        let text = try assignment(data("target", target)).targetText
        #expect(text.hasSuffix("\(character)…"))
        #expect(!text.contains("\u{FFFD}"))
        #expect((197...203).contains(text.utf8.count))
    }
}
