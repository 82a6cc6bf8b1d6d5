import Foundation
import Jobs
import Kafka
import Postgres
import ProofKit
import Sandbox
import Testing

/// Messages and items that must not pass, among others that must.
@Suite struct BadMessageTests {
    @Test("failure 6: random damage to messages is kept byte for byte, and the next ones go on")
    func damage() throws {
        var random = SeededGenerator(seed: scenarioSeed())
        let rig = try Rig()
        let connection = try rig.connect()
        var sent: [(value: [UInt8], isGood: Bool)] = []
        for number in 0..<400 {
            let good = Array(
                event(number, #"{"relation":"badge","target":1,"members":[1,2]}"#).utf8)
            sent.append(number % 4 == 0 ? (good, true) : (damaged(good, &random), false))
        }
        try send(sent.map(\.value), to: rig)
        try rig.start("worker")
        try rig.wait("all are accounted for") { try Rig.accounted(on: connection) == sent.count }
        let letters = try connection.execute(
            #"SELECT "offset", value, code FROM rollcall.dead_letter"#, binaryResult: true)
        var values: [Int: [UInt8]] = [:]
        for row in 0..<letters.count { values[letters.int(row, 0)] = letters.bytes(row, 1) }
        for (number, message) in sent.enumerated() {
            if message.isGood {
                #expect(values[number] == nil)
            } else if let value = values[number] {
                #expect(value == message.value, "message \(number) was not kept as it was")
            }
        }
        // Damage may leave a message that is a job all the same, but seldom.
        #expect(letters.count > 250)
        let good = try connection.execute(
            #"SELECT FROM rollcall.job WHERE "offset" % 4 = 0 AND items = 2"#)
        #expect(good.count == 100)
        #expect(try rig.stop("worker") == nil)
        #expect(try rig.lags().allSatisfy { $0.lag == 0 })
    }

    @Test(
        "failures 6 and 18: nesting, sizes, numbers and texts beyond every limit are dead letters or rejections"
    )
    func excess() throws {
        let rig = try Rig()
        let connection = try rig.connect()
        func badge(_ members: String) -> String {
            #"{"relation":"badge","target":1,"members":[\#(members)]}"#
        }
        let digits = String(repeating: "9", count: 500_000)
        let values: [(text: String, expected: String)] = [
            (String(repeating: "[", count: 200_000), "not-json"),
            (String(repeating: #"{"a":"#, count: 50_000), "not-json"),
            (event(2, String(repeating: "[", count: 90_000)), "not-json"),
            (event(3, badge(digits)), "1 invalid-value"),
            (event(4, badge("1e999999")), "1 invalid-value"),
            (event(5, badge("-9223372036854775809")), "1 invalid-value"),
            (event(6, badge(#""\#(digits)""#)), "1 invalid-value"),
            (event(7, badge("\"\\ud800\"")), "not-json"),
            (event(8, badge(String(repeating: "1,", count: 120_000) + "1")), "too-large"),
            (event(9, badge("1")), "fine"),
        ]
        try send(values.map { Array($0.text.utf8) }, to: rig)
        try rig.start("worker")
        try rig.wait("all are accounted for") { try Rig.accounted(on: connection) == values.count }
        for (offset, value) in values.enumerated() {
            let got = try connection.execute(
                """
                SELECT coalesce(
                  (SELECT code FROM rollcall.dead_letter WHERE "offset" = \(offset)),
                  (SELECT item || ' ' || code FROM rollcall.rejection r
                   JOIN rollcall.job j ON j.id = r.job_id WHERE j."offset" = \(offset)), 'fine')
                """
            ).string(0, 0)
            #expect(got == value.expected, "message \(offset)")
        }
    }

    @Test("failure 7: poison among many items is found, the others are written, and fast enough")
    func poison() throws {
        let rig = try Rig(environment: [:])
        let connection = try rig.connect()
        try connection.script(
            "INSERT INTO proof.person SELECT n, false FROM generate_series(1001, 6000) AS n")
        let poison: Set = [1_001, 2_500, 2_501, 5_999]
        let members = (1_001...6_000).map { id in
            poison.contains(id) ? #"{"member":\#(id),"place":13}"# : "\(id)"
        }
        let value = event(
            1, #"{"relation":"seat","target":1,"members":[\#(members.joined(separator: ","))]}"#)
        try send([Array(value.utf8)], to: rig)
        try rig.start("worker")
        try rig.wait("the job is done") { try Rig.accounted(on: connection) == 1 }
        let refused = try connection.execute(
            "SELECT item, code FROM rollcall.rejection ORDER BY item")
        #expect((0..<refused.count).map { refused.int($0, 0) + 1_000 } == poison.sorted())
        #expect((0..<refused.count).allSatisfy { refused.string($0, 1) == "sqlstate-P0001" })
        let written = try connection.execute(
            "SELECT FROM proof.seat WHERE person_id > 1000")
        #expect(written.count == 5_000 - poison.count)
        let job = try connection.execute("SELECT state, created, attempts FROM rollcall.job")
        #expect(job.string(0, 0) == "succeeded_with_rejections")
        #expect(job.int(0, 1) == 5_000 - poison.count)
        #expect(job.int(0, 2) == 1)
    }

    @Test("failure 19: of two payloads under one id the first wins and the second is kept")
    func conflictingDuplicate() throws {
        let rig = try Rig()
        let connection = try rig.connect()
        let first = event(1, #"{"relation":"badge","target":1,"members":[1]}"#)
        let second = event(1, #"{"relation":"badge","target":1,"members":[2]}"#)
        try send([first, second, first].map { Array($0.utf8) }, to: rig)
        try rig.start("worker")
        try rig.wait("all are accounted for") { try Rig.accounted(on: connection) == 3 }
        // And the same again, long after the first was done.
        try send([second, first].map { Array($0.utf8) }, to: rig)
        try rig.wait("all are accounted for") { try Rig.accounted(on: connection) == 5 }
        let letters = try connection.execute(
            #"SELECT "offset", code FROM rollcall.dead_letter ORDER BY "offset""#)
        #expect((0..<letters.count).map { letters.int($0, 0) } == [1, 3])
        #expect((0..<letters.count).allSatisfy { letters.string($0, 1) == "conflicting-duplicate" })
        let job = try connection.execute("SELECT created, duplicates FROM rollcall.jobs")
        #expect(job.count == 1 && job.int(0, 0) == 1 && job.int(0, 1) == 2)
        #expect(
            try connection.execute("SELECT FROM proof.badge WHERE team_id = 1 AND person_id = 2")
                .count == 0)
    }

    @Test("failure 28: names of a hostile alphabet are stored exactly or rejected by number")
    func hostileNames() throws {
        var random = SeededGenerator(seed: scenarioSeed())
        let rig = try Rig()
        let connection = try rig.connect()
        try connection.script(
            "CREATE TABLE proof.tag (owner text, label text, UNIQUE (owner, label))")
        try (World.catalog + "\n  tag: { table: proof.tag, target: owner, member: label }\n")
            .write(toFile: "\(rig.directory)/proof.yaml", atomically: true, encoding: .utf8)
        var expected: Set<String> = []
        var refused = 0
        var values: [[UInt8]] = []
        for number in 0..<60 {
            let names = (0..<10).map { _ in Self.hostileName(&random) }
            let owner = Self.hostileName(&random).filter { $0 != "\0" }
            for name in names {
                if name.unicodeScalars.contains("\0") {
                    refused += 1
                } else {
                    expected.insert(Self.hexadecimal(owner) + "/" + Self.hexadecimal(name))
                }
            }
            let data: [String: Any] = ["relation": "tag", "target": owner, "members": names]
            let json = try JSONSerialization.data(withJSONObject: data)
            values.append(Array(event(number, String(decoding: json, as: UTF8.self)).utf8))
        }
        try send(values, to: rig)
        try rig.start("worker")
        try rig.wait("all are accounted for") {
            try Rig.accounted(on: connection) == values.count
        }
        let stored = try connection.execute(
            """
            SELECT encode(convert_to(owner, 'UTF8'), 'hex') || '/'
                || encode(convert_to(label, 'UTF8'), 'hex') FROM proof.tag
            """)
        #expect(Set((0..<stored.count).map { stored.string($0, 0) }) == expected)
        #expect(stored.count == expected.count)
        let rejections = try connection.execute("SELECT code FROM rollcall.rejection")
        #expect(rejections.count == refused)
        #expect(
            (0..<rejections.count).allSatisfy { rejections.string($0, 0) == "invalid-value" })
    }

    // MARK: Parts

    private static let alphabet = [
        "'", "\"", "\\", ";", "--", "/*", "$1", "$$", "%s", "{label}", "\n", "\t", "\0", "😀",
        "e\u{301}", "\u{202E}", "שלום", "'); DROP TABLE proof.tag; --", "\u{FEFF}", "\u{200D}", "a",
        " ", "NULL", "\u{10FFFF}", "ß", "İ", "\u{1F}", "{}", ",",
    ]

    private static func hostileName(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in
            alphabet.randomElement(using: &random) ?? ""
        }.joined()
    }

    private static func hexadecimal(_ text: String) -> String {
        text.utf8.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private func event(_ number: Int, _ data: String) -> String {
        let id = JobID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(number + 1))
        return
            #"{"specversion":"1.0","id":"\#(id)","source":"/test","type":"rollcall.assign","data":\#(data)}"#
    }

    /// A message with a few bytes changed, cut off, doubled or made of noise.
    private func damaged(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        case 1:
            bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
        case 2: bytes += bytes
        case 3:
            // No UTF-8: a byte that begins nothing, in the middle of a text.
            let quote = bytes.lastIndex(of: UInt8(ascii: "\"")) ?? 0
            bytes.insert(UInt8.random(in: 0x80...0xBF, using: &random), at: quote)
        default:
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &random)] =
                    UInt8.random(in: .min ... .max, using: &random)
            }
        }
        return bytes
    }

    private func send(_ values: [[UInt8]], to rig: Rig) throws {
        let producer = try Producer(
            ["bootstrap.servers": rig.broker.bootstrapServers, "message.max.bytes": "8000000"],
            log: { _ in })
        for (number, value) in values.enumerated() {
            try producer.send(
                topic: "rollcall.assignments", partition: 0, key: Array("key".utf8), value: value,
                tag: number)
        }
        for delivery in try producer.flush(timeoutMilliseconds: 30_000) {
            _ = try delivery.result.get()
        }
    }
}
