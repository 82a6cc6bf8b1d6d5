/// Turns the items of a batch into net effects that equal executing them one by one.
///
/// It works on small integers: which row an item is about (`identity`) has been settled by
/// comparing typed values, so nothing is hashed or compared here twice.
public struct Coalescer: Sendable {
    /// An item as far as coalescing must know it.
    public struct Item: Sendable {
        public let operation: Assignment.Operation
        /// The row it is about, the same number for the same row.
        ///
        /// Dense, from 0: less than the number of items.
        public let identity: Int32
        /// The step it belongs to, a job or a part of one: its items may be executed at once.
        public let step: Int32
        public var reach: Reach

        public init(
            operation: Assignment.Operation, identity: Int32, step: Int32, reach: Reach = .row
        ) {
            self.operation = operation
            self.identity = identity
            self.step = step
            self.reach = reach
        }
    }

    /// Which rows an item may be about.
    public enum Reach: Sendable {
        /// The one of its identity.
        case row
        /// The one of its identity, if what stands there is as it says.
        case rowAsGiven
        /// Any row of its unit.
        case unit
    }

    /// What a later assign of a row means for an earlier one in the same batch.
    public enum Succession: Sendable {
        /// The row is already as the later one wants it.
        case repeats
        /// The later one says everything that the earlier one said.
        case replaces
        /// Only executing one after the other gives the right row.
        case follows
    }

    /// What has to be written for the items of one run.
    public struct NetEffect: Sendable {
        /// Items whose row is to be removed, first of all.
        public var removals: [Int32] = []
        /// Items whose row is to be written, after the removals.
        public var assigns: [Int32] = []
        /// Assigns whose row is removed first, each with the item that removes it.
        public var replacements: [Int32: Int32] = [:]
        /// What is known of items before anything is written.
        public var settled: [(item: Int32, outcome: Outcome)] = []

        public init() {}
    }

    /// A row of the relation holds nothing but its identity and what follows from it, so that
    /// removing it and writing it again is no change.
    let rowsAreTheirIdentity: Bool

    public init(rowsAreTheirIdentity: Bool) {
        self.rowsAreTheirIdentity = rowsAreTheirIdentity
    }

    /// The run in which each item is executed, counted from 0.
    ///
    /// Almost always all are 0. An item comes a run later than the last item of the same row that
    /// it cannot be folded with; where the steps of a key can see each other's work
    /// (`dependsOnEarlierSteps`), each step of a key or of a row comes a run later than the one before.
    /// What may be about other rows than its identity says is folded with nothing but the same again.
    ///
    /// An assign must fold with every earlier one of its row and not with the last alone: the last
    /// may repeat what the one before it said. Of those before an unassign nothing is left, unless
    /// the checks are still to come: then the unassign may be refused with its job.
    ///
    /// - Parameters:
    ///   - items: in the order of the batch; those of one step stand together.
    ///   - units: for each item a number for the rows that it could share with items of other
    ///     identities, dense, from 0; empty if no item reaches further than its row.
    ///   - candidates: the items that may be executed, in order; the run of others says nothing.
    ///   - keyOfStep: a number for the ordering key of each step.
    ///   - dependsOnEarlierSteps: the relation has rules or effects that read what jobs write.
    ///   - foldsOnlyRepetitions: what one item writes and another changes or takes back must be
    ///     written.
    ///   - succession: how the later of two items of one operation and row relates to the earlier.
    public func runs(
        of items: [Item], units: [Int32] = [], candidates: [Int32], keyOfStep: [Int32],
        dependsOnEarlierSteps: Bool, foldsOnlyRepetitions: Bool = false,
        succession: (_ earlier: Int32, _ later: Int32) -> Succession
    ) -> [Int32] {
        var runs = [Int32](repeating: 0, count: items.count)
        // What is folded with an item that reaches further may be all that its row had to do with.
        var reaches = items.map(\.reach)
        var lastOfRow = LastItems(count: items.count)
        var assigns = AssignsOfRun(count: items.count)
        var runsOfUnits = RunsOfUnits(count: units.isEmpty ? 0 : items.count)
        var nextRunOfKey: [Int32: Int32] = [:]
        var floorOfStep: Int32 = 0
        var previousStep: Int32 = -1

        func isCut(_ earlier: Int32, _ later: Int32) -> Bool {
            let (first, item) = (items[Int(earlier)], items[Int(later)])
            if foldsOnlyRepetitions || reaches[Int(earlier)] != .row || item.reach != .row {
                return first.operation != item.operation || succession(earlier, later) != .repeats
            }
            return item.operation == .assign && !rowsAreTheirIdentity
                && !assigns.allFold(with: later, of: item.identity, succession)
        }

        for candidate in candidates {
            let index = Int(candidate)
            let item = items[index]
            if dependsOnEarlierSteps {
                let key = keyOfStep[Int(item.step)]
                if item.step != previousStep {
                    floorOfStep = nextRunOfKey[key] ?? 0
                    previousStep = item.step
                }
                runs[index] = floorOfStep
            }
            var earlier = lastOfRow[item.identity]
            if !units.isEmpty {
                let unit = units[index]
                runs[index] = max(runs[index], runsOfUnits.next(of: unit, item.reach))
                if item.reach == .unit { earlier = runsOfUnits.last[unit] }
            }
            if let earlier {
                let run = runs[Int(earlier)]
                if runs[index] <= run {
                    let isOfLaterStep =
                        dependsOnEarlierSteps && !foldsOnlyRepetitions
                        && items[Int(earlier)].step != item.step
                    if isOfLaterStep || isCut(earlier, candidate) {
                        runs[index] = run + 1
                    } else {
                        runs[index] = run
                        if reaches[index] == .row { reaches[index] = reaches[Int(earlier)] }
                    }
                }
                if runs[index] > run { assigns.begin(item.identity) }
            }
            if item.operation == .assign {
                assigns.append(candidate, of: item.identity)
            } else if !dependsOnEarlierSteps {
                assigns.begin(item.identity)
            }
            if dependsOnEarlierSteps {
                let key = keyOfStep[Int(item.step)]
                nextRunOfKey[key] = max(nextRunOfKey[key] ?? 0, runs[index] + 1)
            }
            lastOfRow[item.identity] = candidate
            if !units.isEmpty {
                runsOfUnits.append(candidate, item.reach, of: units[index], run: runs[index])
            }
        }
        return runs
    }

