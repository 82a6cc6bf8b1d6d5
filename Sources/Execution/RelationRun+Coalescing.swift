import Catalog
import Jobs
import Postgres

/// Which items are about one row, and which can be written at once.
extension RelationRun {
    /// Numbers all staged rows by their values in some columns.
    ///
    /// - Parameters:
    ///   - statement: what to ask the database, where only it knows which values are equal.
    ///   - rows: the rows to ask it of.
    func numbers(
        of positions: [Int], _ statement: String?, asking rows: [Int32], on connection: Connection
    ) throws -> [Int32] {
        let columns = positions.map { staging.columns[$0] }
        var numbers = RowIdentities.number(
            columns, count: columns.first?.count ?? staging.items.count)
        if let statement {
            let answer = try connection.execute(
                statement, parameters(of: rows), binaryResult: true)
            for row in 0..<answer.count {
                numbers[answer.int(row, 0)] = numbers[answer.int(row, 1)]
            }
        }
        return numbers
    }

    /// The step of each item: a job, or what one asks of one target, as far as its items could not
    /// see each other's work if they were executed one by one.
    func steps() -> Steps {
        var steps = Steps()
        var lastOfKey: [Int32: Int] = [:]
        let target = Array(plan.relation.target.indices)
        for row in staging.items.indices {
            let item = staging.items[row]
            let key = jobs[Int(item.job)].entry.key
            let isNext =
                lastOfKey[key].map { last in
                    let before = staging.items[last]
                    let isOther = before.job != item.job
                    if before.operation != item.operation, plan.cuts.operations { return true }
                    if !plan.foldsOpposites, !plan.cutsJobs(of: item.operation) {
                        return before.operation != item.operation && isOther
                    }
                    return isOther
                        || before.operation == item.operation
                            && plan.cuts.targets(of: item.operation)
                            && target.contains { !staging.columns[$0].areEqual(last, row) }
                } ?? true
            steps.append(key, isNext: isNext)
            lastOfKey[key] = row
        }
        return steps
    }

    func coalescerItems(_ identities: [Int32], _ steps: Steps) -> [Coalescer.Item] {
        staging.items.indices.map { row in
            Coalescer.Item(
                operation: staging.items[row].operation, identity: identities[row],
                step: steps.ofItems[row])
        }
    }

    /// The run of each item; of those that are refused it does not matter.
    func runs(
        of items: [Coalescer.Item], _ steps: Steps, _ coalescer: Coalescer
    ) -> [Int32] {
        guard plan.foldsOpposites, !coversOtherRows else { return runsByUnit(items, steps) }
        let all = Array(items.indices.map(Int32.init))
        return coalescer.runs(
            of: items, candidates: plan.dependsOnEarlierJobs ? all : openRows(all),
            keyOfStep: steps.keys,
            dependsOnEarlierSteps: plan.dependsOnEarlierJobs, succession: succession)
    }

    private var coversOtherRows: Bool {
        staging.items.indices.contains { row in
            staging.items[row].operation == .unassign && marks[row] == .open
                && coversOtherRows(row)
        }
    }

    /// Whether an unassign leaves out a part of the identity or asks for more than the identity: it
    /// may be about other rows than its number says.
    func coversOtherRows(_ row: Int) -> Bool {
        !plan.identityCoversKeys
            || plan.attributePositions.contains { position in
                let isGiven = staging.columns[position].states[row] != .missing
                return isGiven != plan.identityAttributes.contains(position)
            }
    }

    /// Each item a run later than those of the same target and member that it may share a row with,
    /// unless it asks for the same again: nothing else is folded.
    ///
    /// Where effects follow, assigns and unassigns of all keys are in different runs: written at once,
    /// their effects would follow in no order that executing them one by one could have.
    private func runsByUnit(_ items: [Coalescer.Item], _ steps: Steps) -> [Int32] {
        let isIdentity = plan.unitPositions == plan.identityPositions
        let units =
            isIdentity
            ? items.map(\.identity)
            : RowIdentities.number(
                plan.unitPositions.map { staging.columns[$0] }, count: items.count)
        var runs = [Int32](repeating: 0, count: items.count)
        var lastOfUnit: [Int32: LastOfUnit] = [:]
        var nextOfKey: [Int32: Int32] = [:]
        var floors = [Int32](repeating: -1, count: steps.keys.count)
        let cutsSteps = plan.dependsOnEarlierJobs || plan.cuts.operations
        for index in items.indices {
            let step = Int(items[index].step)
            let key = steps.keys[step]
            if floors[step] < 0 { floors[step] = cutsSteps ? nextOfKey[key] ?? 0 : 0 }
            guard marks[index] == .open else { continue }
            let row = namesItsRow(index) ? items[index].identity : nil
            let earlier = lastOfUnit[units[index], default: LastOfUnit()]
            runs[index] = max(floors[step], earlier.nextRun(of: row, runs) { repeats($0, index) })
            lastOfUnit[units[index], default: LastOfUnit()].add(index, of: row, runs[index])
            nextOfKey[key] = max(nextOfKey[key] ?? 0, runs[index] + 1)
        }
        guard plan.cuts.operations else { return runs }
        return items.indices.map { runs[$0] * 2 + (items[$0].operation == .assign ? 0 : 1) }
    }

