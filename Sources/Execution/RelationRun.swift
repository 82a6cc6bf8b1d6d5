import Catalog
import Jobs
import Postgres

/// How the net effect of a run is brought into the tables.
protocol EffectWriter {
    var connection: Connection { get }

    /// It goes on after an item that the database refuses.
    var outlivesRefusals: Bool { get }

    /// Writes the effect and marks what became of its items.
    mutating func write(_ effect: Coalescer.NetEffect, of run: inout RelationRun) throws

    /// Finds the items that make a statement fail which only reads.
    ///
    /// - Parameter code: the code of items for which the database names no constraint, where the
    ///   statement reads nothing but their values.
    mutating func sift(
        _ rows: [Int32], unnamed code: String?, _ query: ([Int32]) throws -> Void
    ) throws -> [Int32: Rejection]

    /// The items have new places, each at its old one; -1 stands for none.
    mutating func move(_ places: [Int32])
}

/// The jobs of a batch for one relation, on their way through check, coalescing and apply.
struct RelationRun {
    /// What is known of an item; the rejected ones' reasons stand in the staging.
    enum Mark: UInt8 {
        case open, created, updated, unchanged, removed, absent, superseded, rejected
        /// It turned out to be no item of its job: it named no row, and there was none.
        case dropped
    }

    let plan: RelationPlan
    var staging: Staging
    var marks: [Mark]
    /// Which items are about one row; empty until that is known.
    private var identities: [Int32] = []
    /// The items with values that the database could not read.
    private(set) var unreadable: Set<Int32> = []
    /// What a later run of the batch may remove or change: locked with the rows of the first.
    var laterRows: [Int32] = []
    /// The rows that were there when this batch began to write and were gone before it locked them.
    var lostRows: Set<Int32> = []
    /// Rows of this run that effects follow from.
    var created = WrittenRows()
    var updated = WrittenRows()
    var removed = WrittenRows()
    /// One item is written by itself, to learn why it is refused.
    var isTried = false
    /// What the items give of each child table.
    var children: [StagedChildren] = []
    /// The jobs that are refused as a whole, by their place in the batch.
    var refusedJobs: [Int32: Rejection] = [:]
    /// The items that had a row to remove, also where it is superseded that they did.
    var removedItems: Set<Int32> = []
    let jobs: [LiveJob]
    /// The items that the database refused in an earlier attempt.
    let condemned: [ItemKey: Refusal]
    let limits: ExecutionLimits

    init(
        _ plan: RelationPlan, jobs: [LiveJob], indexes: [Int],
        condemned: [ItemKey: Refusal], limits: ExecutionLimits
    ) {
        self.plan = plan
        self.jobs = jobs
        self.condemned = condemned
        self.limits = limits
        let count = indexes.reduce(0) { $0 + jobs[$1].assignment.weight }
        staging = Staging(plan: plan, capacity: count, textLimit: limits.textLength)
        for index in indexes { staging.append(jobs[index].assignment, job: Int32(index)) }
        marks = [Mark](repeating: .open, count: staging.items.count)
        for (row, rejection) in staging.rejections { reject(row, rejection) }
        stageChildren()
        guard !condemned.isEmpty else { return }
        for row in Int32(0)..<Int32(staging.items.count) {
            guard let refusal = condemned[key(ofRow: row)] else { continue }
            reject(row, refusal.rejection)
            if !refusal.isWritten { unreadable.insert(row) }
        }
    }

    /// The children of items of another run, as items of their own.
    init(children staging: Staging, of run: RelationRun) {
        plan = staging.plan
        jobs = run.jobs
        condemned = [:]
        limits = run.limits
        self.staging = staging
        marks = [Mark](repeating: .open, count: staging.items.count)
    }

    func key(ofRow row: Int32) -> ItemKey {
        let item = staging.items[Int(row)]
        return ItemKey(
            job: jobs[Int(item.job)].id,
            name: item.kind == .swept ? .row(staging.rowText(row)) : .number(item.number))
    }

    func identity(ofRow row: Int32) -> Int32 { identities.isEmpty ? row : identities[Int(row)] }

    /// Of the jobs that have one of these items, the first that is about each row.
    func firstJobs(withOneOf items: [Int32]) -> [Int32: Int32] {
        let jobs = Set(items.map { staging.items[Int($0)].job })
        var first: [Int32: Int32] = [:]
        for range in staging.ranges where jobs.contains(range.job) {
            for row in range.items where first[identity(ofRow: row)] == nil {
                first[identity(ofRow: row)] = range.job
            }
        }
        return first
    }

    func assignment(_ row: Int32) -> Assignment {
        jobs[Int(staging.items[Int(row)].job)].assignment
    }

    mutating func execute(_ writer: some EffectWriter) throws {
        var writer = writer
        try execute(&writer)
    }

