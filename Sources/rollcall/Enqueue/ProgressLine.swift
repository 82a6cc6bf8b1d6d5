import Foundation
import Synchronization

/// A line on the terminal that shows how far something is; nothing where standard error is none.
final class ProgressLine {
    enum Unit { case jobs, parts, bytes }

    private static let interval = Duration.milliseconds(100)
    private static let width = 20

    private let verb: String
    private let total: Int
    private let unit: Unit
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var next = ContinuousClock.now + interval
    private var isDirty = false

    init(_ verb: String, total: Int, unit: Unit = .jobs, isShown: Bool = isatty(STDERR_FILENO) != 0)
    {
        self.verb = verb
        self.total = total
        self.unit = unit
        self.isShown = isShown
    }

    /// Says how much is done; draws at most ten times a second.
    func update(_ done: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + Self.interval
        isDirty = true
        write("\r\u{1B}[K" + text(done, elapsed: start.duration(to: now)))
    }

    /// Takes the line away, so that others can follow.
    func clear() {
        guard isDirty else { return }
        isDirty = false
        write("\r\u{1B}[K")
    }

    /// What the line says.
    func text(_ done: Int, elapsed: Duration) -> String {
        let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
        let filled = Int(share * Double(Self.width))
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: "-", count: Self.width - filled)
        var percent = "\(Int(share * 100))%"
        percent = String(repeating: " ", count: max(0, 4 - percent.count)) + percent
        var line = "\(verb) [\(bar)] \(percent)"
        switch unit {
        case .bytes:
            line += "  \(Self.megabytes(done)) of \(Self.megabytes(total)) MB"
        case .parts:
            line += "  \(NumberText.grouped(done))/\(NumberText.counted(total, "part"))"
        case .jobs:
            let rate = Int(Double(done) / max(0.001, elapsed / .seconds(1)))
            line += "  \(NumberText.grouped(done))/\(NumberText.grouped(total))"
            line += "  \(NumberText.grouped(rate))/s"
        }
        return line
    }

    /// `12.3`, `1,024.0`.
    private static func megabytes(_ bytes: Int) -> String {
        "\(NumberText.grouped(bytes / 1_000_000)).\(bytes / 100_000 % 10)"
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
