import Foundation
import Jobs
import Kafka
import RollcallClient
import Testing

@testable import rollcall

/// Files of a roster, read and cut as `enqueue` does, and what a worker then reads.
struct RosterDesk {
    /// A row as a worker has it: the file, the physical line in it, and the fields.
    struct Row: Equatable, CustomStringConvertible {
        var file = ""
        var line: Int
        var fields: [String]
        var fault: String?

        init(_ line: Int, _ fields: String...) {
            self.line = line
            self.fields = fields
        }

        var description: String { "\(file):\(line) \(fields) \(fault ?? "")" }

        /// By their bytes: characters that are equal to Swift need not be the same.
        static func == (one: Row, other: Row) -> Bool {
            one.file == other.file && one.line == other.line && one.fault == other.fault
                && one.fields.map { Array($0.utf8) } == other.fields.map { Array($0.utf8) }
        }
    }

    /// What became of files.
    struct Answer {
        var faults: [String] = []
        var faultCount = 0
        var messages: [OutgoingMessage] = []
        var header: [String: [String]] = [:]
        var rows: [Row] = []
    }

    let folder: TemporaryFolder
    var format = RosterPart.Format.csv
    var encoding = TextEncoding.utf8
    var limits = Settings.Roster()
    var partBytes = 512 * 1024
    var target: Value? = 42
    let envelope = Envelope(source: "/test")

    init() throws { folder = try TemporaryFolder() }

    /// Sends one file that has no name of its own.
    func send(_ bytes: some Sequence<UInt8>) throws -> Answer {
        try send([("", Array(bytes))])
    }

    /// Sends files by name.
    func send(_ contents: [(name: String, bytes: [UInt8])]) throws -> Answer {
        var request = RosterRequest("r", target: target)
        request.format = format
        let sender = RosterSender(
            request: request, envelope: envelope, key: nil, limits: EnqueueLimits(.init()))
        let reading = RosterReading(
            format: format, encoding: encoding, limits: limits, partBytes: partBytes,
            messageBytes: sender.messageBytes)
        let roster = RosterFiles(
            files: try contents.map { name, bytes in
                RosterFile(
                    try InputFile(try folder.file(bytes)), name: name, reading)
            })
        var answer = Answer()
        let (count, faults) = try roster.check(limits)
        // The folder's name says nothing.
        answer.faults = faults.first.map { fault in
            let place = fault.drop { $0 != ":" }.dropFirst()
            return place.first == " " ? String(place.dropFirst()) : String(place)
        }
        answer.faultCount = faults.count
        guard faults.count == 0 else { return answer }
        var numbers: [Int] = []
        try roster.forEachPart(of: count) { part in
            numbers.append(part.number)
            #expect(part.count == count)
            answer.messages.append(try sender.message(part))
            return true
        }
        #expect(numbers == Array(1...max(count, 1)))
        try read(&answer)
        return answer
    }

    /// Reads the messages as a worker does: a row's line is its own behind those of the parts before.
    private func read(_ answer: inout Answer) throws {
        var lines: [String: Int] = [:]
        for message in answer.messages {
            #expect(message.value.count <= partBytes)
            let event = try CloudEvent(
                value: message.value, headers: message.headers.map { ($0.name, $0.value) },
                depth: 32)
            let part = try #require(try Job(event).rosterPart)
            let contents = try part.readRows { row in
                var copy = Row((lines[part.file] ?? 0) + row.line)
                copy.file = part.file
                copy.fields = (0..<row.count).map(row.string)
                copy.fault = row.fault?.description
                answer.rows.append(copy)
            }
            lines[part.file, default: 0] += contents.lines
            if format != .json, let known = answer.header[part.file] {
                #expect(known == contents.header)
            }
            answer.header[part.file] = contents.header
        }
    }
}
