import Jobs
import Store

/// The list of jobs on a terminal.
///
/// It takes the first of several shapes that fits: the bar goes first, the job's name last.
struct StatusList {
    /// What is left out so that the rest fits.
    private struct Shape {
        var hasBar = true
        var isCompact = false
        var hasPercent = true
        var hasTook = true
        var hasAge = true
        var hasKind = true
        var hasRejected = true
        /// The columns that are left to the target at least.
        var targetMin = 16
    }

    private static let shapes: [Shape] = {
        var shape = Shape()
        var shapes = [shape]
        let steps: [(inout Shape) -> Void] = [
            { $0.hasBar = false }, { $0.isCompact = true }, { $0.hasPercent = false },
            { $0.targetMin = 12 }, { $0.hasTook = false }, { $0.hasAge = false },
            { $0.targetMin = 8 }, { $0.hasKind = false }, { $0.hasRejected = false },
        ]
        for step in steps {
            step(&shape)
            shapes.append(shape)
        }
        return shapes
    }()

    let jobs: [StatusQuery.Job]

    /// As many characters of the ids as tell every job from all others, at least 8.
    var idLength: Int { max(8, jobs.map(\.distinctLength).max() ?? 8) }

    /// The head and a line a job, none wider than the terminal.
    func lines(width: Int, ink: StatusInk) -> [String] {
        for shape in Self.shapes {
            let table = table(shape, targetMax: .max)
            let excess = table.width - width
            if excess <= 0 { return table.lines(ink) }
            let target = jobs.map { DisplayWidth.of(VisibleText.escaped($0.fullTarget)) }.max() ?? 0
            if target - excess >= shape.targetMin {
                return self.table(shape, targetMax: target - excess).lines(ink)
            }
        }
        let plain = StatusInk(isOn: false)
        let last = Self.shapes[Self.shapes.count - 1]
        return table(last, targetMax: last.targetMin).lines(plain)
            .map { VisibleText.cut($0, to: width) }
    }

    private func table(_ shape: Shape, targetMax: Int) -> StatusTable {
        let length = idLength
        var columns: [StatusTable.Column] = []
        var rows = jobs.map { _ in [StatusTable.Cell]() }
        func add(_ column: StatusTable.Column, _ cell: (StatusQuery.Job) -> StatusTable.Cell) {
            columns.append(column)
            for (index, job) in jobs.enumerated() { rows[index].append(cell(job)) }
        }
        add(.init(head: " ")) { .init($0.state.mark, $0.state.color) }
        add(.init(head: "JOB", gap: 1)) { .init($0.idPrefix(length)) }
        if shape.hasKind {
            add(.init(head: "KIND")) { .init(Self.kind($0, isShort: shape.isCompact)) }
        }
        add(.init(head: "TARGET", widthMax: targetMax)) {
            .init(TargetText.fitted($0, to: targetMax))
        }
        add(.init(head: "STATE")) { .init($0.state.shortName, $0.state.color) }
        if shape.hasPercent {
            add(.init(head: "PROGRESS", isRight: !shape.hasBar)) {
                .init(ProgressText.text($0.percentDone, barWidth: shape.hasBar ? 10 : 0))
            }
        }
        let number = shape.isCompact ? NumberText.compact : NumberText.grouped
        add(.init(head: "DONE/ITEMS", isRight: true)) {
            .init("\(number($0.progress.done))/\(number($0.progress.total))")
        }
        if shape.hasRejected {
            add(.init(head: "REJECTED", isRight: true)) {
                .init(number($0.counts.rejected), $0.counts.rejected > 0 ? .yellow : nil)
            }
        }
        if shape.hasAge { add(.init(head: "AGE")) { .init(TimeText.age($0.ageMilliseconds)) } }
        if shape.hasTook { add(.init(head: "TOOK")) { .init(TimeText.took($0.runMilliseconds)) } }
        return StatusTable(columns: columns, rows: rows)
    }

    /// A dry run wrote nothing, and nobody should take it for the real one.
    private static func kind(_ job: StatusQuery.Job, isShort: Bool) -> String {
        let note = isShort ? " (dry)" : " (dry run)"
        return VisibleText.escaped(job.kind) + (job.isDryRun ? note : "")
    }
}
