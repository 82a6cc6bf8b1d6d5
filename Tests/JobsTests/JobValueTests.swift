import Foundation
import Jobs
import Testing

@Suite struct JobIDTests {
    @Test("an id is written as it is read, in lower case", arguments: Seed.some(2))
    func roundTrip(seed: Seed) {
        var random = seed.generator
        for _ in 0..<500 {
            let id = JobID(high: random.next(), low: random.next())
            #expect(JobID(id.description) == id)
            #expect(JobID(id.description.uppercased()) == id)
            #expect(UUID(uuidString: id.description)?.uuidString.lowercased() == id.description)
        }
    }

    @Test(
        "what is not 8-4-4-4-12 hexadecimal digits is no id",
        arguments: [
            "", "0", "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-0000000000000",
            "00000000000000000000000000000000", "00000000-0000-0000-0000_000000000000",
            "0000000-00000-0000-0000-000000000000", "g0000000-0000-0000-0000-000000000000",
            "00000000-0000-0000-0000-00000000000 ", "０0000000-0000-0000-0000-0000000000",
        ])
    func invalid(text: String) {
        #expect(JobID(text) == nil)
    }

    @Test("ids are in the order of their texts", arguments: Seed.some(2))
    func order(seed: Seed) {
        var random = seed.generator
        let ids = (0..<500).map { _ in JobID(high: random.next() & (0xF << 60), low: random.next())
        }
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
    }

    @Test("an id of version 7 has its version, variant and time, and follows an earlier one")
    func version7() {
        let milliseconds: Int64 = 0x0197_A2C4_8D1E
        var seen: Set<JobID> = []
        for _ in 0..<1_000 {
            let id = JobID.version7(milliseconds: milliseconds)
            #expect(id.high >> 16 == UInt64(milliseconds))
            #expect(id.high >> 12 & 0xF == 7)
            #expect(id.low >> 62 == 0b10)
            #expect(id < JobID.version7(milliseconds: milliseconds + 1))
            #expect(seen.insert(id).inserted)
        }
    }
}

@Suite struct TimestampTests {
    @Test(
        "RFC 3339 is read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1),
            ("2026-11-21T08:00:00Z", 1_795_248_000_000),
            ("2026-11-21t08:00:00z", 1_795_248_000_000),
            ("2026-11-21 08:00:00Z", 1_795_248_000_000),
            ("2026-11-21T08:00:00.5+01:00", 1_795_244_400_500),
            ("2026-11-21T08:00:00-00:00", 1_795_248_000_000),
            ("2026-11-21T08:00:00-08:30", 1_795_278_600_000),
            ("2026-11-21T08:00:00.123456789Z", 1_795_248_000_123),
            ("2026-11-21T08:00:00.9999Z", 1_795_248_000_999),
            ("2026-11-21T08:00:00.05Z", 1_795_248_000_050),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("2000-02-29T00:00:00Z", 951_782_400_000),
            // A leap second is the first of the next minute.
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ])
    func valid(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(
        "what is not RFC 3339 is refused",
        arguments: [
            "", "2026-11-21", "2026-11-21T08:00:00", "2026-11-21T08:00Z", "2026-11-21T08:00:00.Z",
            "2026-11-21T08:00:00,5Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
            "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01", "2026-01-01T00:00:00ZZ",
            "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026/01/01T00:00:00Z",
            "26-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "20260101T000000Z", "+2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00é", "２026-01-01T00:00:00Z", "1795248000",
        ])
    func invalid(text: String) {
        #expect(Timestamp(text) == nil)
        #expect(
            Messages.fault(Messages.structured(["time": "\"\(text)\""]))
                == MessageFault(.notACloudEvent, "time: expected RFC 3339, got \"\(text)\""))
    }

    @Test("a time is written as it is read, and as Foundation writes it", arguments: Seed.some(4))
    func roundTrip(seed: Seed) {
        var random = seed.generator
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<500 {
            // The years 0000 to 9999, which are those of RFC 3339.
            let milliseconds = Int64.random(
                in: -62_167_219_200_000...253_402_300_799_999, using: &random)
            let time = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(time.description) == time)
            // Foundation's calendar is the Julian one before the Gregorian reform.
            guard milliseconds > -12_219_292_800_000 else { continue }
            let date = Date(timeIntervalSince1970: Double(milliseconds / 1_000))
            let expected = date.formatted(style).prefix(19)
            guard milliseconds >= 0 else { continue }
            #expect(time.description.hasPrefix(String(expected)), "\(milliseconds)")
        }
    }

    @Test("times are in the order of their milliseconds")
    func order() {
        #expect(Timestamp(milliseconds: -1) < Timestamp(milliseconds: 0))
        #expect(Timestamp(milliseconds: 1).description == "1970-01-01T00:00:00.001Z")
    }

    @Test("no number of milliseconds is too large to be written", arguments: [Int64.min, .max])
    func extremes(milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description.hasSuffix("Z"))
    }
}