    /// Executes the items, run by run.
    mutating func execute(_ writer: inout some EffectWriter) throws {
        guard !staging.items.isEmpty else { return }
        try resolveLookups(&writer)
        let all = Array(Int32(0)..<Int32(staging.items.count))
        // Rejected items still name their rows, as far as they can be read.
        let sweeps = openRows(all).filter { staging.items[Int($0)].kind == .sweep }
        try sift(readable(all) + sweeps, unnamed: "invalid-value", plan.sql.probe, &writer)
        try complete(on: writer.connection)
        try lockTargets(on: writer.connection)
        if !plan.dependsOnEarlierJobs { try check(all, &writer) }
        if let swept = try sweep(&writer) {
            identities = swept
            if !plan.dependsOnEarlierJobs { try dropAtomicJobs() }
        } else {
            identities = try numbers(
                of: plan.identityPositions, plan.sql.identify, asking: openRows(all),
                on: writer.connection)
        }
        let steps = steps()
        let items = coalescerItems(identities, steps)
        let coalescer = Coalescer(rowsAreTheirIdentity: plan.rowsAreTheirIdentity)
        let runs = runs(of: items, steps, coalescer)
        if plan.insertsFirst {
            laterRows = openRows(runs.indices.filter { runs[$0] > 0 }.map(Int32.init))
        }
        for run in 0...(runs.max() ?? 0) {
            let rows = runs.indices.filter { runs[$0] == run }.map(Int32.init)
            if plan.dependsOnEarlierJobs { try check(rows, &writer) }
            try protect(rows, &writer)
            let accepted = openRows(rows)
            if accepted.isEmpty { continue }
            let effect = coalescer.netEffect(of: accepted, in: items, succession: succession)
            for (row, outcome) in effect.settled { mark(row, outcome) }
            try writer.write(effect, of: &self)
        }
    }

    /// Refuses the items that a statement cannot even read.
    mutating func sift(
        _ rows: [Int32], unnamed code: String?, _ sql: String, _ writer: inout some EffectWriter
    ) throws {
        let connection = writer.connection
        let refused = try writer.sift(rows, unnamed: code) { rows in
            try connection.execute(sql, parameters(of: rows))
        }
        for (row, rejection) in refused {
            reject(row, rejection)
            unreadable.insert(row)
        }
    }

    // MARK: Items

    func openRows(_ rows: [Int32]) -> [Int32] { rows.filter { marks[Int($0)] == .open } }

    func isAtomic(_ row: Int32) -> Bool { assignment(row).mode == .atomic }

    mutating func reject(_ row: Int32, _ rejection: Rejection) {
        if staging.items[Int(row)].kind == .sweep, assignment(row).itemCount > 0 {
            // What is wrong with a target, the items listed for it say.
            staging.rejections[row] = nil
            marks[Int(row)] = .dropped
            return
        }
        staging.reject(row, rejection.code, rejection.message)
        marks[Int(row)] = .rejected
    }

    /// Sets what became of an item that was not rejected.
    mutating func set(_ row: Int32, _ mark: Mark) {
        let isNone = mark == .absent && staging.items[Int(row)].kind == .swept
        marks[Int(row)] = isNone ? .dropped : mark
    }

    /// Takes other items in place of all.
    mutating func replace(_ staging: Staging, _ marks: [Mark]) {
        self.staging = staging
        self.marks = marks
        unreadable = []
    }

    mutating func mark(_ row: Int32, _ outcome: Outcome) {
        switch outcome {
        case .created: set(row, .created)
        case .updated: set(row, .updated)
        case .unchanged: set(row, .unchanged)
        case .removed: set(row, .removed)
        case .absent: set(row, .absent)
        case .superseded: set(row, .superseded)
        case .rejected(let rejection): reject(row, rejection)
        }
    }

    func parameters(of rows: [Int32]) -> Parameters {
        var numbers = ArrayParameter(.int4, capacity: rows.count)
        for row in rows { numbers.append(int32: row) }
        var parameters = Parameters()
        parameters.append(numbers)
        for column in staging.columns { parameters.append(column.array(of: rows)) }
        for position in plan.attributePositions {
            parameters.append(staging.columns[position].given(of: rows))
        }
        return parameters
    }
}

/// Writes an effect as it is: all of it, or an error.
struct Apply: EffectWriter {
    let connection: Connection
    let outlivesRefusals = false

    mutating func write(_ effect: Coalescer.NetEffect, of run: inout RelationRun) throws {
        try run.apply(effect, on: connection)
    }

    /// Nothing is asked: what fails shows when it is needed.
    func sift(
        _ rows: [Int32], unnamed code: String?, _ query: ([Int32]) throws -> Void
    ) -> [Int32: Rejection] { [:] }

    func move(_ places: [Int32]) {}
}
