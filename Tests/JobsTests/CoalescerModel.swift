import Jobs

/// A small relation: rows are integers, `role` may be updated by an assign, `note` may not.
enum CoalescerModel {
    /// What an item says of an attribute; nil is that it says nothing.
    typealias Value = Int?

    struct Item: CustomStringConvertible {
        var operation: Assignment.Operation
        var row: Int32
        var job: Int32
        var role: Value = nil
        var note: Value = nil
        /// The job's `on_conflict`, as far as the relation allows it.
        var updates = false
        /// An unassign that says nothing of the row but its unit.
        var isAboutUnit = false
        var isAccepted = true

        var description: String {
            func shown(_ value: Value) -> String { value.map(String.init) ?? "-" }
            let what =
                operation == .unassign
                ? "unassign \(isAboutUnit ? "any of " : "")\(row) \(shown(role))"
                : "assign \(row) \(shown(role)) \(shown(note)) \(updates ? "update" : "ignore")"
            return "job \(job): \(what)\(isAccepted ? "" : " (rejected)")"
        }
    }

    struct Row: Hashable {
        var role: Int
        var note: Int
    }

    /// The rows that are there.
    typealias Table = [Int32: Row]

    /// What the database fills in where a job says nothing.
    static let defaultRow = Row(role: 1, note: 1)

    /// Rows of one target and member.
    static func unit(of row: Int32) -> Int32 { row / 2 }

    // MARK: One by one

    /// Executes an item alone.
    static func execute(_ item: Item, on table: inout Table) -> Outcome {
        switch (item.operation, table[item.row]) {
        case (.unassign, _):
            let rows = table.filter { row, values in
                (item.isAboutUnit ? unit(of: row) == unit(of: item.row) : row == item.row)
                    && (item.role == nil || item.role == values.role)
            }
            for row in rows.keys { table[row] = nil }
            return rows.isEmpty ? .absent : .removed
        case (.assign, nil):
            table[item.row] = Row(
                role: item.role ?? defaultRow.role, note: item.note ?? defaultRow.note)
            return .created
        case (.assign, var row?):
            guard item.updates, let role = item.role, role != row.role else { return .unchanged }
            row.role = role
            table[item.row] = row
            return .updated
        }
    }

    // MARK: Coalesced

    /// How the later of two assigns relates to the earlier: as RelationRun of Execution says it.
    static func succession(_ earlier: Item, _ later: Item) -> Coalescer.Succession {
        if later.operation == .unassign { return later.role == earlier.role ? .repeats : .follows }
        guard later.updates, let role = later.role else { return .repeats }
        // What the earlier one says of a row that is there counts only where it may change it.
        if role == earlier.role, earlier.updates { return .repeats }
        guard later.note == earlier.note, earlier.updates else { return .follows }
        return .replaces
    }

    struct Result {
        var table: Table
        var outcomes: [Outcome?]
        var runs: [Int32]
        var rowsAreTheirIdentity: Bool
    }

    /// Executes the net effects of all runs, as RelationRun and its statements do.
    static func coalesce(
        _ items: [Item], keyOfJob: [Int32], dependsOnEarlierJobs: Bool, rowsAreTheirIdentity: Bool,
        on table: Table
    ) -> Result {
        let coalescer = Coalescer(rowsAreTheirIdentity: rowsAreTheirIdentity)
        let small = coalescerItems(items)
        func succession(_ earlier: Int32, _ later: Int32) -> Coalescer.Succession {
            Self.succession(items[Int(earlier)], items[Int(later)])
        }
        let candidates = items.indices.filter { dependsOnEarlierJobs || items[$0].isAccepted }
        let runs = coalescer.runs(
            of: small, units: numbered(items.map { unit(of: $0.row) }),
            candidates: candidates.map(Int32.init), keyOfStep: keyOfJob,
            dependsOnEarlierSteps: dependsOnEarlierJobs,
            succession: succession)
        var result = Result(
            table: table, outcomes: Array(repeating: nil, count: items.count), runs: runs,
            rowsAreTheirIdentity: rowsAreTheirIdentity)
        for run in 0...(runs.max() ?? 0) {
            let accepted = items.indices
                .filter { runs[$0] == run && items[$0].isAccepted }.map(Int32.init)
            apply(
                coalescer.netEffect(of: accepted, in: small, succession: succession), of: items,
                to: &result)
        }
        return result
    }

    /// What is about any row of a unit has a number of its own.
    static func coalescerItems(_ items: [Item]) -> [Coalescer.Item] {
        let numbers = numbered(items.map { $0.isAboutUnit ? -1 - unit(of: $0.row) : $0.row })
        return zip(items, numbers).map { item, number in
            let isConditional = item.operation == .unassign && item.role != nil
            return Coalescer.Item(
                operation: item.operation, identity: number, step: item.job,
                reach: item.isAboutUnit ? .unit : isConditional ? .rowAsGiven : .row)
        }
    }

    /// Numbers from 0 in the order of first mention, as the Coalescer asks for.
    private static func numbered(_ names: [Int32]) -> [Int32] {
        var numbers: [Int32: Int32] = [:]
        return names.map { name in
            let number = numbers[name] ?? Int32(numbers.count)
            numbers[name] = number
            return number
        }
    }

    private static func apply(
        _ effect: Coalescer.NetEffect, of items: [Item], to result: inout Result
    ) {
        for (item, outcome) in effect.settled { result.outcomes[Int(item)] = outcome }
        func settle(_ item: Int32, _ outcome: Outcome) {
            guard result.outcomes[Int(item)] != .superseded else { return }
            result.outcomes[Int(item)] = outcome
        }
        var removed: Set<Int32> = []
        for index in effect.removals {
            let outcome = execute(items[Int(index)], on: &result.table)
            if outcome == .removed { removed.insert(index) }
            settle(index, outcome)
        }
        for index in effect.assigns {
            // The INSERT leaves rows alone that are there; the UPDATE after it changes them.
            var outcome = execute(items[Int(index)], on: &result.table)
            if outcome == .created, let removal = effect.replacements[index],
                removed.contains(removal)
            {
                outcome = .updated
            }
            settle(index, outcome)
        }
    }
}
