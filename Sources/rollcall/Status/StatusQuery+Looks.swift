import Jobs
import Store

extension StatusQuery.State {
    /// What stands before a job in the list on a terminal.
    var mark: String {
        switch self {
        case .waiting: "◌"
        case .running: "●"
        case .succeeded: "✓"
        case .succeededWithRejections: "!"
        case .failed: "✗"
        case .cancelled: "⊘"
        }
    }

    var color: StatusColor {
        switch self {
        case .waiting, .cancelled: .gray
        case .running: .blue
        case .succeeded: .green
        case .succeededWithRejections: .yellow
        case .failed: .red
        }
    }

    /// The state in a narrow column; the asterisk stands for "with rejections".
    var shortName: String { self == .succeededWithRejections ? "succeeded*" : rawValue }
}

extension StatusQuery.Job {
    /// How long it has waited for a worker, in milliseconds; clocks may differ, so never below 0.
    var waitedMilliseconds: Int64 { max(0, startedAt.milliseconds - requestedAt.milliseconds) }

    /// How long it took, in milliseconds; nil while it has not ended.
    var tookMilliseconds: Int64? {
        finishedAt.map { max(0, $0.milliseconds - startedAt.milliseconds) }
    }

    /// How long it has been executed until it ended, or until now.
    var runMilliseconds: Int64 {
        tookMilliseconds ?? max(0, readAt.milliseconds - startedAt.milliseconds)
    }

    /// How long ago a worker began with it.
    var ageMilliseconds: Int64 { readAt.milliseconds - startedAt.milliseconds }

    /// The share of items with an outcome, 0 to 100; 100 only when all have one.
    var percentDone: Int {
        guard items > 0 else { return state.isTerminal ? 100 : 0 }
        return min(100, counts.total * 100 / items)
    }

    /// The target as a person names it.
    var fullTarget: String { "\(relation)/\(target)" }

    /// As many characters of the id as asked for, and not a hyphen at the end.
    func idPrefix(_ length: Int) -> String {
        let prefix = id.description.prefix(length)
        return String(prefix.last == "-" ? prefix.dropLast() : prefix)
    }

    /// The shortest beginning of the id that names this job and no other, of 8 characters or more.
    var shortID: String { idPrefix(max(8, distinctLength)) }
}
