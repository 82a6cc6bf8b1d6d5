import ArgumentParser
import Jobs
import RollcallClient
import Testing

@testable import rollcall

@Suite struct EnqueueArgumentTests {
    private static let needed = ["--relation", "enrollment", "--target", "42"]

    /// What is said of wrong arguments; nil if they are right.
    private func complaint(_ arguments: [String]) -> String? {
        do {
            _ = try Rollcall.parseAsRoot(["enqueue"] + arguments)
            return nil
        } catch {
            return Rollcall.message(for: error)
        }
    }

    private func request(_ arguments: [String]) throws -> AssignmentRequest {
        let command = try EnqueueAssignCommand.parse(arguments)
        return try command.assignment.request(.assign, limit: 100)
    }

    @Test("arguments become a request")
    func parses() throws {
        var request = try request(Self.needed + ["--members", "1,ada, 007 ,-3", "--members", "x"])
        #expect(request.relation == "enrollment")
        #expect(request.targets == [42])
        #expect(request.members.map(\.member) == [1, "ada", "007", -3, "x"])
        #expect(request.mode == .partial)
        #expect(!request.isDryRun)
        request = try self.request([
            "--relation", "r", "--targets", "a,b", "--members", #"{"member":7,"role":"a,b"}"#,
            "--mode", "atomic", "--dry-run",
        ])
        #expect(request.targets == ["a", "b"])
        #expect(request.members.map(\.member) == [["member": 7, "role": "a,b"]])
        #expect(request.mode == .atomic)
        #expect(request.isDryRun)
        #expect(
            try self.request(["--relation", "r", "--target", "-5", "--members", "-7"]).targets
                == [-5])
        #expect(
            try self.request(["--relation", "r", "--target", "a,b", "--members", "1"]).targets
                == ["a,b"])
    }

    @Test("wrong usage is told by what was expected and what was given")
    func complaints() {
        let needed = Self.needed
        let right = ["assign"] + needed + ["--members", "1"]
        #expect(complaint(right) == nil)
        #expect(complaint(right + ["--exact"]) == nil)
        #expect(complaint(["unassign", "--all"] + needed) == nil)
        #expect(complaint(["FILE.jsonl", "--wait"]) == nil)
        #expect(complaint(["--wait", "-"]) == nil)
        let cases: [([String], String)] = [
            ([], "Missing expected argument '<file.jsonl>'"),
            (["assign", "--target", "1", "--members", "1"], "'--relation <name>'"),
            (["assign"] + needed, "expected --members, got none"),
            (["assign", "--exact"] + needed, "expected --members, got none"),
            (["unassign"] + needed, "expected --members or --all, got neither"),
            (
                ["unassign", "--all", "--members", "1"] + needed,
                "expected --members or --all, got both"
            ),
            (
                ["assign", "--relation", "r", "--members", "1"],
                "expected --target or --targets, got neither"
            ),
            (right + ["--targets", "1"], "expected --target or --targets, got both"),
            (right + ["--id", "7"], "--id: expected a UUID, got \"7\""),
            (right + ["--mode", "all"], "--mode: expected partial or atomic, got \"all\""),
            (
                right + ["--on-conflict", "x"],
                "--on-conflict: expected ignore or update, got \"x\""
            ),
            (right + ["--attribute", "role"], "--attribute: expected name=value, got \"role\""),
            (right + ["--attribute", "=x"], "--attribute: expected name=value, got \"=x\""),
            (
                right + ["--attribute", "a=1", "--attribute", "a=2"],
                "--attribute: expected each name once, got \"a\" again"
            ),
            (
                right + ["--members", "1,,2"],
                "--members: expected values separated by commas, got \"1,,2\""
            ),
            (
                right + ["--members", ""],
                "--members: expected values separated by commas, got \"\""
            ),
            (
                right + ["--members", "@"],
                "--members: expected the name of a file after @, got none"
            ),
            (right + ["--members", "-", "--members", "-"], "--members: expected - once"),
            (right + ["--members", "{"], "--members: expected JSON after {, got \"{\""),
            (
                right + ["--timeout", "10"],
                "--timeout: expected a duration such as 30s, 10m or 2h, got \"10\""
            ),
            (right + ["--topic", "a b"], "--topic: expected a topic name"),
            (right + ["--source", ""], "--source: expected a text"),
            (right + ["--key", ""], "--key: expected a text, got \"\""),
            (["unassign"] + needed + ["--members", "1", "--attribute", "a=1"], "'--attribute'"),
            (["FILE", "--timeout", "x"], "--timeout: expected a duration"),
            (["FILE", "--topic", ""], "--topic: expected a topic name"),
        ]
        for (arguments, expected) in cases {
            let said = complaint(arguments) ?? "nothing"
            #expect(said.contains(expected), "\(arguments): \(said)")
        }
    }

    @Test(
        "a whole number is a number, everything else a text",
        arguments: [
            ("42", Value.int(42)), ("-1", -1), ("0", 0), ("007", "007"), ("-0", "-0"), ("+1", "+1"),
            ("1.5", "1.5"), ("9223372036854775808", "9223372036854775808"), ("true", "true"),
            ("", ""), ("null", "null"), ("４２", "４２"),
        ])
    func scalars(text: String, value: Value) {
        #expect(EnqueueArgument.scalar(text) == value)
    }

    @Test("times are told in seconds, progress as a bar")
    func texts() {
        #expect(EnqueueText.seconds(.milliseconds(849)) == "0.8 s")
        #expect(EnqueueText.seconds(.milliseconds(61_960)) == "62.0 s")
        let line = ProgressLine("sending", total: 5_000, isShown: false)
        #expect(
            line.text(2_500, elapsed: .seconds(2))
                == "sending [##########----------]  50%  2,500/5,000  1,250/s")
        let parts = ProgressLine("sending", total: 4, unit: .parts, isShown: false)
        #expect(
            parts.text(1, elapsed: .seconds(2)) == "sending [#####---------------]  25%  1/4 parts")
        let bytes = ProgressLine("checking", total: 68_591_708, unit: .bytes, isShown: false)
        #expect(
            bytes.text(34_295_854, elapsed: .seconds(2))
                == "checking [##########----------]  50%  34.2 of 68.5 MB")
    }
}
