import Foundation
import Postgres
import Sandbox

/// The SQL that the tests have in common with the comparisons of `Deploy/bench`: a system's
/// tables, and samples of what may stand in them.
enum Comparison {
    static func sql(_ name: String) throws -> String {
        try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Comparisons/\(name).sql"), encoding: .utf8)
    }

    /// A system with a sample of its rows.
    ///
    /// - Parameter settings: what the sample is made by, beside its seed.
    static func system(
        _ name: String, seed: UInt64, _ settings: [String: Int]
    ) throws -> SystemDesk.System {
        let sizes = settings.sorted { $0.key < $1.key }.map { "\($0.key)\($0.value)" }
        let rows = try sql("sample") + sql("\(name)-rows")
        return SystemDesk.System(
            name: "\(name)_\(seed)_\(sizes.joined())", tables: try sql("\(name)-tables"),
            file: "\(name).yaml"
        ) { try set(settings.merging(["seed": seed.small]) { $1 }, on: $0, then: rows) }
    }

    /// Runs SQL that reads `sample.…` settings.
    static func set(
        _ settings: [String: Int], on connection: Connection, then sql: String
    ) throws {
        let all = settings.sorted { $0.key < $1.key }.map { "SET sample.\($0.key) = \($0.value);" }
        try connection.script(all.joined() + sql)
    }

    /// A seed of its own for each run, unless `ROLLCALL_SEED` gives one.
    static let seed =
        ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: .min ... .max)
}

extension UInt64 {
    /// What a setting takes for a number.
    fileprivate var small: Int { Int(self % 1_000_000_007) }
}