@Suite struct DigestTests {
    private func digest(_ data: String, _ changes: KeyValuePairs<String, String?> = [:]) throws
        -> UInt64
    {
        try Messages.job(Messages.structured(changes, data: data)).digest
    }

    private let plain =
        #"{"relation":"r","target":1,"members":[1,"2"],"attributes":{"a":1,"b":{"c":[]}}}"#

    @Test(
        "blanks, the order of keys and the spelling of a string do not change it",
        arguments: [
            #" { "members" : [ 1 , "2" ] , "attributes":{"b":{"c":[ ]},"a":1},"relation":"r","target":1}"#,
            #"{"relation":"\u0072","t\u0061rget":1,"members":[1,"\u0032"],"attributes":{"a":1,"b":{"c":[]}}}"#,
        ])
    func same(text: String) throws {
        #expect(try digest(text) == digest(plain))
    }

    @Test(
        "another value changes it",
        arguments: [
            #"{"relation":"r","target":2,"members":[1,"2"],"attributes":{"a":1,"b":{"c":[]}}}"#,
            #"{"relation":"r","target":"1","members":[1,"2"],"attributes":{"a":1,"b":{"c":[]}}}"#,
            #"{"relation":"r","target":1,"members":["2",1],"attributes":{"a":1,"b":{"c":[]}}}"#,
            #"{"relation":"r","target":1,"members":[1,"2",null],"attributes":{"a":1,"b":{"c":[]}}}"#,
            #"{"relation":"r","target":1,"members":[12],"attributes":{"a":1,"b":{"c":[]}}}"#,
            #"{"relation":"r","target":1,"members":[1,"2"],"attributes":{"a":1,"b":{"c":{}}}}"#,
            #"{"relation":"r","target":1,"members":[1,"2"],"attributes":{"b":1,"a":{"c":[]}}}"#,
            #"{"relation":"r","target":1,"members":[1,"2"],"attributes":{"a":1,"c":[],"b":{}}}"#,
            #"{"relation":"r","targets":[1],"members":[1,"2"],"attributes":{"a":1,"b":{"c":[]}}}"#,
            #"{"relation":"r","target":1,"members":[1,"2"]}"#,
        ])
    func different(text: String) throws {
        #expect(try digest(text) != digest(plain))
    }

    @Test("the kind changes it; id, source and time do not, nor .v1")
    func envelope() throws {
        let data = #"{"relation":"r","target":1,"members":[1]}"#
        let plain = try digest(data)
        #expect(try digest(data, ["type": "\"rollcall.unassign\""]) != plain)
        #expect(try digest(data, ["type": "\"rollcall.assign.v1\""]) == plain)
        #expect(
            try digest(data, ["source": "\"/other\"", "time": "\"2026-01-01T00:00:00Z\""]) == plain)
    }
}
