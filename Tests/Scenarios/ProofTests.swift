import Foundation
import ProofKit
import Sandbox
import Testing

/// Random streams through real workers while things go wrong, against a reference that executes
/// them one item at a time.
///
/// `ROLLCALL_SEED` repeats a run; `ROLLCALL_SOAK_MINUTES` goes on with new seeds for so long.
@Suite(.serialized) struct ProofTests {
    /// What a round is about.
    enum Theme: String, CaseIterable, Sendable {
        /// Nothing goes wrong but what the stream itself holds.
        case calm
        /// A job a transaction: every count is the reference's.
        case oneByOne
        /// Faults that a worker survives.
        case quick
        /// Workers die, stand still and are replaced; Postgres crashes.
        case deadly

        func shape() -> Proof.Shape {
            var shape = Proof.Shape()
            switch self {
            case .calm:
                shape.workers = 2
                shape.environment["ROLLCALL_BATCH_JOBS"] = "50"
                shape.environment["ROLLCALL_BATCH_WINDOW"] = "20ms"
            case .oneByOne: shape.environment["ROLLCALL_BATCH_JOBS"] = "1"
            case .quick: shape.brokers = 3
            case .deadly: break
            }
            return shape
        }

        func faults(using random: inout SeededGenerator) -> [Fault] {
            switch self {
            case .calm: []
            case .oneByOne: [.endSessions]
            case .quick: (0..<8).map { _ in Fault.quick(using: &random) }
            case .deadly: [.kill, .terminate, .zombie, .restartDatabase].shuffled(using: &random)
            }
        }

        var messages: Int {
            switch self {
            case .calm, .quick: 400
            case .oneByOne: 250
            case .deadly: 300
            }
        }
    }

    @Test("a random stream leaves what the reference leaves", arguments: Theme.allCases)
    func randomStream(_ theme: Theme) throws {
        let given = ProcessInfo.processInfo.environment
        let minutes = given["ROLLCALL_SOAK_MINUTES"].flatMap(Int.init) ?? 0
        // The themes share the time.
        let end = ContinuousClock.now + .seconds(minutes * 60 / Theme.allCases.count)
        repeat {
            let seed =
                given["ROLLCALL_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
            let begun = ContinuousClock.now
            guard try isProven(theme, seed: seed) else { return }
            print("proof, \(theme): proven in \(ContinuousClock.now - begun)")
        } while ContinuousClock.now < end
    }

    /// Runs one round; where it fails, it is made small and told.
    private func isProven(_ theme: Theme, seed: UInt64) throws -> Bool {
        let stream = StreamGenerator.stream(seed: seed, .init(messages: theme.messages))
        var random = SeededGenerator(seed: seed &+ 1)
        let faults = theme.faults(using: &random)
        print("proof, \(theme): seed \(seed), faults \(faults)")
        let findings = try Proof.findings(stream, faults, theme.shape())
        guard !findings.isEmpty else { return true }
        print("proof, \(theme): failed, made smaller now\n\(findings.joined(separator: "\n"))")
        var last = findings
        // Every try takes seconds.
        let small = try Shrinker.shrink(stream, tries: theme == .deadly ? 4 : 20) { smaller in
            let found = try Proof.findings(smaller, faults, theme.shape())
            if !found.isEmpty { last = found }
            return !found.isEmpty
        }
        Issue.record(
            """
            proof, \(theme): seed \(seed), faults \(faults)
            first \(findings.prefix(20).joined(separator: "\n      "))
            \(small.messages.count) messages fail too:
            \(small.story)
            \(last.prefix(20).joined(separator: "\n"))
            """)
        return false
    }
}
