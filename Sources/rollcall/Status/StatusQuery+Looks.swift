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

    /// What there is to do and what is done of it: items, or the rows that parts walk.
    var progress: (done: Int, total: Int) {
        walks.map { ($0.walked, $0.planned) } ?? (counts.total, items)
    }

    /// What is still to be done, as far as that is known.
    var left: Int { walks.map { max(0, $0.planned - $0.walked) } ?? pending }

    /// The parts of a job whose rows are no items: those that a backfill walks, and not an import's.
    var walks: StatusQuery.Parts? { kind == Job.Kind.rosterImport.rawValue ? nil : parts }

    /// The share that is done, 0 to 100; 100 only when all is.
    var percentDone: Int {
        if let parts = walks { return parts.percentDone(isOver: state == .succeeded) }
        guard items > 0 else { return state.isTerminal ? 100 : 0 }
        return min(100, counts.total * 100 / items)
    }

    /// The target as a person names it; a backfill for all has none but its name.
    var fullTarget: String { target.isEmpty ? relation : "\(relation)/\(target)" }

    /// As many characters of the id as asked for, and not a hyphen at the end.
    func idPrefix(_ length: Int) -> String {
        let prefix = id.description.prefix(length)
        return String(prefix.last == "-" ? prefix.dropLast() : prefix)
    }

    /// The shortest beginning of the id that names this job and no other, of 8 characters or more.
    var shortID: String { idPrefix(max(8, distinctLength)) }
}

extension StatusQuery.Parts {
    /// Each step counts alike: what the later ones have to walk is not known before they begin.
    fileprivate func percentDone(isOver: Bool) -> Int {
        if isOver { return 100 }
        let rows = planned - walkedBefore
        let open = rows > 0 ? Double(walked - walkedBefore) / Double(rows) : 0
        return min(99, Int((Double(step - 1) + open) / Double(max(1, steps)) * 100))
    }

    /// What the state does not say: `step 2 of 3`, `paused`.
    var notes: [String] {
        var notes: [String] = []
        if steps > 1 { notes.append("step \(step) of \(steps)") }
        if isPlanning { notes.append("still planning") }
        if isPaused { notes.append("paused") }
        if isCancelling { notes.append("cancelling: parts that are running end first") }
        if let waitsFor { notes.append("waits for \(waitsFor)") }
        return notes
    }
}
