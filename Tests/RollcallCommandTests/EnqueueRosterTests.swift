import ArgumentParser
import Foundation
import Jobs
import Kafka
import RollcallClient
import Sandbox
import Testing

@testable import rollcall

/// `rollcall enqueue roster-import`, from its arguments to the records.
@Suite(.onThreadOfItsOwn) struct EnqueueRosterTests {
    private static let topic = "rollcall.roster-imports"

    private func bench() throws -> EnqueueBench {
        let bench = try EnqueueBench()
        try bench.broker.createTopic(Self.topic, partitions: 3)
        return bench
    }

    /// What is said of wrong arguments; nil if they are right.
    private func complaint(_ arguments: String...) -> String? {
        do {
            _ = try Rollcall.parseAsRoot(["enqueue", "roster-import"] + arguments)
            return nil
        } catch {
            return Rollcall.message(for: error)
        }
    }

    @Test("wrong usage is told by what was expected and what was given")
    func complaints() {
        #expect(complaint("--roster", "r", "f.csv") == nil)
        #expect(
            complaint(
                "--roster", "r", "--target", "-1", "--mode", "atomic", "--exact",
                "--confirm-removals", "--dry-run", "--format", "oneroster", "--encoding", "utf-16",
                "--part-size", "1MiB", "--wait", "a.csv", "b.csv") == nil)
        #expect(complaint("f.csv")?.contains("--roster") == true)
        #expect(complaint("--roster", "r")?.contains("<file>") == true)
        #expect(complaint("--roster", "", "f") == "--roster: expected a name, got \"\"")
        #expect(
            complaint("--roster", "r", "--format", "xlsx", "f")
                == "--format: expected csv or json or oneroster, got \"xlsx\"")
        #expect(
            complaint("--roster", "r", "--encoding", "latin1", "f")
                == "--encoding: expected utf-8 or utf-16 or windows-1252 or shift_jis, got \"latin1\""
        )
        #expect(
            complaint("--roster", "r", "--part-size", "512", "f")
                == "--part-size: expected a size of at least 4KiB such as 512KiB, got \"512\"")
        #expect(
            complaint("--roster", "r", "--target", "{", "f")?.hasPrefix("--target: expected JSON")
                == true)
        #expect(
            complaint("--roster", "r", "-", "f") == "expected - alone, got other files beside it")
        #expect(
            complaint("--roster", "r", "x/f.csv", "y/f.txt")
                == "expected files of different names, got f twice")
    }

    @Test("what is sent decodes to what was asked for", arguments: ContentMode.allCases)
    func roundTrip(mode: ContentMode) throws {
        var request = RosterRequest("r", target: ["b": 1, "a": "x"])
        request.mode = .atomic
        request.isExact = true
        request.confirmsRemovals = true
        request.isDryRun = true
        request.format = .oneroster
        var part = RosterRequest.Part(
            header: ["a\"", "b"], .content(Array("1,\"x\n\\\u{1}ä\"\n".utf8)))
        (part.number, part.count, part.file) = (2, 3, "users")
        let envelope = Envelope(id: .now(), source: "/test")
        let message = try OutgoingMessage(request, part, envelope, mode: mode)
        #expect(message.kind == .rosterImport && message.itemCount == 0)
        #expect(message.key == Array("r/a=x,b=1".utf8))
        let job = try Job(
            CloudEvent(
                value: message.value, headers: message.headers.map { ($0.name, $0.value) },
                depth: OutgoingMessage.defaultDepth))
        #expect(job.id == envelope.id && job.mode == .atomic && job.isDryRun)
        let read = try #require(job.rosterPart)
        #expect(read.isExact && read.confirmsRemovals && read.format == .oneroster)
        #expect(read.number == 2 && read.count == 3 && read.file == "users")
        #expect(read.header == ["a\"", "b"])
        var fields: [String] = []
        _ = try read.readRows { row in fields += (0..<row.count).map(row.string) }
        #expect(fields == ["1", "x\n\\\u{1}ä"])
    }

    @Test(
        "a file becomes parts of one job in one partition, from its path or from standard input",
        arguments: [true, false])
    func file(isPath: Bool) throws {
        let bench = try bench()
        let text = "name;class\n" + (1...2_000).map { "user\($0);Band\n" }.joined()
        let arguments = [
            "roster-import", "--roster", "r", "--target", "42", "--part-size", "4KiB",
            isPath ? try bench.file("people.csv", text) : "-",
        ]
        let answer = try bench.run(arguments, input: isPath ? nil : text)
        #expect(answer.status == .exited(0), "\(answer.errors)")
        let match = try #require(answer.errors.wholeMatch(of: /sent (\d+) parts in \d+\.\d s\n/))
        let count = try #require(Int(match.1))
        #expect(count > 5)
        let records = try bench.records(count, of: Self.topic)
        #expect(Set(records.map(\.partition)).count == 1)
        #expect(Set(records.map(\.keyText)) == ["r/42"])
        #expect(Set(try records.map { "\(try $0.job.id)\n" }) == [answer.output])
        let parts = try records.compactMap { try $0.job.rosterPart }
        #expect(parts.map(\.number) == Array(1...count))
        #expect(Set(parts.map(\.requestDigest)).count == 1)
        var rows = 0
        for part in parts { _ = try part.readRows { _ in rows += 1 } }
        #expect(rows == 2_000)
        // The spool of standard input leaves nothing behind.
        let left = try FileManager.default.contentsOfDirectory(atPath: bench.directory)
        #expect(left == (isPath ? ["people.csv"] : []))
    }

    @Test("what is no roster exits with 65 and sends nothing")
    func refused() throws {
        let bench = try bench()
        let path = try bench.file("people.csv", "a,b\n1,\0\n2,3\n\0\n")
        let answer = try bench.run(["roster-import", "--roster", "r", path])
        #expect(answer.status == .exited(65))
        #expect(
            answer.errors == """
                rollcall: \(path):2: column 2: expected text without NUL, got a NUL byte
                rollcall: \(path):4: column 1: expected text without NUL, got a NUL byte
                rollcall: nothing was sent

                """)
        #expect(answer.output.isEmpty)
        let large = try bench.run(
            ["roster-import", "--roster", "r", "-"],
            input: "a\n" + String(repeating: "x\n", count: 600),
            environment: ["ROLLCALL_ROSTER_FILE_BYTES": "1KiB"])
        #expect(large.status == .exited(65))
        #expect(large.errors.contains("standard input: expected a file of at most 1KiB, got 1,025"))
        // What is sent next is the first record of all.
        let good = try bench.file("good.csv", "a\n1\n")
        let next = try bench.run(["roster-import", "--roster", "r", "--key", "next", good])
        #expect(next.status == .exited(0) && next.errors.isEmpty, "\(next.errors)")
        #expect(try bench.records(1, of: Self.topic).map(\.keyText) == ["next"])
    }

    @Test("an interruption says what was sent, and the same id goes on")
    func interrupted() throws {
        let bench = try bench()
        let text = "name\n" + (1...20_000).map { "user\($0)\n" }.joined()
        let path = try bench.file("people.csv", text)
        let arguments = ["roster-import", "--roster", "r", "--part-size", "4KiB", path]
        // One part at a time, and each slowly.
        try bench.broker.setRoundTrip(milliseconds: 200)
        let child = try bench.start(
            arguments,
            environment: [
                "ROLLCALL_KAFKA_PROPERTIES": "max.in.flight=1;batch.num.messages=1"
            ])
        _ = try bench.records(1, of: Self.topic)
        #expect(child.terminate(SIGINT))
        let answer = try bench.answer(of: child)
        #expect(answer.status == .exited(130), "\(answer.errors)")
        #expect(answer.output.isEmpty)
        let pattern =
            /rollcall: job ([0-9a-f-]{36}): sent 1(?: to (\d+))? of (\d+) parts; to go on, send the same file with --id ([0-9a-f-]{36})\n/
        let match = try #require(answer.errors.firstMatch(of: pattern), "\(answer.errors)")
        #expect(match.1 == match.4)
        let count = try #require(Int(match.3))
        #expect(match.2.flatMap { Int($0) } ?? 1 < count)
        try bench.broker.setRoundTrip(milliseconds: 0)
        let again = try bench.run(arguments + ["--id", String(match.1)])
        #expect(again.status == .exited(0) && again.output == "\(match.1)\n", "\(again.errors)")
        let first = match.2.flatMap { Int($0) } ?? 1
        var byNumber: [Int: Set<[UInt8]>] = [:]
        var read = first + count
        // What was on its way when the command ended may have arrived without its knowledge: as long
        // as parts are missing, there are more records.
        while byNumber.count < count {
            let records = try bench.records(read, of: Self.topic)
            for record in records {
                let part = try #require(record.job.rosterPart)
                #expect(try record.job.id == JobID(String(match.1)))
                // The time of sending apart, they are the same.
                let data = try #require(record.text?.split(separator: "\"data\":").last)
                byNumber[part.number, default: []].insert(Array(data.utf8))
            }
            read = records.count + 1
        }
        #expect(byNumber.values.allSatisfy { $0.count == 1 })
    }
}
