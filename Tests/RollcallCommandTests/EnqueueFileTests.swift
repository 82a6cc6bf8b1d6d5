import Foundation
import Jobs
import Kafka
import RollcallClient
import Testing

@testable import rollcall

@Suite struct EnqueueFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func lines(
        _ bytes: some Sequence<UInt8>, lengthMax: Int = 1_000
    ) throws -> [(number: Int, text: String, isTooLong: Bool)] {
        let file = try InputFile(try folder.file(bytes))
        var reader = LineReader(file.descriptor, lengthMax: lengthMax)
        var lines: [(number: Int, text: String, isTooLong: Bool)] = []
        while let line = try reader.next() {
            lines.append(
                (line.number, String(decoding: line.bytes, as: UTF8.self), line.isTooLong))
        }
        return lines
    }

    private func jobFile(
        _ text: some Sequence<UInt8>, isChecked: Bool = true,
        limits: Settings.Limits = Settings.Limits()
    ) throws -> JobFile {
        JobFile(
            try InputFile(try folder.file(text)),
            JobLine(
                limits: EnqueueLimits(limits), source: "/cli/test", isChecked: isChecked))
    }

    private func faults(_ text: String, limits: Settings.Limits = .init()) throws -> [String] {
        try jobFile(text.utf8, limits: limits).check().faults.first.map {
            "\($0.line): \($0.reason)"
        }
    }

    private func messages(_ file: JobFile) throws -> [(Int, OutgoingMessage)] {
        var messages: [(Int, OutgoingMessage)] = []
        try file.forEach { number, message in
            messages.append((number, message))
            return true
        }
        return messages
    }

    @Test("lines end with LF or CR LF, the last with nothing; a byte order mark is no text")
    func reading() throws {
        #expect(try lines("".utf8).isEmpty)
        #expect(try lines("\n".utf8).map(\.text) == [""])
        #expect(try lines("a\r\nb\n\n c \rd".utf8).map(\.text) == ["a", "b", "", " c \rd"])
        #expect(try lines([0xEF, 0xBB, 0xBF, 0x61, 0x0A, 0x62]).map(\.text) == ["a", "b"])
        #expect(try lines("a\nb\n".utf8).map(\.number) == [1, 2])
    }

    @Test("a line over the limit is told as such, and the next is whole")
    func longLines() throws {
        let text = "12345\r\n123456\n1234567\n12345"
        let read = try lines(text.utf8, lengthMax: 5)
        #expect(read.map(\.isTooLong) == [false, true, true, false])
        #expect(read.last?.text == "12345")
        let huge = String(repeating: "x", count: 3_000_000)
        let around = try lines("a\n\(huge)\nb\n\(huge)".utf8, lengthMax: 10)
        #expect(around.map(\.isTooLong) == [false, true, false, true])
        #expect(around.allSatisfy { $0.text.utf8.count <= 11 })
        #expect(
            try lines("a\n\(huge)\nb".utf8, lengthMax: 4_000_000).map(\.text.count) == [
                1, 3_000_000, 1,
            ])
    }

    @Test("what a line lacks of an event is added, what it has stays byte for byte")
    func completion() throws {
        let id = "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00"
        let data = #""data" : {"relation":"enrollment","target":"ä\u0000","members":[1]}"#
        let whole =
            #"{"specversion":"1.0","id":"\#(id)","source":"/x","type":"rollcall.assign",\#(data)}"#
        let short = #" { "type":"rollcall.assign", "custom":1.0, \#(data)}"#
        let some =
            #"{"type":"rollcall.unassign.v1","id":"\#(id)","time":"2026-11-21T08:00:00Z","source":"/y",\#(data)}"#
        let sent = try messages(try jobFile("\(whole)\r\n\n\(short)\n \t\n\(some)".utf8))
        #expect(sent.map(\.0) == [1, 3, 5])
        #expect(sent[0].1.value == Array(whole.utf8))
        let added = String(decoding: sent[1].1.value, as: UTF8.self)
        #expect(added.hasSuffix(#""type":"rollcall.assign", "custom":1.0, \#(data)}"#))
        #expect(added.hasPrefix(#"{"specversion":"1.0","id":""#))
        let jobs = try sent.map { number, message in
            try Job(
                CloudEvent(
                    value: message.value, headers: message.headers.map { ($0.name, $0.value) },
                    depth: 32))
        }
        #expect(jobs.map(\.source) == ["/x", "/cli/test", "/y"])
        #expect(jobs[1].requestedAt != nil)
        #expect(jobs[2].requestedAt == Timestamp("2026-11-21T08:00:00Z"))
        #expect(jobs[2].id == JobID(id))
        #expect(jobs.map(\.kind) == [.assign, .assign, .unassign])
        #expect(sent.allSatisfy { $0.1.key == Array("enrollment/ä\0".utf8) })
    }

    @Test("every faulty line is told with its number and the reason")
    func faults() throws {
        let good = #"{"type":"rollcall.assign","data":{"relation":"r","target":1,"members":[]}}"#
        #expect(try faults("").isEmpty)
        #expect(try faults("\(good)\n\n\(good)").isEmpty)
        #expect(
            try faults(
                """
                \(good)
                not json

                []
                {"type":"rollcall.assign"}
                {"type":"rollcall.nap","data":{}}
                {"type":"rollcall.assign","data":{"relation":"r","target":1}}
                {"type":"rollcall.assign","id":null,"data":{"relation":"r","target":1,"members":[]}}
                {"specversion":"1.0","type":"rollcall.assign","data":{}}
                """) == [
                    "2: expected a value, got 'n' at byte 0",
                    "4: expected a CloudEvent (with specversion) or an object with type and data, "
                        + "got []",
                    "5: expected a CloudEvent (with specversion) or an object with type and data, "
                        + #"got {"type":"rollcall.assign"}"#,
                    "6: type: expected one of rollcall.assign, rollcall.unassign, "
                        + #"rollcall.roster-import, rollcall.backfill, got "rollcall.nap""#,
                    "7: members: expected a list, got none",
                    "8: id: expected a value, got none",
                    "9: id: expected a value, got none",
                ])
        let (count, many) = try jobFile(
            String(repeating: "x\n", count: 50).utf8
        ).check()
        #expect(count == 0)
        #expect(many.count == 50)
        #expect(many.first.map(\.line) == Array(1...20))
        #expect(try jobFile([0x22, 0xFF, 0x22]).check().faults.count == 1)
    }

    @Test("the limits of a worker hold for lines")
    func limits() throws {
        var limits = Settings.Limits()
        limits.jobItems = 2
        limits.messageBytes = 300
        func line(_ members: String) -> String {
            #"{"type":"rollcall.assign","data":{"relation":"r","target":1,"members":\#(members)}}"#
        }
        #expect(try faults(line("[1,2]"), limits: limits).isEmpty)
        #expect(
            try faults(line("[1,2,3]"), limits: limits) == ["1: expected at most 2 items, got 3"])
        let long = String(repeating: "x", count: 180)
        #expect(
            try faults(line("[\"\(long)\"]"), limits: limits).first?
                .hasPrefix("1: expected a message of at most 300 bytes, got ") == true)
        #expect(
            try faults(line("[\"\(long)\(long)\"]"), limits: limits)
                == ["1: expected a line of at most 300 bytes, got more"])
        limits.jsonDepth = 3
        #expect(try faults(line("[[1]]"), limits: limits).first?.contains("nesting") == true)
    }

    @Test("without the check every line is sent byte for byte, with id and key where it is a job")
    func unchecked() throws {
        let job =
            #"{"specversion":"1.0","id":"\#(JobID.now())","source":"/x","type":"rollcall.assign","#
            + #""data":{"relation":"r","target":7,"members":[]}}"#
        let texts = ["not json", job, #"{"type":"rollcall.assign","data":{}}"#, "[", "\u{0}"]
        let sent = try messages(try jobFile(texts.joined(separator: "\n").utf8, isChecked: false))
        #expect(sent.map { String(decoding: $0.1.value, as: UTF8.self) } == texts)
        #expect(sent.map { $0.1.jobID == nil } == [true, false, true, true, true])
        #expect(
            sent.map { $0.1.key.map { String(decoding: $0, as: UTF8.self) } } == [
                nil, "r/7", nil, nil, nil,
            ])
    }

    @Test("a file that is changed after its check is noticed")
    func changed() throws {
        let good = #"{"type":"rollcall.assign","data":{"relation":"r","target":1,"members":[]}}"#
        let path = try folder.file("\(good)\n\(good)\n".utf8)
        let file = JobFile(
            try InputFile(path),
            JobLine(
                limits: EnqueueLimits(Settings.Limits()), source: "/x", isChecked: true))
        #expect(try file.check().count == 2)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\(good)\n".utf8))
        try handle.close()
        #expect(throws: JobFileChanged.self) { try file.forEach { _, _ in true } }
        try file.forEach { number, _ in number < 2 }
    }

    @Test("what can be read only once is spooled, and leaves no file")
    func spooled() throws {
        let path = "\(folder.path)/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let text = String(repeating: "0123456789\n", count: 100_000)
        Thread.detachNewThread {
            try? FileHandle(forWritingAtPath: path)?.write(contentsOf: Data(text.utf8))
        }
        let pipe = try InputFile(path)
        #expect(pipe.version == nil)
        let spool = try pipe.spooled()
        #expect(spool.version?.bytes == text.utf8.count)
        for _ in 0..<2 {
            try spool.rewind()
            var reader = LineReader(spool.descriptor, lengthMax: 100)
            var count = 0
            while try reader.next() != nil { count += 1 }
            #expect(count == 100_000)
        }
    }

    @Test("a file that cannot be read says why")
    func unreadable() throws {
        let missing = #expect(throws: FileError.self) { try InputFile("\(folder.path)/none") }
        #expect("\(try #require(missing))" == "\(folder.path)/none: No such file or directory")
        let directory = #expect(throws: FileError.self) { try InputFile(folder.path) }
        #expect(
            "\(try #require(directory))" == "\(folder.path): expected a file, got a directory")
    }
}

/// A folder that goes away with its test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "rollcall-enqueue-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and says its path.
    func file(_ bytes: some Sequence<UInt8>) throws -> String {
        let file = "\(path)/\(UUID().uuidString)"
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
}
