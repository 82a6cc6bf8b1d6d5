import Jobs
import Store

/// What became of the rows of a part: of each the most that any of the steps did.
struct RowOutcomes {
    /// In the order in which one hides another.
    enum Outcome: UInt8, CaseIterable {
        case absent, unchanged, removed, updated, created, rejected

        var hasWritten: Bool { self == .created || self == .updated || self == .removed }

        init(_ mark: RelationRun.Mark) {
            self =
                switch mark {
                case .created: .created
                case .updated: .updated
                case .removed: .removed
                case .absent: .absent
                case .rejected: .rejected
                // Another item of the same row says the same, or more.
                case .unchanged, .superseded, .dropped, .open: .unchanged
                }
        }
    }

    /// The name of the file; empty for the only one.
    private let file: String
    /// By part and line.
    private(set) var outcomes: [UInt64: Outcome] = [:]
    private(set) var refused: [RosterStore.Refused] = []
    private(set) var rejections: [JobReport.RejectedItem] = []
    /// Something was written for a row that is refused.
    private(set) var isHalfDone = false

    init(ofPackage file: String) { self.file = file }

    /// Adds what a step did.
    ///
    /// - Returns: the rows that it refuses.
    mutating func add(
        _ run: RelationRun, _ items: RosterExecutor.StepItems
    ) -> [RosterStore.Refused] {
        var refused: [RosterStore.Refused] = []
        for (index, row) in items.rows.enumerated() {
            let outcome = Outcome(run.marks[index])
            let key = UInt64(UInt32(row.part)) << 32 | UInt64(UInt32(row.line))
            let before = outcomes[key]
            if let before,
                before.hasWritten && outcome == .rejected
                    || before == .rejected && outcome.hasWritten
            {
                isHalfDone = true
            }
            if before.map({ $0.rawValue < outcome.rawValue }) ?? true { outcomes[key] = outcome }
            guard outcome == .rejected, before != .rejected,
                let rejection = run.staging.rejections[Int32(index)]
            else { continue }
            refused.append(
                RosterStore.Refused(
                    part: Int(row.part), line: Int(row.line), rejection: rejection))
            let item = run.staging.items[index]
            let place = file.isEmpty ? "" : "\(file), line \(row.lineOfFile): "
            rejections.append(
                JobReport.RejectedItem(
                    number: row.number,
                    member: run.staging.memberText(index, of: run.jobs[Int(item.job)].assignment),
                    rejection: Rejection(
                        code: rejection.code, message: place + rejection.message)))
        }
        self.refused += refused
        return refused
    }

    /// - Parameters:
    ///   - count: how many rows there are; those of which no step had anything to do are unchanged.
    ///   - unread: how many of them were refused before.
    func counts(of count: Int, unread: Int) -> RowCounts {
        var counts = RowCounts()
        counts.rejected = unread
        counts.unchanged = count - unread - outcomes.count
        for outcome in outcomes.values {
            switch outcome {
            case .absent: counts.absent += 1
            case .unchanged: counts.unchanged += 1
            case .removed: counts.removed += 1
            case .updated: counts.updated += 1
            case .created: counts.created += 1
            case .rejected: counts.rejected += 1
            }
        }
        return counts
    }
}
