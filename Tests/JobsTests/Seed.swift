import Foundation
import Testing

/// The seed of a random test: shown with a failure, and repeated by `ROLLCALL_SEED=<seed>`.
struct Seed: Sendable, CustomTestStringConvertible {
    let value: UInt64

    var testDescription: String { "ROLLCALL_SEED=\(value)" }

    /// Some seeds, new ones in every process, or the one of the environment.
    static func some(_ count: Int) -> [Seed] {
        if let text = ProcessInfo.processInfo.environment["ROLLCALL_SEED"],
            let value = UInt64(text)
        {
            return [Seed(value: value)]
        }
        return (0..<count).map { _ in Seed(value: UInt64.random(in: 0...UInt64.max)) }
    }

    var generator: SplitMix { SplitMix(state: value) }
}

/// SplitMix64 (Steele, Lea and Flood): random numbers that a seed repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True in one of so many cases.
    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func below(_ end: Int) -> Int { Int.random(in: 0..<end, using: &self) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
