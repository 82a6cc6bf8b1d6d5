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
            let key = jobs[Int(item.job)].key
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
        var items = staging.items.indices.map { row in
            Coalescer.Item(
                operation: staging.items[row].operation, identity: identities[row],
                step: steps.ofItems[row], reach: reach(row))
        }
        guard items.contains(where: { $0.reach != .row }) else { return items }
        // What such an unassign leaves is not known yet: a row that goes unnamed may be gone, and is no
        // item then, whatever comes after it.
        for row in items.indices where staging.items[row].kind == .swept {
            items[row].reach = .rowAsGiven
        }
        return items
    }

    /// The run of each item; of those that are refused it does not matter.
    ///
    /// Where effects follow, assigns and unassigns of all keys are in different runs: written at once,
    /// their effects would follow in no order that executing them one by one could have.
    func runs(
        of items: [Coalescer.Item], _ steps: Steps, _ coalescer: Coalescer
    ) -> [Int32] {
        let runs = coalescer.runs(
            of: items, units: units(of: items), candidates: openRows(items.indices.map(Int32.init)),
            keyOfStep: steps.keys,
            dependsOnEarlierSteps: plan.dependsOnEarlierJobs || plan.cuts.operations,
            foldsOnlyRepetitions: !plan.foldsOpposites, succession: succession)
        guard plan.cuts.operations else { return runs }
        return items.indices.map { runs[$0] * 2 + (items[$0].operation == .assign ? 0 : 1) }
    }

    /// A number for what each item gives of its target and member; none if all name their rows.
    private func units(of items: [Coalescer.Item]) -> [Int32] {
        guard items.contains(where: { $0.reach == .unit }) else { return [] }
        if plan.unitPositions == plan.identityPositions { return items.map(\.identity) }
        return RowIdentities.number(
            plan.unitPositions.map { staging.columns[$0] }, count: items.count)
    }

    /// An unassign that leaves out a part of the identity is about any row that fits; one that gives
    /// more than the identity, only about a row that is so.
    func reach(_ row: Int) -> Coalescer.Reach {
        if staging.items[row].operation == .assign { return .row }
        func isGiven(_ position: Int) -> Bool {
            staging.columns[position].states[row] != .missing
        }
        if !plan.identityAttributes.allSatisfy(isGiven) { return .unit }
        let givesMore = plan.attributePositions.contains {
            isGiven($0) && !plan.identityAttributes.contains($0)
        }
        return givesMore || !plan.identityCoversKeys ? .rowAsGiven : .row
    }

    /// What the later of two items of one row and operation means for the earlier.
    func succession(_ earlier: Int32, _ later: Int32) -> Coalescer.Succession {
        // What comes with it may be more.
        if hasChildren(later) { return .follows }
        if staging.items[Int(later)].operation == .assign { return assigned(earlier, later) }
        // A member that is no part of the identity says too which rows are meant.
        let isSame = plan.given.indices.allSatisfy {
            staging.columns[$0].areEqual(Int(earlier), Int(later))
        }
        return isSame ? .repeats : .follows
    }

    private func assigned(_ earlier: Int32, _ later: Int32) -> Coalescer.Succession {
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
        // A row that is known without capitals keeps the name that it first had.
        for position in 0..<plan.attributePositions.lowerBound
        where !staging.columns[position].areEqual(a, b) {
            return .follows
        }
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
