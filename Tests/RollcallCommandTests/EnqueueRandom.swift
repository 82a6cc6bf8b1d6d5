import Foundation
import Jobs
import RollcallClient

/// Random requests that are hard on whoever writes and reads them.
struct EnqueueRandom {
    /// Steele, Lea and Flood's SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let pieces = [
        "a", "42", "\"", "\\", "/", "\0", "\u{1}", "\u{1F}", "\u{7F}", "\n", "\r\n", "\t", "é",
        "e\u{301}", "\u{2028}", "\u{FEFF}", "\u{FFFD}", "\u{FFFF}", "\u{D7FF}", "\u{E000}", "👩‍👩‍👧",
        "𝄞", "\u{10FFFF}", "'); DROP TABLE users; --", "\\u0000", "\\ud83d", "{\"member\":1}", ",",
        "<script>", "日本語", "null", " ",
    ]

    private var generator: Generator

    init(seed: UInt64) {
        generator = Generator(state: seed)
    }

    mutating func text() -> String {
        (0..<number(0...6)).map { _ in Self.pieces.randomElement(using: &generator)! }.joined()
    }

    mutating func name() -> String {
        let text = text()
        return text.isEmpty ? "name" : text
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &generator)
    }

    mutating func value(depth: Int = 2) -> Value {
        switch number(0...(depth > 0 ? 7 : 5)) {
        case 0: .null
        case 1: .bool(number(0...1) == 1)
        case 2: .int([.min, -1, 0, 1, 42, .max].randomElement(using: &generator)!)
        case 3:
            .number(
                ["-0", "0.10", "1e30", "-1.5E-7", "123456789012345678901234567890"]
                    .randomElement(using: &generator)!)
        case 4, 5: .string(text())
        case 6: .array((0..<number(0...3)).map { _ in value(depth: depth - 1) })
        default: .object(attributes(depth: depth - 1))
        }
    }

    mutating func attributes(depth: Int = 1) -> [String: Value] {
        var pairs: [String: Value] = [:]
        for _ in 0..<number(0...3) {
            let name = text()
            if name != "member" { pairs[name] = value(depth: depth) }
        }
        return pairs
    }

    mutating func request() -> AssignmentRequest {
        let isAssign = number(0...2) > 0
        var request = AssignmentRequest(
            isAssign ? .assign : .unassign, relation: name(),
            targets: (0..<[1, 1, 1, 0, 2, 5].randomElement(using: &generator)!).map { _ in value()
            },
            members: (0..<number(0...8)).map { _ in
                AssignmentRequest.Member(value(), isAssign ? attributes() : [:])
            })
        if isAssign {
            request.attributes = attributes()
            request.onConflict = [nil, .ignore, .update].randomElement(using: &generator)!
            request.isExact = number(0...2) == 0
        } else if number(0...2) == 0 {
            request.members = []
            request.removesAll = true
        }
        request.mode = number(0...1) == 0 ? .partial : .atomic
        request.isDryRun = number(0...3) == 0
        return request
    }

    mutating func envelope() -> Envelope {
        Envelope(
            id: JobID(high: generator.next(), low: generator.next()), source: name(),
            time: number(0...3) == 0
                ? nil : Timestamp(milliseconds: Int64(number(0...4_000_000_000_000))),
            traceparent: number(0...1) == 0
                ? nil : "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    }
}