    /// The net effect of the items of one run that passed the checks, in their order.
    public func netEffect(
        of accepted: [Int32], in items: [Item],
        succession: (_ earlier: Int32, _ later: Int32) -> Succession
    ) -> NetEffect {
        var effect = NetEffect()
        var assigned = LastItems(count: items.count)
        var removed = LastItems(count: items.count)
        for index in accepted {
            let item = items[Int(index)]
            let row = item.identity
            switch (item.operation, assigned[row], removed[row]) {
            case (.assign, let earlier?, _):
                if succession(earlier, index) == .repeats {
                    effect.settled.append((index, .unchanged))
                } else {
                    effect.settled.append((earlier, .superseded))
                    assigned[row] = index
                }
            case (.assign, nil, let removal):
                if let removal { effect.settled.append((removal, .superseded)) }
                assigned[row] = index
            case (.unassign, let earlier?, _):
                effect.settled.append((earlier, .superseded))
                assigned[row] = nil
                removed[row] = index
            case (.unassign, nil, .some):
                effect.settled.append((index, .absent))
            case (.unassign, nil, nil):
                removed[row] = index
            }
        }
        for index in accepted {
            let row = items[Int(index)].identity
            if assigned[row] == index { effect.assigns.append(index) }
            guard removed[row] == index else { continue }
            if let assign = assigned[row] {
                guard !rowsAreTheirIdentity else { continue }
                effect.replacements[assign] = index
            }
            effect.removals.append(index)
        }
        return effect
    }
}

/// The assigns of each row in the run that its last item is in.
private struct AssignsOfRun {
    /// The most that one row has in a run: what it costs to compare them is bounded.
    private static let most: Int32 = 256

    private var last: LastItems
    /// For each assign the one of the same row and run before it, or -1.
    private var previous: [Int32]
    /// For each assign how many there are up to it.
    private var numbers: [Int32]

    init(count: Int) {
        last = LastItems(count: count)
        previous = [Int32](repeating: -1, count: count)
        numbers = [Int32](repeating: 0, count: count)
    }

    /// The row's earlier assigns are in an earlier run, or undone.
    mutating func begin(_ row: Int32) { last[row] = nil }

    mutating func append(_ assign: Int32, of row: Int32) {
        let before = last[row]
        previous[Int(assign)] = before ?? -1
        numbers[Int(assign)] = (before.map { numbers[Int($0)] } ?? 0) + 1
        last[row] = assign
    }

    func allFold(
        with later: Int32, of row: Int32,
        _ succession: (_ earlier: Int32, _ later: Int32) -> Coalescer.Succession
    ) -> Bool {
        var earlier = last[row] ?? -1
        if earlier >= 0, numbers[Int(earlier)] >= Self.most { return false }
        while earlier >= 0 {
            if succession(earlier, later) == .follows { return false }
            earlier = previous[Int(earlier)]
        }
        return true
    }
}

/// The last item seen of each row.
private struct LastItems {
    private var items: [Int32]

    init(count: Int) { items = [Int32](repeating: -1, count: count) }

    subscript(row: Int32) -> Int32? {
        get { items[Int(row)] < 0 ? nil : items[Int(row)] }
        set { items[Int(row)] = newValue ?? -1 }
    }
}

/// The runs after what a batch has asked for so far of each unit.
private struct RunsOfUnits {
    /// The last item about any rows of the unit.
    private(set) var last: LastItems
    private var afterRows: [Int32]
    private var afterAny: [Int32]

    init(count: Int) {
        last = LastItems(count: count)
        afterRows = [Int32](repeating: 0, count: count)
        afterAny = afterRows
    }

    /// The first run for an item: those about single rows and those about any see each other's work.
    func next(of unit: Int32, _ reach: Coalescer.Reach) -> Int32 {
        reach == .unit ? afterRows[Int(unit)] : afterAny[Int(unit)]
    }

    mutating func append(_ item: Int32, _ reach: Coalescer.Reach, of unit: Int32, run: Int32) {
        let unit = Int(unit)
        if reach == .unit {
            last[Int32(unit)] = item
            afterAny[unit] = max(afterAny[unit], run + 1)
        } else {
            afterRows[unit] = max(afterRows[unit], run + 1)
        }
    }
}