    /// Whether an item is about no other row than its identity says, if about any.
    private func namesItsRow(_ row: Int) -> Bool {
        staging.items[row].operation == .assign
            || plan.identityAttributes.allSatisfy { staging.columns[$0].states[row] != .missing }
    }

    /// Whether the later of two items of one row asks for nothing that the earlier did not.
    private func repeats(_ earlier: Int, _ later: Int) -> Bool {
        guard staging.items[earlier].operation == staging.items[later].operation else {
            return false
        }
        // What comes with it may be more.
        if hasChildren(Int32(later)) { return false }
        guard staging.items[later].operation == .unassign else {
            return succession(Int32(earlier), Int32(later)) == .repeats
        }
        // A member that is no part of the identity says too which rows are meant.
        return plan.given.indices.allSatisfy { staging.columns[$0].areEqual(earlier, later) }
    }

    /// What a later assign of the same row means for an earlier one.
    func succession(_ earlier: Int32, _ later: Int32) -> Coalescer.Succession {
        if plan.relation.conflict == .refuse { return .follows }
        let (a, b) = (Int(earlier), Int(later))
        let updates = allowsUpdate(later) ? plan.updatedPositions : []
        let isUnsaid = updates.allSatisfy { staging.columns[$0].states[b] == .missing }
        // What leaves an old row as it is says nothing of what stands there.
        if !isUnsaid, !allowsUpdate(earlier) { return .follows }
        var says = Coalescer.Succession.repeats
        for position in updates {
            let column = staging.columns[position]
            if column.states[b] == .missing || column.areEqual(a, b) { continue }
            // One after the other, the earlier value would stay.
            if column.mayBeEqualAndDiffer(a, b, plan.given[position]) { return .follows }
            says = .replaces
        }
        guard says == .replaces else { return .repeats }
        // The later one alone must give the row that both give one after the other.
        for position in plan.attributePositions {
            let column = staging.columns[position]
            let isSaid =
                updates.contains(position)
                ? column.states[b] != .missing || column.states[a] == .missing
                : column.areEqual(a, b)
            if !isSaid { return .follows }
        }
        return .replaces
    }

    /// Whether an assign may change a row that is there.
    func allowsUpdate(_ row: Int32) -> Bool {
        !plan.updatedPositions.isEmpty && assignment(row).onConflict != .ignore
    }
}

/// The steps of a batch's items, numbered from 0.
struct Steps {
    private(set) var ofItems: [Int32] = []
    /// The ordering key of each step.
    private(set) var keys: [Int32] = []
    private var current: [Int32: Int32] = [:]

    /// Appends the next item.
    ///
    /// - Parameter isNext: it begins a step of its key.
    fileprivate mutating func append(_ key: Int32, isNext: Bool) {
        if isNext {
            current[key] = Int32(keys.count)
            keys.append(key)
        }
        ofItems.append(current[key] ?? 0)
    }
}

/// What a batch has asked for so far of one target and member, in `runsByUnit`: of single rows by
/// their identities, and of any of its rows.
private struct LastOfUnit {
    private var lastOfRow: [Int32: Int] = [:]
    private var lastOfAny: Int?
    private var runAfterRows: Int32 = 0
    private var runAfterAny: Int32 = 0

    /// The first run that an item can be in.
    ///
    /// - Parameter row: the identity of the only row that it is about; nil for any.
    func nextRun(
        of row: Int32?, _ runs: [Int32], repeats: (_ earlier: Int) -> Bool
    ) -> Int32 {
        let last = row.map { lastOfRow[$0] } ?? lastOfAny
        let floor = row == nil ? runAfterRows : runAfterAny
        return last.map { max(floor, runs[$0] + (repeats($0) ? 0 : 1)) } ?? floor
    }

    mutating func add(_ index: Int, of row: Int32?, _ run: Int32) {
        if let row {
            lastOfRow[row] = index
            runAfterRows = max(runAfterRows, run + 1)
        } else {
            lastOfAny = index
            runAfterAny = max(runAfterAny, run + 1)
        }
    }
}
