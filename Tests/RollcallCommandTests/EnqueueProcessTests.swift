import Foundation
import Jobs
import Kafka
import Sandbox
import Testing

@Suite(.onThreadOfItsOwn) struct EnqueueProcessTests {
    private static let assign = [
        "assign", "--relation", "enrollment", "--target", "42", "--members",
    ]

    private func line(_ target: Int, _ more: String = "") -> String {
        #"{"type":"rollcall.assign",\#(more)"data":{"relation":"enrollment","target":\#(target),"members":[1]}}"#
    }

    @Test("assign sends one job and prints its id alone")
    func assign() throws {
        let bench = try EnqueueBench()
        let answer = try bench.run(
            Self.assign + ["1,2", "--attribute", "role=student", "--on-conflict", "update"],
            environment: ["ROLLCALL_CATALOG": "/nonexistent"])
        #expect(answer.status == .exited(0), "\(answer.errors)")
        #expect(answer.errors.isEmpty)
        let record = try #require(try bench.records(1).first)
        let job = try record.job
        #expect(answer.output == "\(job.id)\n")
        #expect(record.keyText == "enrollment/42")
        #expect(job.source == "/cli/\(NSUserName())")
        #expect(job.requestedAt != nil)
        let assignment = try #require(job.assignment)
        #expect(assignment.onConflict == .update)
        #expect(
            String(decoding: assignment.document.source(of: assignment.members), as: UTF8.self)
                == "[1,2]")
        #expect(
            assignment.attributes.map {
                String(decoding: assignment.document.source(of: $0), as: UTF8.self)
            } == #"{"role":"student"}"#)
    }

    @Test("unassign takes members of files and of standard input, and everything that is given")
    func unassign() throws {
        let bench = try EnqueueBench()
        let id = "0197A2C4-8d1e-7b43-9a55-0d5f3c2b1a00"
        let file = try bench.file("members", "\u{FEFF}a\"b\r\n\n  {\"username\":\"ada\"}\n1,2\n")
        let answer = try bench.run(
            [
                "unassign", "--relation", "enrollment", "--targets", "1,2", "--members", "@" + file,
                "--members", "-", "--id", id, "--source", "/test", "--key", "k", "--topic", "other",
                "--mode", "atomic", "--dry-run",
            ], input: "7\n👩‍👩‍👧")
        #expect(answer.status == .exited(0), "\(answer.errors)")
        #expect(answer.output == id.lowercased() + "\n")
        let record = try #require(try bench.records(1, of: "other").first)
        let assignment = try #require(try record.job.assignment)
        #expect(record.keyText == "k")
        #expect(try record.job.source == "/test")
        #expect(assignment.operation == .unassign)
        #expect(assignment.mode == .atomic)
        #expect(assignment.isDryRun)
        #expect(assignment.targets.count == 2)
        #expect(
            String(decoding: assignment.document.source(of: assignment.members), as: UTF8.self)
                == #"["a\"b",{"username":"ada"},"1,2",7,"👩‍👩‍👧"]"#)
    }

    @Test("an exact assign and an unassign of all say so")
    func sweeps() throws {
        let bench = try EnqueueBench()
        let target = ["--relation", "enrollment", "--target", "42", "--key", "k"]
        for arguments in [["assign", "--members", "1", "--exact"], ["unassign", "--all"]] {
            let answer = try bench.run(arguments + target)
            #expect(answer.status == .exited(0), "\(answer.errors)")
        }
        let records = try bench.records(2)
        #expect(try records.map { try $0.job.assignment?.isExact } == [true, false])
        #expect(try records.map { try $0.job.assignment?.removesAll } == [false, true])
    }

    @Test("wrong usage exits with 2 and sends nothing")
    func usage() throws {
        let bench = try EnqueueBench()
        let empty = try bench.file("empty", " \n\r\n")
        let cases: [([String], String)] = [
            (["assign", "--target", "1", "--members", "1"], "--relation"),
            (Self.assign + ["1", "--targets", "2"], "got both"),
            (Self.assign + ["1", "--id", "x"], "--id: expected a UUID, got \"x\""),
            (Self.assign + ["@/nonexistent"], "/nonexistent: No such file or directory"),
            (Self.assign + ["@" + empty], "expected at least one member, got none"),
            (Self.assign + ["-"], "standard input: expected at least one member, got none"),
            (["/nonexistent.jsonl"], "/nonexistent.jsonl: No such file or directory"),
            ([bench.directory], "expected a file, got a directory"),
            ([], "<file.jsonl>"),
        ]
        for (arguments, expected) in cases {
            let answer = try bench.run(arguments)
            #expect(answer.status == .exited(2), "\(arguments)")
            #expect(answer.errors.contains(expected), "\(arguments): \(answer.errors)")
            #expect(answer.output.isEmpty)
        }
    }

    @Test(
        "a file is sent line by line, from its path or from standard input",
        arguments: [true, false])
    func file(isPath: Bool) throws {
        let bench = try EnqueueBench()
        let text = "\u{FEFF}" + (0..<500).map { line($0) + "\r\n" }.joined(separator: "\n")
        let answer =
            isPath
            ? try bench.run([try bench.file("jobs.jsonl", text), "--print-ids"])
            : try bench.run(["-", "--print-ids", "--source", "/test"], input: text)
        #expect(answer.status == .exited(0), "\(answer.errors)")
        #expect(answer.errors.wholeMatch(of: /sent 500 jobs in \d+\.\d s\n/) != nil)
        let records = try bench.records(500)
        for record in records {
            let job = try record.job
            #expect(record.keyText == job.defaultKey)
            #expect(job.source == (isPath ? "/cli/\(NSUserName())" : "/test"))
        }
        let order = Dictionary(
            uniqueKeysWithValues: try records.map { record in
                ("\(try record.job.id)", try record.job.assignment?.targetText ?? "")
            })
        let ids = answer.output.split(separator: "\n")
        #expect(ids.compactMap { order[String($0)] } == (0..<500).map { "\($0)" })
        // The spool of standard input leaves nothing behind.
        let left = try FileManager.default.contentsOfDirectory(atPath: bench.directory)
        #expect(left == (isPath ? ["jobs.jsonl"] : []))
    }

    @Test("one faulty line and nothing is sent")
    func faulty() throws {
        let bench = try EnqueueBench()
        let path = try bench.file(
            "jobs.jsonl", (0..<3).map { line($0) }.joined(separator: "\n") + "\n\nnot json\n[1]\n")
        let answer = try bench.run([path])
        #expect(answer.status == .exited(2))
        #expect(
            answer.errors == """
                rollcall: \(path):5: expected a value, got 'n' at byte 0
                rollcall: \(path):6: expected a CloudEvent (with specversion) or an object with \
                type and data, got [1]
                rollcall: 2 faulty lines of 5; nothing was sent

                """)
        // What is sent next is the first record of all.
        #expect(try bench.run(Self.assign + ["1"]).status == .exited(0))
        #expect(try bench.records(1).map(\.keyText) == ["enrollment/42"])
    }

    @Test("without the check a malformed message is sent as it is")
    func unchecked() throws {
        let bench = try EnqueueBench()
        let answer = try bench.run(
            ["--no-check", try bench.file("jobs.jsonl", "not json\n{\"specversion\":\"1.0\"}\n")])
        #expect(answer.status == .exited(0), "\(answer.errors)")
        #expect(
            Set(try bench.records(2).map(\.text)) == ["not json", "{\"specversion\":\"1.0\"}"])
    }

    @Test("a file without jobs is sent, which is nothing")
    func empty() throws {
        let bench = try EnqueueBench()
        let answer = try bench.run(["-"])
        #expect(answer.status == .exited(0))
        #expect(answer.errors.wholeMatch(of: /sent 0 jobs in \d+\.\d s\n/) != nil)
    }

    @Test("brokers that are away end the command with 69, soon and with their reason")
    func away() throws {
        let bench = try EnqueueBench()
        let path = try bench.file("jobs.jsonl", (0..<30).map { line($0) }.joined(separator: "\n"))
        for arguments in [Self.assign + ["1"], [path]] {
            let answer = try bench.run(
                arguments + ["--brokers", "127.0.0.1:1"],
                environment: ["ROLLCALL_KAFKA_PROPERTIES": "message.timeout.ms=300"])
            #expect(answer.status == .exited(69), "\(answer.errors)")
            #expect(answer.errors.contains("not delivered"))
            #expect(answer.errors.contains("Connection refused"))
            #expect(answer.output.isEmpty)
            if arguments == [path] {
                #expect(answer.errors.contains("\(path):1: "))
                #expect(answer.errors.contains("sent 0 of 30 jobs in "))
            }
        }
    }

    @Test("nothing is sent that could not be waited for")
    func noDatabase() throws {
        let bench = try EnqueueBench()
        let answer = try bench.run(Self.assign + ["1", "--wait"])
        #expect(answer.status == .exited(69))
        #expect(answer.output.isEmpty)
        #expect(try bench.run(Self.assign + ["1", "--key", "next"]).status == .exited(0))
        #expect(try bench.records(1).map(\.keyText) == ["next"])
    }
}
